"""What comes over HTTP: who may ask, the two pages for programs, and requests that no client would send."""

from __future__ import annotations

import http.client
import smtplib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from sesreceive.account.regions import RECEIVING
from sesreceive.endpoint.dispatcher import Dispatcher
from sesreceive.endpoint.local_endpoint import Endpoint
from sesreceive.endpoint.moto_parts import moto_application
from tests.endpoint.conftest import Clients, get, send

# Host, further fields, whether it may ask.
ASKING = [
    ("127.0.0.1:{port}",         {},                                        True),
    ("localhost:{port}",         {},                                        True),
    ("localhost",                {},                                        True),
    ("inbox.localhost:{port}",   {},                                        True),
    ("[::1]:{port}",             {},                                        True),
    ("127.8.8.8",                {},                                        True),
    ("mail.internal",            {},                                        True),   # named by `hosts`
    ("example.com",              {},                                        False),
    ("example.com:{port}",       {},                                        False),
    ("localhost.example.com",    {},                                        False),
    ("127.0.0.1.example.com",    {},                                        False),
    ("192.0.2.1",                {},                                        False),
    ("2130706433",               {},                                        False),
    ("[::1",                     {},                                        False),
    ("",                         {},                                        False),
    ("localhost:{port}",         {"Origin": "http://localhost:{port}"},     True),
    ("localhost:{port}",         {"Origin": "https://example.com"},         False),
    ("localhost:{port}",         {"Origin": "null"},                        False),
    ("localhost:{port}",         {"Sec-Fetch-Site": "cross-site"},          False),
    ("localhost:{port}",         {"Sec-Fetch-Site": "same-origin"},         True),
]  # fmt: skip

# Query of /messages, and what of the sentence that answers it.
WRONG_QUERIES = [
    ("wait=soon",   "wait: expected a number of seconds from 0 to 60 but got `soon`"),
    ("wait=61",     "wait: expected a number of seconds from 0 to 60 but got `61`"),
    ("wait=nan",    "wait: expected a number of seconds from 0 to 60 but got `nan`"),
    ("count=-1",    "count: expected a whole number from 0 but got `-1`"),
    ("limit=0",     "limit: expected a whole number from 1 to 200 but got `0`"),
    ("limit=201",   "limit: expected a whole number from 1 to 200 but got `201`"),
    ("until=now",   "expected wait, count, limit, to but got `until`"),
]  # fmt: skip

FORM = "application/x-www-form-urlencoded; charset=utf-8"
SIGNED = "AWS4-HMAC-SHA256 Credential=any/20260102/{region}/ses/aws4_request, SignedHeaders=host, Signature=0"
RULE = "Action=CreateReceiptRule&Version=2010-12-01&RuleSetName=main&Rule.Name=a&"
# A form, the status, and parts of the document (specification, section 11.1).
FORMS = [
    ("",                                                   400, ["<Code>MissingAction</Code>"]),
    ("Version=2010-12-01",                                 400, ["<Code>MissingAction</Code>"]),
    ("Action=&Version=2010-12-01",                         400, ["<Code>MissingAction</Code>"]),
    ("Action=MakeCoffee&Version=2010-12-01",               400, ["<Code>InvalidAction</Code>", "MakeCoffee"]),
    ("%ff=%ff&Action=ListReceiptFilters",                  400, ["<Code>MalformedInput</Code>"]),
    (RULE + "Rule.Recipients.member.0=x",                  400, ["MalformedInput", "0 is not a valid index"]),
    (RULE + "Rule.Recipients.member.x=x",                  400, ["<Code>MalformedInput</Code>"]),
    (RULE + "Rule.Enabled=TRUE",                           400, ["MalformedInput", "boolean must follow xsd1.1"]),
    (RULE + "Rule.Name.Name=x",                            400, ["<Code>"]),
    ("Action=CreateReceiptRuleSet&RuleSetName=",           400, ["ValidationError", "2 validation errors"]),
    ("Action=CreateReceiptRuleSet",                        400, ["Value at 'ruleSetName' failed", "not be null"]),
    ("Action=DescribeReceiptRuleSet&RuleSetName=%3Cb%3E",  400, ["<Code>ValidationError</Code>"]),
    ("Action=DescribeReceiptRuleSet&RuleSetName=no",       400, ["<Type>Sender", "RuleSetDoesNotExist", "<Name>no</"]),
    ("Action=CreateReceiptRuleSet&RuleSetName=x&a=1",      200, ["<CreateReceiptRuleSetResult></"]),
    ("Action=DescribeActiveReceiptRuleSet",                200, ["<RequestId>"]),
]  # fmt: skip

