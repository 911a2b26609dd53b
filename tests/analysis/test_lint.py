"""Each finding of the linter stands where it should, and the mail beside it does what the finding says."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings

import sesreceive as ses
from sesreceive.analysis.handler_code import read_handler
from sesreceive.analysis.lint import lint
from sesreceive.analysis.lint_advice import ADVICE, Level
from sesreceive.testing import make_account, make_rule, strategies

ARN = "arn:aws:lambda:us-east-1:111122223333:function:{}".format
TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
STORE = ses.S3Action(bucket_name="inbox", object_key_prefix="all/")
OTHER = ses.S3Action(bucket_name="other")
BOUNCE = ses.BounceAction.template("mailbox-does-not-exist", sender="postmaster@example.com")
WAIT = ses.LambdaAction(function_arn=ARN("gate"), invocation_type="RequestResponse")
EVENT = ses.LambdaAction(function_arn=ARN("gate"))
STOP, SNS = ses.StopAction(), ses.SNSAction(topic_arn=TOPIC)
ANA, BO = ["ana@example.com"], ["bo@example.com"]
BLOCK_ALL, ALLOW = ses.ReceiptFilter.block("0.0.0.0/0", name="all"), ses.ReceiptFilter.allow("192.0.2.0/24", name="us")
R0, R1 = "rule_sets[0].rules[0]", "rule_sets[0].rules[1]"


def one(*actions: ses.ReceiptAction) -> ses.Account:
    return make_account(make_rule("one", *actions, recipients=ANA))


# code, account, where; the account has no other finding of that code
FOUND = [
    ("catch-all-without-stop", make_account(make_rule("ana", OTHER, recipients=ANA), make_rule("all", STORE)), R0),
    ("catch-all-without-stop", make_account(make_rule("all", STORE), make_rule("ana", OTHER, recipients=ANA)), R0),
    ("rule-for-everybody", make_account(make_rule("all", STORE)), R0),
    ("backscatter", one(BOUNCE), f"{R0}.actions[0]"),
    ("bounce-to-machine", one(STORE, BOUNCE), f"{R0}.actions[1]"),
    ("size-trap", one(STORE, SNS), f"{R0}.actions[1]"),
    ("bounce-then-delivery", one(BOUNCE, STORE), f"{R0}.actions[0]"),
    ("bounce-then-delivery", make_account(make_rule("gone", BOUNCE, recipients=ANA), make_rule("all", STORE)),
     f"{R0}.actions[0]"),
    ("lambda-before-s3", one(EVENT, STORE), f"{R0}.actions[0]"),
    ("lambda-before-s3", one(WAIT, STORE), f"{R0}.actions[0]"),
    ("event-with-stop", one(EVENT, STOP), f"{R0}.actions[0]"),
    ("prefix-collision", one(STORE, STORE), f"{R0}.actions[1]"),
    ("prefix-collision", make_account(make_rule("a", STORE, recipients=ANA), make_rule("b", STORE, recipients=BO)),
     f"{R1}.actions[0]"),
    ("prefix-collision", make_account(
        make_rule("a", STORE, STOP, recipients=ANA),
        make_rule("b", STORE.replace(object_key_prefix="all/bo/"), recipients=BO)), f"{R1}.actions[0]"),
    ("unverified-bounce-sender", one(BOUNCE.replace(sender="ana@example.org")), f"{R0}.actions[0].sender"),
    ("cross-region", one(SNS.replace(topic_arn=TOPIC.replace("us-east-1", "eu-west-1"))),
     f"{R0}.actions[0].topic_arn"),
    ("impossible-condition", make_account(make_rule("a", STORE, recipients=["*@example.com", "<bo@example.com>"])),
     f"{R0}.recipients[0]"),
    ("impossible-condition", make_account(make_rule("a", STORE, recipients=["ana@example.net", "example.com"])),
     f"{R0}.recipients[0]"),
    ("dead-rule", make_account(make_rule("a", STOP, recipients=["example.com"]), make_rule("b", STORE, recipients=ANA)),
     R1),
    ("dead-rule", make_account(make_rule("a", STOP, recipients=ANA), make_rule("b", STORE, recipients=ANA)), R1),
    ("dead-rule", make_account(make_rule("a", STOP), make_rule("b", STORE)), R1),
    ("dead-condition", make_account(make_rule("a", STOP, recipients=ANA),
                                    make_rule("b", STORE, recipients=[*ANA, *BO])),
     f"{R1}.recipients[0]"),
    ("dead-filter", make_account(make_rule("a"), filters=[
        ses.ReceiptFilter.block("192.0.2.7", name="dead"), ses.ReceiptFilter.allow("192.0.2.0/24", name="us")]),
     "filters[0]"),
    ("redundant", make_account(make_rule("a", STORE, recipients=["example.com", *ANA])), f"{R0}.recipients[1]"),
    ("duplicate-rule", make_account(make_rule("a", STORE, recipients=ANA), make_rule("b", STORE, recipients=ANA)), R1),
    ("no-active-set", make_account(make_rule("a")).activate(None), "active"),
    ("nothing-enabled", make_account(make_rule("a", enabled=False)), "rule_sets[0].rules"),
    ("no-verified-domain", make_account(make_rule("a"), identities=["ana@example.com"]), "identities"),
    ("no-rule-for-domain", make_account(make_rule("a", recipients=ANA), identities=["example.com", "example.net"]),
     "identities[1]"),
    ("region", make_account(make_rule("a"), region="eu-central-2"), "region"),
    ("ipv6-open", make_account(make_rule("a"), filters=[BLOCK_ALL, ALLOW]), "filters[0]"),
    ("near-quota", make_account(*(make_rule(f"r{n}", recipients=ANA) for n in range(180))), "rule_sets[0].rules"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "account", "path"), FOUND, ids=[f"{n}-{row[0]}" for n, row in enumerate(FOUND)])
def test_it_is_found_and_its_mail_shows_it(code: str, account: ses.Account, path: str) -> None:
    found = [finding for finding in lint(account) if finding.code == code]
    assert path in [finding.path for finding in found]
    for finding in found:
        assert finding.no_mail or finding.confirmed(account), finding
        assert bool(finding.no_mail) == (finding.witness is None)


# code, account without that finding
NOT_FOUND = [
    ("catch-all-without-stop", make_account(make_rule("ana", OTHER, STOP, recipients=ANA), make_rule("all", STORE))),
    ("backscatter", one(WAIT, BOUNCE)),
    ("size-trap", one(ses.S3Action(bucket_name="inbox", topic_arn=TOPIC))),
    ("bounce-then-delivery", make_account(make_rule("gone", BOUNCE, STOP, recipients=ANA), make_rule("all", STORE))),
    ("lambda-before-s3", one(STORE, EVENT)),
    ("event-with-stop", one(WAIT, STOP)),
    ("prefix-collision", make_account(make_rule("a", STORE, STOP, recipients=ANA),
                                      make_rule("b", STORE, recipients=BO))),
    ("no-rule-for-domain", make_account(make_rule("a", recipients=[".example.com"]))),
    ("ipv6-open", make_account(make_rule("a"), filters=[
        BLOCK_ALL, ses.ReceiptFilter.block("::/0", name="six"), ALLOW])),
    ("dead-rule", make_account(make_rule("a", STOP, recipients=ANA), make_rule("b", STORE, recipients=BO))),
]  # fmt: skip


@pytest.mark.parametrize(("code", "account"), NOT_FOUND, ids=[row[0] for row in NOT_FOUND])
def test_it_is_not_found(code: str, account: ses.Account) -> None:
    assert code not in {finding.code for finding in lint(account)}


# code, source of the handler, how it is invoked
HANDLERS = [
    ("auto-reply-loop", "def f(e, c):\n    ses.send_email(Source='a@example.com')", "Event"),
    ("auto-reply-loop", "import smtplib\ndef f(e, c):\n    smtplib.SMTP().sendmail('a', 'b', 'c')", "RequestResponse"),
    ("event-disposition", "def f(e, c):\n    return {'disposition': 'STOP_RULE'}", "Event"),
    ("gray-dropped", ("def f(e, c):\n    if e['spfVerdict']['status'] != 'PASS':\n"
                     "        return {'disposition': 'STOP_RULE_SET'}"), "RequestResponse"),
    ("gray-dropped", ("def f(e, c):\n    ok = [v for v in e if v not in ('PASS',)]\n"
                     "    return dict(disposition='STOP_RULE') if ok else None"), "RequestResponse"),
    ("header-decision", ("def f(e, c):\n    mail = e['mail']['commonHeaders']\n    author = mail['from'][0]\n"
                        "    if 'boss' in author:\n        return None\n    return {'disposition': 'STOP_RULE'}"),
     "RequestResponse"),
]  # fmt: skip


@pytest.mark.parametrize("packed", ["file", "folder", "zip"])
@pytest.mark.parametrize(("code", "source", "kind"), HANDLERS, ids=[f"{n}-{row[0]}" for n, row in enumerate(HANDLERS)])
def test_a_handler_is_read_and_not_run(code: str, source: str, kind: str, packed: str, tmp_path: Path) -> None:
    poisoned = f"raise SystemExit('was run')\n{source}\n"
    path = tmp_path / "gate.py"
    path.write_text(poisoned)
    if packed == "folder":
        path = tmp_path
    elif packed == "zip":
        path = tmp_path / "gate.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("gate.py", poisoned)
    account = one(ses.LambdaAction(function_arn=ARN("gate"), invocation_type=kind), STORE)
    found = [
        finding for finding in lint(account, functions={"gate": ses.Handler(path, "gate.f")}) if finding.code == code
    ]
    assert [finding.path for finding in found] == [f"{R0}.actions[0]"]
    assert found[0].confirmed(account)


HARMLESS = [
    "def f(e, c):\n    if 'auto-submitted' in str(e).lower():\n        return\n    ses.send_email()",
    "def f(e, c):\n    if e['dmarcVerdict']['status'] == 'FAIL':\n        return {'disposition': 'STOP_RULE_SET'}",
    (
        "def f(e, c):\n    if e['dmarcVerdict']['status'] == 'PASS' and 'boss' in e['headers']:\n"
        "        return {'disposition': 'STOP_RULE'}"
    ),
    "def f(e, c):\n    print(e['mail']['commonHeaders']['subject'])",
]


@pytest.mark.parametrize("source", HARMLESS)
def test_a_handler_that_does_it_right_has_no_finding(source: str, tmp_path: Path) -> None:
    path = tmp_path / "gate.py"
    path.write_text(source)
    found = lint(one(STORE, WAIT), functions={"gate": ses.Handler(path, "gate.f")})
    assert {finding.code for finding in found} == set()


WITH_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js (Debian: apt install nodejs)")
UNREAD = [
    pytest.param("gate.js", "exports.f = () => 1", "gate.f", marks=WITH_NODE),
    ("gate.py", "def f(:", "gate.f"),
    ("gate.py", "\0", "gate.f"),
]


@pytest.mark.parametrize(("name", "source", "handler"), UNREAD)
def test_what_cannot_be_read_is_told(name: str, source: str, handler: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(source)
    found = lint(one(WAIT), functions={"gate": ses.Handler(tmp_path / name, handler)})
    assert found.unread["gate"].startswith("its code is not Python")
    assert "not read: function gate: its code is not Python" in str(found)


def test_python_functions_are_read_too() -> None:
    def answer(event: object, context: object) -> None:
        event.send_email()  # type: ignore[attr-defined]

    code = read_handler(answer)
    assert not isinstance(code, str)
    assert code.sends == 2


@settings(max_examples=40)
@given(strategies.accounts())
@pytest.mark.slow
def test_every_finding_is_shown_by_its_mail_or_says_why_not(account: ses.Account) -> None:
    for finding in lint(account):
        assert finding.no_mail or finding.confirmed(account), (finding, finding.witness)


def test_every_kind_has_a_row_in_a_table() -> None:
    tried = {row[0] for row in (*FOUND, *HANDLERS)}
    # Of these two the first is told by a template, the second was not met: a rule that is reached runs its actions.
    assert set(ADVICE) - tried == {"not-activated", "dead-action"}


def test_it_is_a_table_a_text_and_a_page_and_can_be_narrowed() -> None:
    found = lint(one(BOUNCE, STORE))
    assert list(found.frame()["code"]) == [finding.code for finding in found]
    assert str(found).count("    fix: ") == len(found)
    assert "backscatter" in found._repr_html_()
    assert {finding.level for finding in found.warnings} == {Level.WARNING}
    assert len(found.without(["backscatter"])) == len(found) - 1
    with pytest.raises(ses.InputError, match="did you mean `backscatter`"):
        found.without(["backscater"])


def test_of_very_many_findings_of_a_kind_a_text_shows_the_first() -> None:
    found = lint(
        make_account(make_rule("many", STORE, recipients=["example.com", *(f"u{n}@example.com" for n in range(30))]))
    )
    assert str(found).count("note redundant") == 20
    assert "and 10 more of redundant" in str(found)


def test_names_are_escaped() -> None:
    account = make_account(make_rule("<b>\x1b[31m", BOUNCE))
    assert "\x1b" not in str(lint(account)) + repr(list(lint(account)))
    assert "<b>" not in lint(account)._repr_html_()
