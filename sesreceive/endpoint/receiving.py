"""A request to the control plane as it comes over the wire, and its answer: over HTTP, and inside boto3."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple
from uuid import uuid4

from sesreceive.account.regions import RECEIVING, WITHOUT_RECEIVING
from sesreceive.control.operations import Control
from sesreceive.control.query import answer_xml, error_xml, read_request
from sesreceive.control.service import Service
from sesreceive.endpoint.moto_identities import follow_account
from sesreceive.errors import ApiError, SesReceiveError, one_line

__all__ = ["Answered", "answer", "control_in", "error_answer"]

_log = logging.getLogger(__name__)

_STATUS = {"SignatureDoesNotMatch": 403, "RequestEntityTooLarge": 413, "InternalFailure": 500}


class Answered(NamedTuple):
    """HTTP status, the XML document, and the id that stands in it."""

    status: int
    document: bytes
    request_id: str


def answer(
    service: Service, region: str, form: bytes, *, meanwhile: AbstractContextManager[object] | None = None
) -> Answered:
    """The answer to the form of a receiving operation, whatever stands in it.

    Parameters
    ----------
    service : Service
        The control planes.
    region : str
        Which of them is asked.
    form : bytes
        The body.
    meanwhile : context manager, optional
        Entered while the operation is carried out.
    """
    request_id = str(uuid4())
    try:
        control = control_in(service, region)
        operation, request = read_request(form)
        with meanwhile or nullcontext():
            document = answer_xml(operation, control.call(operation, request), request_id)
        if "Identity" in operation or operation == "VerifyDomainDkim":
            follow_account(control)
    except ApiError as error:
        return error_answer(error, request_id)
    except SesReceiveError as error:
        return error_answer(ApiError("ValidationError", one_line(error, 2000)), request_id)
    except Exception as error:  # noqa: BLE001 - a mistake of ours is an answer, too
        _log.exception("%s", one_line(form[:80]))
        return error_answer(ApiError("InternalFailure", f"{type(error).__name__}: {one_line(error)}"), request_id)
    return Answered(200, document, request_id)


def error_answer(error: ApiError, request_id: str = "") -> Answered:
    """A refusal as an answer."""
    request_id = request_id or str(uuid4())
    return Answered(_STATUS.get(error.code, 400), error_xml(error, request_id), request_id)


def control_in(service: Service, region: str) -> Control:
    """The control plane of a region.

    Raises
    ------
    ApiError
        ``SignatureDoesNotMatch`` when there is no such region.
    """
    # Each region that is asked for stays, so the names have to be of some that there are.
    if region not in service and region not in (*RECEIVING, *WITHOUT_RECEIVING):
        raise ApiError("SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
    return service[region]
