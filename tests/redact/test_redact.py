"""Nothing private is left in a bundle, and what a bug hangs on is: structure, relations and what SES does with it."""

from __future__ import annotations

import ipaddress
import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.cli import main
from sesreceive.cli.exits import Exit
from sesreceive.mail.corpus import Item, read
from sesreceive.redact.bundle import Bundle, redact
from sesreceive.redact.masking import HEADER_WORDS, TAG_WORDS
from tests.cost import assert_in_proportion
from tests.strategies import accounts

ROOT = Path(__file__).parents[2]
DATASETS = ROOT / "datasets"


def item(raw: bytes, **envelope: Any) -> Item:
    known = {
        "client_ip": "198.51.100.7",
        "mail_from": "ana@shop.example.org",
        "rcpt_to": ("bo@example.com",),
        **envelope,
    }
    return Item(name="m", raw=raw, envelope=ses.Envelope(**known))


def bundle_of(raw: bytes, **envelope: Any) -> Bundle:
    return redact(item(raw, **envelope))


def text_of(bundle: Bundle) -> str:
    return b"\n".join(bundle.files.values()).decode("utf-8", "replace").lower()


# ---------------------------------------------------------------- nothing private is left

# Words that nothing of ours begins like.
secrets = st.from_regex(r"zq[a-z]{2,8}", fullmatch=True)
numbers = st.from_regex(r"[1-9][0-9]{4,9}", fullmatch=True)
private_domains = st.builds("{}.{}".format, secrets, st.sampled_from(["com", "co.uk", "example", "internal", "de"]))
private_addresses = st.builds("{}@{}".format, secrets, private_domains)
addresses_v4 = st.ip_addresses(v=4).map(str)


@st.composite
def mails(draw: st.DrawFn) -> tuple[Item, list[str]]:
    """A mail whose private words stand in every place that has room for one, and those words."""
    words = draw(st.lists(secrets, min_size=8, max_size=8))
    sender, rcpt, other = draw(private_addresses), draw(private_addresses), draw(private_addresses)
    host, ip, number = f"mx.{draw(private_domains)}", draw(addresses_v4), draw(numbers)
    coded = b64encode(words[3].encode()).decode()
    subject = f"{words[0]} {words[1].title()} =?utf-8?q?{words[2]}_=C3=A9?= =?utf-8?b?{coded}?="
    html = (
        f'<p class="{words[5]}">{words[4]} &amp; {words[5]} <a href="https://{host}/{words[6]}?id={number}">x</a></p>'
    )
    header = (
        f"Received: from {host} (HELO {words[7]} [{ip}]) by mx.example.com with ESMTPS id {number}\r\n"
        f" for <{rcpt}>; Fri, 02 Jan 2026 08:29:02 +0000\r\n"
        f"Authentication-Results: {host}; spf=pass smtp.mailfrom={sender};\r\n"
        f" dkim=pass header.i=@{sender.partition('@')[2]}\r\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; d={sender.partition('@')[2]}; s={words[6]}; i={sender}; t=1767342542;\r\n"
        f" h=from:x-{words[0]}; bh=AAAA; b=BBBB\r\n"
        f'From: "{words[0]}, {words[1]}" <{sender}>\r\nTo: {words[2]} <{rcpt}>, {other}\r\nSubject: {subject}\r\n'
        f"Message-ID: <{number}.{words[3]}@{host}>\r\nX-{words[0]}: {words[1]} {number}\r\nno field {words[2]}\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_{words[4]}"\r\n'
    )
    parts = [
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{words[0]} {words[7].upper()} {number} {other}\r\n",
        "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + html.replace("=", "=3D").replace(words[4], words[4][:3] + "=\r\n" + words[4][3:])
        + "\r\n",
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b64encode(f"{words[1]} \xe9t\xe9 {sender}".encode("latin-1")).decode()
        + "\r\n",
        f'Content-Type: image/png; name="{words[3]}.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + b64encode(b"\x89PNG" + words[2].encode()).decode()
        + "\r\n",
        f"Content-Type: message/rfc822\r\n\r\nSubject: {words[6]}\r\nFrom: {other}\r\n\r\n{words[5]}\r\n",
    ]
    body = "".join(f"--=_{words[4]}\r\n{part}" for part in parts) + f"--=_{words[4]}--\r\n{words[7]}\r\n"
    envelope = ses.Envelope(client_ip=ip, client_name=host, helo=host, mail_from=sender, rcpt_to=(rcpt,))
    private = [*words, host, ip, number, *(part for one in (sender, rcpt, other) for part in (one, *one.split("@")))]
    return Item(name="m", raw=f"{header}\r\n{body}".encode(), envelope=envelope), private


