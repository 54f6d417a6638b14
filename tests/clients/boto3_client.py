#!/usr/bin/env python3
"""The unchanged boto3 against the running program: a purchase by API, its token resolved, entitlements with every filter
and page by page, agreements read by both parties, and every error of a signature by its name. Each answer is parsed by
botocore; members that its models do not have would be dropped, so the raw body is compared with what was parsed.

    boto3_client.py PROGRAM

starts PROGRAM with the demonstration on a free port of its own and stops it afterwards.
"""

import datetime
import html
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

TREND, ACME, CODE = "294406891311", "111122223333", "74az0btybm649octamy0sktos"
PASSWORD = "creditdesk-demo"
checks = 0


def check(what, got, expected):
    global checks
    checks += 1
    if got != expected:
        print("test clients::boto3_walks_through_the_marketplace ... FAILED")
        sys.exit(f"FAILED: {what}\n  got      {got!r}\n  expected {expected!r}")


class Browser:
    """Goes through the pages as a person does."""

    def __init__(self, origin):
        self.origin = origin
        # The program's cookies are Secure, which browsers allow on loopback and this jar does not.
        self.cookies = {}

    def send(self, path, form=None):
        data = urllib.parse.urlencode(form).encode() if form else None
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        request = urllib.request.Request(self.origin + path, data, {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"})
        opener = urllib.request.build_opener(KeepRedirect, urllib.request.ProxyHandler({}))
        try:
            answer = opener.open(request)
        except urllib.error.HTTPError as error:
            answer = error
        for line in answer.headers.get_all("set-cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, answer.read().decode()

    def post(self, page, path, **form):
        text = self.send(page)[1]
        token = re.search(r'name="csrf" value="([^"]+)"', text).group(1)
        return self.send(path, {"csrf": html.unescape(token), **form})


class KeepRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fact(page, name):
    found = re.search(rf"<dt>\s*{re.escape(name)}\s*</dt>\s*<dd>\s*<code>([^<]+)</code>", page)
    return html.unescape(found.group(1))


def make_key(operator, name, account, acts_as=""):
    status, page = operator.post("/admin/access-keys/new", "/admin/access-keys", name=name, account=account, acts_as=acts_as)
    check(f"the key {name} is made", status, 201)
    return fact(page, "Access key ID"), fact(page, "Secret access key")


def client(service, origin, key, **more):
    made = boto3.client(
        service,
        endpoint_url=origin,
        region_name=more.pop("region", "us-east-1"),
        aws_access_key_id=key[0],
        aws_secret_access_key=key[1],
        config=Config(retries={"max_attempts": 1}, **more),
    )
    made.meta.events.register("response-received", lambda **seen: compare(**seen))
    return made


def compare(response_dict=None, parsed_response=None, exception=None, **_):
    """Whatever was sent has a place in botocore's shapes: nothing of the body is lost by its parser."""
    if parsed_response is None or response_dict["status_code"] != 200:
        return
    sent = json.loads(response_dict["body"])
    kept = {name: value for name, value in parsed_response.items() if name != "ResponseMetadata"}
    check("what botocore parsed", names(kept), names(sent))


def names(value):
    if isinstance(value, dict):
        return {name: names(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [names(inner) for inner in value]
    return None


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as refused:
        metadata = refused.response["ResponseMetadata"]
        check("an error has a request id", len(metadata["RequestId"]), 36)
        return refused.response["Error"]["Code"], metadata["HTTPStatusCode"]
    return None


def journey(origin):
    operator = Browser(origin)
    check("the operator signs in", operator.post("/sign-in", "/sign-in", email="operator@creditdesk.example", password=PASSWORD)[0], 303)
    seller_key = make_key(operator, "Vendor", TREND)
    buyer_key = make_key(operator, "Buyer", ACME, "buyer@acme.example")
    products = operator.send("/admin/access-keys")[1]
    product = products[products.index("Trend Vision One"):]
    proposal = fact(product, "Agreement proposal")
    terms = {name: fact(product, f"Term: {name}") for name in ("legal", "support", "pricing", "renewal")}

    metering = client("meteringmarketplace", origin, seller_key)
    entitlement = client("marketplace-entitlement", origin, seller_key)
    seller = client("marketplace-agreement", origin, seller_key)
    buyer = client("marketplace-agreement", origin, buyer_key)

    agreements = [buy(buyer, proposal, terms, credits) for credits in (500, 600, 700)]
    provisioned = buyer.get_agreement_entitlements(agreementId=agreements[0])["agreementEntitlements"][0]
    check("the purchase is provisioned", provisioned["status"], "PROVISIONED")
    resolved = metering.resolve_customer(RegistrationToken=provisioned["registrationToken"])
    expected = (ACME, CODE, provisioned["licenseArn"], agreements[0])
    check("the token resolves", tuple(resolved[name] for name in ("CustomerAWSAccountId", "ProductCode", "LicenseArn")) + (resolved["Metadata"]["AgreementId"],), expected)

    def values(**asked):
        pages = entitlement.get_paginator("get_entitlements").paginate(ProductCode=CODE, PaginationConfig={"PageSize": 1}, **asked)
        return sorted(row["Value"]["IntegerValue"] for page in pages for row in page["Entitlements"])

    check("all entitlements", values(), [500, 600, 700])
    check("by license", values(Filter={"LICENSE_ARN": [provisioned["licenseArn"]]}), [500])
    check("by account", values(Filter={"CUSTOMER_AWS_ACCOUNT_ID": [ACME]}), [500, 600, 700])
    check("by another account", values(Filter={"CUSTOMER_AWS_ACCOUNT_ID": ["444455556666"]}), [])
    check("by dimension", values(Filter={"DIMENSION": ["credits"]}), [500, 600, 700])
    check("by customer identifier", values(Filter={"CUSTOMER_IDENTIFIER": ["ifAPi5AcF3"]}), [])
    row = entitlement.get_entitlements(ProductCode=CODE)["Entitlements"][0]
    check("the expiration is an instant", isinstance(row["ExpirationDate"], datetime.datetime), True)

    for party in (seller, buyer):
        check("the agreement's status", party.describe_agreement(agreementId=agreements[0])["status"], "ACTIVE")
        check("its terms", len(party.get_agreement_terms(agreementId=agreements[0])["acceptedTerms"]), 5)
    filters = [("PartyType", "Proposer"), ("AgreementType", "PurchaseAgreement"), ("AcceptorAccountId", ACME), ("Status", "ACTIVE")]
    filters = [{"name": name, "values": [value]} for name, value in filters]
    found = seller.search_agreements(catalog="AWSMarketplace", filters=filters)["agreementViewSummaries"]
    check("the agreements are found", sorted(found_one["agreementId"] for found_one in found), sorted(agreements))

    events(origin, operator, seller_key, buyer_key, buyer, proposal, terms)
    errors(origin, seller_key, buyer_key, metering, entitlement, seller)


def events(origin, operator, seller_key, buyer_key, buyer, proposal, terms):
    """A queue of the seller's: events received, kept for longer, and deleted. botocore checks each body's MD5."""
    form = {"seller": TREND, "name": "events", "kind": "queue", "address": "", "topic": "events"}
    check("the queue is made", operator.post("/admin/event-targets/new", "/admin/event-targets", **form)[0], 303)
    os.environ["AWS_ENDPOINT_URL_SQS"] = origin
    queue = client("sqs", None, seller_key, region="eu-central-1")
    url = queue.get_queue_url(QueueName="events")["QueueUrl"]
    check("the queue's address", url, f"{origin}/{TREND}/events")
    check("the queues", queue.list_queues()["QueueUrls"], [url])
    check("nothing is there yet", queue.receive_message(QueueUrl=url).get("Messages"), None)
    agreement = buy(buyer, proposal, terms, 800)
    received = []
    while len(received) < 2:
        answer = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20, MessageSystemAttributeNames=["All"])
        received += answer["Messages"]
    told = [json.loads(message["Body"]) for message in received]
    expected = ["License Updated - Manufacturer", "Purchase Agreement Created - Proposer"]
    check("the events of a purchase", sorted(event["detail-type"] for event in told), expected)
    check("they are of this agreement", {event["detail"]["agreement"]["id"] for event in told}, {agreement})
    check("received once", {message["Attributes"]["ApproximateReceiveCount"] for message in received}, {"1"})
    first, second = (message["ReceiptHandle"] for message in received)
    queue.change_message_visibility(QueueUrl=url, ReceiptHandle=first, VisibilityTimeout=600)
    queue.change_message_visibility(QueueUrl=url, ReceiptHandle=second, VisibilityTimeout=0)
    again = queue.receive_message(QueueUrl=url, AttributeNames=["ApproximateReceiveCount"])["Messages"]
    check("only what was let go comes again", [message["MessageId"] for message in again], [received[1]["MessageId"]])
    check("at its second receive", again[0]["Attributes"]["ApproximateReceiveCount"], "2")
    entries = [{"Id": "a", "ReceiptHandle": first}, {"Id": "b", "ReceiptHandle": "x"}]
    batch = queue.delete_message_batch(QueueUrl=url, Entries=entries)
    check("one of the batch is deleted", [entry["Id"] for entry in batch["Successful"]], ["a"])
    check("the other is none of the queue's", [(entry["Id"], entry["Code"]) for entry in batch["Failed"]], [("b", "ReceiptHandleIsInvalid")])
    queue.delete_message(QueueUrl=url, ReceiptHandle=again[0]["ReceiptHandle"])
    attributes = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    check("nothing is left", (attributes["ApproximateNumberOfMessages"], attributes["ApproximateNumberOfMessagesNotVisible"]), ("0", "0"))
    elsewhere = url.replace("/events", "/elsewhere")
    check("no such queue", error(queue.receive_message, QueueUrl=elsewhere), ("AWS.SimpleQueueService.NonExistentQueue", 400))
    try:
        queue.receive_message(QueueUrl=elsewhere)
    except queue.exceptions.QueueDoesNotExist:
        check("the error of a queue has its modelled type", True, True)
    handle = {"QueueUrl": url, "ReceiptHandle": "x"}
    check("no such receipt", error(queue.delete_message, **handle), ("ReceiptHandleIsInvalid", 400))
    check("too many at once", error(queue.receive_message, QueueUrl=url, MaxNumberOfMessages=11), ("InvalidParameterValue", 400))
    buyers = client("sqs", None, buyer_key)
    check("a buyer's key has no queues", error(buyers.receive_message, QueueUrl=url), ("AccessDeniedException", 400))
    queue.purge_queue(QueueUrl=url)


def buy(buyer, proposal, terms, credits):
    configuration = {"selectorValue": "P12M", "dimensions": [{"dimensionKey": "credits", "dimensionValue": credits}]}
    request = buyer.create_agreement_request(
        intent="NEW",
        clientToken=f"token-{credits}",
        agreementProposalIdentifier=proposal,
        requestedTerms=[
            {"id": terms["legal"]},
            {"id": terms["support"]},
            {"id": terms["pricing"], "configuration": {"configurableUpfrontPricingTermConfiguration": configuration}},
            {"id": terms["renewal"], "configuration": {"renewalTermConfiguration": {"enableAutoRenew": True}}},
        ],
    )
    check("the quote's amount", request["chargeSummary"]["expectedCharges"][0]["amount"], f"{credits}.00")
    accepted = buyer.accept_agreement_request(agreementRequestId=request["agreementRequestId"])
    return accepted["agreementId"]


def errors(origin, seller_key, buyer_key, metering, entitlement, seller):
    asked = {"ProductCode": CODE}
    wrong = client("marketplace-entitlement", origin, (seller_key[0], "wrong"))
    check("a wrong secret", error(wrong.get_entitlements, **asked), ("InvalidSignatureException", 400))
    unknown = client("marketplace-entitlement", origin, ("AKIAAAAAAAAAAAAAAAAA", "x"))
    check("an unknown key", error(unknown.get_entitlements, **asked), ("UnrecognizedClientException", 400))
    nobody = client("marketplace-entitlement", origin, seller_key, signature_version=botocore.UNSIGNED)
    check("no signature", error(nobody.get_entitlements, **asked), ("MissingAuthenticationTokenException", 400))
    check("another region", error(client("marketplace-entitlement", origin, seller_key, region="eu-central-1").get_entitlements, **asked), None)
    check("an unknown token", error(metering.resolve_customer, RegistrationToken="x"), ("InvalidTokenException", 400))
    check("an unknown code", error(entitlement.get_entitlements, ProductCode="x"), ("InvalidParameterException", 400))
    both = {"CUSTOMER_IDENTIFIER": ["x"], "CUSTOMER_AWS_ACCOUNT_ID": [ACME]}
    check("both customers", error(entitlement.get_entitlements, ProductCode=CODE, Filter=both), ("InvalidParameterException", 400))
    buyers = client("marketplace-entitlement", origin, buyer_key)
    check("a buyer's key", error(buyers.get_entitlements, **asked), ("AccessDeniedException", 400))
    check("no agreement", error(seller.describe_agreement, agreementId="agmt-none"), ("ResourceNotFoundException", 404))
    check("an operation that is not here", error(seller.list_agreement_charges, agreementId="agmt-none"), ("UnknownOperationException", 400))
    try:
        metering.resolve_customer(RegistrationToken="x")
    except metering.exceptions.InvalidTokenException:
        check("the error has its modelled type", True, True)


def main():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.argv[1], "serve", "--listen", f"127.0.0.1:{port}", "--data", folder]
        program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            origin = f"http://127.0.0.1:{port}"
            for _ in range(300):
                try:
                    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(origin + "/readyz")
                    break
                except (urllib.error.URLError, ConnectionError):
                    time.sleep(0.1)
            journey(origin)
        finally:
            program.terminate()
            program.wait()
    print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}: {checks} checks")
    print("test clients::boto3_walks_through_the_marketplace ... ok")


if __name__ == "__main__":
    os.environ["NO_PROXY"] = "127.0.0.1"
    main()
