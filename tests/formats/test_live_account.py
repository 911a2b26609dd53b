"""A live account is read with boto3, over HTTP, and never written; the answers here are those of the API reference."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

import sesreceive as ses
from sesreceive.cli import main

boto3 = pytest.importorskip("boto3", reason="the extra `aws` is not installed")

NAMESPACE = "http://ses.amazonaws.com/doc/2010-12-01/"
METADATA = "<Name>main</Name><CreatedTimestamp>2026-01-02T10:05:05Z</CreatedTimestamp>"
RULES = """
<Rules><member><Name>store</Name><Enabled>true</Enabled><ScanEnabled>true</ScanEnabled><TlsPolicy>Require</TlsPolicy>
  <Recipients><member>example.com</member></Recipients>
  <Actions><member><S3Action><BucketName>inbox</BucketName></S3Action></member></Actions></member></Rules>
"""
ANSWERS = {
    "ListReceiptFilters": "<Filters><member><Name>office</Name><IpFilter><Policy>Allow</Policy>"
    "<Cidr>192.0.2.0/24</Cidr></IpFilter></member></Filters>",
    "ListIdentities": "<Identities><member>example.com</member><member>example.org</member></Identities>",
    "GetIdentityVerificationAttributes": "<VerificationAttributes><entry><key>example.com</key><value>"
    "<VerificationStatus>Success</VerificationStatus></value></entry></VerificationAttributes>",
    "ListReceiptRuleSets": f"<RuleSets><member>{METADATA}</member></RuleSets>",
    "DescribeReceiptRuleSet": f"<Metadata>{METADATA}</Metadata>{RULES}",
    "DescribeActiveReceiptRuleSet": f"<Metadata>{METADATA}</Metadata>{RULES}",
}


class Service:
    """An HTTP server that answers by action, and refuses those it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refused: set[str] = set()
        service = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                action = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["Action"][0]
                service.asked.append(action)
                if action in service.refused or action not in ANSWERS:
                    body = (
                        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>AccessDenied</Code>'
                        f"<Message>User is not authorized to perform: ses:{action}</Message></Error></ErrorResponse>"
                    )
                else:
                    result = f"<{action}Result>{ANSWERS[action]}</{action}Result>"
                    body = f'<{action}Response xmlns="{NAMESPACE}">{result}</{action}Response>'
                self.send_response(403 if action in service.refused else 200)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def client(self) -> Any:
        url = f"http://127.0.0.1:{self.server.server_address[1]}"
        return boto3.client(
            "ses", region_name="eu-west-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="x"
        )


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_live_account_is_read_whole(service: Service) -> None:
    found = ses.load(service.client)
    account = found.account
    assert (account.region, account.active) == ("eu-west-1", "main")
    assert [(one.name, str(one.verification_status)) for one in account.identities] == [
        ("example.com", "Success"),
        ("example.org", "NotStarted"),
    ]
    assert account["main"]["store"].tls_policy == "Require"
    assert account["main"].created_timestamp is not None
    assert [one.name for one in account.filters] == ["office"]
    assert found.problems == found.placeholders == ()


def test_nothing_but_reading_is_asked(service: Service) -> None:
    ses.load(service.client)
    assert {name for name in service.asked if not name.startswith(("List", "Describe", "Get"))} == set()


@pytest.mark.parametrize("action", sorted(ANSWERS))
@pytest.mark.slow
def test_a_missing_permission_is_a_problem_and_the_rest_is_read(service: Service, action: str) -> None:
    service.refused = {action}
    found = ses.load(service.client)
    (problem,) = found.problems
    assert f"allow `ses:{action}` to read it" in problem.message
    if action != "DescribeReceiptRuleSet":
        assert [rule.name for rule in found.account["main"].rules] == ["store"]


# What is not compared with a template where an operation may not be called.
UNTOLD = {
    "ListReceiptRuleSets": "rule sets",
    "DescribeReceiptRuleSet": "rules",
    "DescribeActiveReceiptRuleSet": "the active rule set",
    "ListReceiptFilters": "filters",
    "ListIdentities": "identities",
    "GetIdentityVerificationAttributes": "identities",
}


@pytest.mark.parametrize("action", sorted(ANSWERS))
@pytest.mark.slow
def test_what_may_not_be_read_is_no_drift(
    service: Service, action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    template = tmp_path / "account.json"
    ses.load(service.client).account.save(template)
    assert ses.drift(template, service.client).not_compared == ()
    service.refused = {action}
    found = ses.drift(template, service.client)
    assert (found.rows, found.not_compared) == ((), (UNTOLD[action],))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    url = service.client.meta.endpoint_url
    assert main(["drift", str(template), "--endpoint-url", url, "--region", "eu-west-1"]) == 1
    assert f"not compared, as the account did not tell: {UNTOLD[action]}" in capsys.readouterr().out


def test_the_client_of_another_service_is_refused(service: Service) -> None:
    other = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with pytest.raises(ses.InputError, match=r"expected boto3.client\('ses'\) but got the client of `s3`"):
        ses.load(other)
