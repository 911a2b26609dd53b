"""Verdicts of SES against ours and those of the configured scanners: how often which stands beside which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sesreceive.captures.reconstruction import Reconstruction
from sesreceive.likeness.trial import Trial
from sesreceive.scan.markers import MarkerScanner
from sesreceive.scan.scanner import Scanner
from sesreceive.stages import scanning
from sesreceive.verdict import Verdict

__all__ = ["SUBJECTS", "Confusion", "confusion_frame", "verdict_pairs"]

# What is compared; the first two by scanners, the others by a resolver.
SUBJECTS = ("spam", "virus", "spf", "dkim", "dmarc")

Confusion = Mapping[str, Counter[tuple[str, str]]]
"""By subject, how often a verdict of SES (first) stood beside ours (second)."""

_WORDS = frozenset(verdict.value for verdict in Verdict)


def verdict_pairs(trial: Trial, scanners: Iterable[Scanner] | None = None) -> Iterator[tuple[str, str, str]]:
    """Subject, SES's verdict and ours, for one mail.

    The scanners see each mail whose body is captured, whatever the rules say; authentication is compared where it was
    evaluated here.
    """
    mail = trial.mail
    ses = dict(_captured(mail))
    if mail.whole and ("spam" in ses or "virus" in ses):
        used = tuple(scanners) if scanners is not None else (MarkerScanner(),)
        ours = scanning.scan(mail.message, mail.envelope, used, enabled=True)
        yield from ((name, ses[name], str(getattr(ours, name))) for name in ("spam", "virus") if name in ses)
    verdicts = trial.reception.verdicts
    if trial.authenticated and verdicts is not None:
        yield from ((name, ses[name], str(getattr(verdicts, name))) for name in SUBJECTS[2:] if name in ses)


def _captured(mail: Reconstruction) -> Iterator[tuple[str, str]]:
    witnesses = mail.witnesses
    for name in SUBJECTS:
        told = witnesses.most(name if name in ("spam", "virus") else f"{name}Verdict")
        if told in _WORDS:
            yield name, str(told)


def confusion_frame(pairs: Counter[tuple[str, str]]) -> Any:
    """A table with a row for each verdict of SES and a column for each of ours; counts of mails."""
    import pandas as pd

    rows = sorted({ses for ses, _ in pairs})
    columns = sorted({ours for _, ours in pairs})
    counts = [[pairs[(ses, ours)] for ours in columns] for ses in rows]
    return pd.DataFrame(counts, index=pd.Index(rows, name="SES"), columns=pd.Index(columns, name="here"))
