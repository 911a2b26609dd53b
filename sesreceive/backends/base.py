"""What all backends share: failures on purpose, encryption, running functions, and that nothing ever raises."""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sesreceive._html import code, escape
from sesreceive.backends.failure_plan import Failure, FailurePlan, what_failed
from sesreceive.backends.relay import Relay
from sesreceive.backends.service_limits import refused
from sesreceive.backends.stored import (
    Bucket,
    Invocation,
    Listing,
    Published,
    StoredObject,
    listing_html,
)
from sesreceive.effects import (
    DeliverToWorkMail,
    Effect,
    Invoke,
    Outcome,
    Publish,
    PutObject,
    SendBounce,
    StartContact,
)
from sesreceive.errors import SesReceiveError, one_line
from sesreceive.functions.lambda_context import Called, function_name
from sesreceive.functions.registry import Function, Functions, Handler, outcome_of
from sesreceive.later import unread
from sesreceive.wording import count

__all__ = ["BaseBackend", "NotKeptError", "in_region"]

_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")  # the widest there ever was; boto3 checks the same
# SES tries again some fifty times, in virtual time; a process or a time limit takes real time. Each failed run takes
# its cost from the retry budget of the invocation, and when that is spent the next attempts fail as the last one did.
# Callables that just raise cost nothing.
RETRY_BUDGET, TIMEOUT_COST, HANDLER_COST = 5, 3, 1
_REMEMBERED = 64  # invocations that are being tried again at once


class NotKeptError(SesReceiveError):
    """What `_record` raises of a kind that the backend has no place for: trying again cannot help."""

    def __init__(self, record: object) -> None:
        super().__init__(f"`{type(record).__name__}` is no effect that this backend keeps")


def in_region(backend: Any, region: str) -> Any:
    """The backend for an account in that region; one that knows of no regions is that of all."""
    return backend.in_region(region) if hasattr(backend, "in_region") else backend


