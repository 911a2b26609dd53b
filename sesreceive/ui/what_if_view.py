"""What if: which of the messages already received would end differently, and where, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import ipywidgets as W

from sesreceive._html import escape, prose, table
from sesreceive.account.account import Account
from sesreceive.actions.lambda_ import LambdaAction
from sesreceive.analysis.left_out import left_out
from sesreceive.analysis.rerun import rerun, reruns
from sesreceive.analysis.what_if import Difference, Differences, changes, label
from sesreceive.errors import one_line
from sesreceive.flow import Flow
from sesreceive.functions.lambda_context import function_name
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.ui.bench import Bench
from sesreceive.ui.ends import ends_table
from sesreceive.ui.inputs import choice, tick
from sesreceive.ui.kit import Part, allow, bench_of, button, caption, classed, html
from sesreceive.ui.listing import Listing
from sesreceive.ui.slices import Slices
from sesreceive.verdict import Verdict
from sesreceive.wording import count

__all__ = ["Circumstances", "WhatIf"]

# How many differences the list has, and how long the account has to rest before messages are compared.
_LISTED, _REST_S = 500, 0.3
# While it goes on, the list is renewed this often, as long as it is short.
_SHOW_S, _EARLY = 0.5, 100

_VERDICTS = ("spam", "virus", "SPF", "DKIM", "DMARC")
_POLICIES = ("none", "quarantine", "reject")
_FORCED = [("as it was", ""), *((str(one), str(one)) for one in Verdict if one is not Verdict.DISABLED)]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is otherwise.

    Attributes
    ----------
    account : Account
        The configuration.
    verdicts, answers : mapping
        As `sesreceive.analysis.rerun.rerun` takes them.
    functions : mapping or None
        Functions that are called where their event is another; None for none.
    what : str
        All of it, as part of a sentence.
    """

    account: Account
    verdicts: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, Any] | None = None
    what: str = ""


