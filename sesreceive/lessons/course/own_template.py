"""Your own template.

CloudFormation, CDK and Terraform write the same rules down in other words, and each has other defaults.
"""

from __future__ import annotations

from sesreceive.lessons.choice import ChoiceGoal
from sesreceive.lessons.exercise import Exercise

__all__ = ["EXERCISES", "NOTEBOOK"]

NOTEBOOK = "05-your-own-template.ipynb"

EXERCISES = (
    Exercise(
        name="without-after",
        task="CreateReceiptRule is called for the rules a, b and c, in this order and each time without `After`. In "
        "which order do they stand?",
        goal=ChoiceGoal(
            "c, b, a",
            {
                "a, b, c": "a rule without After does not go to the end.",
                "a, c, b": "each of them goes to the same place.",
                "in no order: SES sorts them": "rules have an order, and it counts.",
            },
        ),
        fact="A rule without After becomes the first",
        source="SES API CreateReceiptRule",
    ),
    Exercise(
        name="activate",
        task="A CloudFormation stack with a rule set and its rules was made without an error, and no mail comes in. "
        "What does the template lack?",
        goal=ChoiceGoal(
            "nothing that it could have: no resource type makes a rule set active",
            {
                "`Active: true` in the rule set": "the type has no such member.",
                "`DependsOn` in the rules": "this is about the order in which they are made.",
                "a version of the template": "the stack was made.",
            },
        ),
        fact="A rule set is made active by SetActiveReceiptRuleSet, outside of the template",
        source="CloudFormation and CDK reference, by absence",
    ),
    Exercise(
        name="enabled",
        task="A rule in Terraform (`aws_ses_receipt_rule`) does not say `enabled`. What follows?",
        goal=ChoiceGoal(
            "it is made switched off, and takes no mail",
            {
                "it is enabled": "so does CDK, and not the provider of Terraform.",
                "Terraform refuses the file": "the argument is optional.",
                "it is enabled when the set becomes active": "the two have nothing to do with each other.",
            },
        ),
        fact="CDK enables rules; Terraform's provider and CloudFormation do not unless told",
        source="reference of each",
    ),
)
