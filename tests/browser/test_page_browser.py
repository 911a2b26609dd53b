"""`serve --ui`: one command, and mail that is sent over SMTP appears in a browser with its reason, without Jupyter."""

from __future__ import annotations

import contextlib
import re
import signal
import smtplib
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")
pytest.importorskip("voila")

from browser.lab import LOW_CONTRAST
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
COMMAND = [
    sys.executable, "-m", "sesreceive.cli", "serve", "--port", "0", "--dataset", "first-steps", "--ui", "0",
]  # fmt: skip
LIMIT_S = 180


class Serving:
    """The command, what it said when it was up, and the addresses in that."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", cwd=ROOT
        )
        self.watchdog = threading.Timer(LIMIT_S, self.process.kill)
        self.watchdog.start()
        assert self.process.stdout is not None
        lines: list[str] = []
        while not lines or "stop with Ctrl-C" not in lines[-1]:
            lines.append(self.process.stdout.readline())
            assert lines[-1], "".join(lines)
        self.told = "".join(lines)
        self.smtp = re.search(r"receiving at (\S+):(\d+)", self.told).groups()  # type: ignore[union-attr]
        self.page = re.search(r"open (http://127\.0\.0\.1:\d+/\?token=\S+)", self.told)[1]  # type: ignore[index]

    def send(self, recipient: str, subject: str) -> None:
        with (
            smtplib.SMTP(self.smtp[0], int(self.smtp[1])) as client,
            contextlib.suppress(smtplib.SMTPRecipientsRefused),
        ):
            client.sendmail("ana@example.org", [recipient], f"Subject: {subject}\r\n\r\nhi\r\n".encode())

    def stop(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, rest

    def close(self) -> None:
        self.watchdog.cancel()
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=LIMIT_S)


@pytest.fixture
def serving() -> Iterator[Serving]:
    server = Serving()
    yield server
    server.close()


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_both_end_together(serving: Serving, ending: signal.Signals) -> None:
    assert answers(serving.page)
    code, rest = serving.stop(ending)
    assert (code, "Traceback" in rest) == (0, False), rest
    assert not answers(serving.page)


def test_mail_appears_opens_and_tells_its_reason(chromium: Any, serving: Serving) -> None:
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    errors: list[str] = []
    abroad: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda response: abroad.append(response.url) if "127.0.0.1" not in response.url else None)
    serving.send("hello@example.com", "came before the page was open")
    page.goto(serving.page, wait_until="domcontentloaded")
    rows = page.locator(".ses-list").get_by_role("row")
    expect(rows.filter(has_text="came before the page was open")).to_be_visible()

    serving.send("nobody@example.net", "refused")
    refused = rows.filter(has_text="nobody@example.net")
    expect(refused).to_contain_text("550 5.1.1")
    expect(refused).to_contain_text("is under no verified domain identity of this account")
    serving.send("hello@example.com", "<img src=x onerror=window.hit=1>")
    expect(rows.filter(has_text="<img src=x")).to_be_visible()

    page.get_by_role("button", name=re.compile("smtp-2")).click()
    detail = page.locator(".ses-message")
    expect(detail).to_contain_text("example.net is under no verified domain identity of this account")
    detail.get_by_role("button", name="Path", exact=True).click()
    expect(page.get_by_role("img", name="smtp-2: 550 5.1.1")).to_contain_text(
        "without a recipient there is no message to look at"
    )
    expect(page.get_by_role("img", name="smtp-2: 550 5.1.1")).to_be_visible()
    expect(page.get_by_role("button", name="Send again")).to_have_count(0)
    assert page.evaluate("window.hit === undefined")
    assert errors == []
    assert [url for url in abroad if not url.startswith(("data:", "blob:"))] == []

    stranger = chromium.new_page()
    stranger.goto(serving.page.partition("?")[0])
    expect(stranger.get_by_label("Password or token")).to_be_visible()
    stranger.close()
    context.close()


# The ground of a page, as a browser tells it.
GROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 17, 17)"}


def test_the_page_follows_light_and_dark(chromium: Any, serving: Serving) -> None:
    serving.send("hello@example.com", "taken")
    serving.send("nobody@example.net", "refused")
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(serving.page, wait_until="domcontentloaded")
    expect(page.locator(".ses-list").get_by_role("row").filter(has_text="nobody@example.net")).to_be_visible()
    for scheme, ground in GROUNDS.items():
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body")).to_have_css("background-color", ground)
        assert page.locator(".ses-ui").first.evaluate(LOW_CONTRAST) == [], scheme
    context.close()
