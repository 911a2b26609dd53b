"""Laws of what reads an account: templates of CloudFormation, Serverless and Terraform, and the API's requests."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

from sesreceive.account.account import Account
from sesreceive.control.operations import Control
from sesreceive.control.query import answer_xml, error_xml, read_request
from sesreceive.control.requests import REQUESTS
from sesreceive.errors import ApiError, InputError, ValidationError
from sesreceive.formats.loading import load
from sesreceive.receiver import Receiver
from tests.fuzz.scratch import ROOT, scratch

# ---------------------------------------------------------------- the laws


def template(data: bytes) -> None:
    """A CloudFormation template, in YAML or JSON, is refused in sentences, or is an account that API JSON keeps."""
    for name in ("template.yaml", "template.json"):
        _loads(name, data)


def serverless(data: bytes) -> None:
    """A ``serverless.yml`` is refused in sentences, or is an account that API JSON keeps."""
    _loads("serverless.yml", data)


def terraform(data: bytes) -> None:
    """A Terraform file is refused in sentences, or is an account that API JSON keeps."""
    _loads("main.tf", data)


def terraform_json(data: bytes) -> None:
    """A ``.tf.json`` file, plan or state is refused in sentences, or is an account that API JSON keeps."""
    for name in ("main.tf.json", "plan.json"):
        _loads(name, data)


def api_json(data: bytes) -> None:
    """JSON of the API is refused in sentences, or is an account that API JSON keeps."""
    _loads("rules.json", data)


def _loads(name: str, data: bytes) -> None:
    """Load a folder of one file; show all that came out, and write and read the account once more."""
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        try:
            loaded = load(path)
        except (InputError, ValidationError):
            return
    for found in (loaded, *loaded.others):
        sentences = [str(one) for one in (*found.problems, *found.placeholders)]
        assert all(sentence and "\n" not in sentence for sentence in sentences)
        assert str(found)
        assert found._repr_html_()
        if not found.account.problems():
            assert Account.from_api(json.loads(json.dumps(found.account.to_api()))) == found.account


def query(data: bytes) -> None:
    """A body is refused with a code, or comes back from its members; the answer is XML in any case."""
    try:
        operation, members = read_request(data)
    except ApiError as error:
        _is_xml(error_xml(error, "id"))
        return
    assert read_request(_form(operation, members)) == (operation, members)
    control = Control(Receiver(Account(), seed=1))
    try:
        document = answer_xml(operation, control.call(operation, members), "id")
    except ApiError as error:
        document = error_xml(error, "id")
    _is_xml(document)


def _form(operation: str, members: object) -> bytes:
    """The form that says this."""
    fields = [("Action", operation), ("Version", "2010-12-01"), *_flat("", members)]
    return urlencode(fields).encode()


def _flat(key: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        pairs = [(name, inner) for name, inner in value.items()]
    elif isinstance(value, list) and value:
        pairs = [(f"member.{number}", inner) for number, inner in enumerate(value, 1)]
    else:
        scalar = "" if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
        yield key, scalar
        return
    if not pairs and key:
        yield key, ""
    for name, inner in pairs:
        yield from _flat(f"{key}.{name}" if key else name, inner)


def _is_xml(document: bytes) -> None:
    assert ElementTree.fromstring(document).tag.startswith("{")


# ---------------------------------------------------------------- their first inputs

# What the exporters do not write: functions, variables and whatever else a template computes with.
SERVICE = b"""
service: mail
provider: {name: aws, stage: "${opt:stage, 'dev'}"}
custom: {domain: "${self:provider.stage}.example.com"}
resources:
  - Conditions: {Prod: !Equals [!Ref Stage, prod]}
    Resources:
      Set: {Type: AWS::SES::ReceiptRuleSet}
      One:
        Type: AWS::SES::ReceiptRule
        Condition: Prod
        Properties:
          RuleSetName: !Ref Set
          Rule:
            Enabled: yes
            Recipients: !Split ["|", "a|${self:custom.domain}"]
            Actions: [StopAction: {Scope: RuleSet}]
"""
MODULE = b"""
variable "domain" { default = "example.com" }
locals { all = { for i, one in ["a", "b"] : one => merge({ n = i }, { d = var.domain }) if i < 3 } }
resource "aws_ses_receipt_rule" "r" {
  for_each      = local.all
  name          = "r-${each.key}"
  rule_set_name = "main"
  recipients    = [for one in ["a"] : "${one}@${each.value.d}"]
  after         = each.value.n > 0 ? "r-a" : null
  dynamic "s3_action" {
    for_each = toset(["x"])
    content {
      bucket_name = s3_action.value
      position    = 1
    }
  }
}
"""
_RULE = b'"mode": "managed", "type": "aws_ses_receipt_rule", "name": "r"'
TERRAFORM_JSON = (
    b'{"resource": {"aws_ses_receipt_rule": {"r": {"name": "r", "recipients": ["${var.d}"]}}}}',
    b'{"format_version": "1.2", "planned_values": {"root_module": {"resources": [{"address": "a", %s, "values": {}}]}}}'
    % _RULE,
    b'{"version": 4, "terraform_version": "1.9", "resources": [{%s, "instances": [{"attributes": {"name": "r"}}]}]}'
    % _RULE,
)
API_SHAPES = (
    b'{"Metadata": {"Name": "main"}, "Rules": [{"Name": "a", "Enabled": true, "Actions": [{"StopAction": {}}]}]}',
    b'{"RuleSetName": "main", "After": "a", "Rule": {"Name": "b", "Recipients": ["example.com"]}}',
    b'{"Filters": [{"Name": "f", "IpFilter": {"Policy": "Block", "Cidr": "192.0.2.0/24"}}]}',
    b'{"VerificationAttributes": {"example.com": {"VerificationStatus": "Success"}}}',
)


def exported(language: str) -> Iterator[bytes]:
    """The accounts of the datasets in this language, as far as they are valid."""
    for path in sorted(ROOT.glob("datasets/*/account.json")):
        account = Account.load(path)
        if not account.problems():
            yield str(account.to(language)).encode()


def bodies() -> Iterator[bytes]:
    """A request of each operation, and some with all there is in them."""
    for operation in REQUESTS:
        yield f"Action={operation}&Version=2010-12-01&RuleSetName=main&Name=main&RuleName=a".encode()
    rule = Account.load(ROOT / "datasets" / "anycompany" / "account.json").to_api()["RuleSets"][0]["Rules"][0]
    yield _form("CreateReceiptRule", {"RuleSetName": "main", "Rule": rule, "After": "a"})
    yield _form("CreateReceiptFilter", {"Filter": {"Name": "f", "IpFilter": {"Policy": "Block", "Cidr": "192.0.2.1"}}})
    yield _form("ReorderReceiptRuleSet", {"RuleSetName": "main", "RuleNames": ["b", "a"]})
