"""A small set of mails that exercises everything of an account that mail can, with what functions answer beside it.

The least set cover is a hard problem, so the set is found greedily: it is one of which no mail can be left out, and
`CoveringCorpus.at_least` says how many any set needs. Every claim is what `Receiver.receive` made of the mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, overload

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.filters import Policy
from sesreceive.account.rule_set import TlsPolicy
from sesreceive.actions.lambda_ import LambdaAction
from sesreceive.analysis.classes import RecipientClass, RecipientKind, SizeClass
from sesreceive.analysis.cover_items import Covering, CoverKey, CoverKind, Outcome
from sesreceive.analysis.coverage import Coverage
from sesreceive.analysis.coverage_tally import CoverageTally
from sesreceive.analysis.filter_reach import filter_reach
from sesreceive.analysis.reachability import Reachability, Way
from sesreceive.analysis.witness import Answer, DryRun, Witness
from sesreceive.assumption import Assumptions
from sesreceive.errors import InputError, one_line
from sesreceive.flow import Flow
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CoveringCorpus", "CoveringMail", "covering_corpus"]

# RFC 5321 section 4.5.3.1.8: what every server takes of one message.
_RECIPIENTS = 100
# Mails that one is tried to be made one with.
_TRIED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveringMail:
    """One mail of a covering corpus.

    Attributes
    ----------
    witness : Witness
        The mail, with what functions answer.
    covers : tuple of CoverKey
        What it exercises that no mail before it does.
    """

    witness: Witness
    covers: tuple[CoverKey, ...]

    def __repr__(self) -> str:
        """One line."""
        return f"<mail {one_line(self.witness.text, 400)}: covers {count(len(self.covers), 'further item')}>"


class CoveringCorpus(Sequence[CoveringMail]):
    """Mails that exercise all of an account.

    Attributes
    ----------
    account : Account
        The account.
    coverage : Coverage
        What the mails exercise, by the whole pipeline.
    at_least : int
        How many mails any set needs that covers as much: no mail ends the rule set twice, or is decided by two filters.
    """

    def __init__(self, account: Account, mails: Iterable[CoveringMail], coverage: Coverage, at_least: int) -> None:
        self.account, self.coverage, self.at_least = account, coverage, at_least
        self._mails = tuple(mails)

    @overload
    def __getitem__(self, key: int) -> CoveringMail: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[CoveringMail]: ...
    def __getitem__(self, key: int | slice) -> CoveringMail | Sequence[CoveringMail]:
        """One mail, or some."""
        return self._mails[key]

    def __len__(self) -> int:
        """How many mails there are."""
        return len(self._mails)

    def receive(self, account: Account | None = None, *, assumptions: Assumptions | None = None) -> Iterator[Reception]:
        """What becomes of each mail, in this account or in another one; nothing is performed."""
        receiver = Receiver(account or self.account, assumptions=assumptions, seed=1)
        for number, mail in enumerate(self._mails, 1):
            receiver.backend = DryRun(mail.witness.answers)
            yield receiver.receive(mail.witness.message, mail.witness.envelope, name=f"{number:03}")

    def save(self, folder: str | Path) -> tuple[Path, ...]:
        """The paths of the messages, which lie in the folder afterwards as `Receiver.replay` reads them.

        Beside ``001.eml`` lies ``001.envelope.json``, and ``001.answers.json`` where a function has to answer
        something.

        Raises
        ------
        InputError
            When the folder cannot be written to.
        """
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            return tuple(mail.witness.save(folder, f"{number:03}") for number, mail in enumerate(self._mails, 1))
        except OSError as error:
            raise InputError(f"cannot write to `{one_line(folder)}`: {error.strerror or error}") from None

    def frame(self) -> pd.DataFrame:
        """One row a mail.

        Returns
        -------
        pandas.DataFrame
            mail : string         number, as the files are named
            recipients : string   whom it is to, separated by a comma
            client_ip : string    where it comes from
            tls : bool            whether over TLS
            size_bytes : int64    how large the message is
            answers : string      what functions have to answer
            covers : string       what it exercises that no mail before it does, separated by a semicolon
        """
        import pandas as pd

        rows = [
            (
                f"{number:03}",
                ", ".join(mail.witness.envelope.rcpt_to),
                mail.witness.envelope.client_ip,
                mail.witness.envelope.tls,
                len(mail.witness.message),
                " and ".join(map(str, mail.witness.answers)),
                "; ".join(key.text for key in mail.covers),
            )
            for number, mail in enumerate(self._mails, 1)
        ]
        names = ("mail", "recipients", "client_ip", "tls", "size_bytes", "answers", "covers")
        texts = dict.fromkeys(("mail", "recipients", "client_ip", "answers", "covers"), "string")
        return pd.DataFrame(rows, columns=names).astype({**texts, "tls": "bool", "size_bytes": "int64"})

    @property
    def text(self) -> str:
        """The mails, a line each, then what they cover."""
        lines = [repr(self)[1:-1]]
        lines += [f"  {number:03} {one_line(mail.witness.text, 400)}" for number, mail in enumerate(self._mails, 1)]
        return "\n".join([*lines, self.coverage.text])

    def __str__(self) -> str:
        """The same."""
        return self.text

    def __repr__(self) -> str:
        """One line: how many mails, of how many at least, and how much they cover."""
        least = "no set is smaller" if self.at_least >= len(self) else f"any set needs at least {self.at_least:d}"
        return f"<{count(len(self), 'mail')} that cover {int(self.coverage.percent):d} %; {one_line(least)}>"

    def _repr_html_(self) -> str:
        rows = [
            (
                _html.escape(f"{number:03}"),
                _html.prose(mail.witness.text, 400),
                _html.escape("; ".join(key.text for key in mail.covers), 600),
            )
            for number, mail in enumerate(self._mails, 1)
        ]
        body = _html.table(("mail", "what it is", "covers further"), rows, caption=repr(self)[1:-1])
        return _html.frame(self.text, body + self.coverage._repr_html_())


def covering_corpus(account: Account, *, assumptions: Assumptions | None = None) -> CoveringCorpus:
    """A small set of mails that exercises everything of an account that mail can.

    Parameters
    ----------
    account : Account
        The account.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Returns
    -------
    CoveringCorpus
        No mail of it can be left out. A mail has up to 100 recipients.

    Raises
    ------
    ValidationError
        When SES would refuse the account.

    Notes
    -----
    Each mail is received some times while its recipients are chosen; the number of mails grows with the rules that
    stop the set and with the filters.

    Examples
    --------
    >>> import sesreceive as ses
    >>> ana = ses.ReceiptRule(name="ana", enabled=True, recipients=("ana@example.com",), actions=(ses.StopAction(),))
    >>> rest = ses.ReceiptRule(name="rest", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main",
    ...     rule_sets=(ses.ReceiptRuleSet(name="main", rules=(ana, rest)),),
    ... )
    >>> print(covering_corpus(account))
    2 mails that cover 100 %; any set needs at least 1
      001 to ana@example.com, someone@example.com, someone@elsewhere.example; from 198.51.100.1; over TLS; sender ...
      002 to someone@example.com; from 198.51.100.1; over TLS; sender ana@example.org
    100 % covered by 2 messages: 7 of 7 items
      rule            2 of 2
      condition       1 of 1
      action          2 of 2
      outcome         2 of 2
    """
    search = _Search(account, assumptions)
    found = [*search.mails()]
    kept = _needed(search.joined(_needed(found)))
    tally = CoverageTally(account, assumptions)
    mails = []
    for mail, reception, covered in kept:
        new = tuple(key for key in search.wanted if key in covered and not tally.hits[key])
        mails.append(CoveringMail(witness=mail, covers=new))
        tally.add(reception)
    return CoveringCorpus(account, mails, tally.coverage(), search.at_least)


_Found = tuple[Witness, Reception, set[CoverKey]]


def _needed(found: list[_Found]) -> list[_Found]:
    """Those without which something would not be covered; later ones are tried first, which have the least."""
    hits: dict[CoverKey, int] = {}
    for _, _, covered in found:
        for key in covered:
            hits[key] = hits.get(key, 0) + 1
    kept = []
    for one in reversed(found):
        if all(hits[key] > 1 for key in one[2]):
            for key in one[2]:
                hits[key] -= 1
        else:
            kept.append(one)
    return kept[::-1]


class _Search:
    """Looks for mails that cover what is not covered yet."""

    def __init__(self, account: Account, assumptions: Assumptions | None) -> None:
        self.account = account
        self.reach = Reachability(account, assumptions)
        self.receiver = Receiver(account, assumptions=assumptions, seed=1)
        self.covering = Covering(account, assumptions)
        empty = CoverageTally(account, assumptions).coverage()
        self.wanted = [item.key for item in empty.items if item.status != "dead"]
        self._positions = {rule.name: position for position, rule in enumerate(self.reach.rules)}
        self._clients = {
            item.name: item.client for item in filter_reach(self.reach.partition, self.reach.judged) if not item.dead
        }
        self._most = min(_RECIPIENTS, self.reach.assumptions.max_recipients)

    @property
    def at_least(self) -> int:
        """How many of the wanted items exclude each other: a mail ends the set once, and one filter decides."""
        blocking = {item.name for item in self.account.filters if item.policy is Policy.BLOCK}
        refused = sum(key.kind is CoverKind.FILTER and key.name in blocking for key in self.wanted)
        allowed = sum(key.kind is CoverKind.FILTER and key.name not in blocking for key in self.wanted)
        ends = sum(
            (key.kind is CoverKind.DISPOSITION and key.part == Flow.STOP_RULE_SET)
            or (key.kind is CoverKind.ACTION and self._action(key).flow() is Flow.STOP_RULE_SET)
            for key in self.wanted
        )
        answers: dict[tuple[str, int], int] = {}
        for key in self.wanted:
            if key.kind is CoverKind.DISPOSITION:
                answers[key[1:3]] = answers.get(key[1:3], 0) + 1
        # A rule that requires TLS fires over TLS, and TLS is asked for in clear text.
        ways = {key.part for key in self.wanted if key.kind is CoverKind.OUTCOME} & {Outcome.ACCEPTED, Outcome.TLS}
        return max(refused + max((ends, allowed, len(ways), *answers.values())), 1)

    def _action(self, key: CoverKey) -> ReceiptAction:
        return self.reach.rules[self._positions[key.name]].actions[key.position]

    def mails(self) -> Iterator[_Found]:
        """Mails until everything is covered that one can be found for."""
        missing = dict.fromkeys(self.wanted)
        # What takes a client, a size or an answer of its own comes first, so that the rest can ride along.
        for key in sorted(self.wanted, key=self._order):
            if key not in missing:
                continue
            base = self._base(key)
            if base is None:
                continue
            found = self._received(base)
            if key not in found[2]:
                continue
            found = self._extended(found, missing)
            for covered in found[2]:
                missing.pop(covered, None)
            yield found

    def _order(self, key: CoverKey) -> int:
        special = (CoverKind.FILTER, CoverKind.DISPOSITION)
        if key.kind in special or (key.kind is CoverKind.OUTCOME and key.part not in _ORDINARY):
            return 0
        ends = key.kind is CoverKind.ACTION and self._action(key).flow() is Flow.STOP_RULE_SET
        return 1 if ends else 2

    def _received(self, mail: Witness) -> _Found:
        self.receiver.backend = DryRun(mail.answers)
        reception = self.receiver.receive(mail.message, mail.envelope)
        return mail, reception, self.covering.of(reception)

    # ------------------------------------------------------------------ a mail for one item

    def _base(self, key: CoverKey) -> Witness | None:
        reach = self.reach
        if key.kind is CoverKind.FILTER:
            return reach.mail(self._somebody(), client=self._clients[key.name])
        if key.kind is CoverKind.OUTCOME:
            return self._outcome(key)
        way = self._way(key)
        if way is None:
            return None
        mail = reach.witness(way)
        if key.kind is CoverKind.DISPOSITION:
            action = self._action(key)
            asked = action.function_arn if isinstance(action, LambdaAction) else action.api_name
            return replace(mail, answers=(*mail.answers, Answer(asked, Flow(key.part))))
        return mail

    def _way(self, key: CoverKey) -> Way | None:
        position = self._positions[key.name]
        if key.kind is CoverKind.RULE:
            return self.reach.seen[position].way
        if key.kind is CoverKind.CONDITION:
            condition = self.reach.conditions.get((position, key.position))
            return condition.way if condition is not None else None
        return self.reach.seen[position].actions.get(key.position)

    def _outcome(self, key: CoverKey) -> Witness | None:
        reach = self.reach
        if key.part == Outcome.TOO_LARGE:
            way = reach.seen[self._positions[key.name]].way
            return reach.witness(way._replace(size=SizeClass.LARGE)) if way is not None else None
        if key.part == Outcome.UNAVAILABLE:
            nobody = next((one for one in reach.partition.recipients if one.kind is RecipientKind.ELSEWHERE), None)
            return reach.mail(nobody) if nobody is not None else None
        if key.part == Outcome.BLOCKED:
            blocked = (self._clients.get(item.name) for item in self.account.filters if item.policy is Policy.BLOCK)
            client = next((one for one in blocked if one is not None), None)
            return reach.mail(self._somebody(), client=client) if client is not None else None
        if key.part == Outcome.TLS:
            for matched, (recipient, *_) in reach.groups:
                if all(reach.rules[position].tls_policy is TlsPolicy.REQUIRE for position in matched):
                    return reach.mail(recipient, tls=False)
            return None
        return reach.mail(self._somebody())

    def _somebody(self) -> RecipientClass:
        """Somebody whose mail a rule takes, where there is one."""
        taken = (one.way.recipient for one in self.reach.seen if one.way is not None)
        return next(taken, self.reach.partition.recipients[0])

    # ------------------------------------------------------------------ two mails in one

    def joined(self, found: list[_Found]) -> list[_Found]:
        """The mails with two made one where that loses nothing; each is held against `_TRIED` others at most."""
        joined: list[_Found] = []
        for one in found:
            for at in range(len(joined) - 1, max(-1, len(joined) - 1 - _TRIED), -1):
                both = self._both(joined[at], one)
                if both is not None:
                    joined[at] = both
                    break
            else:
                joined.append(one)
        return joined

    def _both(self, first: _Found, second: _Found) -> _Found | None:
        """One mail that covers what two do; None where the two of them put together do not."""
        mail, other = first[0], second[0]
        recipients = tuple(dict.fromkeys((*mail.envelope.rcpt_to, *other.envelope.rcpt_to)))
        ordinary = self.reach.partition.ordinary.client.representative
        clients = {mail.envelope.client_ip, other.envelope.client_ip} - {ordinary}
        if len(recipients) > self._most or len(clients) > 1 or mail.envelope.tls is not other.envelope.tls:
            return None
        envelope = mail.envelope.changed(rcpt_to=recipients, client_ip=next(iter(clients), ordinary))
        both = self._received(
            Witness(
                envelope=envelope,
                size_bytes=max(mail.size_bytes, other.size_bytes),
                answers=(*mail.answers, *other.answers),
            )
        )
        return both if first[2] | second[2] <= both[2] else None

    # ------------------------------------------------------------------ further recipients

    def _extended(self, found: _Found, missing: dict[CoverKey, None]) -> _Found:
        """The same mail to further recipients, where they bring something and take nothing."""
        mail, _, covered = found
        named = set(mail.envelope.rcpt_to)
        candidates: dict[str, None] = {}
        for key in missing:
            if len(candidates) + len(named) >= self._most:
                break
            if key in covered or key.kind is CoverKind.FILTER or key.kind is CoverKind.DISPOSITION:
                continue
            other = self._base(key)
            for recipient in other.envelope.rcpt_to if other is not None and not other.answers else ():
                if recipient not in named:
                    candidates[recipient] = None
        return self._added(found, list(islice(candidates, self._most - len(named))), missing)

    def _added(self, found: _Found, recipients: list[str], missing: dict[CoverKey, None]) -> _Found:
        """All of the recipients that do no harm, by halves: most do none."""
        if not recipients:
            return found
        mail, _, covered = found
        longer = self._received(mail.to(*mail.envelope.rcpt_to, *recipients))
        lost = any(key in missing for key in covered - longer[2])
        if not lost and any(key in missing for key in longer[2] - covered):
            return longer
        if len(recipients) == 1:
            return found
        middle = len(recipients) // 2
        found = self._added(found, recipients[:middle], missing)
        return self._added(found, recipients[middle:], missing)


_ORDINARY = (Outcome.ACCEPTED, Outcome.UNAVAILABLE)
