"""What an account at the limits of SES costs, against a small one and against the plain way to match.

Messages a second of accounts with 3, 25, 100 and 200 rules of 100 conditions each and 100 IP filters, for 1 and 100
recipients, and how often a second it is found which of 200 rules match, beside a plain triple loop. Decisions on client
addresses a second with 100, 10,000 and 1,000,000 prefixes, beside a loop of `ipaddress` and pytricia (a C library). All
take turns in one run and are timed by processor time, so the ratios hold on a busy machine.

    python tests/benchmarks/bench_scale.py [--messages 200] [--rounds 5] [--check]
"""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable, Sequence
from statistics import median

from harness import Row, finish, options

import sesreceive as ses
from sesreceive.account.rule_set import ReceiptRuleSet
from sesreceive.stages.filtering import ProviderList
from sesreceive.stages.index import RuleIndex

RULES = (3, 25, 100, 200)
CONDITIONS, FILTERS = 100, 100
PREFIXES = (100, 10_000, 1_000_000)
# Rate of the largest account in units of that of the smallest; of the index in units of a triple loop; of a decision in
# units of an `ipaddress` loop over 100 prefixes, and of pytricia over a million.
GOALS = {"200 rules": 0.5, "triple loop": 500, "ipaddress": 20, "pytricia": 0.5}
MESSAGE = b"From: Ana <ana@example.org>\r\nTo: you@example.com\r\nSubject: hello\r\n\r\nbody\r\n"


def rates(work: dict[str, Callable[[], int]], rounds: int) -> dict[str, list[float]]:
    """Operations a second of each in each round, the contenders taking turns, by processor time."""
    found: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            start = time.process_time()
            done = run()
            found[name].append(done / (time.process_time() - start))
    return found


def row(work: str, found: dict[str, list[float]], ours: str, peer: str, goal: float) -> Row:
    """The row of two of them."""
    return Row.ratio_of(work, list(zip(found[ours], found[peer], strict=True)), peer, goal=goal)


# ------------------------------------------------------------------ rules


def condition(chance: random.Random, number: int) -> str:
    domain = f"d{chance.randrange(3000)}.example.com"
    return (f"user{chance.randrange(20_000)}@{domain}", f"user{number}@{domain}", domain, f".{domain}")[number % 4]


def account_of(rules: int) -> ses.Account:
    """So many rules that match nobody but the last, which stores the mail of `d1.example.com`."""
    chance = random.Random(rules)
    made = [
        ses.ReceiptRule(name=f"r{n}", enabled=True, recipients=[condition(chance, c) for c in range(CONDITIONS)])
        for n in range(rules - 1)
    ]
    last = ses.ReceiptRule(
        name="last", enabled=True, recipients=("in.example.com",), actions=(ses.S3Action(bucket_name="inbox"),)
    )
    return ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(*made, last)),),
        filters=[ses.ReceiptFilter.block(f"203.0.113.{n}", name=f"f{n}") for n in range(FILTERS)],
    )  # fmt: skip


def receiving(account: ses.Account, envelopes: Sequence[ses.Envelope]) -> Callable[[], int]:
    """A replay of these envelopes, with the table of messages."""
    receiver = ses.Receiver(account, seed=1)
    receiver.on_rcpt(receiver.on_connect("192.0.2.1"), "in@in.example.com")  # compiled once for an account

    def run() -> int:
        receiver.backend = ses.MemoryBackend()
        frame = receiver.replay([(MESSAGE, envelope) for envelope in envelopes]).messages
        if not (frame["rules"] == "last").all():
            raise SystemExit("a message was received by other rules than the last")
        return len(envelopes)

    return run


def envelopes_of(messages: int, recipients: int) -> list[ses.Envelope]:
    chance = random.Random(messages)
    return [
        ses.Envelope(
            client_ip=f"198.51.100.{chance.randrange(256)}", mail_from="ana@example.org",
            rcpt_to=tuple(f"user{chance.randrange(20_000)}@in.example.com" for _ in range(recipients)),
        )
        for _ in range(messages)
    ]  # fmt: skip


