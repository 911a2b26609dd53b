"""What tries to break an answer: a mail goes through the real pipeline, and what it does must not have been denied."""

from __future__ import annotations

from dataclasses import replace

import sesreceive as ses
from sesreceive.account.edits import removed
from sesreceive.analysis.comparison import Comparison, ends_alike
from sesreceive.analysis.intents import must, must_never
from sesreceive.analysis.interference import Interference
from sesreceive.analysis.unreachable import Unreachable
from sesreceive.analysis.witness import Answer, Witness
from sesreceive.stages.index import AccountIndex
from sesreceive.trace.events import Kind, Op


def performed_actions(reception: ses.Reception) -> set[tuple[str, int]]:
    """The actions whose turn it was, by rule and position."""
    return {
        (event.rule, event.action) for event in reception.fired if event.kind is Kind.ACTION and event.op is not Op.SKIP
    }


def seen(reception: ses.Reception) -> tuple[object, ...]:
    """What the world sees of a reception, whichever rule asked for it."""
    replies = tuple(str(reply) for reply in reception.replies)
    effects = tuple(
        (type(done.effect).__name__, done.effect.target, *_contents(done.effect)) for done in reception.performed
    )
    return replies, reception.accepted, effects


def _contents(effect: object) -> tuple[object, ...]:
    names = ("key", "body", "recipients", "smtp_reply_code", "message", "payload", "kms_key_arn", "raw")
    # The notification of a bounce has a boundary of its own, and a message tells how many milliseconds it took.
    return tuple(getattr(effect, name, None) for name in names if name not in ("raw", "message", "payload"))


def attack_unreachable(answer: Unreachable, mail: Witness) -> None:
    """No rule, action, condition or filter that is said to be dead takes part in what becomes of the mail."""
    account = answer.account
    if not mail.envelope.client_ip:
        return  # no session; a file has no client, and filters are not asked
    reception = mail.receive(account)
    fired = set(reception.rules)
    actions = performed_actions(reception)
    index = AccountIndex(account, reception.assumptions)
    accepted = [one.recipient for one in reception.recipients if one.accepted]
    for one in answer.items:
        if not one.dead:
            continue
        if one.kind == "rule":
            assert one.name not in fired, (one, mail)
        elif one.kind == "action":
            refused = any(
                event.kind is Kind.ACTION and event.op is Op.FAIL and (event.rule, event.action) == (one.name, one.item)
                for event in reception.fired
            )
            assert (one.name, one.item) not in actions or refused, (one, mail)
        elif one.kind == "filter":
            assert reception.decision.decided_by != one.name, (one, mail)
        elif one.name in fired and len(accepted) == 1:
            assert index.rules is not None
            assert (one.position, one.item) not in index.rules.conditions(accepted[0]), (one, mail)


def without(account: ses.Account, one) -> ses.Account:
    """The account without one thing."""
    if one.kind == "filter":
        return account.replace(filters=removed(account.filters, one.position))
    active = account.active_rule_set
    assert active is not None
    rule = active.rules[one.position]
    if one.kind == "rule":
        return account.with_rule_set(active.replace(rules=removed(active.rules, one.position)))
    part = "recipients" if one.kind == "condition" else "actions"
    changed = rule.replace(**{part: removed(getattr(rule, part), one.item)})
    rules = (*active.rules[: one.position], changed, *active.rules[one.position + 1 :])
    return account.with_rule_set(active.replace(rules=rules))


def attack_redundant(answer: Unreachable, mail: Witness) -> None:
    """The mail ends as before without anything that is said to be redundant, or dead."""
    before = seen(mail.receive(answer.account))
    for one in answer:
        if one.kind == "condition" and one.dead:
            continue  # a rule whose last condition is gone is for everybody
        if one.kind == "filter" and not mail.envelope.client_ip:
            continue
        if not mail.envelope.client_ip and one.dead:
            continue
        after = seen(mail.receive(without(answer.account, one)))
        assert before == after, (one, mail)


def confirm(answer: Unreachable) -> None:
    """Each mail that is said to show something shows it."""
    for one in answer.items:
        mail = one.witness
        if mail is None or one.kind == "filter":
            if mail is not None and not one.dead:
                assert mail.receive(answer.account).decision.decided_by == one.name, (one, mail)
            continue
        if any("close to the size limit" in need for need in one.needs):
            continue  # possible, and not shown
        reception = mail.receive(answer.account)
        if one.kind == "action":
            assert ((one.name, one.item) in performed_actions(reception)) is not one.dead, (one, mail)
        elif one.kind == "rule" or not one.dead:
            assert (one.name in reception.rules) is not one.dead, (one, mail)


def attack_comparison(comparison: Comparison, mail: Witness) -> None:
    """A mail that two accounts treat alike, by proof, ends alike; each difference is shown by its mail."""
    recipients = len({one.lower() for one in mail.envelope.rcpt_to})
    if not comparison.equal or (recipients > 2 and comparison.proved_for != "any number of recipients"):
        return
    before, after = mail.receive(comparison.before), mail.receive(comparison.after)
    assert ends_alike(before, after, order=comparison.order), (comparison, mail)


def confirm_comparison(comparison: Comparison) -> None:
    """Each mail that is said to end differently does."""
    for one in comparison:
        before, after = one.receptions()
        assert not ends_alike(before, after, order=comparison.order), (one, one.witness)


