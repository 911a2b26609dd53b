"""Authentication results as text and back, for a file: lists in the order of the fields, no class is named in it."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from sesreceive.auth.results import (
    ArcResult,
    ArcSet,
    ArcStatus,
    AuthenticationResults,
    DkimResult,
    DkimStatus,
    DmarcPolicy,
    DmarcResult,
    DmarcStatus,
    DnsQuestion,
    Failure,
    SpfResult,
    SpfStatus,
)
from sesreceive.errors import InputError
from sesreceive.json_input import parse_json
from sesreceive.later import later

__all__ = ["results_from_json", "results_to_json"]


def results_to_json(results: AuthenticationResults) -> str:
    r"""The results as one line of text.

    Examples
    --------
    >>> from sesreceive.dns.zone import Zone
    >>> from sesreceive.mail.envelope import Envelope
    >>> from sesreceive.mail.message import Message
    >>> from sesreceive.stages.authentication import authenticate
    >>> results = authenticate(Message(b"From: ana@example.org\n\n"), Envelope(helo="mx"), Zone(), now=0).results
    >>> results_from_json(results_to_json(results)) == results
    True
    """
    arc = results.arc
    parts = [
        _cells(results.spf),
        [_cells(signature) for signature in results.dkim],
        _cells(results.dmarc),
        [list(question) for question in results.questions],
        None if arc is None else [arc.status, [_cells(one) for one in arc.sets], arc.reason],
    ]
    return json.dumps(parts, separators=(",", ":"))


def _cells(value: Any) -> list[Any]:
    return [getattr(value, field.name) for field in fields(value)]


def results_from_json(text: str) -> AuthenticationResults:
    """The results of a text that `results_to_json` made.

    Raises
    ------
    InputError
        When it is no such text.
    """
    try:
        spf, dkim, dmarc, questions, arc = parse_json(text)
        if not all(len(question) == 5 and type(question[3]) is list for question in questions):
            raise ValueError("questions have five parts")
        return AuthenticationResults(
            spf=_made(SpfResult, spf),
            dkim=tuple([_made(DkimResult, one) for one in dkim]),
            dmarc=_made(DmarcResult, dmarc),
            # Most are never read: the text, which is there anyway, is less to keep than they are.
            questions=later(_questions, text) if questions else (),
            arc=None if arc is None else _chain(*arc),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"expected authentication results but got another text: {error}") from None


# The fields of each kind, in order; and of those that are words of a list the members by their words.
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in (SpfResult, DkimResult, DmarcResult)}
_MEMBERS: dict[type, dict[str, dict[str | None, Any]]] = {
    SpfResult: {"status": {one.value: one for one in SpfStatus}},
    DkimResult: {
        "status": {one.value: one for one in DkimStatus},
        "failure": {None: None, **{one.value: one for one in Failure}},
    },
    DmarcResult: {
        "status": {one.value: one for one in DmarcStatus},
        "policy": {None: None, **{one.value: one for one in DmarcPolicy}},
    },
}


def _made(kind: Any, cells: list[Any]) -> Any:
    values = dict(zip(_FIELDS[kind], cells, strict=True))
    for name, members in _MEMBERS[kind].items():
        values[name] = members[values[name]]
    return kind(**values)


def _questions(text: str) -> tuple[DnsQuestion, ...]:
    """The questions in a text of results."""
    return tuple(
        DnsQuestion(name, rdtype, status, tuple(values), check)
        for name, rdtype, status, values, check in parse_json(text)[3]
    )


def _chain(status: str, sets: list[list[Any]], reason: str) -> ArcResult:
    made = [
        ArcSet(instance=number, authserv_id=host, sealed_by=by, results=tuple((name, one) for name, one in found))
        for number, host, by, found in sets
    ]
    return ArcResult(status=ArcStatus(status), sets=tuple(made), reason=reason)
