"""The files of the sample data: made anew byte for byte, described by their READMEs, and harmless."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sesreceive as ses
from tests.sample_data import (
    EVERY_NAME,
    FOLDER,
    NAMES,
    ROOT,
    dataset,
    received,
    rows,
)

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