def done_by_rule(reception: ses.Reception) -> dict[str, list[tuple[str, str, int]]]:
    """What each rule did, and how many headers it shows that rules add; not whom it names, which company changes."""
    done: dict[str, list[tuple[str, str, int]]] = {}
    for attempt in reception.performed:
        effect = attempt.effect
        texts = [str(getattr(effect, name, "")) for name in ("body", "message", "payload", "raw")]
        headers = sum(text.count("X-Team") for text in texts)
        done.setdefault(effect.rule, []).append((type(effect).__name__, effect.target, headers))
    return done


def attack_interference(answer: Interference, mail: Witness) -> None:
    """Nobody's rules do otherwise in company than alone, but for those that are said to."""
    account = answer.account
    if not mail.envelope.client_ip or len(mail.envelope.rcpt_to) != 2 or 80_000 < mail.size_bytes < 153_601:
        return
    # Each function answers the same whenever it is asked, so that a mail to one is answered as the mail to both.
    fixed = {one.function_arn: one.flow for one in mail.answers}
    both = replace(mail, answers=tuple(Answer(arn, flow) for arn, flow in fixed.items() for _ in range(8)))
    together = both.receive(account)
    accepted = [one.recipient for one in together.recipients if one.accepted]
    if len(accepted) != 2:
        return
    listed = {(one.changed, one.kind) for one in answer}
    for recipient in accepted:
        done, done_together = done_by_rule(both.to(recipient).receive(account)), done_by_rule(together)
        for rule, effects in done.items():
            if rule not in done_together:
                assert {(rule, "stop"), (rule, "answer")} & listed, (rule, both)
            elif effects != done_together[rule]:
                assert (rule, "header") in listed, (rule, both)


def confirm_interference(answer: Interference) -> None:
    """Each message to two shows what it is said to show."""
    for one in answer:
        together, alone = one.witness.receive(answer.account), one.alone.receive(answer.account)
        done, done_together = done_by_rule(alone), done_by_rule(together)
        assert one.changed in done, one
        assert one.rule in together.rules, one
        assert one.rule not in alone.rules, one
        if one.kind in ("stop", "answer"):
            assert one.changed not in done_together, one
        elif one.kind == "bounce":
            assert "SendBounce" in [row[0] for row in done_together[one.rule]], one
            assert one.changed in done_together, one
        else:
            pairs = zip(done[one.changed], done_together[one.changed], strict=True)
            assert any(after[2] > before[2] for before, after in pairs), one


def outcome_comes(reception: ses.Reception, outcome: ses.Does | str, recipient: str) -> bool:
    """Whether an outcome comes for a recipient: the answer, or what a rule does that matches the recipient."""
    decided = next(one for one in reception.recipients if one.recipient == recipient)
    if outcome == "accepted" or outcome == "refused":
        return decided.accepted is (outcome == "accepted")
    assert isinstance(outcome, ses.Does)
    active = reception.account.active_rule_set
    if not decided.accepted or active is None:
        return False
    rules = {rule.name: rule for rule in active.rules if rule.name in decided.rules}
    done = [
        attempt.effect
        for attempt in reception.performed
        if attempt.effect.rule in rules and attempt.effect.operation == outcome.operation
    ]
    return any(outcome.is_done_by(rules[effect.rule].actions[effect.action]) for effect in done)


def attack_intent(
    account: ses.Account, outcome: ses.Does | str, condition: str, tls: bool | None, mail: Witness
) -> None:
    """The mail breaks no claim about recipients that a condition matches, if the claim is proved."""
    if not mail.envelope.client_ip or (tls is not None and tls is not mail.envelope.tls):
        return
    reception = mail.receive(account)
    if isinstance(outcome, ses.Does) and not reception.decision.accepted:
        return  # the filters refuse the client, who is not meant
    claims = {ask: bool(ask(account, outcome, recipients=condition, tls=tls)) for ask in (must, must_never)}
    for one in reception.recipients:
        if _matches(condition, one.recipient):
            comes = outcome_comes(reception, outcome, one.recipient)
            assert comes or not claims[must], (outcome, mail)
            assert not comes or not claims[must_never], (outcome, mail)


def _matches(condition: str, recipient: str) -> bool:
    probe = ses.ReceiptRule(name="probe", enabled=True, recipients=(condition,))
    rule_set = ses.ReceiptRuleSet(name="probe", rules=(probe,))
    domain = condition.rpartition("@")[2].removeprefix(".")
    account = ses.Account(identities=(domain,), rule_sets=(rule_set,), active="probe")
    return bool(ses.Receiver(account).receive(b"", rcpt_to=[recipient], client_ip="192.0.2.1").rules)


def confirm_intent(account: ses.Account, outcome: ses.Does | str, condition: str, tls: bool | None) -> None:
    """The mail that is said to break a claim breaks it; where it is sure, whatever functions answer."""
    for ask in (must, must_never):
        proof = ask(account, outcome, recipients=condition, tls=tls)
        if proof.witness is None or any("close to the size limit" in need for need in proof.needs):
            continue
        recipient = proof.witness.envelope.rcpt_to[0]
        mails = [proof.witness] if proof.needs else [proof.witness, replace(proof.witness, answers=())]
        for mail in mails:
            reception = mail.receive(account)
            assert outcome_comes(reception, outcome, recipient) is (ask is must_never), (proof, mail)
