"""What AWS would charge for the mail of a report: receiving, storage, notifications, functions, bounces.

Mail that is refused in the SMTP session is free, mail that is received is charged, spam included [documented: SES
FAQs]; so an IP filter saves what its senders would have cost. Prices change and differ between regions: they are one
dated table, to be replaced by those of one's own bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sesreceive._html import escape, frame, table
from sesreceive.errors import InputError
from sesreceive.report.frames import frame_of_rows
from sesreceive.wording import expected

if TYPE_CHECKING:
    import pandas as pd

    from sesreceive.report.report import Report

__all__ = ["PRICES", "Cost", "Prices", "cost_of", "reckoned"]

_KB, _GB = 1_024, 1_024**3
_SNS_CHUNK_BYTES = 64 * _KB


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices in US dollars, without free tiers.

    Attributes
    ----------
    received_per_thousand : float
        For 1,000 messages that were accepted.
    chunk_per_thousand : float
        For 1,000 incoming chunks; only whole ones of `chunk_bytes` count.
    put_per_thousand, storage_per_gb_month : float
        S3: 1,000 PutObject requests; a month of 1 GB.
    publish_per_million : float
        SNS: a million publishes; each 64 KB counts as one.
    invoke_per_million, gb_second : float
        Lambda: a million requests; a second of 1 GB.
    function_ms, function_mb : int
        How long a function is taken to run, with how much memory.
    sent_per_thousand : float
        For 1,000 bounces, which are mail that SES sends.
    as_of, source : str
        When and where the prices were read.
    """

    received_per_thousand: float = 0.10
    chunk_per_thousand: float = 0.09
    chunk_bytes: int = 256 * _KB
    put_per_thousand: float = 0.005
    storage_per_gb_month: float = 0.023
    publish_per_million: float = 0.50
    invoke_per_million: float = 0.20
    gb_second: float = 0.000_016_666_7
    function_ms: int = 100
    function_mb: int = 128
    sent_per_thousand: float = 0.10
    as_of: str = "2025"
    source: str = "AWS pricing pages of SES, S3, SNS and Lambda, us-east-1"

    def __post_init__(self) -> None:
        """Refuse what is no price."""
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if name in ("as_of", "source"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise InputError(f"prices {name}: {expected('a number that is not negative', value)}")
        if not self.chunk_bytes:
            raise InputError("prices chunk_bytes: expected at least 1 but got `0`")


PRICES = Prices()


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What the mail of a report costs.

    Attributes
    ----------
    rows : tuple of (str, str, float, str, float)
        Rule (empty for receiving itself), item, quantity, unit, US dollars.
    clients : tuple of (str, int, float)
        Client address, its accepted messages, and what a Block filter for it would have saved, dearest first.
    saved_usd : float
        What the mail that IP filters and provider lists refused would have cost to receive.
    prices : Prices
        What was reckoned with.
    """

    rows: tuple[tuple[str, str, float, str, float], ...]
    clients: tuple[tuple[str, int, float], ...] = ()
    saved_usd: float = 0.0
    prices: Prices = field(default=PRICES, repr=False)

    @property
    def total_usd(self) -> float:
        """All of it; storage for one month."""
        return sum(row[-1] for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """What each rule causes.

        Returns
        -------
        pandas.DataFrame
            One row a rule and an item that costs something, receiving first, then rules in the order they fired first.

            rule : string        name of the rule; empty for receiving, which is charged whatever the rules do
            item : string        what is charged
            quantity : float64   how much of it
            unit : string        of what
            usd : float64        US dollars
        """
        kinds = {"rule": "string", "item": "string", "quantity": "float64", "unit": "string", "usd": "float64"}
        return frame_of_rows(self.rows, kinds)

    def by_client(self) -> pd.DataFrame:
        """What a Block filter for each client would have saved.

        Returns
        -------
        pandas.DataFrame
            One row a client whose mail was accepted, dearest first: client_ip (string), messages (Int64), usd
            (float64).
        """
        return frame_of_rows(self.clients, {"client_ip": "string", "messages": "Int64", "usd": "float64"})

    def __repr__(self) -> str:
        """One line: the total, and what filters saved."""
        return (
            f"<Cost {self.total_usd:.6f} USD, {self.saved_usd:.6f} USD saved by filters, prices of {self.prices.as_of}>"
        )

    def _repr_html_(self) -> str:
        """The rows as a table, with the text as fallback."""
        cells = [
            [escape(rule or "receiving"), escape(item), f"{quantity:g}", escape(unit), f"{usd:.6f}"]
            for rule, item, quantity, unit, usd in self.rows
        ]
        return frame(repr(self)[1:-1], table(("rule", "what", "quantity", "unit", "USD"), cells))


def cost_of(report: Report, prices: Prices = PRICES) -> Cost:
    r"""What AWS would charge for the mail of a report.

    Parameters
    ----------
    report : Report
        Its tables are read; receptions are not needed.
    prices : Prices
        In US dollars; the dated table by default.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> rules = ses.ReceiptRuleSet(name="main", rules=(rule,))
    >>> receiver = ses.Receiver(ses.Account(identities=("example.com",), rule_sets=(rules,), active="main"), seed=1)
    >>> report = receiver.replay({f"m{n}": b"To: ana@example.com\r\n\r\n" for n in range(1000)})
    >>> print(round(report.cost().total_usd, 3))
    0.105

    References
    ----------
    Amazon SES FAQs, "Am I billed for incoming spam messages?"; Amazon SES pricing.
    """
    messages, actions, effects = report.received, report.actions, report.effects
    mail = zip(
        messages["size_bytes"].tolist(),
        messages["accepted"].tolist(),
        messages["client_ip"].tolist(),
        messages["filter"].fillna("").tolist(),
        strict=True,
    )
    places = {number: place for place, number in enumerate(messages["number"].tolist())}
    kinds = dict(
        zip(zip(actions["number"], actions["rule"], actions["position"], strict=True), actions["action"], strict=True)
    )
    columns = (effects[name] for name in ("number", "rule", "position", "operation", "outcome"))
    done = (
        (places[number], rule, operation, kinds.get((number, rule, position), "") == "SNSAction")
        for number, rule, position, operation, outcome in zip(*columns, strict=True)
        if outcome == "effect"
    )
    return reckoned(mail, done, prices)


def reckoned(
    mail: Iterable[tuple[int, bool, str, str]], effects: Iterable[tuple[int, str, str, bool]], prices: Prices = PRICES
) -> Cost:
    """The cost of mail of which only the facts are known that something is charged by.

    Parameters
    ----------
    mail : iterable of (int, bool, str, str)
        Of each message its size in bytes, whether it was accepted, the client's address, and the filter that decided.
    effects : iterable of (int, str, str, bool)
        What took place: position of the message in `mail`, rule, operation, and whether the message itself was
        published.
    prices : Prices
        In US dollars.

    Examples
    --------
    >>> cost = reckoned([(2_000, True, "192.0.2.1", "")] * 1_000, [(0, "all", "PutObject", False)])
    >>> [(rule, item, quantity) for rule, item, quantity, _, _ in cost.rows][:2]
    [('', 'SES receiving', 1000.0), ('all', 'S3 PutObject', 1.0)]
    """
    sizes: list[int] = []
    accepted: list[bool] = []
    clients: dict[str, tuple[int, float]] = {}
    saved = 0.0
    for size, taken, client, by in mail:
        sizes.append(size)
        accepted.append(taken)
        usd = _receiving(size, prices)
        if taken:
            number, before = clients.get(client, (0, 0.0))
            clients[client] = number + 1, before + usd
        elif by:
            saved += usd
    rows = [*_received(sizes, accepted, prices), *_effects(effects, sizes, prices)]
    dearest = sorted(((client, *both) for client, both in clients.items()), key=lambda row: (-row[2], row[0]))
    return Cost(rows=tuple(rows), clients=tuple(dearest), saved_usd=saved, prices=prices)


def _receiving(size: int, prices: Prices) -> float:
    whole = size // prices.chunk_bytes
    return (prices.received_per_thousand + whole * prices.chunk_per_thousand) / 1_000


def _received(sizes: list[int], accepted: list[bool], prices: Prices) -> Iterator[tuple[str, str, float, str, float]]:
    taken = [size for size, yes in zip(sizes, accepted, strict=True) if yes]
    chunks = sum(size // prices.chunk_bytes for size in taken)
    if taken:
        yield "", "SES receiving", float(len(taken)), "messages", len(taken) * prices.received_per_thousand / 1_000
    if chunks:
        unit = f"chunks of {prices.chunk_bytes // _KB} KB"
        yield "", "SES incoming data", float(chunks), unit, chunks * prices.chunk_per_thousand / 1_000


def _effects(
    effects: Iterable[tuple[int, str, str, bool]], sizes: list[int], prices: Prices
) -> Iterator[tuple[str, str, float, str, float]]:
    """What the effects that took place cost, by rule."""
    totals: dict[tuple[str, str], float] = {}
    for number, rule, operation, with_content in effects:
        for item, quantity in _charged(operation, sizes[number], with_content, prices):
            totals[rule, item] = totals.get((rule, item), 0.0) + quantity
    for (rule, item), quantity in totals.items():
        unit, price = _ITEMS[item]
        yield rule, item, quantity, unit, quantity * price(prices)


# What is charged: its unit, and the price of one of them.
_ITEMS: dict[str, tuple[str, Any]] = {
    "S3 PutObject":      ("requests",   lambda p: p.put_per_thousand / 1_000),
    "S3 storage":        ("GB a month", lambda p: p.storage_per_gb_month),
    "SNS Publish":       ("requests",   lambda p: p.publish_per_million / 1_000_000),
    "Lambda Invoke":     ("requests",   lambda p: p.invoke_per_million / 1_000_000),
    "Lambda duration":   ("GB-seconds", lambda p: p.gb_second),
    "SES bounce":        ("messages",   lambda p: p.sent_per_thousand / 1_000),
}  # fmt: skip


def _charged(operation: str, size: int, with_content: bool, prices: Prices) -> Iterator[tuple[str, float]]:
    """The items of one effect and how much of each."""
    match operation:
        case "PutObject":
            yield "S3 PutObject", 1.0
            yield "S3 storage", size / _GB
        case "Publish":
            yield "SNS Publish", float(-(-size // _SNS_CHUNK_BYTES) or 1) if with_content else 1.0
        case "Invoke":
            yield "Lambda Invoke", 1.0
            yield "Lambda duration", prices.function_ms / 1_000 * prices.function_mb / 1_024
        case "SendBounce":
            yield "SES bounce", 1.0
