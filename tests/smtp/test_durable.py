"""With a spool `250` means kept: before the answer it is on the disk, and what a process leaves is gone on with."""

from __future__ import annotations

import errno
import signal
import smtplib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import sesreceive as ses
from sesreceive.backends.directory import DirectoryBackend
from sesreceive.backends.spool import Spool
from sesreceive.errors import ServerError
from sesreceive.smtp.intake import Failed
from tests.conftest import make_account, make_rule
from tests.patience import PATIENCE_S
from tests.smtp.world import FUNCTION, MESSAGE, STORE, Wire

TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
PUBLISH = ses.SNSAction(topic_arn=TOPIC)
BOUNCE = ses.BounceAction(
    smtp_reply_code="550", status_code="5.1.1", message="no such mailbox", sender="mailer@example.com"
)
ROOT = Path(__file__).parent.parent.parent


def receiver(folder: Path, *actions: Any) -> ses.Receiver:
    return ses.Receiver(
        make_account(make_rule("all", *(actions or (STORE, PUBLISH)))), backend=DirectoryBackend(folder)
    )


class Died(BaseException):
    """What stands in for the end of the process: nothing more happens to the message."""


def send_and_die(folder: Path, count: int, *actions: Any, after: int = 0) -> tuple[list[str], tuple[Any, ...]]:
    """Ids of messages whose server ended after so many effects, and the receptions that came before."""
    behind = receiver(folder, *actions)
    perform, left = behind.backend.perform, iter(range(after))

    def dying(effect: Any) -> Any:
        if next(left, None) is None:
            raise Died
        return perform(effect)

    behind.backend.perform = dying  # type: ignore[method-assign]
    with behind.smtp() as server, Wire(server) as wire:
        ids = [wire.ready().message().split()[-1] for _ in range(count)]
    return ids, server.receptions


def told(backend: Any) -> list[str]:
    return [published.message_id for published in backend.topics[TOPIC]]


