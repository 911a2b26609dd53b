"""No text of a stranger reaches a terminal, a table or a ``repr`` as it came: every place that prints is looked at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive.errors import one_line
from sesreceive.mail.message import Message

PACKAGE = Path(ses.__file__).parent

# Escape sequences, line ends, and all characters with the Unicode property Bidi_Control; CSI as one character of C1.
HOSTILE = (
    "\x1b[31mred\x07\r\n\x9b2J\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\ud800"
)

# Functions whose answer is safe: `one_line` and what is made of it, and numbers.
SAFE_CALLS = {
    "one_line",
    "count",
    "counted",
    "_counted",
    "len",
    "shown",
    "sentence",
    "sum",
    "size_of",
    "repr",
    "hasattr",
}

# What a `print` or a `__repr__` writes that is none of these → why it may. A new line needs `one_line`, or a row here.
NUMBERS = "a number"
OURS = "our own words"
REASONS = {
    ("captures/capture.py", "self.kind"): OURS,
    ("cli/experimenting.py", "tried.to_text(options.table or _TABLES[0])"): "cells through one_line, see report/grid",
    ("lab/experiment_result.py", "*told"): "each through one_line, the line above",
    ("lab/traffic.py", "self.seed"): NUMBERS,
    ("plot/report_plots.py", "PICTURES"): OURS,
    ("captures/pairing.py", "str(one.kind)"): OURS,
    ("cli/checking.py", "support_markdown(public_support())"): OURS,
    ("cli/scoring.py", "_table(score)"): "cells through one_line, see support.py",
    ("cli/scoring.py", ("fidelity(options.captures, account=account, resolver=_resolver(options), era=options.era, "
               "readings=not options.no_readings)")): "lines through one_line, see likeness/score.py",
    ("cli/scoring.py", "name"): OURS,
    ("cli/scoring.py", "score.redacted()"): "places and classes, which are ours",
    ("gallery/entry.py", "self.reception.reply.code"): NUMBERS,
    ("likeness/score.py", "equal"): NUMBERS,
    ("likeness/score.py", "name"): OURS,
    ("likeness/score.py", "of"): NUMBERS,
    ("analysis/coverage.py", "shown_percent(self.percent)"): NUMBERS,
    ("account/rule_set.py", "type(action).api_name"): OURS,
    ("account/value.py", "short(self)"): "names members with repr",
    ("auth/remembered.py", "name"): "our own attribute",
    ("report/schema.py", "self.table.name"): OURS,
    ("backends/stored.py", "self.invocation_type"): "Event or RequestResponse, checked with the account",
    ("cli/options.py", "_PASSED_OVER"): NUMBERS,
    ("cli/page_serving.py", "secrets.token_urlsafe(24)"): OURS,
    ("cli/checking.py", "_word(row.value)"): OURS,
    ("cli/bug_report.py", "bundle.summary"): "counts",
    ("cli/templates.py", ("load(options.source, variables=variables_of(options.var), region=options.region, "
               "account_id=options.account_id)")): "lines through one_line, see formats/loaded.py",
    ("cli/options.py", "one.why"): OURS,
    ("cli/templates.py", "loaded.account.to(options.to)"): "a file for another program, as it is",
    ("cli/checking.py", "map(_word, row.alternatives)"): OURS,
    ("cli/checking.py", "map(str, row.alternatives)"): OURS,
    ("cli/receiving.py", "reception.explain(full=options.full)"): "lines through one_line, see trace/text.py",
    ("cli/proving.py", "reception.explain(full=options.full)"): "lines through one_line, see trace/text.py",
    ("cli/options.py", "report.to_text(options.table or 'messages')"): "cells through one_line, see report/grid.py",
    ("cli/receiving.py", "tour(list(report), f'the sample data `{dataset.name}`, with {configured_with}')"):
        "lines through one_line, see cli/tour.py",
    ("cli/receiving.py", "purpose"): OURS,
    ("cli/options.py", "DATASET"): OURS,
    ("cli/parser.py", "self.prog"): OURS,
    ("cli/completion.py", "shtab.complete(build_parser(), shell=options.shell)"): "a script of our own words",
    ("cli/until_stopped.py", "message_line(came)"): "parts through one_line, see there",
    ("cli/checking.py", "row.evidence"): OURS,
    ("cli/checking.py", "row.meaning"): OURS,
    ("cli/checking.py", "row.name"): OURS,
    ("cli/checking.py", "row.source"): OURS,
    ("cli/sources.py", "said"): OURS,
    ("cli/teaching.py", "grades.text()"): "cells through one_line, see lessons/grades.py",
    ("cli/teaching.py", "str(grades)"): "lines through one_line, see lessons/grades.py",
    ("cli/teaching.py", "str(lessons.everything())"): OURS,
    ("cli/teaching.py", "str(lessons.exercise(options.name))"): OURS,
    ("cli/teaching.py", "str(lessons.load(options.name))"): OURS,
    ("cli/scanners.py", "about"): OURS,
    ("cli/scanners.py", "finding.subject"): OURS,
    ("cli/scanners.py", "finding.verdict"): OURS,
    ("cli/scanners.py", "name"): OURS,
    ("cli/api_serving.py", "server.port"): NUMBERS,
    ("cli/serving.py", "server.port"): NUMBERS,
    ("endpoint/local_endpoint.py", "self._server.port"): NUMBERS,
    ("endpoint/received_mail.py", "self.total"): NUMBERS,
    ("cli/scanners.py", "service.package"): OURS,
    ("cli/serving.py", "sns.port"): NUMBERS,
    ("formats/loaded.py", "self._counts"): "counts",
    ("formats/loaded.py", "self.format"): OURS,
    ("functions/lambda_context.py", "message"): "Lambda's context.log: the log of the run, not a terminal",
    ("mail/message.py", "self.size_bytes"): NUMBERS,
    ("message_id.py", "self._next"): NUMBERS,
    ("reception.py", "self.reply.code"): NUMBERS,
    ("report/cost.py", "self.prices.as_of"): OURS,
    ("smtp/channel.py", "HUNG_UP"): OURS,
    ("smtp/channel.py", "bool(self.name)"): NUMBERS,
    ("smtp/dialogue.py", "self.text"): "lines through one_line",
    ("smtp/dialogue.py", "self.transcript"): "lines through one_line",
    ("smtp/sending.py", "self.accepted"): NUMBERS,
    ("smtp/server.py", "self.counters"): NUMBERS,
    ("smtp/server.py", "self.port"): NUMBERS,
    ("smtp/smtp_faults.py", "fault.kind"): "one of a list, checked",
    ("trace/deferred.py", "self.stage"): OURS,
    ("trace/text.py", "str(self)"): "lines through one_line",
    ("ui/debugger.py", "self._steps"): NUMBERS,
    ("ui/debugger.py", "self.at"): NUMBERS,
    ("ui/traffic.py", "self._where()"): "host and port of our own server",
}  # fmt: skip


def written() -> Iterator[tuple[str, str]]:
    """Every expression that is printed or part of a ``repr`` and not safe by itself: file and source text."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and function.name == "__repr__" and node.value is not None:
                    yield from ((name, text) for text in unsafe(node.value, function))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                    for argument in node.args:
                        yield from ((name, text) for text in unsafe(argument, function))