class BaseBackend(ABC):
    """Base of the backends: carries effects out one by one, from any thread.

    A subclass says where things are kept: `_store`, `_publish`, `_record`, and how they are read.

    Attributes
    ----------
    functions : Functions
        Lambda functions by ARN or plain name; assign to register one.
    failures : FailurePlan
        Failures on purpose.
    """

    def __init__(
        self,
        *,
        functions: Mapping[str, Function] | None = None,
        kms: Any = None,
        failures: Iterable[Failure] = (),
        strict: bool = False,
        relay: str | Relay | None = None,
    ) -> None:
        self.functions = functions if isinstance(functions, Functions) else Functions(functions)
        self.failures = failures if isinstance(failures, FailurePlan) else FailurePlan(failures)
        self.strict = strict
        self.relay = Relay.at(relay) if isinstance(relay, str) else relay
        self._kms = kms
        self._lock = threading.RLock()
        # By the id of an effect: the effect, what its runs cost so far, how many there were, why the last one failed.
        self._spent: dict[int, tuple[Invoke, int, int, str]] = {}

    # ------------------------------------------------------------------ what is there

    @property
    @abstractmethod
    def buckets(self) -> Listing[Bucket]:
        """The buckets by name; each a mapping of keys to stored objects."""

    @property
    @abstractmethod
    def topics(self) -> Listing[tuple[Published, ...]]:
        """The notifications by topic ARN, in order."""

    @property
    @abstractmethod
    def invocations(self) -> tuple[Invocation, ...]:
        """Every run of a function, in order."""

    @property
    @abstractmethod
    def bounces(self) -> tuple[SendBounce, ...]:
        """The bounces sent, in order."""

    @property
    @abstractmethod
    def workmail(self) -> tuple[DeliverToWorkMail, ...]:
        """The deliveries to WorkMail, in order."""

    @property
    @abstractmethod
    def contacts(self) -> tuple[StartContact, ...]:
        """The Connect contacts started, in order."""

    def _repr_html_(self) -> str:
        """What there is, as a table, everything escaped."""
        return self._html(self.buckets)

    def _html(self, buckets: Mapping[str, Bucket]) -> str:
        rows = [
            *(("bucket", name, count(len(bucket), "object")) for name, bucket in buckets.items()),
            *(("topic", arn, count(len(told), "message")) for arn, told in self.topics.items()),
            *(
                ("function", name, count(number, "invocation"))
                for name, number in Counter(one.function_name for one in self.invocations).items()
            ),
            ("bounces", "", str(len(self.bounces))),
            ("WorkMail", "", str(len(self.workmail))),
            ("Connect", "", str(len(self.contacts))),
        ]
        cells = [(escape(kind), code(name), escape(number)) for kind, name, number in rows if number != "0"]
        return listing_html(repr(self), ("what", "name", "holds"), cells, total=len(cells))

    # ------------------------------------------------------------------ where it is kept

    @abstractmethod
    def _store(self, stored: StoredObject) -> Outcome | None:
        """Keep an object; None where there is no such bucket."""

    @abstractmethod
    def _publish(self, published: Published) -> Outcome | None:
        """Keep a notification; None where there is no such topic."""

    @abstractmethod
    def _record(self, record: SendBounce | DeliverToWorkMail | StartContact | Invocation) -> None:
        """Keep what is only kept; raise `NotKeptError` of a kind that has no place."""

    def in_region(self, region: str) -> BaseBackend:
        """The backend for an account in that region; one that holds all regions is its own."""
        return self

    def lacks(self, effect: Publish | Invoke) -> bool:
        """Whether what the effect names is known not to be there; nothing is done to find out."""
        if not self.strict:
            return False
        if isinstance(effect, Invoke):
            return self.functions.find(effect.function_arn) is None
        return effect.target not in self.topics

    # ------------------------------------------------------------------ effects

    @property
    def kms(self) -> Any:
        """The key service: what it is given as, or a `LocalKms` of its own."""
        with self._lock:
            if self._kms is None:
                from sesreceive.backends.local_kms import LocalKms

                # One seed everywhere: what one run or process encrypts, another can decrypt.
                self._kms = LocalKms(seed="sesreceive")
            return self._kms

    def perform(self, effect: Effect) -> Outcome:
        """Carry the effect out; a failure is an `Outcome` with an `error`, never an exception."""
        try:
            if reason := refused(effect):
                return Outcome(error=reason, permanent=True)
            error = self.failures.take(effect)
            return Outcome(error=error) if error else self._perform(effect)
        except NotKeptError as error:
            return Outcome(error=str(error), permanent=True)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with a store is its answer
            return Outcome(error=self._error(effect, error))

    def _perform(self, effect: Effect) -> Outcome:
        match effect:
            case PutObject():
                return self._put(effect)
            case Publish():
                published = Published(
                    topic_arn=effect.topic_arn,
                    subject=effect.subject,
                    message=unread(effect, "message"),
                    message_id=effect.message_id,
                    rule=effect.rule,
                    action=effect.action,
                )
                return self._publish(published) or Outcome(error=what_failed(effect, absent=True))
            case Invoke():
                return self._invoke(effect)
            case SendBounce():
                return self._bounce(effect)
            case DeliverToWorkMail() | StartContact():
                self._record(effect)
                return Outcome()
        return Outcome(error=f"`{type(effect).__name__}` is no effect a backend knows", permanent=True)

    def _put(self, effect: PutObject) -> Outcome:
        if not _BUCKET.fullmatch(effect.bucket):
            return Outcome(error=f"no such bucket `{one_line(effect.bucket)}`: no bucket can have this name")
        body, metadata = unread(effect, "body"), dict(effect.metadata)
        if effect.kms_key_arn:
            from sesreceive.backends.kms_envelope import encrypt

            try:
                sealed = encrypt(
                    effect.body, kms=self.kms, key_arn=effect.kms_key_arn, context=effect.encryption_context
                )
            except Exception as error:  # noqa: BLE001 - botocore makes its exception classes at run time
                return Outcome(error=f"unable to use the KMS key `{effect.kms_key_arn}`: {self._because(error)}")
            body, metadata = sealed.body, {**metadata, **sealed.metadata}
        stored = StoredObject(
            bucket=effect.bucket, key=effect.key, body=body, metadata=metadata, content_type=effect.content_type
        )
        return self._store(stored) or Outcome(error=what_failed(effect, absent=True))

    def _invoke(self, effect: Invoke) -> Outcome:
        _, spent, runs, error = self._spent.get(id(effect), (effect, 0, 0, ""))
        if spent >= RETRY_BUDGET:
            return Outcome(error=f"{error} (so it did {runs} times, and was not run again)")
        called = self.functions.call(effect, environment=self._environment)
        if called is None:
            return self._invoke_elsewhere(effect)
        outcome = outcome_of(called, effect)
        if outcome.failed:
            handler = isinstance(self.functions.find(effect.function_arn), Handler)
            self._spend(effect, TIMEOUT_COST if called.timed_out else HANDLER_COST if handler else 0, outcome.error)
        self._record_call(effect, called)
        return outcome

    def _record_call(self, effect: Invoke, called: Called) -> None:
        self._record(
            Invocation(
                function_arn=effect.function_arn,
                invocation_type=effect.invocation_type,
                payload=unread(effect, "payload"),
                returned=called.returned,
                log=called.log,
                error=called.error,
                message_id=effect.message_id,
                rule=effect.rule,
                action=effect.action,
            )
        )

    def _invoke_elsewhere(self, effect: Invoke) -> Outcome:
        """A function nobody registered."""
        if self.strict:
            return Outcome(error=what_failed(effect, absent=True))
        self._record_call(effect, Called())
        name = function_name(effect.function_arn)
        return Outcome(reason=f"no function is registered as `{name}`, so nothing was run")

    def _spend(self, effect: Invoke, cost: int, error: str) -> None:
        with self._lock:
            # The effect is kept with its id, so the id stays its own.
            _, spent, runs, _ = self._spent.pop(id(effect), (effect, 0, 0, ""))
            self._spent[id(effect)] = (effect, spent + cost, runs + 1, error)
            while len(self._spent) > _REMEMBERED:
                del self._spent[next(iter(self._spent))]

    def _environment(self) -> dict[str, str]:
        """What a real handler finds in its environment."""
        return {}

    def _bounce(self, effect: SendBounce) -> Outcome:
        self._record(effect)
        if self.relay is None or not effect.destination:
            return Outcome()
        # The relay is a convenience of this tool: SES would have sent the bounce, so trouble with it is no failure.
        trouble = self.relay.send(effect.destination, effect.raw)
        return Outcome(reason=f"the relay {trouble}" if trouble else f"relayed to `{self.relay}`")

    def _error(self, effect: Effect, error: Exception) -> str:
        """What an exception of a store means."""
        return f"{what_failed(effect)}: {self._because(error)}"

    def _because(self, error: Exception) -> str:
        """An exception as the end of a sentence."""
        if isinstance(error, SesReceiveError):
            return one_line(error)
        if isinstance(error, OSError) and error.strerror:
            return one_line(error.strerror[:1].lower() + error.strerror[1:])
        return one_line(f"{type(error).__name__}: {error}")

    def __getstate__(self) -> dict[str, Any]:
        """Everything but the locks."""
        with self._lock:
            return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_spent")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild with locks of its own."""
        self.__dict__.update(state, _lock=threading.RLock(), _spent={})