def test_the_message_is_in_the_spool_when_the_answer_comes(tmp_path: Path) -> None:
    gate = threading.Event()
    behind = receiver(tmp_path, ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse"), STORE)
    behind.backend.functions["gate"] = lambda event, context: gate.wait(PATIENCE_S)
    with behind.smtp() as server, Wire(server) as wire:
        message_id = wire.ready().message().split()[-1]
        assert Spool.waiting(tmp_path / "spool") == (message_id,)
        gate.set()
        server.wait_for(1)
        assert server.receptions[0].message_id == message_id
    assert Spool.waiting(tmp_path / "spool") == ()


@pytest.mark.parametrize("after", range(5))
def test_a_restart_goes_on_and_every_effect_is_there_once(tmp_path: Path, after: int) -> None:
    ids, earlier = send_and_die(tmp_path, 2, STORE, PUBLISH, BOUNCE, after=after)
    behind = receiver(tmp_path)  # the account of the restart is another; mail keeps the one it came under
    with behind.smtp() as server:
        resumed = server.wait_for(2 - len(earlier)) if len(earlier) < 2 else ()
    assert [*(one.message_id for one in earlier), *(one.message_id for one in resumed)] == ids
    assert sorted(behind.backend.buckets["inbox"]) == sorted(ids)
    assert sorted(told(behind.backend)) == sorted(ids)
    assert sorted(bounce.message_id for bounce in behind.backend.bounces) == sorted(ids)
    assert Spool.waiting(tmp_path / "spool") == ()


def test_a_resumed_message_has_the_trace_it_would_have_had(tmp_path: Path) -> None:
    ids, _ = send_and_die(tmp_path / "data", 1)
    with receiver(tmp_path / "data").smtp() as server:
        (resumed,) = server.wait_for(1)
    direct = receiver(tmp_path / "other")
    direct.message_ids = lambda: ids[0]
    expected = direct.receive(MESSAGE, resumed.envelope, name=resumed.name)
    assert resumed.received_at is not None
    assert [event.reason for event in resumed.trace] == [event.reason for event in expected.trace]
    assert (resumed.message, resumed.envelope, resumed.reply) == (expected.message, expected.envelope, expected.reply)


def test_a_function_that_answered_is_not_run_again(tmp_path: Path) -> None:
    gate = ses.LambdaAction(function_arn=FUNCTION, invocation_type="RequestResponse")
    runs: list[int] = []

    def stop(event: Any, context: Any) -> dict[str, str]:
        runs.append(1)
        return {"disposition": "STOP_RULE"}

    behind = receiver(tmp_path, gate, STORE)
    behind.backend.functions["gate"] = stop
    record = behind.backend._record

    def dying(what: Any) -> None:
        record(what)
        raise Died

    behind.backend._record = dying  # type: ignore[method-assign]
    with behind.smtp() as server, Wire(server) as wire:
        wire.ready().message()
    behind = receiver(tmp_path, gate, STORE)
    behind.backend.functions["gate"] = stop
    with behind.smtp() as server:
        (resumed,) = server.wait_for(1)
    assert runs == [1]
    assert [performed.outcome.flow for performed in resumed.performed] == [ses.Flow.STOP_RULE]
    assert "inbox" not in behind.backend.buckets


def test_one_failed_message_ends_nothing_and_stays_in_the_spool(tmp_path: Path) -> None:
    ids, _ = send_and_die(tmp_path, 1)
    behind = receiver(tmp_path)

    def fail(effect: Any) -> Any:
        raise Died

    behind.backend.perform = fail  # type: ignore[method-assign]
    with behind.smtp() as server, Wire(server) as wire:
        assert wire.ready().message().startswith("250")
        failed = next(came for came in server.follow() if came is not None)
        assert isinstance(failed, Failed)
        assert wire.ready().message().startswith("250")
    assert len(Spool.waiting(tmp_path / "spool")) == 3
    assert Spool.waiting(tmp_path / "spool")[0] == ids[0]


def test_what_cannot_be_kept_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(spool: Spool, messages: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Spool, "write", full)
    with receiver(tmp_path).smtp() as server, Wire(server) as wire:
        assert wire.ready().message() == "452 4.3.1 Insufficient system storage"
        (refused,) = server.wait_for(1, kind="refused")
    assert refused.refusal == "the message could not be kept in the spool: No space left on device"
    assert not refused.accepted


def test_memory_has_no_spool_and_a_folder_can_be_named(tmp_path: Path) -> None:
    behind = ses.Receiver(make_account(make_rule("all", STORE)))
    assert behind.smtp().spool is None
    assert behind.smtp(spool=tmp_path / "mine").spool == tmp_path / "mine"
    assert receiver(tmp_path).smtp(spool=False).spool is None
    with pytest.raises(ServerError, match="expected a folder, or False"):
        behind.smtp(spool=True)


def test_metadata_without_its_object_is_cleaned_at_the_start(tmp_path: Path) -> None:
    ids, _ = send_and_die(tmp_path, 1, STORE, BOUNCE, after=2)
    (tmp_path / "buckets/inbox" / ids[0]).unlink()
    next((tmp_path / "bounces").glob("*.eml")).unlink()
    (tmp_path / "buckets/inbox/mine.meta.json").write_text("[1]")
    DirectoryBackend(tmp_path)
    assert [path.name for path in tmp_path.rglob("*.meta.json")] == ["mine.meta.json"]


SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals")
@pytest.mark.parametrize("name", SIGNALS)
def test_a_signal_ends_the_command_with_its_tables(tmp_path: Path, name: str) -> None:
    command = [
        sys.executable, "-m", "sesreceive", "serve", "--dataset", "first-steps", "--port", "0",
        "--data", str(tmp_path / "data"), "--out", str(tmp_path / "tables"), "--grace", "60",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        watchdog = threading.Timer(PATIENCE_S, process.kill)
        watchdog.start()
        assert process.stdout
        host, _, port = process.stdout.readline().split()[2].partition(":")
        with smtplib.SMTP(host, int(port)) as client:
            for _ in range(5):
                client.sendmail("ana@example.org", ["hello@example.com"], b"Subject: live\r\n\r\nhi\r\n")
        process.send_signal(getattr(signal, name))
        out, err = process.communicate()
        watchdog.cancel()
    assert (process.returncode, err) == (0, "")
    assert "wrote 8 tables" in out or "tables to" in out
    assert len((tmp_path / "tables" / "messages.csv").read_text(encoding="utf-8").splitlines()) == 6


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGKILL")
def test_nothing_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    from tests.soak.soak_spool import soak

    result = soak(2, 4, tmp_path, seed=5)
    assert result.good, result
    assert result.answered
