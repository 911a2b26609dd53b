"""The sample data: made anew byte for byte, complete, harmless, and answered as its key says."""

from __future__ import annotations

import base64
import csv
import hashlib
import ipaddress
import json
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import dkim
import pytest

import sesreceive as ses
from sesreceive import datasets
from sesreceive.auth.results import DkimStatus, DmarcPolicy, DmarcStatus, SpfStatus
from sesreceive.datasets import Dataset, DatasetFunction
from sesreceive.effects import SendBounce
from sesreceive.reception import Reception
from sesreceive.trace.events import Kind, Op

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "datasets"
NAMES = ("anycompany", "first-steps")  # the zoo has its own rules: see test_zoo.py
EVERY_NAME = (*NAMES, "zoo")
ALL_ACTIONS = {"AddHeader", "Bounce", "Connect", "Lambda", "S3", "SNS", "Stop", "Workmail"}


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name / "expected.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


EVERY_MESSAGE = [(name, row["message"]) for name in NAMES for row in rows(name)]
KEY = {(name, row["message"]): row for name in EVERY_NAME for row in rows(name)}


@cache
def dataset(name: str) -> Dataset:
    return datasets.load(name)


@cache
def received(name: str) -> dict[str, Reception]:
    receiver, found = dataset(name).receiver(), {}
    for path in sorted(dataset(name).mail.glob("*.eml")):
        envelope = ses.Envelope.from_json(path.with_suffix(".envelope.json").read_bytes())
        found[path.stem] = receiver.receive(path.read_bytes(), envelope, name=path.stem)
    return found


def said(column: str, name: str = "anycompany") -> set[str]:
    """Everything a column of the answer key says, `|` and `;` taken apart."""
    return {word for row in rows(name) for word in re.split(r"[|;]", row[column]) if word}


# ---------------------------------------------------------------- the answer key


def expanded(replies: str) -> list[str]:
    """`250 x60` written out."""
    many = re.fullmatch(r"(.+) x(\d+)", replies)
    return [many[1]] * int(many[2]) if many else replies.split(";")


def answer(reception: Reception) -> dict[str, object]:
    """What sesreceive says, in the words of the answer key."""
    said: dict[str, object] = {
        "client_ip": reception.envelope.client_ip,
        "replies": [" ".join(filter(None, (str(r.code), r.enhanced))) for r in reception.replies],
        "filter": reception.decision.decided_by,
    }
    columns = (
        *("spf", "dkim", "dmarc", "dmarc_policy", "spf_verdict", "dkim_verdict", "dmarc_verdict"),
        *("spam_verdict", "virus_verdict", "rules", "actions", "stopped_by", "bounces"),
    )
    if not reception.accepted:
        return said | dict.fromkeys(columns, "")
    found, verdicts = reception.authentication, reception.verdicts
    assert found is not None
    assert verdicts is not None
    return said | {
        "spf": found.spf.status,
        "dkim": "|".join(one.status for one in found.dkim) or "none",
        "dmarc": found.dmarc.status,
        "dmarc_policy": verdicts.dmarc_policy,
        "spf_verdict": verdicts.spf,
        "dkim_verdict": verdicts.dkim,
        "dmarc_verdict": verdicts.dmarc,
        "spam_verdict": verdicts.spam,
        "virus_verdict": verdicts.virus,
        "rules": "|".join(reception.rules),
        "actions": "|".join(performed(reception)),
        "stopped_by": reception.stopped_by,
        "bounces": "|".join(
            f"{bounce.rule}:{bounce.smtp_reply_code} {bounce.status_code}".strip() for bounce in bounces(reception)
        ),
    }


def bounces(reception: Reception) -> list[SendBounce]:
    return [effect for effect in reception.effects if isinstance(effect, SendBounce)]


