"""The lists that AWS and Spamhaus publish, downloaded when somebody asks for them; nothing else here uses the network.

What was downloaded is read before it is kept: a page that says "try later" never takes the place of a list.
"""

from __future__ import annotations

import http.client
import os
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sesreceive.errors import InputError, one_line
from sesreceive.stages.provider_lists import ListKind, ProviderList
from sesreceive.wording import expected

__all__ = ["ADDRESSES", "fetch"]

# Where each is published: Amazon VPC User Guide, "AWS IP address ranges"; Spamhaus, "DROP". The parts of a list are put
# behind each other.
ADDRESSES: Mapping[ListKind, tuple[str, ...]] = {
    ListKind.EC2: ("https://ip-ranges.amazonaws.com/ip-ranges.json",),
    ListKind.DROP: ("https://www.spamhaus.org/drop/drop_v4.json", "https://www.spamhaus.org/drop/drop_v6.json"),
}

# Octets and seconds that we give one part; `ip-ranges.json` had two million octets in 2026, DROP a tenth of that.
SIZE_BYTES, TIMEOUT_S = 64 * 1024 * 1024, 60.0
_CHUNK = 65_536
# How long one packet may take, of the time that the whole may.
_PACKET_S = 20.0


def fetch(
    kind: ListKind | str,
    out: str | Path,
    urls: Sequence[str] = (),
    *,
    size_bytes: int = SIZE_BYTES,
    timeout_s: float = TIMEOUT_S,
) -> ProviderList:
    """The list as it is published now, written to a file.

    Parameters
    ----------
    kind : str
        ``ec2`` or ``drop``.
    out : str or Path
        The file; one that is there is replaced once the new list is whole.
    urls : sequence of str, optional
        Where to ask instead: of the same form, one behind the other.
    size_bytes : int
        Octets that each part may have.
    timeout_s : float
        Seconds that each part may take.

    Raises
    ------
    InputError
        When it cannot be had, is too large, takes too long or is no such list; the file is as it was.
    """
    if kind not in ADDRESSES:
        raise InputError(f"provider list: {expected('`ec2` or `drop`', kind, ADDRESSES)}")
    kind = ListKind(kind)
    parts = [_within(timeout_s, url, size_bytes) for url in urls or ADDRESSES[kind]]
    contents = b"".join(part if part.endswith(b"\n") or len(parts) == 1 else part + b"\n" for part in parts)
    where = ", ".join(urls or ADDRESSES[kind])
    fetched = ProviderList.parse(contents, where, Path(out).stem, kind)
    _keep(contents, Path(out))
    return fetched


def _within(timeout_s: float, url: str, size_bytes: int) -> bytes:
    """What is at the address, or an error once the time is up, however slowly its server writes."""
    parts: list[bytes] = []
    errors: list[InputError] = []
    over = threading.Event()

    def download() -> None:
        try:
            parts.append(_download(url, size_bytes, min(timeout_s, _PACKET_S), over))
        except InputError as error:
            errors.append(error)

    # A thread of its own: header lines that come by the octet are read by the standard library, which has no deadline.
    # It ends with the process where its server never does.
    thread = threading.Thread(target=download, daemon=True)
    thread.start()
    thread.join(timeout_s)
    over.set()
    if errors:
        raise errors[0]
    if not parts:
        raise _failed(url, f"it took more than {timeout_s:g} seconds")
    return parts[0]


def _download(url: str, size_bytes: int, packet_s: float, over: threading.Event) -> bytes:
    if not url.lower().startswith(("http://", "https://")):
        raise _failed(url, "expected an address that begins with `https://` or `http://`")
    headers = {"User-Agent": f"sesreceive/{_version()}", "Accept-Encoding": "identity"}
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme is checked above
        with _OPENER.open(request, timeout=packet_s) as response:
            received = bytearray()
            while not over.is_set() and (chunk := response.read1(_CHUNK)):
                received += chunk
                if len(received) > size_bytes:
                    raise _failed(url, f"it has more than {size_bytes} bytes")
            promised = response.headers.get("Content-Length", "")
    except urllib.error.HTTPError as error:
        with error:
            raise _failed(url, f"the server answers {error.code} {one_line(error.reason, 80)}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failed(url, getattr(error, "reason", None) or str(error) or type(error).__name__) from None
    if promised.isascii() and promised.isdigit() and len(promised) < 19 and int(promised) > len(received):
        raise _failed(url, f"expected {promised} bytes but got {len(received)}")
    return bytes(received)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirection from https to anything else: who asked for https gets no list that anybody may alter."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        if req.full_url.lower().startswith("https:") and not newurl.lower().startswith("https:"):
            raise ValueError(f"it leads to `{one_line(newurl)}`, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_SafeRedirects)


def _keep(contents: bytes, out: Path) -> None:
    """Write the file in one step: whoever reads it meanwhile has the old one or the new one."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name[:80]}-", delete=False) as file:
            temporary = Path(file.name)
            file.write(contents)
        temporary.chmod(0o644)
        os.replace(temporary, out)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise InputError(f"`{one_line(out)}` cannot be written: {error.strerror or error}") from None


def _failed(url: str, why: object) -> InputError:
    return InputError(f"`{one_line(url)}` cannot be downloaded: {one_line(why)}")


def _version() -> str:
    try:
        return version("sesreceive")
    except PackageNotFoundError:
        return "0"
