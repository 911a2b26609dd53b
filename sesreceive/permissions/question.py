"""What one effect needs to be allowed, access by access in the order SES asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sesreceive.account.account import Account
from sesreceive.account.action import ReceiptAction
from sesreceive.account.regions import RECEIVING
from sesreceive.backends.failure_plan import what_failed
from sesreceive.effects import Effect, Invoke, Publish, PutObject, StartContact
from sesreceive.errors import one_line
from sesreceive.permissions.access import Access, Decision, decide
from sesreceive.permissions.needs import missing_statement, of_role, of_ses, trust_statement
from sesreceive.permissions.refusal import Refusal
from sesreceive.permissions.rule_effects import OWN_KEY, role_of
from sesreceive.permissions.target import Target

__all__ = ["Question"]

# [SNS Developer Guide, "Enable compatibility between event sources and encrypted topics"]; for S3 it follows from the
# policy of such a key, which is for principals of the account.
_AWS_KEY = (
    "it is a key of AWS's own, whose policy is not for SES and cannot be changed; encrypt with a customer managed key"
)


class Question:
    """One effect: every access that it needs, in the order SES would ask."""

    def __init__(
        self,
        find: Callable[[str, str], Target | None],
        account: Account,
        rule_set: str,
        effect: Effect,
        action: ReceiptAction | None,
        at: datetime | None,
        rule: str | None = None,
    ) -> None:
        self.find, self.account, self.rule_set, self.at = find, account, rule_set, at
        self.effect = effect
        self.rule = effect.rule if rule is None else rule
        self.role_arn = role_of(effect, action)
        self.role = find("role", self.role_arn) if self.role_arn else None
        self.assumed: list[str] = []

    def refusals(self) -> Iterator[Refusal]:
        effect = self.effect
        if self.role is not None:
            yield from self.trust(self.role)
        if isinstance(effect, PutObject):
            yield from self.put(effect)
        elif isinstance(effect, Publish):
            topic = self.find("topic", effect.topic_arn)
            yield from self.allowed("topic", effect.topic_arn, topic, "sns:Publish", effect.topic_arn)
            if topic is not None and topic.key:
                context = {"aws:sns:topicArn": effect.topic_arn}
                of = f"the topic `{one_line(effect.topic_arn, 200)}`"
                yield from self.use_key(topic.key, context=context, via="sns", of=of)
        elif isinstance(effect, Invoke):
            function = self.find("function", effect.function_arn)
            yield from self.allowed(
                "function", effect.function_arn, function, "lambda:InvokeFunction", effect.function_arn
            )

    def put(self, effect: PutObject) -> Iterator[Refusal]:
        bucket = self.find("bucket", effect.bucket)
        resource = f"arn:aws:s3:::{effect.bucket}/{effect.key}"
        region = bucket.region if bucket is not None else ""
        if region and region not in RECEIVING and not self.role_arn:
            yield self.refused(
                "bucket",
                effect.bucket,
                what_failed(effect),
                f"it lies in `{one_line(region, 40)}`, where SES does not receive mail, "
                "so the action needs an IamRoleArn",
            )
            return
        yield from self.allowed(
            "bucket",
            effect.bucket,
            bucket,
            "s3:PutObject",
            resource,
            suggested=f"arn:aws:s3:::{effect.bucket}/*",
        )
        if effect.kms_key_arn:
            context = effect.encryption_context or {
                "aws:ses:message-id": effect.message_id,
                "aws:ses:rule-name": effect.rule,
                "aws:ses:source-account": str(self.account.account_id or ""),
            }
            yield from self.use_key(effect.kms_key_arn, context=context)
        if bucket is not None and bucket.key:
            of = f"the bucket `{one_line(effect.bucket, 80)}`"
            yield from self.use_key(bucket.key, context={"aws:s3:arn": resource}, via="s3", of=of)

    # -------------------------------------------------------------- one access

    def access(self, action: str, resource: str, **more: Any) -> Access:
        if self.role_arn:
            more.pop("via", None)
            return of_role(action, resource, self.role_arn, at=self.at, **more)
        return of_ses(
            action, resource, account=self.account, rule_set=self.rule_set, rule=self.rule, at=self.at, **more
        )

    def allowed(
        self, kind: str, name: str, target: Target | None, action: str, resource: str, *, suggested: str = ""
    ) -> Iterator[Refusal]:
        """The refusal of one access to a bucket, topic or function, where there is one."""
        access = self.access(action, resource)
        decision = self.decided(target, access)
        if decision is None or decision.allowed:
            return
        yield self.refused(
            kind,
            name,
            what_failed(self.effect),
            decision.reason,
            self.mend(decision, access, suggested or resource, kind, name),
        )

    def use_key(
        self, key_arn: str, *, context: Mapping[str, str] | None = None, via: str = "", of: str = ""
    ) -> Iterator[Refusal]:
        """The refusal of a data key; a topic, and a bucket where no role is taken on, needs Decrypt, too."""
        if key_arn.endswith(OWN_KEY) and not via:
            return
        error = f"unable to use the KMS key `{one_line(key_arn, 200)}`"
        if of:
            error = f"{what_failed(self.effect)}: unable to use the KMS key `{one_line(key_arn, 200)}` of {of}"
        if via and not self.role_arn and key_arn.endswith(f"alias/aws/{via}"):
            yield self.refused("key", key_arn, error, _AWS_KEY)
            return
        key = self.find("key", key_arn)
        # A role that puts an object needs no more than a data key; what SES itself needs is as its guide has it.
        both = via == "sns" or (via and not self.role_arn)
        for action in ("kms:GenerateDataKey", "kms:Decrypt") if both else ("kms:GenerateDataKey",):
            access = self.access(action, key.arn if key is not None else key_arn, encryption_context=context, via=via)
            decision = self.decided(key, access)
            if decision is None or decision.allowed:
                continue
            # A grant is as good as an Allow of the key's policy, and no better than a Deny.
            if key is not None and not decision.denied and key.granted(access, context or {}):
                continue
            mend = self.mend(decision, access, "*", "key", key_arn)
            yield self.refused("key", key_arn, error, decision.reason, mend)

    def trust(self, role: Target) -> Iterator[Refusal]:
        access = of_ses(
            "sts:AssumeRole",
            role.arn,
            account=self.account,
            rule_set=self.rule_set,
            rule=self.rule,
            at=self.at,
        )
        if isinstance(self.effect, StartContact) and not role.trust:
            return
        none = f"its trust policy does not let {access.who} do sts:AssumeRole ({role.place})"
        decision = decide(role.trust, access, none=none)
        self.assumed += decision.assumed
        if not decision.allowed:
            mend: tuple[Mapping[str, Any], str] = ({}, "")
            if not decision.denied:
                statement = trust_statement(account=self.account, rule_set=self.rule_set)
                mend = (statement, f"the trust policy of the role `{one_line(role.name, 120)}`")
            error = f"{what_failed(self.effect)}: could not assume the role `{one_line(role.arn, 200)}`"
            yield self.refused("role", role.arn, error, decision.reason, mend)

    def decided(self, target: Target | None, access: Access) -> Decision | None:
        """What the policies say of an access; None where not all of them are known and none of them denies."""
        decision = self.by_service(target, access) if access.service else self.by_role(target, access)
        if decision is not None:
            self.assumed += decision.assumed
        return decision

    def by_service(self, target: Target | None, access: Access) -> Decision | None:
        """SES itself: the policy of the resource alone counts."""
        if target is None:
            return None
        none = f"it has no policy that lets {access.who} do {access.action}"
        if target.policy:
            none = f"no statement of its policy lets {access.who} do {access.action}"
        return decide(target.policy, access, none=f"{none} ({target.place})" if target.place else none)

    def by_role(self, target: Target | None, access: Access) -> Decision | None:
        """A role of the account: its own policies or those of the resource allow; a Deny of either wins."""
        role = self.role
        of_resource = decide(target.policy, access) if target is not None else None
        if of_resource is not None and of_resource.denied:
            return of_resource
        role = self.role
        if role is None:
            return None
        none = f"no policy of the role `{one_line(role.name, 120)}` allows {access.action} on it ({role.place})"
        own = decide(role.policy, access, none=none)
        if own.denied:
            return own
        if of_resource is not None and of_resource.allowed and not of_resource.delegated:
            return of_resource  # it names the role itself
        if access.action.startswith("kms:") and target is not None and not (of_resource and of_resource.allowed):
            # Policies of IAM count for a key only where its own policy lets the account's do so.
            return decide(
                target.policy,
                access,
                none=f"no statement of its policy lets {access.who} do {access.action} ({target.place})",
            )
        return own if own.allowed or not role.unseen else None

    # -------------------------------------------------------------- a refusal

    def key_policy_lets(self, access: Access, name: str) -> bool:
        key = self.find("key", name)
        return key is None or decide(key.policy, access).allowed

    def mend(
        self, decision: Decision, access: Access, resource: str, kind: str, name: str
    ) -> tuple[Mapping[str, Any], str]:
        if decision.denied:
            return {}, ""
        statement = missing_statement(access, resource, account=self.account, rule_set=self.rule_set)
        if access.role and kind == "key" and not self.key_policy_lets(access, name):
            # A key's own policy has to let the role; those of IAM alone do not.
            return {**statement, "Principal": {"AWS": access.role}}, f"the policy of the key `{one_line(name, 300)}`"
        if access.role:
            statement["Resource"] = access.resource if kind == "key" else resource
            return statement, f"a policy of the role `{one_line(access.role, 300)}`"
        return statement, f"the policy of the {kind} `{one_line(name, 300)}`"

    def refused(
        self, kind: str, target: str, error: str, reason: str, mend: tuple[Mapping[str, Any], str] = ({}, "")
    ) -> Refusal:
        return Refusal(
            kind=kind,
            target=target,
            rule_set=self.rule_set,
            rule=self.rule,
            error=error,
            reason=reason,
            add=mend[0],
            where=mend[1],
        )
