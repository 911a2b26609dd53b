"""A small set of mails that exercises everything of an account that mail can, with what functions answer beside it.

The least set cover is a hard problem, so the set is found greedily: it is one of which no mail can be left out, and
`CoveringCorpus.at_least` says how many any set needs. Every claim is what `Receiver.receive` made of the mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

from sesreceive import _html
from sesreceive.account.account import Account
from sesreceive.analysis.cover_items import CoverKey
from sesreceive.analysis.cover_search import CoverSearch, needed
from sesreceive.analysis.coverage import Coverage
from sesreceive.analysis.coverage_tally import CoverageTally
from sesreceive.analysis.witness import DryRun, Witness
from sesreceive.assumption import Assumptions
from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.receiver import Receiver
from sesreceive.reception import Reception
from sesreceive.report.frames import frame_of_rows
from sesreceive.wording import count

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CoveringCorpus", "CoveringMail", "covering_corpus"]


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
            expect_path(folder).mkdir(parents=True, exist_ok=True)
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
        return frame_of_rows(rows, {**dict.fromkeys(names, "string"), "tls": "bool", "size_bytes": "int64"})

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
    search = CoverSearch(account, assumptions)
    found = [*search.mails()]
    kept = needed(search.joined(needed(found)))
    tally = CoverageTally(account, assumptions)
    mails = []
    for mail, reception, covered in kept:
        new = tuple(key for key in search.wanted if key in covered and not tally.hits[key])
        mails.append(CoveringMail(witness=mail, covers=new))
        tally.add(reception)
    return CoveringCorpus(account, mails, tally.coverage(), search.at_least)
