"""Rspamd as a peer: its `spf`, `dkim` and `dmarc` modules and nothing else, and a DNS server for it on loopback.

What is timed is the processor time of its worker, so its HTTP is in it, and this side's is not. It keeps SPF records
and keys that it has met, as a receiver of ours does.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import psutil

from sesreceive.dns.zone import Zone

__all__ = ["Rspamd", "missing"]

PLUGINS = Path("/usr/share/rspamd/plugins")
START_S = 30.0
# What it says of a message that passes all three.
PASSES = {"R_SPF_ALLOW", "R_DKIM_ALLOW", "DMARC_POLICY_ALLOW"}

CONFIGURATION = """
options {{
    filters = "dkim"; pidfile = "{folder}/rspamd.pid"; tempdir = "{folder}"; cache_file = "{folder}/symbols.cache";
    control_socket = "{folder}/control.sock mode=0600"; url_tld = "{folder}/tld.list"; disable_hyperscan = true;
    local_addrs = [];
    dns {{ nameserver = ["127.0.0.1:{dns_port}"]; timeout = 5s; retransmits = 2; }}
}}
logging {{ type = "console"; level = "error"; }}
actions {{ reject = 15; add_header = 6; greylist = 4; }}
modules {{ path = "{plugins}/spf.lua"; path = "{plugins}/dmarc.lua"; }}
spf {{ enabled = true; }}
dkim {{ enabled = true; check_local = true; }}
dmarc {{ enabled = true; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""


def missing() -> str:
    """Why there is no rspamd here; empty where there is."""
    if shutil.which("rspamd") is None or not PLUGINS.is_dir():
        return "it is not installed (Debian: rspamd)"
    return ""


class Rspamd:
    """One worker with a zone; ends with `close`."""

    def __init__(self, zone: Zone) -> None:
        self._dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._dns.bind(("127.0.0.1", 0))
        threading.Thread(target=_answer, args=(self._dns, zone), daemon=True).start()
        self._folder = tempfile.TemporaryDirectory(prefix="rspamd-")
        folder = Path(self._folder.name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "tld.list").write_text("com\nnet\norg\nexample\n", "ascii")  # its own list takes seconds to compile
        configuration = folder / "rspamd.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=folder, port=self.port, dns_port=self._dns.getsockname()[1], plugins=PLUGINS),
            "utf-8",
        )
        self.process = subprocess.Popen(
            ["rspamd", "-f", "-i", "-c", str(configuration)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._connection = self._connected()
        self._watched = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def _connected(self) -> http.client.HTTPConnection:
        until = time.monotonic() + START_S
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_S)
            try:
                connection.connect()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    raise SystemExit("rspamd does not start") from None
                time.sleep(0.2)
            else:
                return connection

    def check(self, raw: bytes, *, client_ip: str, helo: str, mail_from: str) -> set[str]:
        """The symbols of one message."""
        head = {"IP": client_ip, "Helo": helo, "From": mail_from, "Rcpt": "ana@example.org"}
        self._connection.request("POST", "/checkv2", raw, head)
        answer = json.loads(self._connection.getresponse().read())
        return set(answer["symbols"])

    @property
    def spent_s(self) -> float:
        """Seconds of processor that it has taken so far; the system counts hundredths."""
        return sum(sum(process.cpu_times()[:2]) for process in self._watched)

    def close(self) -> None:
        self._connection.close()
        self.process.terminate()
        self.process.wait()
        self._dns.close()
        self._folder.cleanup()


def _answer(server: socket.socket, zone: Zone) -> None:
    """A DNS server by UDP until its socket is closed."""
    while True:
        try:
            packet, asker = server.recvfrom(4096)
        except OSError:
            return
        question = dns.message.from_wire(packet)
        answer = dns.message.make_response(question, recursion_available=True)
        name, rdtype = question.question[0].name, dns.rdatatype.to_text(question.question[0].rdtype)
        values = zone.resolve(name.to_text(omit_final_dot=True), rdtype).values
        if values:
            shown = [_shown(rdtype, value) for value in values]
            answer.answer.append(dns.rrset.from_text(name, 3600, "IN", rdtype, *shown))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        server.sendto(answer.to_wire(), asker)


def _shown(rdtype: str, value: object) -> str:
    """A value as a zone file has it."""
    if rdtype == "TXT":
        text = value.decode("ascii") if isinstance(value, bytes) else str(value)
        return " ".join(f'"{text[start : start + 250]}"' for start in range(0, len(text), 250))
    if rdtype == "MX":
        preference, exchange = str(value).split()
        return f"{preference} {exchange}."
    return str(value)