@given(mails())
@pytest.mark.slow
def test_no_private_word_is_left_in_any_file(drawn: tuple[Item, list[str]]) -> None:
    mail, private = drawn
    bundle = redact(mail)
    everything = text_of(bundle)
    decoded = everything + b" ".join(contents(bundle.message)).decode("utf-8", "replace").lower()
    left = [word for word in private if re.search(rf"(?<![\w.]){re.escape(word)}(?![\w]|\.\w)", decoded)]
    assert left == []
    assert not re.search(r"\bzq[a-z]", decoded)


def contents(raw: bytes) -> list[bytes]:
    """What the parts hold, decoded by Python's own reader."""
    import email

    parsed = email.message_from_bytes(raw)
    return [bytes(part.get_payload(decode=True) or b"") for part in parsed.walk() if not part.is_multipart()]


@settings(max_examples=25)
@given(accounts())
@pytest.mark.slow
def test_nothing_of_an_account_is_left_and_it_stays_one_that_ses_takes(account: ses.Account) -> None:
    bundle = redact(item(b"Subject: x\r\n\r\n"), account)
    assert not bundle.account.problems()
    named = {one.name for one in bundle.account.identities}
    assert not named & {one.name for one in account.identities}
    accounts_of_both = (one.to_api() | {"Identities": None} for one in (account, bundle.account))
    before, after = (list(leaves(one)) for one in accounts_of_both)
    assert [path for path, _ in before] == [path for path, _ in after]
    for (path, old), (_, new) in zip(before, after, strict=True):
        if (
            isinstance(old, str)
            and len(old) > 3
            and re.search(r"(Name|Arn|Recipients|Prefix|Value|Message|Sender)", path)
        ):
            assert old != new, path


def leaves(value: Any, path: str = "") -> Any:
    """Every path and scalar of a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_can_be_redacted(raw: bytes) -> None:
    bundle = bundle_of(raw)
    assert bundle.message.count(b"\n") >= raw.count(b"\n")
    assert bundle == bundle_of(raw)


# ---------------------------------------------------------------- what a bug hangs on stays


@pytest.mark.parametrize("name", ["anycompany", "first-steps"])
@pytest.mark.slow
def test_of_the_sample_mail_only_what_hangs_on_a_signature_changes(name: str) -> None:
    """The same reply, the same rules and the same verdicts but DKIM's and what follows from it."""
    folder = DATASETS / name
    account, zone = ses.Account.load(folder / "account.json"), ses.Zone.parse((folder / "zone.txt").read_text("utf-8"))
    for number, mail in enumerate(read(folder / "mail")):
        if number % 4:  # one in four tells as much
            continue
        bundle = redact(mail, account, zone)
        assert {row[0] for row in bundle.changes} <= {"dkim", "dmarc"}, mail.name
        (before,) = ses.Receiver(account, resolver=zone, seed=1).replay([mail])
        assert fired(before, account) == fired(bundle.reception, bundle.account), mail.name


def fired(reception: ses.Reception, account: ses.Account) -> list[tuple[str, int]]:
    """The effects asked for, each with the place of its rule in the rule set."""
    places = {rule.name: place for place, rule in enumerate(account.rule_set(str(account.active)).rules)}
    return [(type(done.effect).__name__, places.get(done.effect.rule, -1)) for done in reception.performed]


SAME = [
    # what is the same in both                         message
    ("an address in header and envelope",              b"From: <ana@shop.example.org>\r\n\r\n"),
    ("an address in another case",                     b"From: <ANA@Shop.Example.ORG>\r\n\r\n"),
    ("an address of header words",                     b"Received: from x by y for <ana@shop.example.org>;\r\n\r\n"),
]  # fmt: skip