def performed(reception: Reception) -> Iterable[str]:
    """The actions that were carried out; a bounce that nobody is sent was not."""
    sent = {(bounce.rule, bounce.action) for bounce in bounces(reception)}
    for event in reception.trace.select(kind=Kind.ACTION, op=Op.EFFECT):
        if event.subject != "BounceAction" or (event.rule, event.action) in sent:
            yield f"{event.rule}:{event.subject}"


@pytest.mark.parametrize("name,message", EVERY_MESSAGE)
def test_every_message_ends_as_the_answer_key_says(name: str, message: str) -> None:
    row = dict(KEY[name, message])
    assert row.pop("message") == message
    assert row.pop("about")
    wanted = row | {"replies": expanded(row["replies"])}
    assert answer(received(name)[message]) == wanted


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_key_has_one_row_for_each_message_in_the_folder(name: str) -> None:
    sample = dataset(name)
    assert [row["message"] for row in sample.expected] == [path.stem for path in sorted(sample.mail.glob("*.eml"))]
    assert [row["message"] for row in sample.expected] == sorted(received(name))


def test_the_accepted_recipients_are_the_ones_the_rules_see() -> None:
    """Mail that is stored, published or handed on is about accepted recipients, in the case they were sent."""
    reception = received("anycompany")["0107-upper-case"]
    rule = next(
        e for e in reception.trace.select(kind=Kind.RULE, op=Op.MATCH, stage="evaluation") if e.rule == "support"
    )
    assert rule.fact.recipients == ("SUPPORT+Ticket-4712@EXAMPLE.COM",)


# ---------------------------------------------------------------- what it covers


def test_there_are_at_least_sixty_messages_twelve_rules_and_six_filters() -> None:
    sample = dataset("anycompany")
    active = sample.account.active_rule_set
    assert active is not None
    assert len(sample.expected) >= 60
    assert len(active.rules) >= 12
    assert len(sample.account.filters) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_every_enabled_rule_of_the_active_set_applies_to_some_message(name: str) -> None:
    active = dataset(name).account.active_rule_set
    assert active is not None
    assert said("rules", name) == {rule.name for rule in active.rules if rule.enabled}


@pytest.mark.parametrize("name", NAMES)
def test_every_action_of_an_enabled_rule_is_performed_for_some_message(name: str) -> None:
    active = dataset(name).account.active_rule_set
    assert active is not None
    configured = {f"{rule.name}:{type(one).__name__}" for rule in active.rules if rule.enabled for one in rule.actions}
    assert said("actions", name) == configured


@pytest.mark.parametrize("name", NAMES)
def test_every_filter_and_provider_list_decides_about_some_message(name: str) -> None:
    sample = dataset(name)
    assert said("filter", name) == {one.name for one in (*sample.account.filters, *sample.provider_lists)}


@pytest.mark.parametrize(
    "column,values",
    [
        ("spf", {str(status) for status in SpfStatus}),
        ("dkim", {"none", *map(str, DkimStatus)}),
        ("dmarc", {str(status) for status in DmarcStatus}),
        ("dmarc_policy", {str(policy) for policy in DmarcPolicy}),
        ("spf_verdict", {"PASS", "FAIL", "GRAY", "PROCESSING_FAILED"}),
        ("dkim_verdict", {"PASS", "FAIL", "GRAY", "PROCESSING_FAILED"}),
        ("dmarc_verdict", {"PASS", "FAIL", "GRAY", "PROCESSING_FAILED"}),
        ("spam_verdict", {"PASS", "FAIL", "DISABLED"}),
        ("virus_verdict", {"PASS", "FAIL", "DISABLED"}),
        ("replies", {"250", "250 x60", "530 5.7.0", "550 5.1.1", "550 5.7.1"}),
    ],
)
def test_every_result_occurs_and_no_other(column: str, values: set[str]) -> None:
    assert said(column) == values


def test_all_eight_actions_occur() -> None:
    assert {action.partition(":")[2] for action in said("actions")} == {f"{name}Action" for name in ALL_ACTIONS}