def unsafe(node: ast.expr, function: ast.FunctionDef) -> Iterator[str]:
    """The parts of an expression that may hold any text."""
    if isinstance(node, ast.Constant | ast.Compare):
        return
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue) and part.conversion not in (ord("r"), ord("a")):
                spec = ast.unparse(part.format_spec) if part.format_spec else ""
                if not any(letter in spec for letter in "dfg"):
                    yield from unsafe(part.value, function)
        return
    if isinstance(node, ast.Attribute) and node.attr == "__name__":
        return
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in SAFE_CALLS:
            return
        if called in ("join", "filter", "partition", "split", "rstrip", "removesuffix"):
            parts = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            for argument in [*parts, *node.args]:
                yield from unsafe(argument, function)
            return
    if isinstance(node, ast.Subscript):
        yield from unsafe(node.value, function)
        return
    parts = {
        ast.IfExp: ("body", "orelse"), ast.BinOp: ("left", "right"), ast.BoolOp: ("values",),
        ast.List: ("elts",), ast.Tuple: ("elts",), ast.GeneratorExp: ("elt",), ast.ListComp: ("elt",),
    }.get(type(node))  # fmt: skip
    if parts is not None:
        for part in parts:
            below = getattr(node, part)
            for one in below if isinstance(below, list) else [below]:
                yield from unsafe(one, function)
        return
    if isinstance(node, ast.Name) and (values := assigned(node.id, function)):
        for value in values:
            if not any(isinstance(below, ast.Name) and below.id == node.id for below in ast.walk(value)):
                yield from unsafe(value, function)
        return
    yield ast.unparse(node)