class WhatIf(Part):
    """Compares what became of the mail with what would become of it now.

    With the account on screen at once, as it is edited; or with something left out, a verdict forced, a function
    answering otherwise. Nothing is performed; functions are called again where their event is another, if that is
    ticked.

    Parameters
    ----------
    receiver : Receiver, Bench, Reception or Report
        Whose mail is compared.

    Attributes
    ----------
    value : Differences
        The messages that would end differently, as far as they are compared.
    """

    def __init__(self, receiver: Receiver | Bench) -> None:
        self.bench = bench = bench_of(receiver)
        self.value = Differences((), 0)
        self._found: list[Difference] = []
        self._compared, self._listed_s = 0, 0.0
        self._answers: dict[str, str] = {}
        self._choices: dict[str, Callable[[], Account]] = {}
        self._showing = False
        self._chosen: Difference | None = None
        self._wanted: Reception | None = None  # the message whose difference the reader chose
        self._slices = Slices(self, self._on_slice)
        self.live = tick("Compare at once when the account is edited", value=True)
        self.without = choice(
            "Leave out", ["nothing"], hint="Something of the account on screen, to see what it matters", narrow=True
        )
        self.forced = {word.lower(): choice(f"{word} verdict", _FORCED, narrow=True) for word in _VERDICTS}
        self.policy = choice("DMARC policy", [("as published", ""), *((one, one) for one in _POLICIES)], narrow=True)
        self.function = choice("Function", [], hint="A Lambda function that a rule waits for", narrow=True)
        self.answer = choice(
            "answers",
            [("as it did", ""), *((str(flow), str(flow)) for flow in Flow)],
            hint="The disposition it returns",
            narrow=True,
        )
        self.asked = tick("Call functions again where their event is another", value=True)
        self.each_button = self.on_click(
            button("Answer with each disposition", hint="For the message that is chosen, side by side"), self.each
        )
        self.reset_button = self.on_click(button("Reset", hint="Take everything back but the account"), self.reset)
        self.compare_button = self.on_click(button("Compare now", hint="Compare all messages again"), self.compare)
        self.summary = html()
        self.list = Listing(self, "difference", self._on_choice, rows=9, searched=True)
        self.detail, self.told = html(), html()
        flex = W.Layout(flex_flow="row wrap")
        forced = W.HBox([*self.forced.values(), self.policy], layout=flex)
        self.answers = W.HBox([self.function, self.answer, self.each_button], layout=W.Layout(flex_flow="row wrap"))
        buttons = W.HBox([self.compare_button, self.reset_button, self.live, self.asked], layout=flex)
        left = W.VBox([self.list], layout=W.Layout(flex="1 1 380px", min_width="0"))
        right = W.VBox([self.detail], layout=W.Layout(flex="2 1 520px", min_width="0"))
        start = caption("The account on screen, and on top of it:")
        both = classed(W.HBox([left, right]), "ses-two", "ses-grow")
        super().__init__(
            bench, [start, self.without, forced, self.answers, buttons, self.summary, both, self.told], title="What if"
        )
        classed(self, "ses-fits")
        for box in (*self.forced.values(), self.policy, self.without, self.asked):
            self.on_change(box, self._on_form)
        self.on_change(self.function, self._on_function)
        self.on_change(self.answer, self._on_answer)
        self.on_change(self.live, lambda on: self.compare() if on else "compares when you say so")
        bench.observe(self._on_bench, ["account", "receptions"])
        self._offer()
        self.compare()

    # ------------------------------------------------------------------ what is otherwise

    @property
    def circumstances(self) -> Circumstances:
        """What is otherwise, as it is on screen."""
        verdicts = {name: box.value for name, box in self.forced.items() if box.value}
        if verdicts.get("dmarc") == Verdict.FAIL and self.policy.value:
            verdicts["dmarc_policy"] = self.policy.value
        answers = {name: {"disposition": said} for name, said in self._answers.items()}
        account = self._choices.get(self.without.value, lambda: self.bench.account)()
        functions = getattr(self.bench.receiver.backend, "functions", None) if self.asked.value else None
        left = [f"without {self.without.value}"] if self.without.value in self._choices else []
        said = [f"{name} {value}" for name, value in verdicts.items()]
        said += [f"{one_line(name, 64)} answers {value}" for name, value in self._answers.items()]
        return Circumstances(account, verdicts, answers, functions, ", ".join([*left, *said]))

    def reset(self) -> str:
        """Take back what was left out, forced and answered."""
        self._answers.clear()
        self._showing = True
        try:
            for box in (*self.forced.values(), self.policy, self.answer):
                box.value = ""
            self.without.value = "nothing"
        finally:
            self._showing = False
        self.compare()
        return "nothing is left out, forced or answered otherwise"

    def _on_form(self, _: object) -> str | None:
        if not self._showing:
            self.compare()
        return None

    def _on_function(self, name: str | None) -> None:
        """Show what the chosen function answers."""
        self._showing = True
        try:
            self.answer.value = self._answers.get(name or "", "")
        finally:
            self._showing = False

    def _on_answer(self, said: str) -> None:
        if self._showing or self.function.value is None:
            return
        if said:
            self._answers[self.function.value] = said
        else:
            self._answers.pop(self.function.value, None)
        self.compare()

    def _on_bench(self, change: dict[str, Any]) -> None:
        if change["name"] == "account":
            self._offer()
        self._allow()
        if self.live.value:
            self.compare(rest_s=_REST_S)

    def _offer(self) -> None:
        """The choices that the account on screen has."""
        account = self.bench.account
        self._choices = dict(left_out(account))
        functions = tuple(dict.fromkeys(_functions(account)))
        self._showing = True
        try:
            _put_options(self.without, ("nothing", *self._choices))
            _put_options(self.function, functions)
        finally:
            self._showing = False
        self._answers = {name: said for name, said in self._answers.items() if name in functions}
        self.answer.disabled = not functions
        self.answers.layout.display = None if functions else "none"
        self._on_function(self.function.value)
        self._allow()

    def _allow(self) -> None:
        """What can be pressed now."""
        nothing = "" if self.bench.receptions else "no message was received yet"
        forced = any(box.value for box in (*self.forced.values(), self.policy))
        changed = forced or self._answers or self.without.value != "nothing"
        allow(self.compare_button, nothing or ("the account on screen has problems" if self.bench.problems else ""))
        allow(self.reset_button, "" if changed else "nothing is left out, forced or answered otherwise")
        allow(self.each_button, nothing or ("" if self.function.value else "no rule waits for a function"))

    # ------------------------------------------------------------------ comparing

    def compare(self, *, rest_s: float = 0.0) -> str | None:
        """Compare every message; the answer comes in pieces, the newest question counts."""
        self._slices.stop()
        self._found, self._compared = [], 0
        self._allow()
        if self.bench.problems:
            problem = one_line(self.bench.problems[0], 200)
            self.summary.value = _strong(f"the account on screen has problems, so nothing is compared: {problem}")
            return None
        self._slices.start(self._work(), rest_s=rest_s)
        return None

    def _work(self) -> Iterator[None]:
        """One message at a time, the newest first; what is the same account with nothing forced cannot differ."""
        now = self.circumstances
        receptions, otherwise = self.bench.receptions, bool(now.verdicts or now.answers)
        same: dict[int, bool] = {}
        concerned = []
        for number in range(len(receptions) - 1, -1, -1):
            account = receptions[number].account
            if id(account) not in same:
                same[id(account)] = account == now.account
            if otherwise or not same[id(account)]:
                concerned.append(number)
        self._compared = len(receptions) - len(concerned)
        afters = reruns(
            (receptions[number] for number in concerned),
            account=now.account,
            verdicts=now.verdicts,
            answers=now.answers,
            functions=now.functions,
            receiver=self.bench.receiver,
        )
        for number, after in zip(concerned, afters, strict=True):
            before = receptions[number]
            if what := changes(before, after):
                self._found.append(Difference(message=label(before, number), before=before, after=after, changes=what))
            self._compared += 1
            yield

    def _on_slice(self, last: bool) -> str | None:
        self.value = Differences(reversed(self._found), self._compared)
        total = len(self.bench.receptions)
        number, what = len(self._found), self.circumstances.what
        under = f" ({what})" if what else ""
        if not total:
            text = "no message was received yet"
        elif last:
            text = f"{number} of {count(total, 'message')} would end differently{under}"
        else:
            text = f"{number} of the {self._compared} messages compared so far would end differently, of {total}{under}"
        self.summary.value = _strong(text)
        if last or (number <= _EARLY and time.monotonic() - self._listed_s > _SHOW_S):
            self._listed_s = time.monotonic()
            self._tell_list()
        self.changed()
        return text if last and total else None

    # ------------------------------------------------------------------ showing

    def _tell_list(self) -> None:
        """The list, with the message chosen that was chosen before."""
        shown = self.value[:_LISTED]
        at = next((at for at, one in enumerate(shown) if one.before is self._wanted), 0)
        self.list.show([_line(one) for one in shown], at)
        self._choose(shown[at] if shown else None)
        left = len(self.value) - _LISTED
        if left > 0:
            self.list.count.value = f'<span class="ses-hint">the first {_LISTED} of {len(self.value)}</span>'

    def _on_choice(self, at: int) -> str | None:
        self._wanted = self.value[at].before
        self._choose(self.value[at])
        return f"{one_line(self.value[at].message, 80)}: {one_line(self.value[at].changes[0], 160)}"

    def _choose(self, one: Difference | None) -> None:
        self._chosen = one
        self.detail.value = "" if one is None else _side_by_side(one)
        self.told.value = "" if one is None else _changes(one)
        self.changed()

    def each(self) -> str:
        """The message that is chosen, or else the selected one, with each answer of the function, side by side."""
        before = self._chosen.before if self._chosen else self.bench.reception
        name = self.function.value
        if before is None or name is None:
            return "there is no message, or no function, to ask"
        now = self.circumstances
        ends = [("as it was", before)]
        for flow in Flow:
            answers = {**now.answers, name: {"disposition": str(flow)}}
            again = rerun(
                before, account=now.account, verdicts=now.verdicts, answers=answers, receiver=self.bench.receiver
            )
            ends.append((str(flow), again))
        what = f"{one_line(before.name, 80)}: what the function {one_line(name, 64)} could answer"
        self.detail.value, self.told.value = ends_table(ends, caption=what), ""
        return what

    def snapshot(self) -> str:
        """The differences, the first of them in full."""
        rows = [[escape(one.message, 80), escape(one.changes[0], 200)] for one in self.value[:50]]
        listed = table(("message", "where the ways part"), rows) if rows else ""
        return f"{self.summary.value}{listed}{self.detail.value}{self.told.value}"

    def __repr__(self) -> str:
        """One line: how many differ."""
        return f"<WhatIf: {len(self.value)} of {count(self.value.compared, 'message')} would end differently>"


