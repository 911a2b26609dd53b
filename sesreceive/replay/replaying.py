"""Many messages of a source through a receiver, into one report."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

from sesreceive.backends.bucket_url import is_bucket_url, objects_at
from sesreceive.backends.kms_envelope import decrypt
from sesreceive.mail.corpus import Decrypt, Item, Override, Source, read
from sesreceive.mail.passed_over import PassedOver
from sesreceive.receiver import Receiver
from sesreceive.replay.done import Before, Done, Left
from sesreceive.replay.known_results import Known, KnownResults
from sesreceive.replay.progress import Progress, Ticker
from sesreceive.replay.receptions import receptions
from sesreceive.replay.sharing import (
    Authenticated,
    Way,
    check_sharing,
    shared_out,
    tasks_of,
)
from sesreceive.report import Report
from sesreceive.report.collecting import fewer_collections

__all__ = ["Source", "replay"]


def replay(
    receiver: Receiver,
    source: Source,
    *,
    envelope: Override | None = None,
    executor: Executor | None = None,
    chunk: int = 200,
    progress: Progress | bool | None = None,
    keep: bool = True,
    limit: int | None = None,
    trusted: Sequence[str] = (),
    kms: Any = None,
    take_over: bool = True,
    done: Before | None = None,
    ahead: int | None = None,
    known: Known | None = None,
) -> Report:
    r"""The report on all messages of `source`, in order; what they cause is in the receiver's backend.

    The result is equal whatever the executor and the chunk, for a seeded receiver: message ids and times are drawn
    here, in order, and what workers put into copies of a `MemoryBackend` is taken over in order. Receptions, and the
    bytes of stored objects, notifications and bounces, are made here when somebody reads them, of what other processes
    found out: nothing is asked twice. What is left to chance is what a function of yours remembers from message to
    message, which each worker does for itself.

    Parameters
    ----------
    receiver : Receiver
        Receives the messages, as they are received by `Receiver.receive`.
    source : path, bytes, Message, mapping, table or iterable
        Where they come from; see `sesreceive.mail.corpus.read`. A `Report` is received again.
    envelope : Envelope, mapping or callable, optional
        In place of what is known of each message; see there.
    executor : concurrent.futures.Executor, optional
        Runs the work in chunks: threads, processes, or a Dask cluster through ``client.get_executor()``. Without one
        the messages are received one after the other, and so they are where the backend has failures planned that
        run out, since it depends on the order whom they hit.
    chunk : int
        Messages in one task of the executor; 200 to 500 keep its cost small.
    progress : bool or callable, optional
        True shows a bar (of tqdm, where it is installed); a function is called with the number of messages done and
        how many there are (None where that is not known), about five times a second, and at the end.
    keep : bool
        Whether the report keeps the receptions; see `Report`.
    limit : int, optional
        Stop after this many messages.
    trusted : sequence of str, optional
        Your receiving hosts, whose Received fields are believed; see `sesreceive.mail.delivered.envelope_of`.
    kms : object, optional
        Decrypts stored objects that are encrypted: a boto3 KMS client, or the `LocalKms` that has the key. By default
        that of the receiver's backend.
    take_over : bool
        Whether a message that SES stored keeps its message id, and the results and verdicts that SES wrote into it.
        Otherwise it is judged anew, with the receiver's DNS and scanners.
    done : Report, ReplayFolder or path, optional
        An earlier run over the same source that was stopped: what it received is passed by, and the messages that are
        left get the ids and times that they had got without the stop. What could not be received is tried again, and
        said once. ``before + after`` is the report on all of them.
    ahead : int, optional
        Chunks that are on their way to the executor at once; by default two for each worker that it says it has.
    known : KnownResults, ReplayFolder or path, optional
        Authentication results of earlier runs: where bytes, envelope, DNS, settings and time of arrival are the same
        they are taken over, and each trace and ``report.notes`` say so. A `KnownResults` keeps the new ones, too.

    Returns
    -------
    Report
        Stopped by KeyboardInterrupt (Ctrl-C, or the stop button of a notebook) it holds what was done so far, with an
        executor in whole chunks, and its `interrupted` is set. What was no message, or could not be read, is in its
        `passed_over`; it ends no replay. What could not be read or received has a row in `messages`, too, with its
        `error`.

    Raises
    ------
    InputError
        When the source cannot be read, or the receiver cannot be sent to the executor's workers.

    Examples
    --------
    >>> import sesreceive as ses
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",)), seed=1)
    >>> replay(receiver, [b"To: ana@example.com\r\n\r\n"] * 3)
    <Report of 3 messages: 0 accepted, 3 refused, 0 rules fired, 0 effects>
    """
    check_sharing(executor, ahead, chunk=chunk)
    before = Done.of(done)
    items = read(
        located(source), envelope=envelope, trusted=trusted, decrypt=decrypting(kms, receiver.backend), strict=False
    )
    left = Left(items, before, receiver, limit)
    report = Report(keep=keep)
    way = Way(made=whole, keep=keep, take_over=take_over, known=KnownResults.of(known))
    with fewer_collections(), Ticker(progress, total_of(items, limit)) as ticker:
        try:
            if executor is None or is_ordered(receiver):
                tasks = tasks_of(receiver, left, way)
                # What one message teaches is known to the next one like it.
                for task, one in receptions(receiver, tasks, take_over, known=way.known):
                    if isinstance(one, PassedOver):
                        report.pass_over(before.fresh((one,)))
                        continue
                    report.add(one)
                    ticker.tick(len(report) + left.skipped)
                    if way.known is not None and task.key and one.authentication is not None:
                        report.taken_over += task.results is not None
                        way.known.learn([(task.key, one.authentication)])
            else:
                for part, broken in shared_out(receiver, left, executor, chunk, ahead, way):
                    report.extend(part)
                    report.pass_over(before.fresh(broken))
                    ticker.tick(len(report) + left.skipped)
        except KeyboardInterrupt:
            report.interrupted = True
        finally:
            report.pass_over(before.fresh(items.passed_over))
    return report


def total_of(items: Iterator[Item], limit: int | None) -> int | None:
    """How many messages will be received, as far as one can tell without reading them."""
    total = operator.length_hint(items, -1)
    if total < 0:
        return None
    return total if limit is None else min(total, limit)


def whole(report: Report, start: int, keys: Authenticated) -> Report:
    """What is made of a chunk for a report."""
    return report


def located(source: Source) -> Source:
    """The source; of ``s3://bucket/prefix`` its objects."""
    return objects_at(source) if isinstance(source, str) and is_bucket_url(source) else source


def decrypting(kms: Any, backend: Any = None) -> Decrypt | None:
    """What decrypts stored objects: `kms`, or that of the backend; None where there is none."""
    client = kms if kms is not None else getattr(backend, "kms", None)
    return None if client is None else lambda body, metadata: decrypt(body, metadata, client)


def is_ordered(receiver: Receiver) -> bool:
    """Whether it depends on the order what becomes of messages: failures are planned that run out."""
    return any(failure.times is not None for failure in getattr(receiver.backend, "failures", ()))