def test_keys_of_all_kinds_sign() -> None:
    """RSA of 2048 and 1024 bits and Ed25519, for several domains, valid and not."""
    results = [one for r in received("anycompany").values() if r.authentication for one in r.authentication.dkim]
    passed = {(one.algorithm, one.key_bits) for one in results if one.status is DkimStatus.PASS}
    assert {("rsa-sha256", 2048), ("rsa-sha256", 1024), ("ed25519-sha256", 256)} <= passed
    assert len({one.domain for one in results if one.status is DkimStatus.PASS}) >= 6


def test_one_message_is_larger_than_sns_takes_and_all_together_are_small() -> None:
    sizes = sorted((path.stat().st_size, path.stem) for path in (FOLDER / "anycompany/mail").glob("*.eml"))
    assert [name[5:] for size, name in sizes if size > 150 * 1024] == ["too-large-for-sns"]
    assert sizes[-2][0] < 20_000
    kept = [path for path in FOLDER.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in kept) < 2_000_000


# ---------------------------------------------------------------- the files


@pytest.mark.slow
def test_making_the_files_anew_gives_the_same_bytes(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, str(FOLDER / "make.py"), "--out", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    anew = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path: (FOLDER / path).read_bytes() for path in anew if (FOLDER / path).is_file()}
    assert anew == kept
    mail = {path.relative_to(FOLDER) for name in EVERY_NAME for path in (FOLDER / name / "mail").iterdir()}
    assert mail == {path for path in anew if path.parent.name == "mail"}, "files that make.py does not make"


@pytest.mark.parametrize("name", NAMES)
def test_every_message_has_an_envelope_and_crlf_line_ends(name: str) -> None:
    for path in sorted((FOLDER / name / "mail").glob("*.eml")):
        envelope = path.with_suffix(".envelope.json").read_text(encoding="utf-8")
        assert ses.Envelope.from_json(envelope).to_json() == json.loads(envelope)
        assert re.search(rb"(?<!\r)\n", path.read_bytes()) is None, path


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs a git checkout")
def test_git_never_changes_the_line_ends_of_a_message() -> None:
    paths = [str(path) for path in FOLDER.rglob("*.eml")]
    out = subprocess.run(
        ["git", "check-attr", "text", "--", *paths], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {line.rpartition(": ")[2] for line in out.stdout.splitlines()} == {"unset"}


@pytest.mark.parametrize("name", EVERY_NAME)
def test_the_account_is_valid_and_goes_to_the_api_and_back(name: str) -> None:
    account = dataset(name).account
    assert account.problems() == ()
    assert account.to_api() == json.loads((FOLDER / name / "account.json").read_text(encoding="utf-8"))


def test_every_function_a_rule_calls_is_there() -> None:
    sample = dataset("anycompany")
    arns = {
        action.function_arn
        for rule_set in sample.account.rule_sets
        for rule in rule_set.rules
        for action in rule.actions
        if isinstance(action, ses.LambdaAction)
    }
    assert {arn.rpartition(":")[2] for arn in arns} == set(sample.functions)


# ---------------------------------------------------------------- the READMEs


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_describes_every_column_and_every_message(name: str) -> None:
    text = (FOLDER / name / "README.md").read_text(encoding="utf-8")
    columns = text.partition("<!-- columns -->")[2].partition("<!-- end -->")[0]
    assert re.findall(r"^\| `(\w+)` \| .{10,}", columns, re.MULTILINE) == list(rows(name)[0])
    messages = re.findall(r"^\| `(\d{4}-[\w-]+)` \| .{10,}", text, re.MULTILINE)
    assert messages == [row["message"] for row in rows(name)]


def test_the_readme_describes_every_file_field_filter_and_rule() -> None:
    text = (FOLDER / "anycompany/README.md").read_text(encoding="utf-8")
    sample = dataset("anycompany")
    active = sample.account.active_rule_set
    assert active is not None
    described = re.findall(r"^\| `([\w./-]+)`(?:, `(\w+)`)? \|", text, re.MULTILINE)
    names = [name for pair in described for name in pair if name]
    assert set(sample.account.to_api()) <= set(names)
    assert set(ses.Envelope().to_json()) <= set(names)
    assert [one.name for one in sample.account.filters if one.name in names] == [f.name for f in sample.account.filters]
    assert [name for name in names if name in {rule.name for rule in active.rules}] == [r.name for r in active.rules]
    for one in sample.account.filters:
        assert f"| `{one.name}` | {one.policy} | {one.cidr} |" in text


# ---------------------------------------------------------------- harmless


def test_the_test_strings_are_the_published_ones_and_no_file_holds_eicar_in_the_clear() -> None:
    whole = b"".join(path.read_bytes() for path in FOLDER.rglob("*") if path.is_file())
    assert b"EICAR-STANDARD-" + b"ANTIVIRUS" not in whole
    virus = (FOLDER / "anycompany/mail/0603-virus.eml").read_bytes()
    encoded = virus.rpartition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
    # The file's published MD5; SHA-1 of GTUBE.
    assert hashlib.md5(base64.b64decode(encoded)).hexdigest() == "44d88612fea8a8f36de82e1278abb02f"
    spam = (FOLDER / "anycompany/mail/0601-spam.eml").read_bytes()
    assert "c13086867f444d503829044f504826177e3eb438" in {
        hashlib.sha1(line).hexdigest() for line in spam.split(b"\r\n")
    }


RESERVED = [
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "127.0.0.0/8")
]
RESERVED_NAMES = re.compile(r"(?:.+\.)?(?:example|example\.(?:com|org|net))")


