"""Prove: what of the account on screen no mail reaches, while it is edited, and the mail that shows it."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets as W

from sesreceive import signs
from sesreceive._html import details, escape, mark, prose, table
from sesreceive.analysis.part_reach import Reach, parts
from sesreceive.analysis.reachability import Reachability
from sesreceive.analysis.unreachable import Unreachable
from sesreceive.errors import one_line
from sesreceive.receiver import Receiver
from sesreceive.ui.bench import Bench
from sesreceive.ui.kit import Part, allow, bench_of, button, classed, html
from sesreceive.ui.listing import Listing
from sesreceive.ui.slices import Slices
from sesreceive.wording import count

__all__ = ["Marks", "ProveView"]

# How long the account has to rest before it is asked about, and how much is listed.
_REST_S, _LISTED, _MARKED = 0.3, 500, 6
_WORDS = {
    "dead": (f"{signs.NO} never reached", "bad"),
    "redundant": ("redundant", "warn"),
    "possibly": ("? only if a function answers so", "note"),
    "always": (f"{signs.YES} reached", "good"),
}


class Proving(Part):
    """A part that asks anew whenever the account on screen was edited, in pieces between which the notebook answers."""

    def __init__(self, bench: Bench, contents: list[W.Widget], *, title: str = "") -> None:
        self.value: Unreachable | None = None
        self._slices = Slices(self, self._on_slice)
        super().__init__(bench, contents, title=title)
        bench.observe(lambda _: self.prove(rest_s=_REST_S), "account")
        self.prove()

    def prove(self, *, rest_s: float = 0.0) -> None:
        """Ask about the account on screen; the newest question counts."""
        self._slices.stop()
        self.value = None
        if self.bench.problems:
            problem = one_line(self.bench.problems[0], 200)
            self.show(f"the account on screen has problems, so nothing is proved: {problem}")
        else:
            self._slices.start(self._work(), rest_s=rest_s)

    def _work(self) -> Iterator[None]:
        reach = Reachability(self.bench.account)
        yield
        yield from reach.pieces()
        items: list[Reach] = []
        for item in parts(reach):
            items.append(item)
            yield
        self.value = Unreachable.of(reach, items)

    def _on_slice(self, last: bool) -> None:
        if last and self.value is not None:
            self.show(_summary(self.value))
            self.changed()

    def show(self, summary: str) -> None:
        """Put the answer on screen."""
        raise NotImplementedError


class Marks(Proving):
    """The rules that no mail reaches in one line that unfolds, for above the builder; not shown where there is none.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is edited.

    Attributes
    ----------
    value : Unreachable or None
        The answer about the account on screen; None while it is not there.
    """

    def __init__(self, receiver: Receiver | Bench) -> None:
        self.lines = html()
        super().__init__(bench_of(receiver), [self.lines])

    def show(self, summary: str) -> None:
        """The rules that are never reached, each with why, and with the mail; nothing where all are."""
        dead = [one for one in self.value.dead if one.kind == "rule"] if self.value is not None else []
        rows = "".join(f"<li>{_line_html(one)}</li>" for one in dead[:_MARKED])
        more = f"<li>and {len(dead) - _MARKED} more</li>" if len(dead) > _MARKED else ""
        names = ", ".join(escape(one.name, 40) for one in dead[:_MARKED])
        head = mark(f"{signs.NO} never reached", "bad")
        if len(dead) == 1:
            self.lines.value = f"<div>{head} 1 rule: {_line_html(dead[0])}</div>"
        else:  # one line, so that there is room for the builder
            head += f" {count(len(dead), 'rule')}: {names}"
            self.lines.value = details(head, f"<ul>{rows}{more}</ul>") if dead else ""
        self.layout.display = None if dead else "none"

    def snapshot(self) -> str:
        """The same lines."""
        return str(self.lines.value)


class ProveView(Proving):
    """What of the account no mail reaches, and what nothing would change without, with the mail that shows it.

    Parameters
    ----------
    receiver : Receiver or Bench
        Whose account is asked about.

    Attributes
    ----------
    value : Unreachable or None
        The answer about the account on screen; None while it is not there.

    Examples
    --------
    >>> import sesreceive as ses
    >>> everybody = ses.ReceiptRule(name="everybody", enabled=True, actions=(ses.StopAction(),))
    >>> ana = ses.ReceiptRule(name="ana", enabled=True, recipients=("ana@example.com",))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main",
    ...     rule_sets=(ses.ReceiptRuleSet(name="main", rules=(everybody, ana)),),
    ... )
    >>> view = ProveView(ses.Receiver(account, seed=1))
    >>> view
    <ProveView: 2 parts are never reached, 1 is redundant, 0 are reached only if a function answers so>
    >>> view.receive()
    'received the mail that shows: rule ana'
    """

    def __init__(self, receiver: Receiver | Bench) -> None:
        bench = bench_of(receiver)
        self._shown: list[Reach] = []
        self._wanted = ""
        self.summary, self.detail = html(), html()
        self.list = Listing(self, "finding", self._on_choice, rows=9, searched=True)
        self.receive_button = self.on_click(
            button("Receive this mail", hint="With what is on screen; it is selected in the other views"), self.receive
        )
        left = W.VBox([self.list], layout=W.Layout(flex="1 1 380px", min_width="0"))
        right = W.VBox([self.detail, self.receive_button], layout=W.Layout(flex="2 1 520px", min_width="0"))
        both = classed(W.HBox([left, right]), "ses-two", "ses-grow")
        super().__init__(bench, [self.summary, both], title="Prove")
        classed(self, "ses-fits")

    def show(self, summary: str) -> None:
        """The findings, with the one chosen that was chosen before."""
        self.summary.value = f"<p><strong>{escape(summary)}</strong></p>"
        answer = self.value
        self._shown = [] if answer is None else [*answer, *(one for one in answer.possible if not one.redundant)]
        self._shown = sorted(self._shown, key=lambda one: list(_WORDS).index(one.status))[:_LISTED]
        at = next((at for at, one in enumerate(self._shown) if one.what == self._wanted), 0)
        self.list.show([_line(one) for one in self._shown], at)
        self._choose(at)

    def _on_choice(self, at: int) -> str:
        self._wanted = self._shown[at].what
        self._choose(at)
        return _line(self._shown[at])

    def _choose(self, at: int) -> None:
        chosen = self._shown[at] if at < len(self._shown) else None
        lacking = "nothing was found" if chosen is None else "no mail shows it" if chosen.witness is None else ""
        allow(self.receive_button, lacking)
        self.detail.value = "" if chosen is None else self._detail(chosen)
        self.changed()

    def _detail(self, chosen: Reach) -> str:
        rows = [("is", mark(*_WORDS[chosen.status])), ("because", prose(_why(chosen), 600))]
        if chosen.covered_by:
            rows.append(("covered by", escape(", ".join(chosen.covered_by), 400)))
        witness = chosen.witness
        if witness is not None:
            rows.append(("the mail that shows it", prose(witness.text, 600)))
            reception = witness.receive(self.bench.account)
            rows.append(("what becomes of it", prose(reception.decided.sentence, 600)))
        return f'<div class="ses-rich">{table(("", ""), rows, caption=one_line(chosen.what, 240))}</div>'

    def receive(self) -> str:
        """Receive the mail that shows the chosen finding, with what is on screen."""
        chosen = self._shown[self.list.at] if 0 <= self.list.at < len(self._shown) else None
        witness = chosen.witness if chosen is not None else None
        if chosen is None or witness is None:
            return "there is no mail to receive"
        self.bench.receive(witness.message, witness.envelope, name=f"shows {one_line(chosen.what, 80)}")
        return f"received the mail that shows: {one_line(chosen.what, 120)}"

    def snapshot(self) -> str:
        """The findings as a table."""
        rows = [(escape(one.what, 240), mark(*_WORDS[one.status]), prose(_why(one), 400)) for one in self._shown[:50]]
        return f"{self.summary.value}{table(('what', 'is', 'because'), rows) if rows else ''}"

    def __repr__(self) -> str:
        """One line: how much is never reached."""
        return f"<ProveView: {one_line(_summary(self.value) if self.value is not None else 'nothing is proved', 200)}>"


def _why(one: Reach) -> str:
    return one.because or f"it is reached only if {' and '.join(one.needs)}"


def _summary(answer: Unreachable) -> str:
    counts = (
        (len(answer.dead), "never reached", "part"),
        (len(answer.redundant), "redundant", ""),
        (len(answer.possible), "reached only if a function answers so", ""),
    )
    clauses = [
        f"{count(number, noun) if noun else number} {'is' if number == 1 else 'are'} {what}"
        for number, what, noun in counts
    ]
    return ", ".join(clauses) + (f"; {answer.note}" if answer.note else "")


def _line(one: Reach) -> str:
    return f"{_WORDS[one.status][0]}: {one.what} — {_why(one)}"


def _line_html(one: Reach) -> str:
    shown = f"; shown by a mail {prose(one.witness.text, 300)}" if one.witness is not None else ""
    return f"<strong>{escape(one.name, 80)}</strong>: {prose(one.because, 400)}{shown}"
