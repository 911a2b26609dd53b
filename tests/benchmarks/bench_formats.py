"""How long templates take to load, and to be written: seconds, the best of three, of one machine at one time.

    python tests/benchmarks/bench_formats.py

Goals: a template of 200 rules in less than a second, a folder of 50 Terraform files in less than five.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import sesreceive as ses
from sesreceive.formats.cloudformation_text import to_template

RULES, FILES = 200, 50


def account(rules: int = RULES) -> ses.Account:
    """Rules with three recipients and three actions each."""
    made = [
        ses.ReceiptRule(
            name=f"rule-{number}",
            enabled=True,
            recipients=[f"{box}-{number}@example.com" for box in ("in", "help", "sales")],
            actions=[
                ses.AddHeaderAction(header_name="X-Rule", header_value=str(number)),
                ses.S3Action(bucket_name="inbox", object_key_prefix=f"{number}/"),
                ses.SNSAction(topic_arn="arn:aws:sns:us-east-1:111122223333:mail"),
            ],
        )
        for number in range(rules)
    ]
    rule_set = ses.ReceiptRuleSet(name="main", rules=made)
    return ses.Account(identities=["example.com"], rule_sets=[rule_set], active="main")


def terraform_folder(folder: Path) -> Path:
    """Fifty files, each with a rule over a variable, locals, a bucket and what has nothing to do with mail."""
    for number in range(FILES):
        after = f'after = aws_ses_receipt_rule.r{number - 1}["in"].name' if number else ""
        (folder / f"f{number}.tf").write_text(
            f"""
variable "v{number}" {{ default = "box-{number}" }}
locals {{ l{number} = format("%s-%s", var.v{number}, "x") }}
resource "aws_s3_bucket" "b{number}" {{ bucket = local.l{number} }}
resource "aws_s3_bucket_policy" "p{number}" {{
  bucket = aws_s3_bucket.b{number}.id
  policy = jsonencode({{ Statement = [{{ Effect = "Allow", Action = "s3:PutObject",
    Principal = {{ Service = "ses.amazonaws.com" }}, Resource = "${{aws_s3_bucket.b{number}.arn}}/*" }}] }})
}}
resource "aws_ses_receipt_rule" "r{number}" {{
  for_each      = toset(["in"])
  name          = "rule-{number}"
  rule_set_name = "main"
  recipients    = [for name in ["a", "b"] : "${{name}}-{number}@example.com"]
  enabled       = true
  {after}
  s3_action {{
    bucket_name = aws_s3_bucket.b{number}.id
    position    = 1
  }}
}}
"""
        )
    return folder


def best(run: Callable[[], object]) -> float:
    """Seconds of the fastest of three runs."""
    found = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def main() -> None:
    made = account()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form, file in (("cloudformation", "t.yaml"), ("terraform", "tf/main.tf"), ("json", "a.json")):
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(made.to(form))
            written, read = best(lambda form=form: made.to(form)), best(lambda path=path: ses.load(path))
            print(f"{RULES} rules, {form:<15} written in {written:6.3f} s, loaded in {read:6.3f} s")
        data = to_template(made)
        print(f"{RULES} rules, a template of JSON loaded in {best(lambda: ses.load(data)):6.3f} s")
        many = folder / "many"
        many.mkdir()
        terraform_folder(many)
        print(f"{FILES} Terraform files loaded in {best(lambda: ses.load(many)):6.3f} s")
        # Rules without `After` are the slowest: all of them are compared.
        loose = {**data, "Resources": {key: dict(one) for key, one in data["Resources"].items()}}
        for one in loose["Resources"].values():
            one["Properties"] = {key: value for key, value in one["Properties"].items() if key != "After"}
        del loose["Metadata"]
        print(f"{RULES} rules in no order loaded in {best(lambda: ses.load(loose)):6.3f} s")


if __name__ == "__main__":
    sys.exit(main())
