"""Our own output scores 100 %, and one changed field gives exactly its row."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from captures.written import ACCOUNT, KMS, files, received
from likeness.mutations import ARTEFACTS

import sesreceive as ses
from sesreceive.captures.pairing import Captures
from sesreceive.likeness.agreement import Agreement
from sesreceive.likeness.artefacts import Artefact

MESSAGE_ID = received()[1].message_id


def kept(folder: Path, told: dict[str, bytes]) -> Captures:
    """The files in a folder, read."""
    for name, content in told.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return ses.captures.read(folder, kms=KMS)


# name of an artefact in `ARTEFACTS` → its file; together the captures among which one field is changed
FILES = {
    "object": f"inbox/mail/{MESSAGE_ID}",
    "notification": "raw/0-S3.json",
    "notification with content": "raw/1-SNS.json",
    "event": "events/gate.json",
    "HTTP delivery": "http/4-Bounce.json",
    "record of a function": "functions/5-WorkMail.json",
    "bounce": "bounces/1.eml",
    "transcript": "sender/session.txt",
    "metadata": f"vault/{MESSAGE_ID}.meta.json",
    "log": "sender/postfix.log",
}


def chosen() -> dict[str, bytes]:
    told = {name: files()[name] for name in FILES.values()}
    return {**told, f"vault/{MESSAGE_ID}": files()[f"vault/{MESSAGE_ID}"]}


def test_our_own_output_scores_a_hundred_per_cent(tmp_path: Path) -> None:
    captures = kept(tmp_path, files())
    assert not captures.unrecognised
    score = ses.fidelity(captures, account=ACCOUNT, readings=False)
    assert score.different == ()
    assert set(score.scores.values()) == {1.0}
    assert set(score.scores) == {artefact.value for artefact in Artefact}


@pytest.mark.parametrize("name", sorted(files()))
def test_each_artefact_alone_scores_a_hundred_per_cent(name: str, tmp_path: Path) -> None:
    if name.endswith(".meta.json"):
        pytest.skip("metadata lie beside an object")
    beside = {other: files()[other] for other in files() if other == f"{name}.meta.json"}
    score = ses.fidelity(kept(tmp_path, {name: files()[name], **beside}), account=ACCOUNT, readings=False)
    assert score.different == ()
    assert score.lowest == 1.0


def test_a_backend_is_read_as_it_is() -> None:
    receiver, _ = received()
    backend = receiver.backend
    everything = [
        *backend.buckets["inbox"].values(), *backend.buckets["vault"].values(),
        *(one for told in backend.topics.values() for one in told), *backend.invocations, *backend.bounces,
    ]  # fmt: skip
    captures = ses.captures.read(everything, kms=KMS)
    assert not captures.unrecognised
    score = ses.fidelity(captures, account=ACCOUNT, readings=False)
    assert score.scores["key"] == 1.0
    assert score.different == ()


@cache
def unchanged() -> dict[tuple[str, str], Agreement]:
    """How each field agrees while nothing is changed."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        score = ses.fidelity(kept(Path(folder), chosen()), account=ACCOUNT, readings=False)
    return {(row.capture, row.path): row.agreement for row in score.rows}


def mutations(name: str) -> Iterator[tuple[str, str, bytes]]:
    for path, content in ARTEFACTS[name](files()[FILES[name]]):
        yield FILES[name], path, content


def capture_of(file: str) -> str:
    return file.removesuffix(".meta.json")


def rows_that_differ(folder: Path, file: str, content: bytes) -> set[tuple[str, str]]:
    score = ses.fidelity(kept(folder, {**chosen(), file: content}), account=ACCOUNT, readings=False)
    return {(row.capture.partition("#")[0].partition(":")[0], row.path) for row in score.different}


@pytest.mark.slow
@pytest.mark.parametrize("name", ARTEFACTS)
def test_one_changed_field_gives_exactly_that_row(name: str, tmp_path: Path) -> None:
    wrong = {}
    for number, (file, path, content) in enumerate(mutations(name)):
        differ = rows_that_differ(tmp_path / str(number), file, content)
        if differ != {(capture_of(file), path)}:
            wrong[path] = sorted(differ)
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", ARTEFACTS)
def test_every_field_of_an_artefact_is_in_the_table(name: str) -> None:
    """What the comparison knows and the table leaves out is named here, with the reason."""
    left_out = {
        "form", "order", "order of members", "mail.headers (order)", "key",  # made of several fields
        "mail.messageId", "Received.id", "mail.headers.Received.id", "returned.Received.id",  # then another mail's
        "content.Received.id", "x-amz-matdesc aws:ses:message-id",
    }  # fmt: skip
    told = {path for _, path, _ in mutations(name)}
    file = capture_of(FILES[name])
    known = {path for capture, path in unchanged() if capture.partition("#")[0].partition(":")[0] == file}
    if name in ("HTTP delivery", "record of a function"):
        known = {path for path in known if path.startswith("SNS.")}
        left_out |= {"SNS.Type", "SNS.EventSource", "SNS.Sns.Type"}
    if name == "metadata":
        known = {path for path in known if path.startswith("x-amz-")}
    missing = {
        path
        for path in known - told
        if path.removeprefix("returned.").removeprefix("content.") not in left_out
        and not path.endswith((".form", "(count)", "Content-Type", "-Recipient", "Return-Path#2", "order"))
    }
    assert missing <= {"SNS.Sns.MessageAttributes"}
