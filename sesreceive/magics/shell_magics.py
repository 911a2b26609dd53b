"""``%%ses_message``, ``%ses_explain`` and ``%%ses_zone``: options and variables in, what the plain functions give out.

A mistake is one sentence and ends the cell: IPython prints a `UsageError` without a traceback, and a notebook that is
run as a whole stops there. What a learner wrote is never overwritten with something else in silence.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from datetime import datetime
from keyword import iskeyword
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from sesreceive.cli.parser import Parser, text
from sesreceive.dns.zone import Zone
from sesreceive.errors import SesReceiveError, one_line
from sesreceive.magics.plain import explain, read_zone, receive_text
from sesreceive.plot.diagram import Diagram
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.trace.text import Explanation

__all__ = ["PARSERS", "SesMagics", "load"]

Shown = Explanation | Diagram | None


class _Options(Parser):
    """A parser whose complaints are IPython's."""

    def error(self, message: str) -> NoReturn:
        """Raise the complaint, with where to read more."""
        raise UsageError(f"{one_line(message.removeprefix('argument '), 2_000)} (see `{self.prog}?`)")


def _parser(magic: str, summary: str, example: str) -> _Options:
    # `add_help` would print and leave the program; `%%magic?` is how a notebook asks.
    return _Options(prog=magic, description=summary, examples=(example,), add_help=False)


def _how_shown(parser: _Options) -> None:
    parser.add_argument("--full", action="store_true", help="long runs of equal lines, and what was asked of DNS, too")
    parser.add_argument("--diagram", action="store_true", help="show the way of the mail as a picture instead")


def _message_options() -> _Options:
    parser = _parser(
        "%%ses_message",
        "Receive the mail that stands in the cell, and say why everything happened to it.",
        "%%ses_message --client-ip 198.51.100.7 --rcpt-to billing@example.com",
    )
    parser.add_argument("--client-ip", metavar="ADDRESS", help="who connects; from the Received fields by default")
    parser.add_argument("--helo", metavar="NAME", help="the name the client gives")
    parser.add_argument(
        "--mail-from", metavar="ADDRESS", help="MAIL FROM, '' for the null sender; else from the header"
    )
    parser.add_argument(
        "--rcpt-to",
        metavar="ADDRESS",
        nargs="+",
        action="extend",
        help="RCPT TO, one or more; from To, Cc, Bcc by default",
    )
    parser.add_argument("--tls", action="store_true", default=None, help="the session is encrypted")
    parser.add_argument("--received-at", metavar="TIME", help="when it arrives, such as 2026-01-02T10:05:05Z")
    parser.add_argument("--name", type=text("a name"), help="what reports call the mail")
    parser.add_argument(
        "--receiver", metavar="VARIABLE", type=text("a name"), default="receiver", help="who receives it"
    )
    parser.add_argument(
        "--into", metavar="VARIABLE", type=text("a name"), default="reception", help="variable that gets the Reception"
    )
    parser.add_argument("--quiet", action="store_true", help="show nothing")
    _how_shown(parser)
    return parser


def _explain_options() -> _Options:
    parser = _parser(
        "%ses_explain", "Say why everything happened to a mail.", "%ses_explain report.receptions[3] --full"
    )
    parser.add_argument(
        "reception", nargs="*", help="variable or expression of a Reception; `reception` by default, the last mail"
    )
    _how_shown(parser)
    return parser


def _zone_options() -> _Options:
    parser = _parser(
        "%%ses_zone", "Read the DNS records that stand in the cell.", "%%ses_zone --receiver receiver --add"
    )
    parser.add_argument(
        "--into", metavar="VARIABLE", type=text("a name"), default="zone", help="variable that gets the Zone"
    )
    parser.add_argument(
        "--receiver", metavar="VARIABLE", type=text("a name"), help="who asks these records from now on"
    )
    parser.add_argument("--add", action="store_true", help="keep the records that the receiver has")
    return parser


PARSERS: Mapping[str, _Options] = {
    "%%ses_message": _message_options(),
    "%ses_explain": _explain_options(),
    "%%ses_zone": _zone_options(),
}


