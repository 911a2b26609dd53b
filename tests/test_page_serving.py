"""`serve --ui` says in one line why there can be no page, before any mail is taken."""

from __future__ import annotations

import importlib.util
import socket

import pytest

from sesreceive.cli import main
from sesreceive.cli.exits import Exit

SERVE = ["serve", "--dataset", "first-steps", "--port", "0"]


def test_a_page_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "voila" else find(name, *rest))
    assert main([*SERVE, "--ui"]) == Exit.EXTRA
    told = "sesreceive: `serve --ui` needs `voila`: install it with `pip install 'sesreceive[ui]'`\n"
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize("api", [[], ["--api", "0"]], ids=["alone", "with --api"])
def test_a_page_on_a_port_in_use_says_what_to_do(api: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("voila", reason="needs the extra ui")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = ["serve", "--port", "0", *api] if api else SERVE
        assert main([*line, "--ui", str(port)]) == Exit.SERVER
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"sesreceive: --ui: cannot listen on 127.0.0.1:{port}: ")
    assert err.endswith("choose another port, or --ui 0 for any free one\n")