# Octets instead of a request; each is answered or hung up on, and the next request is served.
BROKEN = [
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: \xb2\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
    b"GET /%00%ff/../../etc HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nAuthorization: AWS4 Credential=a/b\r\n\r\nabcde",
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(hosts=["mail.internal"]) as running:
        yield running


def ask(
    endpoint: Endpoint, method: str, path: str, body: bytes | None = None, fields: dict[str, str] | None = None
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", endpoint.port, timeout=60)
    connection.putrequest(method, path, skip_host="Host" in (fields or {}))
    for name, text in (fields or {}).items():
        connection.putheader(name, text)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, text


def post(endpoint: Endpoint, form: str, region: str = "us-east-1") -> tuple[int, dict[str, str], str]:
    fields = {"Content-Type": FORM, "Authorization": SIGNED.format(region=region)}
    return ask(endpoint, "POST", "/", form.encode(), fields)


@pytest.mark.parametrize("host, fields, may", ASKING)
def test_only_programs_of_this_machine_ask(endpoint: Endpoint, host: str, fields: dict[str, str], may: bool) -> None:
    sent = {name: text.format(port=endpoint.port) for name, text in {"Host": host, **fields}.items()}
    status, headers, text = ask(endpoint, "GET", "/health", None, sent)
    assert status == (200 if may else 403)
    assert ('"error"' in text) is not may
    assert not [name for name in headers if name.startswith("access-control")]


def test_no_page_may_use_what_moto_answers_either(endpoint: Endpoint, aws: Clients) -> None:
    aws.s3.create_bucket(Bucket="plain")
    status, headers, _ = ask(endpoint, "GET", "/plain")
    assert status == 200
    assert not [name for name in headers if name.startswith("access-control")]
    status, headers, _ = ask(endpoint, "OPTIONS", "/plain", None, {"Origin": "https://example.com"})
    assert status == 403


def test_motos_own_console_is_not_there(endpoint: Endpoint) -> None:
    assert ask(endpoint, "POST", "/moto-api/reset", b"")[0] == 404


def test_health_tells_where_mail_goes(endpoint: Endpoint) -> None:
    told = get(endpoint, "/health")
    assert told["status"] == "running"
    assert (told["account"], told["region"]) == ("111122223333", "us-east-1")
    assert told["smtp"]["port"] == endpoint.server.port


def test_health_is_no_success_before_mail_is_taken(endpoint: Endpoint) -> None:
    starting = Dispatcher(
        endpoint.service,
        moto_application(),
        mail=endpoint.mail,
        clock=endpoint.service["us-east-1"].receiver.clock,
        health=lambda: {"status": "starting"},
    )
    _, status, _ = run_wsgi_app(starting, EnvironBuilder(path="/health", base_url="http://localhost/").get_environ())
    assert status.startswith("503")


def test_mail_is_waited_for_and_its_report_is_json(endpoint: Endpoint) -> None:
    total = get(endpoint, "/messages?count=0")["total"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(get, endpoint, f"/messages?wait=60&count={total + 1}&limit=1")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send(endpoint, "nobody@example.net")
        report = waiting.result()
    assert report["enough"] is True
    (message,) = report["messages"]
    (recipient,) = report["recipients"]
    assert (message["accepted"], recipient["recipient"], recipient["code"]) == (False, "nobody@example.net", 550)
    assert get(endpoint, "/messages?to=NOBODY@example.net")["messages"]
    nothing = get(endpoint, "/messages?to=somebody@example.net")
    assert (nothing["enough"], nothing["messages"]) == (False, [])


@pytest.mark.parametrize("query, sentence", WRONG_QUERIES)
def test_a_wrong_query_is_one_sentence(endpoint: Endpoint, query: str, sentence: str) -> None:
    status, _, text = ask(endpoint, "GET", f"/messages?{query}")
    assert status == 400
    assert sentence in text


def test_a_message_that_is_not_kept_is_404(endpoint: Endpoint) -> None:
    assert ask(endpoint, "GET", "/messages/nothing")[0] == 404


@pytest.mark.parametrize("form, status, parts", FORMS)
def test_what_no_client_would_send_is_answered_as_the_service_does(
    endpoint: Endpoint, form: str, status: int, parts: list[str]
) -> None:
    answered, headers, text = post(endpoint, form)
    assert answered == status
    assert headers["content-type"] == "text/xml"
    assert [part for part in parts if part not in text] == []
    assert headers["x-amzn-requestid"] in text


def test_a_region_that_does_not_exist_is_refused_and_makes_nothing(endpoint: Endpoint) -> None:
    status, _, text = post(endpoint, "Action=ListReceiptFilters", "xx-nowhere-1")
    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text
    assert "xx-nowhere-1" not in endpoint.service


def test_a_region_without_receiving_says_so(endpoint: Endpoint) -> None:
    assert "Unavailable Operation" in post(endpoint, "Action=ListReceiptFilters", "eu-central-2")[2]


@pytest.mark.parametrize("region", RECEIVING)
def test_every_region_that_receives_is_there(endpoint: Endpoint, region: str) -> None:
    form = "Action=VerifyDomainIdentity&Domain=example.com"
    assert post(endpoint, form, region)[0] == 200


def test_an_unsigned_operation_is_of_the_region_whose_mail_comes(endpoint: Endpoint) -> None:
    status, _, text = ask(endpoint, "POST", "/", b"Action=ListReceiptFilters", {"Content-Type": FORM})
    assert status == 200
    assert "ListReceiptFiltersResponse" in text


@pytest.mark.parametrize("octets", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_request_hurts_nobody(endpoint: Endpoint, octets: bytes) -> None:
    with socket.create_connection(("127.0.0.1", endpoint.port), timeout=60) as connection:
        connection.sendall(octets)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    assert b"Traceback" not in answer
    assert b"HTTP/1.1 200" not in answer
    assert get(endpoint, "/health")["status"] == "running"


def test_a_form_with_many_members_costs_what_it_is_long(endpoint: Endpoint) -> None:
    def form(count: int) -> str:
        many = {f"Rule.Recipients.member.{number}": "a" for number in range(1, count)}
        return RULE + urlencode(many)

    forms = {count: form(count) for count in (2_000, 4_000)}
    for text in forms.values():
        assert post(endpoint, text)[0] == 400
    assert "<Code>" in post(endpoint, RULE + "Rule.Recipients.member.999999999=x")[2]


def test_what_moto_has_not_is_no_trouble_of_the_network(endpoint: Endpoint, aws: Clients) -> None:
    with pytest.raises(aws.ses.exceptions.ClientError, match=r"NotImplemented.*moto has no ses") as caught:
        aws.ses.get_account_sending_enabled()
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