@magics_class
class SesMagics(Magics):  # type: ignore[misc, unused-ignore]
    """The magics, each with the options of its parser as help."""

    shell: Any  # an InteractiveShell; IPython's own types leave most of it open

    @cell_magic  # type: ignore[untyped-decorator, unused-ignore]
    def ses_message(self, line: str, cell: str) -> Shown:
        options = _read("%%ses_message", line)
        receiver = self._variable(options.pop("receiver"), Receiver, "--receiver")
        into = self._free(options.pop("into"), Reception)
        shown = {name: options.pop(name) for name in ("full", "diagram", "quiet")}
        said = {name: value for name, value in options.items() if value is not None}
        if "received_at" in said:
            said["received_at"] = _time(said["received_at"])
        if shown["quiet"] and (idle := next((name for name in ("full", "diagram") if shown[name]), "")):
            raise UsageError(f"--{idle} has no effect with --quiet: nothing is shown (see `%%ses_message?`)")
        reception = _in_one_sentence(lambda: receive_text(cell, receiver, **said))
        self.shell.push({into: reception})
        return None if shown.pop("quiet") else _shown(reception, **shown)

    @line_magic  # type: ignore[untyped-decorator, unused-ignore]
    def ses_explain(self, line: str) -> Shown:
        options = _read("%ses_explain", line)
        expression = " ".join(options.pop("reception")) or "reception"
        return _shown(self._value(expression, Reception), **options)

    @cell_magic  # type: ignore[untyped-decorator, unused-ignore]
    def ses_zone(self, line: str, cell: str) -> Zone:
        options = _read("%%ses_zone", line)
        into = self._free(options["into"], Zone)
        name = options["receiver"]
        if options["add"] and name is None:
            raise UsageError("--add: expected --receiver, whose records stay (see `%%ses_zone?`)")
        receiver = None if name is None else self._variable(name, Receiver, "--receiver")
        zone: Zone = _in_one_sentence(lambda: read_zone(cell, receiver, add=options["add"]))
        self.shell.push({into: zone})
        return zone

    def _variable(self, name: str, kind: type, option: str) -> Any:
        """The value of a variable, which has to be of this kind."""
        if name in self.shell.user_ns:
            value = self.shell.user_ns[name]
            if isinstance(value, kind):
                return value
            raise UsageError(f"{option}: expected a {kind.__name__} but `{one_line(name, 80)}` is {_a(value)}")
        known = self.named(kind)
        there = f"; there is {', '.join(f'`{one_line(other, 80)}`' for other in known)}" if known else ""
        raise UsageError(
            f"{option}: expected a variable with a {kind.__name__} but there is no `{one_line(name, 80)}`{there}"
        )

    def _free(self, name: str, kind: type) -> str:
        """The name of a variable that may be set: a new one, or one of the same kind."""
        if not name.isidentifier() or iskeyword(name):
            raise UsageError(f"--into: expected the name of a variable but got `{one_line(name, 80)}`")
        known = self.shell.user_ns.get(name)
        if name in self.shell.user_ns and not isinstance(known, kind):
            raise UsageError(
                f"--into: `{one_line(name, 80)}` is {_a(known)} of yours, which is kept; name another variable"
            )
        return name

    def _value(self, expression: str, kind: type) -> Any:
        """The value of an expression of the notebook, which has to be of this kind."""
        if expression.isidentifier():
            return self._variable(expression, kind, "%ses_explain")
        try:
            value = self.shell.ev(expression)
        except Exception as error:  # noqa: BLE001 - the expression is the reader's, and may fail in any way
            why = one_line(f"{type(error).__name__}: {error}", 300)
            raise UsageError(f"%ses_explain: `{one_line(expression, 80)}` has no value ({why})") from None
        if not isinstance(value, kind):
            raise UsageError(
                f"%ses_explain: expected a {kind.__name__} but `{one_line(expression, 80)}` is {_a(value)}"
            )
        return value

    def named(self, kind: type) -> list[str]:
        """The variables of the notebook that hold a value of this kind, in order of their names."""
        return sorted(
            name for name, value in self.shell.user_ns.items() if isinstance(value, kind) and not name.startswith("_")
        )


# What `%%ses_message?` shows, and the hint of the editor: the summary and each option.
for _name, _options in PARSERS.items():
    getattr(SesMagics, _name.lstrip("%")).__doc__ = _options.format_help()


def _read(magic: str, line: str) -> dict[str, Any]:
    """The options of a line, by name."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(
            f"{magic}: expected a line whose quotes are closed but got `{one_line(line, 80)}` ({error})"
        ) from None
    return vars(PARSERS[magic].parse_args(words))


def _time(text_of_time: str) -> datetime:
    try:
        return datetime.fromisoformat(text_of_time)
    except ValueError:
        raise UsageError(
            f"--received-at: expected a time such as `2026-01-02T10:05:05Z` but got `{one_line(text_of_time, 80)}`"
        ) from None


def _in_one_sentence(ask: Callable[[], Any]) -> Any:
    """The answer; a mistake that the library finds is IPython's kind of error."""
    try:
        return ask()
    except SesReceiveError as error:
        raise UsageError("\n".join(one_line(part, 2_000) for part in str(error).splitlines())) from None


def _shown(reception: Reception, *, full: bool, diagram: bool) -> Explanation | Diagram:
    return reception.diagram(full=full) if diagram else explain(reception, full=full)


def _a(value: object) -> str:
    return f"a `{one_line(type(value).__name__, 80)}`"


def load(shell: Any) -> None:
    """The magics are known to this shell, and the keyboard's Tab completes their options and variables."""
    magics = SesMagics(shell)
    shell.register_magics(magics)
    for magic in PARSERS:
        shell.set_hook("complete_command", _completer(magics, magic), str_key=magic)


# Options whose value is a variable of the notebook → what it holds.
_HOLDS: Mapping[str, type] = {"--receiver": Receiver}


def _completer(magics: SesMagics, magic: str) -> Callable[[Any, Any], list[str]]:
    """Answers what can stand at the end of a line that begins with a magic."""

    def complete(_shell: Any, event: Any) -> list[str]:
        begun = event.symbol or ""
        words = str(event.line)[: len(event.text_until_cursor)].split()
        before = words[-1] if words and words[-1] != begun else (words[-2] if len(words) > 1 else "")
        if before in _HOLDS:
            offered = magics.named(_HOLDS[before])
        else:
            offered = [option for option in PARSERS[magic]._option_string_actions if option.startswith("--")]
            if magic == "%ses_explain":
                offered = [*magics.named(Reception), *offered]
        return [word for word in offered if word.startswith(begun)]

    return complete