def _line(one: Difference) -> str:
    first = one.changes[0]
    more = f" and {len(one.changes) - 1} more" if len(one.changes) > 1 else ""
    return f"{one.message} — {first.where} {first.subject}: {first.before} → {first.after}{more}"


def _side_by_side(one: Difference) -> str:
    caption_text = f"{one_line(one.message, 80)}: as it was, and as it would be"
    return ends_table([("as it was", one.before), ("as it would be", one.after)], caption=caption_text)


def _changes(one: Difference) -> str:
    rows = [
        [
            *(escape(text, 200) for text in (change.where, change.subject, change.before, change.after)),
            prose(one_line(change.why, 300)),
        ]
        for change in one.changes[:60]
    ]
    heads = ("where", "what", "was", "would be", "why")
    told = table(heads, rows, caption=f"What changes for {one_line(one.message, 80)}, in the order mail comes by")
    return f'<div class="ses-rich ses-even">{told}</div>'


def _strong(text: str) -> str:
    return f'<div class="ses-rich"><strong>{escape(text)}</strong></div>'


def _functions(account: Account) -> Iterator[str]:
    """Names of the functions that rules in force wait for."""
    active = account.active_rule_set
    for rule in active.rules if active else ():
        for action in rule.actions:
            if isinstance(action, LambdaAction) and action.waits:
                yield function_name(action.function_arn)


def _put_options(box: W.Dropdown, options: tuple[str, ...]) -> None:
    """Other options, with the same one chosen where it is still there."""
    if tuple(box.options) != options:
        chosen = box.value
        box.options = options
        box.value = chosen if chosen in options else next(iter(options), None)
