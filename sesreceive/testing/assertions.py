"""Assertions about mail that was received, and about accounts; one that fails says why, with the explanation.

With ``soft=True`` an assertion that fails is a warning and gives False, so that a test goes on and tells all.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

from sesreceive.account.account import Account
from sesreceive.account.member import members
from sesreceive.analysis.compare import compare
from sesreceive.analysis.proof import Proof
from sesreceive.arn import Arn
from sesreceive.assumption import Assumptions
from sesreceive.effects import Effect, PutObject, SendBounce
from sesreceive.errors import one_line
from sesreceive.reception import Reception
from sesreceive.trace.events import Kind
from sesreceive.trace.facts import RuleFact
from sesreceive.wording import count, expected

__all__ = [
    "MailAssertionError",
    "SoftAssertionWarning",
    "assert_bounced",
    "assert_delivered",
    "assert_equivalent",
    "assert_holds",
    "assert_not_delivered",
    "assert_refused",
]

_DIFFERENCES = 5


class MailAssertionError(AssertionError):
    """Something else became of the mail than a test expects.

    Attributes
    ----------
    receptions : tuple of Reception
        The mail; its explanation is in the message.
    """

    def __init__(self, text: str, receptions: Iterable[Reception] = ()) -> None:
        self.receptions = tuple(receptions)
        super().__init__(text)


class SoftAssertionWarning(UserWarning):
    """An assertion with ``soft=True`` failed.

    Attributes
    ----------
    receptions : tuple of Reception
        The mail; its explanation is in the message.
    """

    def __init__(self, text: str, receptions: Iterable[Reception] = ()) -> None:
        self.receptions = tuple(receptions)
        super().__init__(text)


def assert_delivered(
    reception: Reception, target: str = "", *, rule: str = "", recipient: str = "", soft: bool = False
) -> bool:
    """The mail was accepted, and something was delivered: stored, published, handed to a function or to WorkMail.

    Parameters
    ----------
    reception : Reception
        What became of the mail.
    target : str, optional
        Where to: a bucket (``inbox``), what a key begins with (``s3://inbox/billing/``), an ARN, or the plain name of
        a topic, function or organization. Anything by default.
    rule : str, optional
        The rule that has to do it.
    recipient : str, optional
        The recipient whose rules have to do it.
    soft : bool
        Whether a failure is a warning.

    Returns
    -------
    bool
        Whether it is so; with ``soft=False`` always True.

    Raises
    ------
    MailAssertionError
        When it is not so: what was expected, what was done, and the explanation of the mail.

    Examples
    --------
    >>> import sesreceive as ses
    >>> from sesreceive.testing import make_account, make_mail, make_rule
    >>> account = make_account(make_rule("all", ses.S3Action(bucket_name="inbox", object_key_prefix="mail/")))
    >>> reception = make_mail("ana@example.com").receive(ses.Receiver(account, seed=1))
    >>> assert_delivered(reception, "s3://inbox/mail/", rule="all")
    True
    >>> assert_delivered(reception, "inbx")
    Traceback (most recent call last):
    ...
    sesreceive.testing.assertions.MailAssertionError: expected a delivery to `inbx` but the mail went to `s3://inbox/...
    """
    __tracebackhide__ = True
    done = list(_deliveries(reception, rule, recipient))
    if any(not target or _goes_to(effect, target) for effect in done):
        return True
    wanted = _wanted("a delivery", target, rule, recipient)
    return _fail(f"{wanted} but {_instead(reception, done)}{_hint(reception, target)}", [reception], soft)


def assert_not_delivered(
    reception: Reception, target: str = "", *, rule: str = "", recipient: str = "", soft: bool = False
) -> bool:
    """Nothing was delivered there; parameters as `assert_delivered` has them.

    Raises
    ------
    MailAssertionError
        When something was.
    """
    __tracebackhide__ = True
    done = [one for one in _deliveries(reception, rule, recipient) if not target or _goes_to(one, target)]
    if not done:
        return True
    wanted = _wanted("no delivery", target, rule, recipient)
    return _fail(f"{wanted} but {_instead(reception, done)}", [reception], soft)


def assert_bounced(
    reception: Reception, code: int | str = "", *, rule: str = "", recipient: str = "", soft: bool = False
) -> bool:
    """The mail was accepted and a bounce was sent for it, which an action did or SES itself.

    Parameters
    ----------
    reception : Reception
        What became of the mail.
    code : int or str, optional
        How the bounce has to begin: ``550`` or ``550 5.1.1``.
    rule, recipient, soft
        As `assert_delivered` has them.

    Raises
    ------
    MailAssertionError
        When none was, or only others.
    """
    __tracebackhide__ = True
    rules = _rules_of(reception, rule, recipient)
    bounces = [one for one in reception.effects if isinstance(one, SendBounce) and (rules is None or one.rule in rules)]
    codes = [f"{one.smtp_reply_code} {one.status_code}".strip() for one in bounces]
    if any(_begins(text, code) for text in codes):
        return True
    wanted = _wanted(f"a bounce with {code}" if code else "a bounce", "", rule, recipient)
    if codes:
        instead = f"the mail bounced with {', '.join(f'`{one_line(text, 40)}`' for text in codes)}"
    elif not reception.accepted:
        instead = f"the mail was refused with `{one_line(reception.reply)}`, which is no bounce (see assert_refused)"
    else:
        instead = _instead(reception, list(_deliveries(reception, "", "")))
    return _fail(f"{wanted} but {instead}", [reception], soft)


def assert_refused(reception: Reception, code: int | str = "", *, recipient: str = "", soft: bool = False) -> bool:
    """The mail, or one recipient of it, was refused in the SMTP session.

    Parameters
    ----------
    reception : Reception
        What became of the mail.
    code : int or str, optional
        How the reply has to begin: ``550`` or ``550 5.7.1``.
    recipient : str, optional
        The recipient that has to be refused; the whole mail by default.
    soft : bool
        Whether a failure is a warning.

    Raises
    ------
    MailAssertionError
        When it was accepted, or refused with another code.
    """
    __tracebackhide__ = True
    if recipient:
        answers = [one for one in reception.recipients if one.recipient.lower() == recipient.lower()]
        accepted, replies = not answers or answers[-1].accepted, [one.reply for one in answers]
    else:
        accepted, replies = reception.accepted, [reception.reply]
    if not accepted and _begins(str(replies[-1]), code):
        return True
    wanted = _wanted(f"a refusal with {code}" if code else "a refusal", "", "", recipient)
    said = f"the answer was `{one_line(replies[-1])}`" if replies else "the mail does not name it"
    return _fail(f"{wanted} but {said}", [reception], soft)


def assert_equivalent(
    account: Account,
    other: Account,
    *,
    order: str = "target",
    assumptions: Assumptions | None = None,
    soft: bool = False,
) -> bool:
    """It is proved that two accounts treat all mail alike; see `sesreceive.analysis.compare.compare`.

    Raises
    ------
    MailAssertionError
        When they do not, or it is not proved: each difference with the mail that shows it, and what becomes of the
        first in both.
    """
    __tracebackhide__ = True
    found = compare(account, other, order=order, assumptions=assumptions)
    if found.equal:
        return True
    lines = [f"expected two accounts that treat all mail alike but there are {count(len(found), 'difference')}"]
    for one in found[:_DIFFERENCES]:
        lines += [f"  {one_line(repr(one)[1:-1], 800)}", f"      shown by a mail {one_line(one.witness.text, 600)}"]
    if len(found) > _DIFFERENCES:
        lines.append(f"  and {len(found) - _DIFFERENCES} more")
    lines += [f"  undecided: {one_line(text, 400)}" for text in found.undecided]
    receptions = found[0].receptions() if found else ()
    return _fail("\n".join(lines), receptions, soft)


def assert_holds(proof: Proof, account: Account | None = None, *, soft: bool = False) -> bool:
    """A claim about an account holds for all mail, such as what `must`, `must_never` and `equivalent` give.

    Parameters
    ----------
    proof : Proof
        The answer.
    account : Account, optional
        The account that it is about: then the mail that breaks it is explained.
    soft : bool
        Whether a failure is a warning.

    Raises
    ------
    MailAssertionError
        When some mail breaks it: why, and that mail.
    """
    __tracebackhide__ = True
    if proof.holds:
        return True
    mail = proof.witness
    shown = f"\n  shown by a mail {one_line(mail.text, 600)}" if mail is not None else ""
    receptions = [mail.receive(account)] if mail is not None and account is not None else []
    return _fail(f"{one_line(repr(proof)[1:-1], 1000)}{shown}", receptions, soft)


# ---------------------------------------------------------------- what was done


def _rules_of(reception: Reception, rule: str, recipient: str) -> set[str] | None:
    """The rules that are asked about; None for all."""
    if not recipient:
        return {rule} if rule else None
    names = {
        event.rule
        for event in reception.fired
        if event.kind is Kind.RULE
        and isinstance(event.fact, RuleFact)
        and recipient.lower() in map(str.lower, event.fact.recipients)
    }
    return names & {rule} if rule else names


def _deliveries(reception: Reception, rule: str, recipient: str) -> Iterator[Effect]:
    rules = _rules_of(reception, rule, recipient)
    for effect in reception.effects:
        if not isinstance(effect, SendBounce) and (rules is None or effect.rule in rules):
            yield effect


def _goes_to(effect: Effect, target: str) -> bool:
    if isinstance(effect, PutObject):
        bucket, _, prefix = target.removeprefix("s3://").partition("/")
        return effect.bucket == bucket and effect.key.startswith(prefix)
    return target == effect.target or target in _plain_names(effect.target)


def _plain_names(target: str) -> tuple[str, ...]:
    """What people call an ARN: of a function its name, of an organization its id, of a topic the end."""
    arn = Arn.parse(target)
    return (arn.function_name, arn.resource.rpartition("/")[2]) if arn else (target,)


def _shown(effect: Effect) -> str:
    where = f"s3://{effect.bucket}/{effect.key}" if isinstance(effect, PutObject) else effect.target
    return f"`{one_line(where, 160)}`"


def _instead(reception: Reception, done: list[Effect]) -> str:
    if not reception.accepted:
        return f"the mail was refused with `{one_line(reception.reply)}`: {one_line(reception.decided.sentence, 300)}"
    if done:
        more = f" and {count(len(done) - 4, 'more target')}" if len(done) > 4 else ""
        return f"the mail went to {', '.join(map(_shown, done[:4]))}{more}"
    bounced = any(isinstance(effect, SendBounce) for effect in reception.effects)
    what = "the mail bounced" if bounced else "nothing was delivered"
    return f"{what}: {one_line(reception.decided.sentence, 300)}"


def _hint(reception: Reception, target: str) -> str:
    """That the account has no such target, and the nearest one."""
    if not target:
        return ""
    active = reception.account.active_rule_set
    names: dict[str, None] = {}
    for rule in active.rules if active is not None else ():
        for action in rule.actions:
            for member in members(type(action)):
                value = getattr(action, member.name)
                if isinstance(value, str) and (member.name == "bucket_name" or member.name.endswith("_arn")):
                    names.update(dict.fromkeys((value, *_plain_names(value))))
    wanted = target.removeprefix("s3://").partition("/")[0]
    if wanted in names or target in names:
        return ""
    return f"\nno rule has that target: {expected('a target of the account', wanted, list(names))}"


def _begins(text: str, code: int | str) -> bool:
    wanted = str(code)
    return text.startswith(wanted) and text[len(wanted) : len(wanted) + 1] in ("", " ")


def _wanted(what: str, target: str, rule: str, recipient: str) -> str:
    where = f" to `{one_line(target, 160)}`" if target else ""
    by = f" by the rule `{one_line(rule, 80)}`" if rule else ""
    whom = f" for `{one_line(recipient, 160)}`" if recipient else ""
    return f"expected {what}{where}{by}{whom}"


def _fail(text: str, receptions: Iterable[Reception], soft: bool) -> bool:
    __tracebackhide__ = True
    receptions = tuple(receptions)
    whole = "\n\n".join([text, *(str(reception.explain()) for reception in receptions)])
    if not soft:
        raise MailAssertionError(whole, receptions)
    warnings.warn(SoftAssertionWarning(whole, receptions), stacklevel=3)
    return False