@pytest.mark.parametrize("why, raw", SAME, ids=[row[0] for row in SAME])
def test_the_same_address_has_the_same_stand_in(why: str, raw: bytes) -> None:
    bundle = bundle_of(raw)
    assert bundle.envelope.mail_from in bundle.message.decode().lower()


def test_a_selector_has_the_stand_in_of_its_label_in_dns() -> None:
    zone = ses.Zone({"mail._domainkey.shop.example.org": {"TXT": "v=DKIM1; p="}})
    raw = b"DKIM-Signature: v=1; d=shop.example.org; s=mail; b=x\r\n\r\n"
    bundle = redact(item(raw), zone=zone)
    found = re.search(r"d=(\S+); s=(\S+);", bundle.message.decode())
    assert found is not None
    assert bundle.zone.names == (f"{found[2]}._domainkey.{found[1]}",)


KEPT = [
    # what stays                     message
    ("folds and blanks",             b"Subject: zqone\r\n  zqtwo\r\n\t zqthree \r\n\r\n"),
    ("bare line ends",               b"Subject: zqone\r\n\r\nzqtwo\rzqthree\nzqfour\r\n\n\r"),
    ("octets that are no UTF-8",     b"Subject: zq\xe9one\r\n\r\n\xff\xfe zqtwo \x80\r\n"),
    ("letters of several octets",    "Subject: zqé語𐌰\r\n\r\nzqüber\r\n".encode()),
    ("controls",                     b"Subject: zq\x00\x1b[31m\r\n\r\n\x07"),
    ("no header",                    b"\r\nzqone\r\n"),
    ("no body",                      b"Subject: zqone\r\n"),
    ("an unknown charset",           b"Content-Type: text/plain; charset=x-odd\r\n\r\nzq\xf0\r\n"),
    ("base64 that is none",          b"Content-Transfer-Encoding: base64\r\n\r\nzq*one\r\n"),
    ("soft line breaks",             b"Content-Transfer-Encoding: quoted-printable\r\n\r\nzq=C3=A9=\r\n zqtwo=20\r\n"),
    ("lines of base64",              b"Content-Transfer-Encoding: base64\r\n\r\nenFvbmU\r\nxMjM0NQ==\r\n"),
]  # fmt: skip


@pytest.mark.parametrize("what, raw", KEPT, ids=[row[0] for row in KEPT])
def test_lengths_marks_and_oddities_stay(what: str, raw: bytes) -> None:
    made = bundle_of(raw, mail_from="", client_ip="9.9.9.9").message
    assert len(made) == len(raw)
    assert made != raw

    def shape(octets: bytes) -> bytes:
        return re.sub(rb"[0-9A-Za-z]", b"x", re.sub(rb"[\x80-\xff]", b"?", octets.partition(b"\r\n\r\n")[0]))

    assert shape(made) == shape(raw)
    try:
        raw.decode()
    except UnicodeDecodeError:
        with pytest.raises(UnicodeDecodeError):
            made.decode()


def test_the_test_strings_of_scanners_stay() -> None:
    from sesreceive.scan.markers import EICAR, GTUBE

    raw = b"Subject: x\r\n\r\nsecret " + GTUBE + b"\r\nsecret " + EICAR
    rules = (ses.ReceiptRule(name="all", enabled=True, scan_enabled=True),)
    account = ses.Account(
        identities=("example.com",), rule_sets=(ses.ReceiptRuleSet(name="main", rules=rules),), active="main"
    )
    bundle = redact(item(raw), account)
    assert bundle.message.endswith(EICAR)
    assert bundle.changes == ()
    assert bundle.reception.verdicts is not None
    assert bundle.reception.verdicts.virus == "FAIL"


NETWORKS = [
    # networks of a filter       client          is in it
    ("198.51.100.0/24",          "198.51.100.7", True),
    ("198.51.100.0/25",          "198.51.100.200", False),
    ("10.0.0.0/8",               "10.200.3.4",   True),
    ("0.0.0.0/0",                "8.8.8.8",      True),
    ("2001:db8::/32",            "2001:db8::5",  True),
    ("2001:db8:1::/48",          "2001:db8:2::5", False),
]  # fmt: skip


