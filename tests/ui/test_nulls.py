"""What is sent to a page and read from it keeps its nulls, where the kernel would change them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sesreceive.ui.nulls import keep_nulls

NULL = object()


class Kernel:
    """A channel of a kernel that does not know ``None``: what it sends and reads is kept."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.read: list[Any] = []

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        self.sent.append((msg_type, data, metadata, buffers, keys))

    def handle_msg(self, msg: Any) -> None:
        self.read.append(msg)


def test_none_is_null_on_the_way_out_and_null_is_none_on_the_way_in() -> None:
    comm = SimpleNamespace(create_comm=Kernel)
    keep_nulls(comm, NULL)
    keep_nulls(comm, NULL)  # a second time changes nothing
    assert comm.create_comm.__mro__[1] is Kernel
    channel = comm.create_comm()
    channel.publish_msg("comm_msg", {"state": {"display": None, "rows": (1, None)}}, None, [b"x"], target_name="t")
    channel.publish_msg("comm_close")
    assert channel.sent == [
        ("comm_msg", {"state": {"display": NULL, "rows": [1, NULL]}}, None, [b"x"], {"target_name": "t"}),
        ("comm_close", None, None, None, {}),
    ]
    channel.handle_msg({"content": {"data": {"state": {"index": NULL, "value": "x"}}}})
    assert channel.read == [{"content": {"data": {"state": {"index": None, "value": "x"}}}}]
