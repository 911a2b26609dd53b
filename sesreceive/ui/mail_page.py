"""The mail as its reader would see it: text, HTML that can do nothing, and what is attached."""

from __future__ import annotations

import html
from collections.abc import Callable
from email.parser import BytesParser
from email.policy import default
from typing import Any

from sesreceive._html import code, escape, table
from sesreceive.reception import Reception
from sesreceive.ui.source import source

__all__ = ["mail_html"]

# Bytes of a message that are taken apart, parts that are listed, and characters of HTML that are shown.
_READ, _PARTS, _HTML = 1_000_000, 50, 200_000

# Nothing is loaded, no script runs. The page around the mail forbids every frame, so that a link in the mail cannot
# turn its frame into another page either (Content Security Policy Level 3, frame-src).
_POLICY = "default-src 'none'; frame-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'"
_PAGE = (
    '<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy}"><title>the mail</title>'
    "<style>html,body{{margin:0;height:100%}}iframe{{border:0;width:100%;height:100%;background:#fff}}</style>"
    '<iframe sandbox="" title="the mail" srcdoc="{mail}"></iframe>'
)


def mail_html(reception: Reception) -> str:
    """The parts of the mail; what it says as HTML stands in a frame without scripts, links and remote contents."""
    raw = reception.message.raw
    parts = list(_parts(raw[:_READ]))
    shown = [_part(part) for part in parts if not _attached(part)][:3]
    rows = [
        [escape(_name(part)), code(part.get_content_type()), f"{len(_bytes(part))} bytes"]
        for part in parts
        if _attached(part)
    ]
    files = table(["attachment", "type", "size"], rows, limit=_PARTS) if rows else "<p>No attachments.</p>"
    cut = f"<p>of {len(raw)} bytes the first {_READ}</p>" if len(raw) > _READ else ""
    return ("".join(shown) or "<p>There is no text in it.</p>") + files + cut


def _parts(raw: bytes) -> list[Any]:
    """The parts that contain no others; none where the message cannot be taken apart."""
    try:
        whole = BytesParser(policy=default).parsebytes(raw)
        return [part for part in whole.walk() if not part.is_multipart()][:_PARTS]
    except Exception:  # noqa: BLE001 - the standard library raises many kinds on hostile mail; the source is shown
        return []


def _attached(part: Any) -> bool:
    return bool(part.get_content_maintype() != "text") or bool(
        _safely(part.get_content_disposition, None) == "attachment"
    )


def _name(part: Any) -> str:
    return str(_safely(part.get_filename, None) or "without a name")


def _bytes(part: Any) -> bytes:
    content = _safely(lambda: part.get_payload(decode=True), b"")
    return content if isinstance(content, bytes) else b""


def _part(part: Any) -> str:
    charset = str(_safely(part.get_content_charset, None) or "utf-8")
    content = _bytes(part)
    text = _safely(lambda: content.decode(charset, "replace"), content.decode("utf-8", "replace"))
    if part.get_content_subtype() != "html":
        return source(text)
    policy = html.escape(_POLICY)
    page = _PAGE.format(policy=policy, mail=html.escape(text[:_HTML]))
    return (
        f'<p>as HTML, without scripts and remote contents</p><iframe class="ses-mail" sandbox="" '
        f'title="the mail as HTML" srcdoc="{html.escape(page)}"></iframe>'
    )


def _safely(read: Callable[[], Any], fallback: Any) -> Any:
    """What `read` gives, or the fallback where the header is such that the standard library raises."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - hostile header fields raise ValueError, LookupError, AttributeError and others
        return fallback