@pytest.mark.parametrize("cidr, client, inside", NETWORKS)
def test_an_address_stays_in_its_networks(cidr: str, client: str, inside: bool) -> None:
    account = ses.Account(identities=("example.com",), filters=(ses.ReceiptFilter.block(cidr, name="block"),))
    bundle = redact(item(b"", client_ip=client), account)
    assert bundle.changes == ()
    assert client not in text_of(bundle)
    network = ipaddress.ip_network(bundle.account.filters[0].cidr)
    assert (ipaddress.ip_address(bundle.envelope.client_ip) in network) is inside


def test_the_words_that_stay_are_those_of_a_grammar() -> None:
    """A list that only grows would leak in the end: no word is longer than one of a grammar has to be."""
    assert len(HEADER_WORDS) < 260
    assert len(TAG_WORDS) < 110


LONG = ["a", "a.", "a@", "=?a?q?", "1:", "1.", "<a", "&a", "=41", "-", "a=", "ä", "\r\n ", "s="]


@pytest.mark.parametrize("unit", LONG)
def test_long_text_costs_in_proportion(unit: str) -> None:
    def work(size: int) -> Any:
        head = b"Content-Type: text/html\r\nSubject: "
        raw = head + unit.encode() * (size // 2 // len(unit)) + b"\r\n\r\n" + unit.encode() * (size // 2 // len(unit))
        return lambda: bundle_of(raw)

    assert_in_proportion(work, 40_000)


# ---------------------------------------------------------------- the command


def test_the_command_writes_a_bundle_that_explain_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = DATASETS / "first-steps"
    mail = min((folder / "mail").glob("*.eml"))
    out = tmp_path / "bundle"
    settings = ["--account", str(folder / "account.json"), "--zone", str(folder / "zone.txt")]
    assert main(["redact", str(mail), *settings, "--out", str(out)]) == 0
    assert "wrote 6 files to" in capsys.readouterr().out
    command = ["explain", str(out / "message.eml"), "--full", "--account", str(out / "account.json"), "--seed", "1"]
    assert main([*command, "--zone", str(out / "zone.txt")]) == 0
    assert capsys.readouterr().out.startswith((out / "explain.txt").read_text("utf-8").rstrip("\n"))
    assert json.loads((out / "message.envelope.json").read_text("utf-8"))["rcpt_to"]


ALONE = [
    # what is known of a message without its envelope                               recipients
    (b"From: ana@shop.example.org\r\nTo: bo@example.com\r\n\r\nhi\r\n",             1),
    (b"Subject: hi\r\n\r\nhi\r\n",                                                0),
    (b"Received: from a.example ([192.0.2.7]) by b.example\r\nTo: bo@example.com\r\n\r\nhi\r\n", 1),
]  # fmt: skip


@pytest.mark.parametrize("raw, recipients", ALONE, ids=["header", "nothing", "trace"])
def test_a_message_alone_becomes_a_bundle(tmp_path: Path, raw: bytes, recipients: int) -> None:
    mail, out = tmp_path / "message.eml", tmp_path / "bundle"
    mail.write_bytes(raw)
    assert main(["redact", str(mail), "--out", str(out)]) == 0
    envelope = json.loads((out / "message.envelope.json").read_text("utf-8"))
    assert len(envelope.get("rcpt_to", ())) == recipients
    assert main(["explain", str(out / "message.eml"), "--account", str(out / "account.json")]) == 0


MISTAKES = [
    # arguments                                         what is said
    (["{none}"],                                        "there is no file"),
    (["{mail}", "--envelope", "{none}"],                "cannot read envelope"),
    (["{mail}", "--envelope", "{mail}"],                "is not JSON: line 1, column 1"),
    (["{mail}", "--account", "{none}"],                 "cannot read account"),
    (["{mail}", "--zone", "{none}"],                    "cannot read zone"),
    (["{folder}"],                                      "expected one message in"),
]  # fmt: skip


@pytest.mark.parametrize("arguments, message", MISTAKES)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    folder = DATASETS / "first-steps" / "mail"
    places = {"none": tmp_path / "none", "mail": min(folder.glob("*.eml")), "folder": folder}
    filled = [argument.format(**places) for argument in arguments]
    assert main(["redact", *filled, "--out", str(tmp_path / "out")]) == Exit.INPUT
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mail = min((DATASETS / "first-steps" / "mail").glob("*.eml"))
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["redact", str(mail), "--out", str(tmp_path)]) == Exit.INPUT
    assert "expected a new or empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