@pytest.mark.parametrize("name", NAMES)
def test_all_addresses_and_domains_are_reserved_for_documentation(name: str) -> None:
    sample = dataset(name)
    networks = [
        *(one.cidr for one in sample.account.filters),
        *(n for one in sample.provider_lists for n in one.networks),
    ]
    domains: set[str] = {identity.name for identity in sample.account.identities}
    for reception in received(name).values():
        envelope = reception.envelope
        networks.append(envelope.client_ip)
        domains |= {address.rpartition("@")[2] for address in (envelope.mail_from, *envelope.rcpt_to) if address}
        domains |= set(filter(None, [envelope.client_name]))
    zone = (sample.path / "zone.txt").read_text(encoding="utf-8")
    domains |= {line.split()[0].rstrip(".") for line in zone.splitlines() if re.match(r"\w", line)}
    for pair in re.findall(r"IN (?:A|AAAA) (\S+)|ip[46]:([^ \"]+)", zone):
        networks.extend(filter(None, pair))
    for text in networks:
        network = ipaddress.ip_network(text, strict=False)
        assert any(network.version == one.version and network.subnet_of(one) for one in RESERVED), text
    for domain in domains:
        assert RESERVED_NAMES.fullmatch(domain.lower()), domain


@pytest.mark.parametrize("name", NAMES)
def test_every_resource_is_in_the_region_and_account_of_the_dataset(name: str) -> None:
    account = dataset(name).account
    arns = re.findall(r'"(arn:aws:[^"]+)"', (FOLDER / name / "account.json").read_text(encoding="utf-8"))
    assert arns
    for arn in arns:
        service, region, owner = arn.split(":")[2:5]
        assert owner == account.account_id, arn
        assert region == ("" if service == "iam" else account.region), arn


# ---------------------------------------------------------------- the signatures, by another verifier


def signed(status: str) -> list[tuple[str, str, int]]:
    return [
        (name, message, index)
        for (name, message), row in KEY.items()
        for index, result in enumerate(row["dkim"].split("|"))
        if result == status
    ]


