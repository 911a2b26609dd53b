"""The backend that keeps everything in a folder, to be looked at with any tool and gone on with another day."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sesreceive.backends.base import BaseBackend, NotKeptError
from sesreceive.backends.durable_files import JsonLines, Root
from sesreceive.backends.failure_plan import Failure
from sesreceive.backends.object_folder import FolderBucket
from sesreceive.backends.object_names import SIDECAR, name_of, text_of
from sesreceive.backends.relay import Relay
from sesreceive.backends.stored import Bucket, Invocation, Listing, Published, StoredObject
from sesreceive.effects import DeliverToWorkMail, Invoke, Outcome, Publish, SendBounce, StartContact
from sesreceive.errors import InputError, expect_path, one_line
from sesreceive.functions.lambda_context import Called
from sesreceive.functions.registry import Function, outcome_of
from sesreceive.json_input import parse_json
from sesreceive.wording import count

__all__ = ["DirectoryBackend"]

Made = TypeVar("Made")
Mail = TypeVar("Mail", SendBounce, DeliverToWorkMail, StartContact)

_EARLIER = "done before the restart"
# Where each kind of mail goes.
_FOLDERS: dict[type, str] = {SendBounce: "bounces", DeliverToWorkMail: "workmail", StartContact: "contacts"}


class DirectoryBackend(BaseBackend):
    """Buckets, topics, bounces, WorkMail and Connect as files below one folder.

    ::

        buckets/inbox/invoices/0vfh…            the object, byte for byte
        buckets/inbox/invoices/0vfh….meta.json  its metadata
        topics/mail.jsonl                       one notification a line
        bounces/000001-0vfh….eml                a bounce; beside it, as .meta.json, what it says
        workmail/ contacts/                     the same
        invocations.jsonl                       one run of a function a line
        spool/                                  mail a server has accepted and not yet processed

    What `perform` has come back from is on the disk; what it has not is not there at all, whenever the process dies.
    Several processes may write to one folder. A folder that is there is gone on with.

    Parameters
    ----------
    path : str or Path
        The folder; made when it is not there.
    functions, kms, strict, failures, relay
        As for `MemoryBackend`. What is strict looks for the folder of the bucket and the file of the topic.

    Raises
    ------
    InputError
        When the path is a file, or nothing can be written there.

    Examples
    --------
    >>> import tempfile
    >>> from sesreceive.effects import PutObject
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     backend = DirectoryBackend(folder)
    ...     outcome = backend.perform(PutObject(bucket="inbox", key="invoices/0vfh", body=b"Subject: hello"))
    ...     (Path(folder) / "buckets/inbox/invoices/0vfh").read_bytes()
    ...     DirectoryBackend(folder).buckets["inbox"]["invoices/0vfh"]
    b'Subject: hello'
    <s3://inbox/invoices/0vfh, 14 bytes>
    """

    def __init__(
        self,
        path: str | Path,
        functions: Mapping[str, Function] | None = None,
        kms: Any = None,
        strict: bool = False,
        failures: Iterable[Failure] = (),
        *,
        relay: str | Relay | None = None,
    ) -> None:
        super().__init__(functions=functions, kms=kms, failures=failures, strict=strict, relay=relay)
        self.path = expect_path(path)
        self._open()
        self._tidy()

    @property
    def spool_path(self) -> Path:
        """Where a server keeps what it has accepted until it is processed."""
        return self._root.path / "spool"

    def _open(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise InputError(f"`{one_line(self.path)}` is a file: expected a folder, or nothing yet")
        try:
            self._root = Root(self.path.resolve())
            for name in ("buckets", "topics", *_FOLDERS.values()):
                self._root.folder(self._root.path / name)
        except OSError as error:
            raise InputError(f"cannot write to `{one_line(self.path)}`: {one_line(error.strerror)}") from error
        self._buckets = _FolderBuckets(self._root)
        self._topics = _FileTopics(self._root)
        self._invocations = JsonLines(self._root, self._root.path / "invocations.jsonl")
        self._numbers: dict[str, int] = {}

    def _tidy(self) -> None:
        """Remove metadata whose object or mail was never written, since a process died in between."""
        folders = (self._root.path / name for name in ("buckets", *_FOLDERS.values()))
        with self._root.writing():  # whoever writes holds the lock, so nothing is in between now
            for path in itertools.chain.from_iterable(folder.rglob(f"*{SIDECAR}") for folder in folders):
                if not path.with_name(path.name.removesuffix(SIDECAR)).exists() and _is_ours(path):
                    path.unlink(missing_ok=True)

    def performed(self, message_ids: Collection[str]) -> dict[tuple[str, str, str, int], Outcome]:
        """What was done for these messages already, by operation, message id, rule and action.

        An object is not listed: writing it again under its key changes nothing.
        """
        done: dict[tuple[str, str, str, int], Outcome] = {}
        for arn in self.topics:
            for told in self.topics[arn]:
                if told.message_id in message_ids:
                    done[Publish.operation, told.message_id, told.rule, told.action] = Outcome(reason=_EARLIER)
        for run in self.invocations:
            if run.message_id in message_ids and not run.error:
                effect = Invoke(
                    function_arn=run.function_arn,
                    invocation_type=run.invocation_type,
                    payload=run.payload,
                    rule=run.rule,
                    action=run.action,
                    message_id=run.message_id,
                )
                done[Invoke.operation, run.message_id, run.rule, run.action] = outcome_of(
                    Called(returned=run.returned, log=run.log), effect
                )
        for kind in _FOLDERS:
            for mail in self._mails(kind, message_ids):
                done[mail.operation, mail.message_id, mail.rule, mail.action] = Outcome(reason=_EARLIER)
        return done

    # ------------------------------------------------------------------ what is there

    @property
    def buckets(self) -> Listing[Bucket]:
        """The buckets by name; each a mapping of keys to stored objects, the last written last."""
        return self._buckets

    @property
    def topics(self) -> Listing[tuple[Published, ...]]:
        """The notifications by topic ARN, in order."""
        return self._topics

    @property
    def invocations(self) -> tuple[Invocation, ...]:
        """Every run of a function, in order."""
        where = self._invocations.path
        return tuple(_made(Invocation, record, where) for record in self._invocations.records())

    @property
    def bounces(self) -> tuple[SendBounce, ...]:
        """The bounces sent, in order."""
        return self._mails(SendBounce)

    @property
    def workmail(self) -> tuple[DeliverToWorkMail, ...]:
        """The deliveries to WorkMail, in order."""
        return self._mails(DeliverToWorkMail)

    @property
    def contacts(self) -> tuple[StartContact, ...]:
        """The Connect contacts started, in order."""
        return self._mails(StartContact)

    # ------------------------------------------------------------------ where it is kept

    def create_bucket(self, name: str) -> None:
        """There is a bucket of that name."""
        with self._root.writing():
            self._root.folder(self._buckets.path_of(name))

    def create_topic(self, arn: str) -> None:
        """There is a topic with that ARN."""
        if arn not in self._topics:
            self._topics.file_of(arn).append({"topic_arn": arn})

    def _store(self, stored: StoredObject) -> Outcome | None:
        path = self._buckets.path_of(stored.bucket)
        if self.strict and not path.is_dir():
            return None
        FolderBucket(stored.bucket, self._root, path).put(stored)
        return Outcome()

    def _publish(self, published: Published) -> Outcome | None:
        arn = published.topic_arn
        if self.strict and arn not in self._topics:
            return None
        self._topics.file_of(arn).append(dataclasses.asdict(published))
        return Outcome()

    def _record(self, record: SendBounce | DeliverToWorkMail | StartContact | Invocation) -> None:
        if isinstance(record, Invocation):
            self._invocations.append(dataclasses.asdict(record))
            return
        if type(record) not in _FOLDERS:
            raise NotKeptError(record)
        described = {"operation": record.operation, **dataclasses.asdict(record)}
        del described["raw"]
        with self._root.writing():
            path = self._next(self._root.path / _FOLDERS[type(record)], record.message_id)
            text = json.dumps(described, indent=2) + "\n"
            self._root.write(path.with_name(path.name + SIDECAR), text.encode("ascii"))
            self._root.write(path, record.raw)
            self._root.settle(path.parent)

    def _next(self, folder: Path, message_id: str) -> Path:
        """A numbered name that comes after all there are, those of other processes too."""
        if folder.name not in self._numbers:
            self._numbers[folder.name] = max(map(_number, folder.glob("*.eml")), default=0)
        number = self._numbers[folder.name] + 1
        while next(folder.glob(f"{number:06d}-*.eml"), None) is not None:
            number = max(number, *map(_number, folder.glob("*.eml"))) + 1
        self._numbers[folder.name] = number
        return folder / f"{number:06d}-{name_of(message_id)[:100]}.eml"

    def _mails(self, kind: type[Mail], message_ids: Collection[str] | None = None) -> tuple[Mail, ...]:
        found = []
        names = None if message_ids is None else {name_of(message_id)[:100] for message_id in message_ids}
        for path in sorted((self._root.path / _FOLDERS[kind]).glob("*.eml"), key=_number):
            if names is not None and path.stem.partition("-")[2] not in names:
                continue
            sidecar = path.with_name(path.name + SIDECAR)
            try:
                text = sidecar.read_bytes()
            except FileNotFoundError:
                continue  # a file that somebody put there, and no mail of ours
            described = parse_json(text, where=f"`{one_line(sidecar)}`")
            if isinstance(described, dict):
                described.pop("operation", None)
                if isinstance(described.get("recipients"), list):
                    described["recipients"] = tuple(described["recipients"])
                described["raw"] = path.read_bytes()
            found.append(_made(kind, described, sidecar))
        return tuple(found)

    def _environment(self) -> dict[str, str]:
        """Handlers read the buckets where they are."""
        return {"SESRECEIVE_BUCKETS": str(self._root.path / "buckets")}

    def __repr__(self) -> str:
        """One line: the folder, and how much is in it."""
        counts = f"{count(len(self.buckets), 'bucket')}, {count(len(self.topics), 'topic')}"
        return f"<DirectoryBackend `{one_line(self.path)}`, {counts}>"

    def __getstate__(self) -> dict[str, Any]:
        """The folder's name and the settings; the other process opens the folder for itself."""
        opened = ("_root", "_buckets", "_topics", "_invocations", "_numbers")
        return {name: value for name, value in super().__getstate__().items() if name not in opened}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open the folder again."""
        super().__setstate__(state)
        self._open()


class _FolderBuckets(Listing[Bucket]):
    noun = "bucket"

    def __init__(self, root: Root) -> None:
        self.root = root

    def path_of(self, name: str) -> Path:
        return self.root.path / "buckets" / name_of(name)

    def _names(self) -> Iterable[str]:
        folders = (path for path in (self.root.path / "buckets").iterdir() if path.is_dir())
        return sorted(name for path in folders if (name := text_of(path.name)) is not None)

    def _entry(self, name: str) -> Bucket | None:
        path = self.path_of(name)
        return FolderBucket(name, self.root, path) if path.is_dir() else None


class _FileTopics(Listing[tuple[Published, ...]]):
    noun = "topic"

    def __init__(self, root: Root) -> None:
        self.root = root
        self._files: dict[Path, JsonLines] = {}

    def file_of(self, arn: str) -> JsonLines:
        """The file a topic is written to; topics of one name in several regions share it."""
        path = self.root.path / "topics" / f"{name_of(arn.rpartition(':')[2])[:200]}.jsonl"
        return self._files.setdefault(path, JsonLines(self.root, path))

    def _names(self) -> Iterable[str]:
        arns: dict[str, None] = {}
        for path in sorted((self.root.path / "topics").glob("*.jsonl")):
            for record in self._files.setdefault(path, JsonLines(self.root, path)).records():
                if isinstance(arn := record.get("topic_arn"), str):  # else a line that somebody wrote by hand
                    arns.setdefault(arn)
        return list(arns)

    def _entry(self, name: str) -> tuple[Published, ...] | None:
        file = self.file_of(name)
        mine = [record for record in file.records() if record.get("topic_arn") == name]
        return tuple(_made(Published, record, file.path) for record in mine if "message" in record) if mine else None


def _made(kind: type[Made], record: Any, path: Path) -> Made:
    """The value that a record of a file stands for, or one sentence that names the file."""
    expected = f"`{one_line(path)}`: expected an object with the members of {kind.__name__}"
    if not isinstance(record, dict):
        raise InputError(f"{expected} but got {one_line(type(record).__name__)}")
    try:
        return kind(**record)
    except TypeError:
        names = ", ".join(map(str, record))
        raise InputError(f"{expected} but got one with `{one_line(names)}`") from None


def _is_ours(path: Path) -> bool:
    """Whether a metadata file is one that a backend wrote, and no file that somebody put there."""
    try:
        described = parse_json(path.read_bytes())
    except (OSError, InputError):
        return False
    return isinstance(described, dict) and ("sha256" in described or "operation" in described)


def _number(path: Path) -> int:
    """The number a mail's file name starts with."""
    number = path.name.partition("-")[0]
    return int(number) if number.isdecimal() else 0
