"""What an account must always do with some mail, and must never do: proved, or broken by a mail that shows it."""

from __future__ import annotations

from collections.abc import Iterable

from sesreceive.account.account import Account
from sesreceive.analysis.claim import Claim
from sesreceive.analysis.function_models import Functions
from sesreceive.analysis.intent_scope import Recipients, Scope
from sesreceive.analysis.predicates import NumberIs, TextIs, VerdictIs
from sesreceive.analysis.proof import Proof
from sesreceive.analysis.wanted_effect import Does
from sesreceive.assumption import Assumptions

__all__ = ["Does", "NumberIs", "TextIs", "VerdictIs", "must", "must_never"]


def must(
    account: Account,
    outcome: Does | str,
    *,
    recipients: Recipients = None,
    clients: str | Iterable[str] | None = None,
    tls: bool | None = None,
    size: NumberIs | None = None,
    unless: VerdictIs | Iterable[VerdictIs] = (),
    functions: Functions | None = None,
    assumptions: Assumptions | None = None,
) -> Proof:
    """Whether some mail always comes to an outcome, whoever else the message is to; if not, the mail that shows it.

    Parameters
    ----------
    account : Account
        The account.
    outcome : Does or str
        What some rule that matches the recipient must do; or ``accepted`` or ``refused``, the answer to RCPT TO.
    recipients : str, TextIs or several, optional
        As rules name them: an address, a domain, ``.`` and a domain. A `TextIs` chooses among those that some rule
        matches; without any, all those are meant.
    clients : str or iterable of str, optional
        Networks that the mail comes from; else whatever the filters let in, and for ``accepted`` and ``refused`` any.
    tls : bool, optional
        With TLS or in clear text alone.
    size : NumberIs, optional
        Bytes of the message.
    unless : VerdictIs or several
        Mail with such a verdict is not meant.
    functions : mapping, optional
        What functions are known to answer: name or ARN, then disposition, then when, such as
        ``{"gate": {"STOP_RULE_SET": VerdictIs("virus", "FAIL")}}``. Others may answer anything.
    assumptions : Assumptions, optional
        How the open points of SES are read.

    Returns
    -------
    Proof
        True in a condition where it holds.

    Raises
    ------
    InputError
        When an argument is none of these, or no mail is meant.

    Notes
    -----
    An action counts that is asked for; what a failure of S3 or of a function does is not part of the claim. For *n*
    conditions and *r* rules the time is of the order *n r*, for each choice of verdicts that `unless` and `functions`
    leave.

    Examples
    --------
    >>> import sesreceive as ses
    >>> arn = "arn:aws:lambda:us-east-1:111122223333:function:gate"
    >>> gate = ses.LambdaAction(function_arn=arn, invocation_type="RequestResponse")
    >>> rule = ses.ReceiptRule(
    ...     name="all", enabled=True, scan_enabled=True, actions=(gate, ses.S3Action(bucket_name="inbox"))
    ... )
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> stored, infected = Does("PutObject", "inbox"), VerdictIs("virus", "FAIL")
    >>> must(account, stored, recipients="ana@example.com").needs
    ('`gate` answers STOP_RULE_SET',)
    >>> stops_viruses = {"gate": {"STOP_RULE_SET": infected}}
    >>> bool(must(account, stored, recipients="ana@example.com", unless=infected, functions=stops_viruses))
    True
    """
    scope = Scope.of(recipients, clients, tls, size)
    claim = Claim(account, outcome, scope, unless, functions, assumptions)
    return claim.always()


def must_never(
    account: Account,
    outcome: Does | str,
    *,
    recipients: Recipients = None,
    clients: str | Iterable[str] | None = None,
    tls: bool | None = None,
    size: NumberIs | None = None,
    unless: VerdictIs | Iterable[VerdictIs] = (),
    functions: Functions | None = None,
    assumptions: Assumptions | None = None,
) -> Proof:
    """Whether no mail of some kind comes to an outcome; if some does, the mail that shows it.

    Parameters
    ----------
    account, outcome, recipients, clients, tls, size, unless, functions, assumptions
        As `must` takes them. What a rule does counts for the recipients that it matches.

    Raises
    ------
    InputError
        When an argument is none of these, or no mail is meant.

    Examples
    --------
    >>> import sesreceive as ses
    >>> rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    >>> account = ses.Account(
    ...     identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    ... )
    >>> proof = must_never(account, Does("PutObject"), tls=False)
    >>> bool(proof), proof.witness.envelope.tls
    (False, False)
    >>> strict = account.active_rule_set.replace(rules=(rule.replace(tls_policy="Require"),))
    >>> bool(must_never(account.with_rule_set(strict), Does("PutObject"), tls=False))
    True
    """
    scope = Scope.of(recipients, clients, tls, size)
    claim = Claim(account, outcome, scope, unless, functions, assumptions)
    return claim.never()
