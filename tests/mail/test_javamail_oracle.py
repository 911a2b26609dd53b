"""Held against JavaMail itself, whose behaviour SES shows: encoded words, address lists, where a header is added."""

import base64
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sesreceive.mail.address_list import parse_addresses, render
from sesreceive.mail.encoded_words import decode_words
from sesreceive.mail.message import unfold
from tests.mail.test_loose_addresses import WELL_FORMED

JARS = [Path("/usr/share/java") / name for name in ("javax.mail.jar", "javax.activation.jar")]
MISSING = shutil.which("java") is None or not all(jar.is_file() for jar in JARS)

pytestmark = [
    pytest.mark.javamail,
    pytest.mark.skipif(MISSING, reason="needs java and JavaMail (Debian: default-jdk-headless, libmail-java)"),
]

Ask = Callable[[str, str], str | None]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """A question to JavaMail; None where it raises."""
    command = ["java", "-cp", ":".join(map(str, JARS)), str(Path(__file__).with_name("javamail") / "Oracle.java")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def asked(command: str, text: str) -> str | None:
            process.stdin.write(f"{command} {base64.b64encode(text.encode()).decode()}\n")
            process.stdin.flush()
            answer = process.stdout.readline().strip()
            return None if answer.startswith("!") else base64.b64decode(answer).decode()

        yield asked
        process.stdin.close()


ENCODED = [
    "=?UTF-8?B?0JLQsNGI0LU=?=. Mail",
    "=?us-ascii?Q?caf=E9?=",
    "=?gb2312?B?sLK7xg==?=",
    "=?gb2312?B?gTCBMA==?=",
    "=?gbk?B?gTCBMA==?=",
    "=?utf-16?B?AGEAYg==?=",
    "=?utf-16?B?//5hAGIA?=",
    "=?utf-16le?B?YQBiAA==?=",
    "=?utf-8?x?aaa?= =?utf-8?Q?b?=",
    "=?nobody-knows?Q?aaa?= =?utf-8?Q?b?=",
    "=?utf-8?B?a?= x =?utf-8?Q?b?=",
    "=?utf-8?B?YQ?= x",
    "=?utf-8?Q?a=ZZ?= x",
    "=?utf-8*en?Q?a_b?=z",
    "a=?utf-8?Q?a?=",
    "=?utf-8?Q?a?==?utf-8?Q?b?=",
    "=?utf-8?Q?a?=x =?utf-8?Q?b?=",
    "=?utf-8?Q??= x",
    "=?utf-8?Q?é?=",
    "=?utf-7?Q?+AOk-?=",
    "=?big5?Q?=A7A?=",
    "=?euc-kr?B?sLK7xg==?=",
    "=?ks_c_5601-1987?B?sLK7xg==?=",
    "=?shift_jis?Q?=83=70?=",
    "=?iso-2022-jp?B?GyRCJUYlOSVIGyhC?=",
    "=?windows-1252?Q?=80?=",
    "(=?utf-8?Q?a?=)",
    '"=?utf-8?Q?a?=" <a@example.org>',
    "=?utf-8?q?a?=\t=?utf-8?q?b?=\r\n  =?utf-8?q?c?=",
    "=??Q?a?=",
    "=?utf-8??a?=",
    "=?utf-8?Q?a?",
]  # fmt: skip


def ours(text: str) -> str:
    return decode_words(unfold(text.encode()).decode())


@pytest.mark.parametrize("text", ENCODED)
@pytest.mark.slow
def test_an_encoded_word_reads_as_in_javamail(ask: Ask, text: str) -> None:
    answer = ask("decode", text)
    assert ours(text) == (text if answer is None else answer)


words = st.sampled_from(
    [
        "=?",
        "?=",
        "utf-8",
        "iso-8859-1",
        "?Q?",
        "?B?",
        "YQ==",
        "=C3=A9",
        "=",
        "_",
        "a",
        " ",
        "  ",
        "\t",
        "?",
        "*en",
        "é",
        '"',
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(words, max_size=14).map("".join))
@pytest.mark.slow
def test_any_value_reads_as_in_javamail(ask: Ask, text: str) -> None:
    answer = ask("decode", text)
    assert ours(text) == (text if answer is None else answer)


ADDRESSES = [
    "ana@example.org",
    "Ana <ana@example.org>, bo@example.com",
    '"Doe, John" <john@example.org>',
    "ann@example.com (Ann)",
    "undisclosed-recipients:;",
    "team: ana@example.org, bo@example.com;",
    "a@b.com c@d.com",
    "John Doe <john@example.org",
    '"=?us-ascii?Q?Tax_office?=" <tax@example.org>',
    "=?utf-8?q?J=C3=B6rg?= <joerg@example.org>",
    "<ana@example.org>",
    "nobody",
    "Ana Maria",
    "@relay.example:ana@example.org",
    "<@relay.example:ana@example.org>",
    '"a@b"@example.org',
    "ana@[192.0.2.1]",
    "a@example.org,,b@example.org",
    "\\\\ ana@example.org",
    '"a\\\\"@example.org',
    '"a\\\\\\"b"@example.org',
    "ana\\@example.org",
    "ana@example.org\\",
    "ana\\",
    "\\",
]


def shown(text: str) -> list[tuple[str, str]] | None:
    parsed = parse_addresses(text)
    return None if parsed is None else [(one.address, render(one)) for one in parsed]


@pytest.mark.parametrize("text", ADDRESSES + [text for text, _ in WELL_FORMED])
@pytest.mark.slow
def test_an_address_field_reads_as_in_javamail(ask: Ask, text: str) -> None:
    answer = ask("addresses", text)
    theirs = None if answer is None else [tuple(one.split("\0")) for one in answer.split("\1")[:-1]]
    assert shown(text) == theirs