def triple_loop(rule_set: ReceiptRuleSet, envelopes: Sequence[ses.Envelope]) -> int:
    """The plain way: every condition of every rule for every recipient."""

    def hit(wanted: str, address: str, without_label: str, domain: str) -> bool:
        if "@" in wanted:
            return wanted in (address, without_label)
        return domain.endswith(wanted) if wanted.startswith(".") else domain == wanted

    for envelope in envelopes:
        split = [recipient.lower().rpartition("@") for recipient in envelope.rcpt_to]
        parts = [(f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}", domain) for local, _, domain in split]
        found = [
            rule.name
            for rule in rule_set.rules
            if any(hit(wanted, *part) for part in parts for wanted in rule.recipients)
        ]
        if found != ["last"]:
            raise SystemExit("the plain loop finds other rules")
    return len(envelopes)


def by_index(index: RuleIndex, envelopes: Sequence[ses.Envelope]) -> int:
    for envelope in envelopes:
        positions = {position for recipient in envelope.rcpt_to for position, _ in index.matching(recipient)}
        if len(positions) != 1:
            raise SystemExit("the index finds other rules")
    return len(envelopes)


def rules_part(messages: int, rounds: int) -> list[Row]:
    results = []
    for recipients, count in ((1, messages), (100, max(1, messages // 20))):
        envelopes = envelopes_of(count, recipients)
        work = {f"{rules} rules": receiving(account_of(rules), envelopes) for rules in RULES}
        found = rates(work, rounds)
        small = f"{RULES[0]} rules"
        print(
            f"\nwhole pipeline, rules of {CONDITIONS} conditions, {FILTERS} filters, {recipients} recipients a message"
        )
        for name, each in found.items():
            rate = median(each)
            print(f"  {name:<28} {rate:>10,.1f} messages/s {rate / median(found[small]):>9.2f} x the smallest")
        named = f"{recipients} recipient{'s' * (recipients > 1)}"
        results.append(row(f"whole pipeline, 200 rules, {named}", found, "200 rules", small, GOALS["200 rules"]))
        rule_set = account_of(RULES[-1]).active_rule_set
        assert rule_set is not None
        index = RuleIndex(rule_set)
        found = rates(
            {
                "triple loop": lambda r=rule_set, e=envelopes[:2]: triple_loop(r, e),  # type: ignore[misc]
                "index": lambda i=index, e=envelopes: sum(by_index(i, e) for _ in range(10)),  # type: ignore[misc]
            },
            rounds,
        )
        results.append(row(f"which of 200 rules match, {named}", found, "index", "triple loop", GOALS["triple loop"]))
    return results


# ------------------------------------------------------------------ prefixes


def networks_of(count: int) -> list[str]:
    chance = random.Random(count)
    found: dict[str, None] = {}
    while len(found) < count:
        length = chance.choice((16, 20, 22, 24, 24, 24, 28, 32))
        number = chance.getrandbits(32) >> 32 - length << 32 - length
        found[f"{ipaddress.IPv4Address(number)}/{length}"] = None
    return list(found)


def clients_of(networks: Sequence[str], count: int = 2_000) -> list[str]:
    """Half of them in some network."""
    chance = random.Random(count)
    return [
        chance.choice(networks).partition("/")[0] if n % 2 else str(ipaddress.IPv4Address(chance.getrandbits(32)))
        for n in range(count)
    ]


def prefixes_part(rounds: int) -> tuple[list[Row], list[str]]:
    """Rows, and what is left out."""
    from sesreceive.stages.prefixes import address_number

    left_out = []
    try:
        import pytricia
    except ImportError as error:
        pytricia = None
        left_out.append(f"pytricia beside the decision on addresses: {error}")
    results = []
    for count in PREFIXES:
        networks = networks_of(count)
        clients = clients_of(networks)
        start = time.process_time()
        find = ProviderList("listed", networks).table.find
        built = time.process_time() - start

        def ours(clients: Sequence[str] = clients, find: Callable[[int, int], int] = find) -> int:
            for client in clients:
                version, number, _ = address_number(client)
                find(version, number)
            return len(clients)

        work: dict[str, Callable[[], int]] = {"our table": lambda run=ours: sum(run() for _ in range(10))}  # type: ignore[misc]
        if count == PREFIXES[0]:
            parsed = [ipaddress.ip_network(text) for text in networks]

            def loop(clients: Sequence[str] = clients, parsed: Sequence[ipaddress.IPv4Network] = parsed) -> int:
                for client in clients[:500]:
                    address = ipaddress.ip_address(client)
                    any(address in network for network in parsed)
                return 500

            work["ipaddress loop"] = loop
        if pytricia is not None:
            peer = pytricia.PyTricia()
            for text in networks:
                peer.insert(text, 1)

            def tricia(clients: Sequence[str] = clients, peer: pytricia.PyTricia = peer) -> int:
                for _ in range(10):
                    for client in clients:
                        client in peer  # noqa: B015 - the look-up is what is timed
                return 10 * len(clients)

            work["pytricia"] = tricia
            sample = [(one, one in peer, find(*address_number(one)[:2]) >= 0) for one in clients]
            if wrong := [one for one, theirs, mine in sample if theirs is not mine]:
                raise SystemExit(f"pytricia decides otherwise on {wrong[0]}")
        found = rates(work, rounds)
        print(f"\n{count:,} prefixes, made in {built:.2f} s")
        for name, each in found.items():
            print(f"  {name:<28} {median(each):>10,.0f} addresses/s")
        what = f"an address among {count:,} prefixes"
        if "ipaddress loop" in found:
            results.append(row(what, found, "our table", "ipaddress loop", GOALS["ipaddress"]))
        if pytricia is not None and count == PREFIXES[-1]:
            results.append(row(what, found, "our table", "pytricia", GOALS["pytricia"]))
    return results, left_out


def main() -> None:
    parser = options(__doc__, rounds=5)
    parser.add_argument("--messages", type=int, default=200)
    chosen = parser.parse_args()
    rows = rules_part(chosen.messages, chosen.rounds)
    of_prefixes, left_out = prefixes_part(chosen.rounds)
    finish([*rows, *of_prefixes], chosen, left_out=left_out)


if __name__ == "__main__":
    main()