def verified_by_dkimpy(name: str, message: str, index: int) -> bool:
    raw = (FOLDER / name / "mail" / f"{message}.eml").read_bytes()

    def txt(owner: bytes, timeout: int = 5) -> bytes:
        answers = dataset(name).zone.resolve(owner.decode(), "TXT").values
        return next((one for one in answers if isinstance(one, bytes)), b"")

    try:
        return bool(dkim.DKIM(raw).verify(idx=index, dnsfunc=txt))
    except dkim.DKIMException:
        return False


# dkimpy counts each From field into every signature, which RFC 6376 section 5.4.2 does not.
DKIMPY_REFUSES = {("zoo", "0708-second-from-not-oversigned", 0)}


@pytest.mark.parametrize("name,message,index", sorted({*signed("pass")} - DKIMPY_REFUSES))
def test_dkimpy_verifies_what_the_key_says_passes(name: str, message: str, index: int) -> None:
    assert verified_by_dkimpy(name, message, index)


@pytest.mark.parametrize("name,message,index", signed("fail"))
def test_dkimpy_refuses_what_the_key_says_fails(name: str, message: str, index: int) -> None:
    assert not verified_by_dkimpy(name, message, index)


# ---------------------------------------------------------------- the loader


def test_the_names_are_the_folders() -> None:
    assert datasets.names() == EVERY_NAME


def test_an_unknown_name_is_refused_in_one_sentence_with_the_nearest_one() -> None:
    with pytest.raises(ses.InputError) as caught:
        datasets.load("anycompani")
    assert str(caught.value) == (
        "dataset: expected `anycompany`, `first-steps` or `zoo` but got `anycompani`; did you mean `anycompany`?"
    )


@pytest.mark.parametrize("name", ["../datasets/anycompany", "", "keys", "making", "anycompany/"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(ses.InputError, match="expected `anycompany`, `first-steps` or `zoo`"):
        datasets.load(name)


@pytest.mark.parametrize("missing", ["account.json", "zone.txt", "mail", "expected.csv"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(FOLDER / "first-steps", copy)
    gone = copy / missing
    shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
    with pytest.raises(ses.InputError, match=rf"^dataset `mine`: there is no `{missing}` in the folder"):
        Dataset.read(copy)


def test_an_installation_without_the_sample_data_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "_PLACES", (tmp_path / "_datasets", tmp_path / "datasets"))
    with pytest.raises(ses.InputError, match=r"^the sample data is not there: expected a folder `datasets`"):
        datasets.load("anycompany")


def test_functions_without_a_table_are_refused(tmp_path: Path) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(FOLDER / "first-steps", copy)
    (copy / "functions.py").write_text("FUNCTIONS = {'gate': None}\n", encoding="utf-8")
    with pytest.raises(ses.InputError, match="expected `FUNCTIONS`, a dict of names and callables"):
        Dataset.read(copy)


def test_a_function_can_be_sent_to_another_process() -> None:
    function = dataset("anycompany").functions["drop-auto-replies"]
    again = pickle.loads(pickle.dumps(function))
    assert isinstance(again, DatasetFunction)
    event = {
        "Records": [{"ses": {"mail": {"headers": [{"name": "auto-submitted", "value": "auto-replied (bounce)"}]}}}]
    }
    assert again(event) == function(event) == {"disposition": "STOP_RULE_SET"}


def test_a_receiver_takes_other_parts_in_the_place_of_the_datasets_own() -> None:
    sample = dataset("anycompany")
    receiver = sample.receiver(provider_lists=(), account=ses.Account(identities=("example.com",)))
    assert receiver.provider_lists == ()
    assert receiver.account.filters == ()
    assert receiver.resolver is sample.zone


def test_the_example_is_a_message_that_several_rules_act_on() -> None:
    assert {name: dataset(name).example for name in NAMES} == {
        "anycompany": "0001-invoice",
        "first-steps": "0002-ticket",
    }
