"""How long templates take to load, and to be written: seconds of the processor, the best of three.

    python tests/benchmarks/bench_formats.py

Goals: a template of 200 rules in less than a second, a folder of 50 Terraform files in less than five. Time of the
processor is taken, as another program on the machine is none of ours; a slow or busy machine still shows in it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from harness import Row, finish, options

import sesreceive as ses
from sesreceive.formats.cloudformation_text import to_template

RULES, FILES = 200, 50
# Seconds that loading may take.
OF_RULES, OF_FILES = 1.0, 5.0


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
    seconds = []
    for _ in range(3):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return min(seconds)


def loaded(what: str, source: object, goal_s: float) -> Row:
    """Load it; how long that took beside the goal."""
    seconds = best(lambda: ses.load(source))
    return Row.bound(f"loading {what}", seconds, goal_s, "s", most=True)


def main() -> None:
    chosen = options(__doc__, rounds=1).parse_args()
    made = account()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form, file in (("cloudformation", "t.yaml"), ("terraform", "tf/main.tf"), ("json", "a.json")):
            path = folder / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(made.to(form))
            print(f"{RULES} rules, {form:<15} written in {best(lambda form=form: made.to(form)):6.3f} s")
            rows.append(loaded(f"{RULES} rules, {form}", path, OF_RULES))
        data = to_template(made)
        rows.append(loaded(f"{RULES} rules, a dict", data, OF_RULES))
        many = folder / "many"
        many.mkdir()
        terraform_folder(many)
        rows.append(loaded(f"{FILES} Terraform files", many, OF_FILES))
        # Rules without `After` are the slowest: all of them are compared.
        loose = {**data, "Resources": {key: dict(one) for key, one in data["Resources"].items()}}
        for one in loose["Resources"].values():
            one["Properties"] = {key: value for key, value in one["Properties"].items() if key != "After"}
        del loose["Metadata"]
        rows.append(loaded(f"{RULES} rules in no order", loose, OF_RULES))
    finish(rows, chosen)


if __name__ == "__main__":
    main()
