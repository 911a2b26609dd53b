"""S3, SNS, sizes and encryption.

A bucket takes the whole mail; a topic tells of it, and has the mail itself only while it is small.
"""

from __future__ import annotations

from sesreceive.gallery.pieces import account, publish, rule, store
from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.equivalence import RulesGoal
from sesreceive.lessons.exercise import Exercise, Mistake

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "19-s3-sns-and-encryption.ipynb"

STORE_AND_NOTIFY = store("mail/", topic="news")

EXERCISES = (
    Exercise(
        name="tell-of-large",
        task="Every mail lies in the bucket `inbox` under `mail/`, and the topic `news` is told of each, also of one "
        "with 20 MB. One rule for all recipients, and nobody gets a bounce.",
        start=account(rule("everything", store("mail/"), publish("news"))),
        goal=RulesGoal(account(rule("everything", STORE_AND_NOTIFY))),
        mistakes=(
            Mistake(
                account(rule("everything", store("mail/"), publish("news"))),
                "look at the size of the mail that shows it: what does an SNS action do with such a mail?",
            ),
            Mistake(
                account(rule("everything", publish("news"), store("mail/"))),
                "the order of the two does not help a large mail.",
            ),
            Mistake(account(rule("everything", store("mail/"))), "and the topic?"),
            Mistake(account(rule("everything", publish("news"))), "and the bucket?"),
        ),
        fact="An SNS action publishes the mail itself, up to 150 KB, and bounces larger ones; an S3 action with a "
        "topic only tells of the object",
        source='Developer Guide, "Publish to Amazon SNS topic action"',
    ),
    Exercise(
        name="key",
        task="The prefix of an S3 action is `billing`, without a slash. The message id is `abc`. Which key does the "
        "object have?",
        goal=ChoiceGoal(
            "`billing/abc`",
            {
                "`billingabc`": "there is a slash between prefix and id, whether you write it or not.",
                "`billing/abc.eml`": "nothing is put behind the id.",
                "`abc`": "the prefix stands in front.",
            },
        ),
        fact="A key is prefix, a slash where there is none, and message id",
        tag="observed",
        source="public objects",
    ),
    Exercise(
        name="encrypted",
        task="An S3 action has a KMS key. A colleague opens the object in the console of S3, with full rights on "
        "bucket and key, and sees noise. Why?",
        goal=ChoiceGoal(
            "SES encrypts before it stores, so the reader has to decrypt it with the S3 Encryption Client",
            {
                "the colleague lacks kms:Decrypt": "the rights were said to be there, and S3 would have refused the "
                "object.",
                "the object is damaged": "it is as SES stored it.",
                "it is compressed": "SES compresses nothing.",
            },
        ),
        fact="Client-side encryption: S3 never sees the mail in clear, and does not decrypt it for anybody",
        source='Developer Guide, "Deliver to S3 bucket action"',
    ),
    Exercise(
        name="setup-message",
        task="You save a rule with an S3 action, and the bucket has an object named AMAZON_SES_SETUP_NOTIFICATION. "
        "No mail comes. What does the object prove?",
        goal=ChoiceGoal(
            "SES may write into the bucket, and nothing else",
            {
                "the rule set is active": "the object is written when the rule is saved, active or not.",
                "mail reaches SES": "it is no mail; nobody sent it.",
                "the MX record is right": "DNS was not asked for it.",
            },
        ),
        fact="The setup message is a test of the right to write",
        tag="observed",
        source="public reports of users",
    ),
)