def assigned(name: str, function: ast.FunctionDef) -> list[ast.expr]:
    """What a local name stands for."""
    values: list[ast.expr] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    values.append(node.value)
                elif (
                    isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                    and len(target.elts) == len(node.value.elts)
                ):  # fmt: skip
                    values += [
                        value
                        for item, value in zip(target.elts, node.value.elts, strict=True)
                        if isinstance(item, ast.Name) and item.id == name
                    ]
    return values


@pytest.mark.slow
def test_every_print_and_repr_is_safe_or_says_why():
    assert sorted(set(written()) - set(REASONS)) == []


@pytest.mark.slow
def test_every_reason_is_still_needed():
    assert sorted(set(REASONS) - set(written())) == []


def is_safe(text: str) -> bool:
    return text == one_line(text, len(text) + 1) and text.isprintable()


def received(**options) -> ses.Reception:
    rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    account = ses.Account(identities=("example.com",), rule_sets=(rules,), active="main")
    raw = b"From: ana@example.org\r\nSubject: " + HOSTILE.encode("utf-8", "replace").replace(b"\r\n", b"") + b"\r\n\r\n"
    return ses.Receiver(account).receive(raw, mail_from="ana@example.org", rcpt_to=["bo@example.com"], **options)


# what is shown → how
SHOWN = {
    "reception": lambda: received(name=HOSTILE),
    "refused reception": lambda: ses.Receiver(ses.Account()).receive(b"", name=HOSTILE, rcpt_to=["bo@example.com"]),
    "message": lambda: Message(b"Subject: " + HOSTILE.encode("utf-8", "replace")),
    "rule": lambda: ses.ReceiptRule(name=HOSTILE, recipients=(HOSTILE,)),
    "rule set": lambda: ses.ReceiptRuleSet(name=HOSTILE),
    "account": lambda: ses.Account(active=HOSTILE, region=HOSTILE, account_id=HOSTILE, identities=(HOSTILE,)),
    "action": lambda: ses.S3Action(bucket_name=HOSTILE, object_key_prefix=HOSTILE),
    "filter": lambda: ses.ReceiptFilter(name=HOSTILE, cidr=HOSTILE, policy=ses.Policy.BLOCK),
    "envelope": lambda: ses.Envelope(helo="mx.example.org", mail_from=HOSTILE[:6]),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_repr_is_one_safe_line(name):
    assert is_safe(repr(SHOWN[name]()))


def test_a_table_of_files_has_no_escapes(tmp_path):
    reception = received(name=HOSTILE)
    report = ses.Report([reception]) if hasattr(ses, "Report") else None
    assert report is not None
    for path in report.save(tmp_path, format="csv"):
        for line in path.read_bytes().decode("utf-8").removesuffix("\n").split("\n"):
            assert is_safe(line)
    for table in ("messages", "events", "effects", "matrix"):
        assert all(map(is_safe, report.to_text(table).split("\n")))
