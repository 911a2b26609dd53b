"""The magics in a real IPython shell: values, one sentence for each mistake, and what Tab offers."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import sesreceive as ses
from sesreceive.magics import explain, read_zone, receive_text
from sesreceive.magics.shell_magics import PARSERS
from sesreceive.plot.diagram import Diagram
from sesreceive.trace.text import Explanation

MAIL = """From: Ana <ana@example.org>
To: billing@example.com
Cc: bo@example.com
Subject: Invoice 7

Hello
"""
ZONE = 'example.org IN TXT "v=spf1 ip4:198.51.100.7 -all"'


def receiver() -> ses.Receiver:
    rule = ses.ReceiptRule(
        name="invoices",
        enabled=True,
        recipients=("billing@example.com",),
        actions=(ses.S3Action(bucket_name="inbox"),),
    )
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    return ses.Receiver(ses.Account(identities=("example.com",), rule_sets=(rules,), active="main"), seed=1)


@pytest.fixture(scope="module")
def one_shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    shell.run_cell("%load_ext sesreceive").raise_error()
    return shell


@pytest.fixture
def shell(one_shell: InteractiveShell) -> InteractiveShell:
    for name in set(users(one_shell.user_ns)) - set(one_shell.user_ns_hidden):
        del one_shell.user_ns[name]
    one_shell.push({"ses": ses, "receiver": receiver()})
    return one_shell


def users(names: dict[str, Any]) -> dict[str, Any]:
    """The variables without those that IPython keeps for itself."""
    return {name: value for name, value in names.items() if not name.startswith("_")}


def value_of(shell: InteractiveShell, cell: str) -> Any:
    result = shell.run_cell(cell, store_history=False)
    assert result.success, result.error_in_exec
    return result.result


# ---------------------------------------------------------------- what they do

MESSAGES = [
    # options                                                   the envelope that they make
    ("", ("ana@example.org", ("billing@example.com", "bo@example.com"), "", False)),
    ("--rcpt-to billing@example.com", ("ana@example.org", ("billing@example.com",), "", False)),
    ("--rcpt-to a@example.com b@example.com --tls", ("ana@example.org", ("a@example.com", "b@example.com"), "", True)),
    (
        "--rcpt-to a@example.com --rcpt-to b@example.com",
        ("ana@example.org", ("a@example.com", "b@example.com"), "", False),
    ),
    ("--mail-from '' --client-ip 198.51.100.7", ("", ("billing@example.com", "bo@example.com"), "198.51.100.7", False)),
    ("--rcpt-to {address}", ("ana@example.org", ("variable@example.com",), "", False)),
]


@pytest.mark.parametrize("options, envelope", MESSAGES)
def test_a_cell_with_mail_is_received(shell: InteractiveShell, options: str, envelope: tuple[object, ...]) -> None:
    shell.push({"address": "variable@example.com"})
    shown = value_of(shell, f"%%ses_message {options}\n{MAIL}")
    reception = shell.user_ns["reception"]
    said = reception.envelope
    assert (said.mail_from, said.rcpt_to, said.client_ip, said.tls) == envelope
    assert reception.message.raw == MAIL.replace("\n", "\r\n").encode()
    assert isinstance(shown, Explanation)
    assert str(shown) == str(reception.explain())


def test_the_magic_and_the_function_do_the_same(shell: InteractiveShell) -> None:
    value_of(shell, f"%%ses_message --client-ip 198.51.100.7 --helo mx.example.org --name seven\n{MAIL}")
    twin = receive_text(MAIL, receiver(), client_ip="198.51.100.7", helo="mx.example.org", name="seven")
    reception = shell.user_ns["reception"]
    assert reception == twin
    assert str(value_of(shell, "%ses_explain --full")) == str(explain(twin, full=True))


def test_every_option_has_an_effect(shell: InteractiveShell) -> None:
    shell.push({"mine": receiver()})
    at = "2026-01-02T10:05:05+00:00"
    assert value_of(shell, f"%%ses_message --quiet --receiver mine --into kept --received-at {at}\n{MAIL}") is None
    assert shell.user_ns["kept"].received_at.isoformat() == at
    assert "reception" not in shell.user_ns
    assert shell.user_ns["mine"].backend.buckets["inbox"]
    assert not shell.user_ns["receiver"].backend.buckets
    assert isinstance(value_of(shell, "%ses_explain kept --diagram"), Diagram)
    assert isinstance(value_of(shell, "%ses_explain [kept][0]"), Explanation)


def test_a_cell_with_records_is_a_zone(shell: InteractiveShell) -> None:
    zone = value_of(shell, f"%%ses_zone\n{ZONE}\n")
    assert zone == shell.user_ns["zone"] == ses.Zone.parse(ZONE) == read_zone(ZONE)
    assert shell.user_ns["receiver"].resolver != zone  # nobody asks it unless it is said
    value_of(shell, f"%%ses_zone --receiver receiver --into other\n{ZONE}\n")
    assert shell.user_ns["receiver"].resolver == zone
    value_of(shell, '%%ses_zone --receiver receiver --add\nexample.net IN TXT "v=spf1 -all"\n')
    assert shell.user_ns["receiver"].resolver.names == ("example.org", "example.net")
    value_of(shell, f"%%ses_message --client-ip 198.51.100.7\n{MAIL}")
    assert shell.user_ns["reception"].verdicts.spf == ses.Verdict.PASS


def test_quotes_and_lines_of_the_mail_are_no_options(shell: InteractiveShell) -> None:
    value_of(shell, "%%ses_message --rcpt-to '\"a b\"@example.com'\nSubject: {not} $expanded --tls\n\n%ses_explain\n")
    reception = shell.user_ns["reception"]
    assert reception.envelope.rcpt_to == ('"a b"@example.com',)
    assert reception.message.raw == b"Subject: {not} $expanded --tls\r\n\r\n%ses_explain\r\n"


# ---------------------------------------------------------------- mistakes

MISTAKES = [
    # cell                                                      a part of the one sentence
    ("%%ses_message --tsl\nx", "there is no option `--tsl`; did you mean `--tls`? (see `%%ses_message?`)"),
    ("%%ses_message 'open\nx", "expected a line whose quotes are closed"),
    ("%%ses_message --client-ip 300.1.1.1\nx", "client_ip: expected an IPv4 or IPv6 address but got `300.1.1.1`"),
    ("%%ses_message --mail-from <a@example.org>\nx", "mail_from"),
    ("%%ses_message --rcpt-to\nx", "--rcpt-to: expected at least one argument"),
    ("%%ses_message --received-at noon\nx", "expected a time such as `2026-01-02T10:05:05Z` but got `noon`"),
    ("%%ses_message --received-at 2026-01-02T10:05:05\nx", "received_at"),
    ("%%ses_message --receiver rec\nx", "with a Receiver but there is no `rec`; there is `deaf`, `receiver`"),
    ("%%ses_message --receiver ses\nx", "--receiver: expected a Receiver but `ses` is a `module`"),
    ("%%ses_message --into mine\nx", "--into: `mine` is a `str` of yours, which is kept"),
    ("%%ses_message --into 2x\nx", "--into: expected the name of a variable but got `2x`"),
    ("%%ses_message --into class\nx", "--into: expected the name of a variable but got `class`"),
    ("%%ses_message --full --quiet\nx", "--full has no effect with --quiet: nothing is shown"),
    ("%%ses_message stray\nx", "expected nothing more but got `stray`"),
    ("%ses_explain", "expected a variable with a Reception but there is no `reception`"),
    ("%ses_explain mine", "expected a Reception but `mine` is a `str`"),
    ("%ses_explain report.receptions[7]", "has no value (NameError: name 'report' is not defined)"),
    ("%ses_explain mine +", "`mine +` has no value (SyntaxError"),
    ("%ses_explain --ful", "there is no option `--ful`; did you mean `--full`?"),
    ("%%ses_zone\nexample.org IN TXT", "line 1"),
    ("%%ses_zone --add\n;", "--add: expected --receiver"),
    ("%%ses_zone --receiver deaf --add\n;", "expected a Zone but got a `LiveResolver`"),
    ("%%ses_zone --into receiver\n;", "--into: `receiver` is a `Receiver` of yours"),
]  # fmt: skip


@pytest.mark.parametrize("cell, sentence", MISTAKES)
def test_a_mistake_is_one_sentence(
    shell: InteractiveShell, cell: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    deaf = ses.Receiver(ses.Account(), resolver=ses.LiveResolver())
    shell.push({"mine": "text", "deaf": deaf})
    before = users(shell.user_ns)
    complaint = io.StringIO()
    with redirect_stderr(complaint):
        result = shell.run_cell(cell, store_history=False)
    printed = capsys.readouterr().out + complaint.getvalue()
    assert not result.success  # a notebook that is run as a whole stops here
    assert sentence in printed
    assert "Traceback" not in printed
    assert len(printed.strip().splitlines()) == 1
    assert users(shell.user_ns) == before


def test_a_text_of_a_stranger_in_a_complaint_has_no_escapes(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%%ses_message --client-ip '\x1b[31m'\nx", store_history=False)
    printed = "".join(capsys.readouterr())
    assert "\\x1b[31m" in printed
    assert "\x1b[31m" not in printed


TWIN_MISTAKES = [
    (lambda: receive_text(b"x", receiver()), "message: expected text but got `bytes`"),
    (lambda: receive_text("x", ses.Account()), "receiver: expected a Receiver but got a `Account`"),
    (lambda: receive_text("\ud800", receiver()), "expected characters of Unicode but got the surrogate U+D800"),
    (lambda: receive_text("x", receiver(), sender="a"), "expected only client_ip"),
    (lambda: explain(None), "reception: expected a Reception but got a `NoneType`"),
    (lambda: read_zone(5), "zone: expected text but got the number `5`"),
    (lambda: read_zone("", add=True), "add: expected a receiver whose records stay but got none"),
]


@pytest.mark.parametrize("call, sentence", TWIN_MISTAKES)
def test_the_functions_say_the_same_of_mistakes(call: Any, sentence: str) -> None:
    with pytest.raises(ses.InputError) as caught:
        call()
    assert sentence in str(caught.value)


# ---------------------------------------------------------------- what the editor offers

COMPLETIONS = [
    # what is written                        offered                                   not offered
    ("%%ses_message --re", {"--receiver", "--received-at"}, {"--rcpt-to"}),
    ("%%ses_message --tls --receiver ", {"receiver"}, {"kept", "--tls"}),
    ("%ses_explain ", {"kept", "--full"}, {"receiver"}),
    ("%ses_explain ke", {"kept"}, {"receiver"}),
    ("%%ses_zone --", {"--add", "--into", "--receiver"}, {"--tls"}),
    ("%ses_e", {"%ses_explain"}, set()),
    ("%%ses_", {"%%ses_message", "%%ses_zone"}, set()),
    ("ses.Rec", {"ReceiptRule", "Receiver", "Reception"}, set()),
    ("ses.unr", {"unreachable"}, set()),
    ("receiver.rec", {"receive"}, set()),
    ("kept.de", {"decided", "decision"}, set()),
    ("rules['", {"invoices"}, set()),
]  # fmt: skip


def offered_by(shell: InteractiveShell, written: str) -> set[str]:
    """What the editor shows at the end of a line; a kernel asks in this way."""
    with provisionalcompleter():
        return {found.text.lstrip(".'") for found in shell.Completer.completions(written, len(written))}


@pytest.mark.parametrize("written, offered, not_offered", COMPLETIONS)
@pytest.mark.slow
def test_tab_offers_what_fits(shell: InteractiveShell, written: str, offered: set[str], not_offered: set[str]) -> None:
    rules = shell.user_ns["receiver"].account.active_rule_set
    shell.push({"kept": receive_text(MAIL, shell.user_ns["receiver"]), "rules": rules})
    names = offered_by(shell, written)
    assert offered <= names
    assert not not_offered & names


HINTS = [
    # what the reader asks about        words of the hint
    ("%%ses_message", ["--client-ip ADDRESS", "--rcpt-to ADDRESS", "who connects"]),
    ("%ses_explain", ["--full", "variable or expression of a Reception"]),
    ("%%ses_zone", ["--add", "keep the records that the receiver has"]),
    ("ses.ReceiptRule", ["scan_enabled", "recipients", "Attributes"]),
    ("receiver.receive", ["raw : bytes or Message", "client_ip", "Returns"]),
    ("ses.lint", ["Parameters"]),
]


@pytest.mark.parametrize("name, words", HINTS)
def test_a_hint_comes_from_types_and_docstrings(shell: InteractiveShell, name: str, words: list[str]) -> None:
    hint = shell.object_inspect_text(name)
    assert [word for word in words if word not in hint] == []


@pytest.mark.slow
def test_an_editor_knows_types_and_names_without_running_anything() -> None:
    jedi = pytest.importorskip("jedi")
    source = "import sesreceive as ses\nrule = ses.ReceiptRule(na"
    assert "name=" in {found.name for found in jedi.Script(source).complete()}
    source = "import sesreceive as ses\nreceiver = ses.Receiver(ses.Account())\nreceiver.receive(b'').dec"
    assert {"decided", "decision"} <= {found.name for found in jedi.Script(source).complete()}
    source = "import sesreceive as ses\nses.unreach"
    assert "unreachable" in {found.name for found in jedi.Script(source).complete()}


@pytest.mark.parametrize("magic", PARSERS)
def test_every_example_of_the_help_can_be_read(magic: str) -> None:
    for example in PARSERS[magic].examples:
        name, *words = example.split()
        assert name == magic
        PARSERS[magic].parse_args(words)


@pytest.mark.slow
def test_the_functions_need_no_ipython() -> None:
    code = "import sys, sesreceive.magics, sesreceive.magics.plain; print('IPython' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_loading_twice_is_the_same_as_once(shell: InteractiveShell) -> None:
    value_of(shell, "%load_ext sesreceive")
    value_of(shell, f"%%ses_message --quiet\n{MAIL}")
    assert "--add" in offered_by(shell, "%%ses_zone --a")
