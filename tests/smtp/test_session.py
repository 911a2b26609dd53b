"""The conversation, without a socket: each verb in each state, and what the receiver is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sesreceive as ses
from sesreceive.bounds import Bounds
from sesreceive.receiver import Submission
from sesreceive.smtp.framing import Body, Fault
from sesreceive.smtp.session import Policy, Session, State, Then, Xclient
from tests.smtp.world import HOST, MESSAGE, account, receiver

TO_STATE = {
    State.READY: (),
    State.MAIL: ("MAIL FROM:<ana@example.org>",),
    State.RCPT: ("MAIL FROM:<ana@example.org>", "RCPT TO:<bo@example.com>"),
}
MAIL, RCPT = "MAIL FROM:<cy@example.org>", "RCPT TO:<cy@example.com>"
WALK = [
    # state        line                     code  state behind it   then
    (State.READY,  "EHLO mx.example.org",    250,  State.READY,      Then.COMMAND),
    (State.READY,  "HELO mx.example.org",    250,  State.READY,      Then.COMMAND),
    (State.READY,  MAIL,                     250,  State.MAIL,       Then.COMMAND),
    (State.READY,  RCPT,                     503,  State.READY,      Then.COMMAND),
    (State.READY,  "DATA",                   503,  State.READY,      Then.COMMAND),
    (State.READY,  "RSET",                   250,  State.READY,      Then.COMMAND),
    (State.READY,  "NOOP",                   250,  State.READY,      Then.COMMAND),
    (State.READY,  "STARTTLS",               220,  State.READY,      Then.TLS),
    (State.READY,  "XCLIENT NAME=x",         220,  State.READY,      Then.COMMAND),
    (State.READY,  "QUIT",                   221,  State.READY,      Then.CLOSE),
    (State.READY,  "EHLO \x1e",              250,  State.READY,      Then.COMMAND),
    (State.READY,  "HELO \xa0\u2028",        250,  State.READY,      Then.COMMAND),
    (State.READY,  "MAIL\x1eFROM:<>",        500,  State.READY,      Then.COMMAND),
    (State.MAIL,   "EHLO mx.example.org",    250,  State.READY,      Then.COMMAND),
    (State.MAIL,   "HELO mx.example.org",    250,  State.READY,      Then.COMMAND),
    (State.MAIL,   MAIL,                     503,  State.MAIL,       Then.COMMAND),
    (State.MAIL,   RCPT,                     250,  State.RCPT,       Then.COMMAND),
    (State.MAIL,   "RCPT TO:<x@example.net>", 550, State.MAIL,       Then.COMMAND),
    (State.MAIL,   "DATA",                   503,  State.MAIL,       Then.COMMAND),
    (State.MAIL,   "RSET",                   250,  State.READY,      Then.COMMAND),
    (State.MAIL,   "NOOP",                   250,  State.MAIL,       Then.COMMAND),
    (State.MAIL,   "STARTTLS",               220,  State.MAIL,       Then.TLS),
    (State.MAIL,   "XCLIENT NAME=x",         503,  State.MAIL,       Then.COMMAND),
    (State.MAIL,   "QUIT",                   221,  State.MAIL,       Then.CLOSE),
    (State.RCPT,   "EHLO mx.example.org",    250,  State.READY,      Then.COMMAND),
    (State.RCPT,   "HELO mx.example.org",    250,  State.READY,      Then.COMMAND),
    (State.RCPT,   MAIL,                     503,  State.RCPT,       Then.COMMAND),
    (State.RCPT,   RCPT,                     250,  State.RCPT,       Then.COMMAND),
    (State.RCPT,   "DATA",                   354,  State.RCPT,       Then.MESSAGE),
    (State.RCPT,   "DATA now",               354,  State.RCPT,       Then.MESSAGE),
    (State.RCPT,   "RSET",                   250,  State.READY,      Then.COMMAND),
    (State.RCPT,   "NOOP",                   250,  State.RCPT,       Then.COMMAND),
    (State.RCPT,   "STARTTLS",               220,  State.RCPT,       Then.TLS),
    (State.RCPT,   "XCLIENT NAME=x",         503,  State.RCPT,       Then.COMMAND),
    (State.RCPT,   "QUIT",                   221,  State.RCPT,       Then.CLOSE),
    # the same in every state
    *[
        (state, line, code, state, Then.COMMAND)
        for state in State
        for line, code in [
            ("VRFY ana@example.com", 502), ("EXPN staff", 502), ("AUTH PLAIN AAAA", 502), ("HELP", 214),
            ("BDAT 10 LAST", 500), ("TURN", 500), ("GET / HTTP/1.1", 500), ("Host: example.com", 500), ("", 500),
            ("HI", 500), ("MAIL", 503 if state is not State.READY else 501), ("EHLO", 501), ("HELO  ", 501),
            ("MAIL\0FROM:<a@example.org>", 500), ("NOOP \0", 500), ("noop", 250), ("Noop nothing", 250),
            ("STARTTLS now", 501),
        ]
    ],
]  # fmt: skip


def session(policy: Policy | None = None, peer: str = "127.0.0.1", **options: object) -> Session:
    return Session(receiver(), policy or Policy(), peer, **options)  # type: ignore[arg-type]


def said(one: Session, *lines: str) -> list[str]:
    return [one.command(line.encode()).text for line in lines]


@pytest.mark.parametrize(("state", "line", "code", "behind", "then"), WALK)
def test_every_verb_in_every_state(state: State, line: str, code: int, behind: State, then: Then) -> None:
    one = session()
    said(one, *TO_STATE[state])
    assert one.state is state
    answer = one.command(line.encode())
    assert (int(answer.text[:3]), one.state, answer.then) == (code, behind, then)


def test_the_walk_has_every_verb_in_every_state() -> None:
    walked = {(state, line.partition(" ")[0].upper()) for state, line, *_ in WALK}
    assert {(state, verb) for state in State for verb in Session._verbs} <= walked


@pytest.mark.parametrize(
    ("parameters", "reply"),
    [
        ("SIZE=41943040", "250 Ok"),
        ("SIZE=41943041", "552 5.3.4 Message size exceeds fixed limit"),
        ("SIZE=" + "9" * 900, "552 5.3.4 Message size exceeds fixed limit"),
        ("SIZE=many", "250 Ok"),
        ("SIZE=-1", "250 Ok"),
        ("SIZE=٣", "250 Ok"),
        ("BODY=8BITMIME", "250 Ok"),
        ("SMTPUTF8 RET=FULL X-UNHEARD=of", "250 Ok"),
    ],
)
def test_parameters_of_mail(parameters: str, reply: str) -> None:
    assert said(session(), f"MAIL FROM:<ana@example.org> {parameters}") == [reply]


def test_recipients_are_judged_alone_and_all_are_remembered() -> None:
    one = session()
    answers = said(
        one, "EHLO mx.example.org", "MAIL FROM:<Ana@example.org>", "RCPT TO:<x@example.net>",
        "RCPT TO:<Bo@Example.com>", "RCPT TO:<secure@example.com>", "RCPT TO:<>", "RCPT TO:<postmaster>",
    )  # fmt: skip
    assert [answer[:3] for answer in answers[2:]] == ["550", "250", "530", "550", "550"]
    submission = one.submit(MESSAGE)
    assert submission.reply.code == 250
    assert submission.envelope == ses.Envelope(
        client_ip="127.0.0.1", helo="mx.example.org", mail_from="Ana@example.org",
        rcpt_to=("x@example.net", "Bo@Example.com", "secure@example.com", "", "postmaster"),
    )  # fmt: skip
    assert one.state is State.READY


def test_under_tls_a_rule_that_requires_it_matches() -> None:
    one = session()
    one.encrypted()
    assert said(one, "MAIL FROM:<>", "RCPT TO:<secure@example.com>") == ["250 Ok", "250 Ok"]
    assert one.submit(b"").envelope.tls


def test_tls_begins_anew() -> None:
    one = session()
    said(one, "EHLO before.example.org", "MAIL FROM:<ana@example.org>", "RCPT TO:<bo@example.com>")
    one.encrypted()
    assert one.state is State.READY
    said(one, "MAIL FROM:<ana@example.org>", "RCPT TO:<bo@example.com>")
    assert one.submit(b"").envelope.helo == "unknown"


def test_ehlo_says_what_ses_says() -> None:
    one = session()
    assert said(one, "EHLO mx.example.org") == [f"250-{HOST}\r\n250-8BITMIME\r\n250-STARTTLS\r\n250 Ok"]
    one.encrypted()
    assert said(one, "EHLO mx.example.org") == [f"250-{HOST}\r\n250-8BITMIME\r\n250 Ok"]
    assert "STARTTLS" not in said(session(Policy(tls=False)), "EHLO mx.example.org")[0]


def test_starttls_is_refused_where_there_is_none() -> None:
    assert said(session(Policy(tls=False)), "STARTTLS") == ["454 TLS not supported"]
    one = session()
    one.encrypted()
    assert said(one, "STARTTLS") == ["454 TLS not available due to temporary reason: TLS already active"]


@pytest.mark.parametrize(
    ("peer", "xclient", "answers"),
    [
        ("127.0.0.1", Xclient.SILENT, ("220", False)),
        ("127.0.0.1", Xclient.ANNOUNCED, ("220", True)),
        ("127.0.0.1", Xclient.OFF, ("500", False)),
        ("198.51.100.7", Xclient.SILENT, ("500", False)),
        ("198.51.100.7", Xclient.ANNOUNCED, ("500", False)),
    ],
)
def test_xclient_is_for_trusted_peers(peer: str, xclient: Xclient, answers: tuple[str, bool]) -> None:
    one = session(Policy(xclient=xclient), peer)
    greeting, ehlo = said(one, "XCLIENT ADDR=203.0.113.9", "EHLO mx.example.org")
    assert (greeting[:3], "XCLIENT NAME ADDR HELO" in ehlo) == answers
    assert one.client_ip == ("203.0.113.9" if greeting[:3] == "220" else peer)


def test_filters_judge_the_client_that_xclient_names() -> None:
    one = session()
    rcpt = "RCPT TO:<bo@example.com>"
    assert said(one, "MAIL FROM:<>", rcpt)[1] == "250 Ok"
    said(one, "RSET", "XCLIENT ADDR=203.0.113.9 HELO=mx.example.org")
    assert (
        said(one, "EHLO other.example.org", "MAIL FROM:<>", rcpt)[2] == "550 5.7.1 IP address blacklisted by recipient"
    )
    said(one, "RSET", "XCLIENT ADDR=198.51.100.7", "EHLO other.example.org", "MAIL FROM:<>", rcpt)
    assert one.submit(b"").envelope == ses.Envelope(
        client_ip="198.51.100.7", helo="mx.example.org", mail_from="", rcpt_to=("bo@example.com",)
    )


def test_a_changed_account_counts_for_the_next_message() -> None:
    behind = receiver()
    one = Session(behind, Policy(), "198.51.100.7")
    said(one, "MAIL FROM:<>", "RSET")
    behind.account = ses.Account(
        identities=("example.com",), active="main", rule_sets=account().rule_sets,
        filters=(ses.ReceiptFilter.block("198.51.100.0/24", name="test-net-2"),),
    )  # fmt: skip
    assert said(one, "MAIL FROM:<>", "RCPT TO:<bo@example.com>")[1][:9] == "550 5.7.1"


@pytest.mark.parametrize("end", ["RSET", "EHLO mx.example.org", "HELO mx.example.org"])
def test_a_transaction_whose_recipients_were_all_refused_is_remembered(end: str) -> None:
    refused: list[Submission] = []
    one = session(refused=refused.append)
    said(one, "MAIL FROM:<ana@example.org>", "RCPT TO:<x@example.net>", "DATA", end)
    said(one, "MAIL FROM:<ana@example.org>", end)
    said(one, "MAIL FROM:<ana@example.org>", "RCPT TO:<x@example.net>", "RCPT TO:<bo@example.com>", end)
    assert [(one.envelope.rcpt_to, one.reply.code, one.accepted) for one in refused] == [
        (("x@example.net",), 550, False)
    ]


def test_recipients_have_a_limit() -> None:
    one = Session(ses.Receiver(account(), seed=1, assumptions=ses.Assumptions(max_recipients=2)), Policy(), "127.0.0.1")
    rcpt = "RCPT TO:<bo@example.com>"
    assert said(one, "MAIL FROM:<>", rcpt, "RCPT TO:<x@example.net>", rcpt, rcpt)[1:] == [
        "250 Ok", "550 5.1.1 Requested action not taken: mailbox unavailable", "250 Ok",
        "452 Error: too many recipients",
    ]  # fmt: skip
    assert [decision.reply.code for decision in one.submit(b"").recipients] == [250, 550, 250, 452]


def test_refused_recipients_have_a_limit_too() -> None:
    one = session(Policy(bounds=Bounds(recipients_named=3)))
    answers = said(one, "MAIL FROM:<>", *["RCPT TO:<x@example.net>"] * 5)
    assert [answer[:3] for answer in answers[1:]] == ["550"] * 3 + ["452"] * 2


def test_errors_have_a_limit() -> None:
    one = session(Policy(bounds=Bounds(errors=3)))
    assert said(one, "WHAT", "DATA") == ["500 Error: command not implemented", "503 5.5.1 Error: need MAIL command"]
    answer = one.command(b"VRFY ana")
    assert (answer.text[:3], answer.then) == ("421", Then.CLOSE)


def test_refused_recipients_are_no_errors() -> None:
    one = session(Policy(bounds=Bounds(errors=3)))
    assert said(one, "MAIL FROM:<>", *["RCPT TO:<x@example.net>"] * 10)[-1].startswith("550")


@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        (Fault(), "501 Input line length is too long!"),
        (Fault(4), "501 Syntax error at character position 4. CR and LF must be CRLF paired.  See RFC 2821 #2.7.1."),
    ],
)
def test_what_is_no_line_ends_the_session(fault: Fault, reply: str) -> None:
    answer = session().command(fault)
    assert (answer.text, answer.then) == (reply, Then.CLOSE)


@pytest.mark.parametrize(
    ("limit", "raw", "complaint"),
    [
        (1_000, b"x" * 998 + b"\r\n", None),
        (1_000, b"x" * 999 + b"\r\n", "500 Line too long"),
        (1_000, b"x" * 1_001, "500 Line too long"),
        (0, b"x" * 99_999, None),
    ],
)
def test_lines_of_the_text_have_a_limit(limit: int, raw: bytes, complaint: str | None) -> None:
    behind = receiver(assumptions=ses.Assumptions(text_line_limit=limit))
    one = Session(behind, Policy(), "127.0.0.1")
    said(one, *TO_STATE[State.RCPT])
    refused = one.refuse(Body(raw, len(raw)))
    assert (refused and str(refused.reply)) == complaint
    assert (one.state is State.READY) == bool(complaint)


@pytest.mark.parametrize(("size", "code"), [(100, 250), (101, 552)])
def test_a_smaller_size_limit_is_kept(size: int, code: int) -> None:
    one = session(Policy(bounds=Bounds(message_bytes=100)))
    said(one, *TO_STATE[State.RCPT])
    submission = one.submit(b"x" * size)
    assert (submission.reply.code, submission.accepted, bool(submission.message_id)) == (code, code == 250, code == 250)


@given(st.lists(st.binary(max_size=40) | st.sampled_from([line.encode() for _, line, *_ in WALK]), max_size=15))
def test_any_lines_get_a_reply_each(lines: list[bytes]) -> None:
    one = session(Policy(bounds=Bounds(errors=1_000)))
    for line in lines:
        text = one.command(line.replace(b"\r", b"").replace(b"\n", b"")).text
        assert text[:3].isdigit()
        assert all(part[:3] == text[:3] and part[3] in "- " for part in text.split("\r\n"))
        assert "\n" not in text.replace("\r\n", "")
