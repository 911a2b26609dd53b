"""The stack of `cdk.out`: a bucket, a topic, a function, two receipt rules in a rule set, and a filter."""

import aws_cdk as cdk
from aws_cdk import aws_lambda, aws_s3, aws_ses, aws_ses_actions, aws_sns

CODE = """
import boto3

def handler(event, context):
    mail = event["Records"][0]["ses"]["mail"]
    boto3.client("s3").put_object(Bucket="cdk-inbox", Key="seen/" + mail["messageId"], Body=b"seen")
"""


class Mail(cdk.Stack):
    def __init__(self, scope: cdk.App, name: str) -> None:
        # Without a bootstrap stack: the template goes with the request, and no role is taken.
        super().__init__(scope, name, synthesizer=cdk.LegacyStackSynthesizer())
        inbox = aws_s3.CfnBucket(self, "Inbox", bucket_name="cdk-inbox")
        topic = aws_sns.Topic(self, "Told", topic_name="cdk-told")
        seen = aws_lambda.Function(
            self,
            "Seen",
            runtime=aws_lambda.Runtime.PYTHON_3_12,
            handler="index.handler",
            code=aws_lambda.Code.from_inline(CODE),
        )
        bucket = aws_s3.Bucket.from_bucket_name(self, "Stored", inbox.ref)
        rules = aws_ses.ReceiptRuleSet(
            self,
            "Rules",
            receipt_rule_set_name="cdk-rules",
            rules=[
                aws_ses.ReceiptRuleOptions(
                    receipt_rule_name="store",
                    recipients=["example.com"],
                    actions=[aws_ses_actions.S3(bucket=bucket, object_key_prefix="mail/", topic=topic)],
                ),
                aws_ses.ReceiptRuleOptions(
                    receipt_rule_name="call", actions=[aws_ses_actions.Lambda(function=seen), aws_ses_actions.Stop()]
                ),
            ],
        )
        rules.node.add_dependency(inbox)
        aws_ses.ReceiptFilter(self, "Net", ip="203.0.113.0/24", policy=aws_ses.ReceiptFilterPolicy.BLOCK)


app = cdk.App(analytics_reporting=False)
Mail(app, "cdk-mail")
app.synth()
