"""Accounts of many rules for what a proof costs: in one shape recipients match few rules, in the other half of them."""

from __future__ import annotations

import sesreceive as ses

ARN = "arn:aws:lambda:us-east-1:111122223333:function:{}".format
TOPIC = "arn:aws:sns:us-east-1:111122223333:{}".format
DOMAINS = 50


def conditions(shape: str, rule: int, number: int) -> tuple[str, ...]:
    """The conditions of a rule.

    `spread`: each its own address, label, domain or subdomain, and some domains that many rules name. `crowded`: half
    of the addresses that all rules choose from.
    """
    if shape == "crowded":
        # Each address is of a rule or not by a bit of its own mix, so no two addresses have the same rules.
        chosen = [user for user in range(2 * number) if (user * 2_654_435_761 + rule * 40_503) >> 7 & 1]
        return tuple(f"user-{user}@example.com" for user in chosen[:number])
    made = []
    for at in range(rule * number, (rule + 1) * number):
        domain = f"d{at % DOMAINS}.example.com"
        user, below = f"user-{at}", f"t{at % 700}.example.com"
        kinds = f"{user}@{domain}", f"{user}+tag@{domain}", f"s{at}.example.com", f".{below}", domain
        made.append(kinds[at % 5])
    return tuple(made)


def actions(rule: int) -> tuple[ses.ReceiptAction, ...]:
    """Every rule stores; some ask a function, add a header, publish or stop."""
    made: list[ses.ReceiptAction] = [ses.S3Action(bucket_name=f"bucket-{rule % 7}")]
    if rule % 3 == 0:
        made.append(ses.LambdaAction(function_arn=ARN(f"f{rule % 5}"), invocation_type="RequestResponse"))
    if rule % 4 == 0:
        made.append(ses.AddHeaderAction(header_name="X-Rule", header_value=str(rule)))
    if rule % 5 == 0:
        made.append(ses.SNSAction(topic_arn=TOPIC(f"t{rule % 3}")))
    if rule % 10 == 9:
        made.append(ses.StopAction())
    return tuple(made)


def large_account(rules: int, number: int = 100, filters: int = 100, shape: str = "spread") -> ses.Account:
    """An account of so many rules, conditions a rule, and filters."""
    made = [
        ses.ReceiptRule(
            name=f"rule-{at}",
            enabled=True,
            scan_enabled=at % 2 == 0,
            tls_policy="Require" if at % 6 == 0 else "Optional",
            recipients=conditions(shape, at, number),
            actions=actions(at),
        )
        for at in range(rules)
    ]
    listed = [
        ses.ReceiptFilter(
            policy="Block" if at % 2 else "Allow", cidr=f"10.{at}.{at % 4}.0/{22 + at % 3}", name=f"f{at}"
        )
        for at in range(filters)
    ]
    return ses.Account(
        identities=("example.com",),
        rule_sets=(ses.ReceiptRuleSet(name="main", rules=made),),
        active="main",
        filters=listed,
    )


def swapped(account: ses.Account) -> ses.Account:
    """The account with two neighbouring rules in the other order, so that pairs of recipients have to be looked at."""
    active = account.active_rule_set
    assert active is not None
    rules, middle = list(active.rules), len(active.rules) // 2
    rules[middle], rules[middle + 1] = rules[middle + 1], rules[middle]
    return account.with_rule_set(active.replace(rules=rules))
