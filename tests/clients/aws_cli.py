#!/usr/bin/env python3
"""The unchanged AWS CLI against the running program, as somebody types it: a purchase by API, its token resolved,
entitlements with every filter and page by page, agreements read by both parties, usage metered, events received from a queue,
and every error by its name.

    aws_cli.py FILE

FILE says where the program is and with which keys to call it; see official_clients.py.
"""

import json
import os
import re
import subprocess
import sys
import time

from sentences import equal, finish, says

TOLD = json.load(open(sys.argv[1]))
PLAIN = TOLD["plain"]
TREND, ACME, NODES = "294406891311", "111122223333", "container-security/nodes"
GONE = "AWS.SimpleQueueService.NonExistentQueue"
CODE = PLAIN["products"]["credits"]["code"]
COMMAND = [sys.executable, "-m", "awscli"]
FAILURE = re.compile(r"\(([\w.]+)\) when calling the (\w+) operation")
bought, state = [], {}


def aws(key, service, *arguments, there=PLAIN, **members):
    """One command. Members are options: `product_code="x"` is `--product-code x`, and what is no text is sent as JSON."""
    options = []
    for name, value in members.items():
        options += ["--" + name.replace("_", "-"), value if isinstance(value, str) else json.dumps(value)]
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": key[0],
        "AWS_SECRET_ACCESS_KEY": key[1],
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    command = [*COMMAND, "--endpoint-url", there["origin"], "--output", "json", service, *arguments, *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return json.loads(done.stdout or "{}")
    found = FAILURE.search(done.stderr)
    return found.group(1) if found else done.stderr


def buy(product, dimension, quantity):
    product = PLAIN["products"][product]
    pricing = {"selectorValue": "P12M", "dimensions": [{"dimensionKey": dimension, "dimensionValue": quantity}]}
    terms = product["terms"]
    requested = [
        {"id": terms["legal"]},
        {"id": terms["support"]},
        {"id": terms["pricing"], "configuration": {"configurableUpfrontPricingTermConfiguration": pricing}},
        {"id": terms["renewal"], "configuration": {"renewalTermConfiguration": {"enableAutoRenew": True}}},
    ]
    buyer = PLAIN["buyer"]
    request = aws(buyer, "marketplace-agreement", "create-agreement-request", intent="NEW", agreement_proposal_identifier=product["proposal"], requested_terms=requested)
    return aws(buyer, "marketplace-agreement", "accept-agreement-request", agreement_request_id=request["agreementRequestId"])["agreementId"]


def provisioned(agreement):
    while True:
        entitled = aws(PLAIN["buyer"], "marketplace-agreement", "get-agreement-entitlements", agreement_id=agreement)["agreementEntitlements"][0]
        if entitled["status"] != "PENDING":
            return entitled


def entitlements(key, *more, there=PLAIN, **members):
    return aws(key, "marketplace-entitlement", "get-entitlements", *more, there=there, product_code=CODE, **members)


def tell(**record):
    return aws(PLAIN["seller"], "meteringmarketplace", "batch-meter-usage", usage_records=[{**state["record"], **record}])


@says("aws_cli")
def it_buys_by_program_and_resolves_the_token():
    bought.extend(buy("credits", "credits", credits) for credits in (500, 600))
    state["first"] = first = provisioned(bought[0])
    equal(first["status"], "PROVISIONED")
    resolved = aws(PLAIN["seller"], "meteringmarketplace", "resolve-customer", registration_token=first["registrationToken"])
    resolved.pop("Metadata", None)
    equal(resolved, {"CustomerAWSAccountId": ACME, "ProductCode": CODE, "LicenseArn": first["licenseArn"]})


@says("aws_cli")
def it_reads_entitlements_by_every_filter_and_page_by_page():
    arn = state["first"]["licenseArn"]
    for filter, expected in [
        ({"LICENSE_ARN": [arn]}, [500]),
        ({"CUSTOMER_AWS_ACCOUNT_ID": [ACME]}, [500, 600]),
        ({"CUSTOMER_IDENTIFIER": ["ifAPi5AcF3"]}, []),
        ({"DIMENSION": ["credits", "seats"], "LICENSE_ARN": [arn]}, [500]),
    ]:
        rows = entitlements(PLAIN["seller"], "--page-size", "1", filter=filter)["Entitlements"]
        equal(sorted(row["Value"]["IntegerValue"] for row in rows), expected, filter)
    equal(entitlements(TOLD["switched"]["seller"], "--no-paginate", there=TOLD["switched"])["Entitlements"], [], "an empty page")


@says("aws_cli")
def it_reads_agreements_of_both_parties():
    for key in (PLAIN["seller"], PLAIN["buyer"]):
        equal(aws(key, "marketplace-agreement", "describe-agreement", agreement_id=bought[0])["status"], "ACTIVE")
    equal(len(aws(PLAIN["seller"], "marketplace-agreement", "get-agreement-terms", agreement_id=bought[0])["acceptedTerms"]), 5)
    filters = [("PartyType", "Acceptor"), ("AgreementType", "PurchaseAgreement"), ("Status", "ACTIVE")]
    filters = [{"name": name, "values": [value]} for name, value in filters]
    found = aws(PLAIN["buyer"], "marketplace-agreement", "search-agreements", catalog="AWSMarketplace", filters=filters)
    equal(sorted(summary["agreementId"] for summary in found["agreementViewSummaries"]), sorted(bought))


@says("aws_cli")
def it_meters_an_hour_once():
    license = provisioned(buy("by_use", "pay_as_you_go", 1))["licenseArn"]
    state["record"] = {"Timestamp": int(time.time()), "Dimension": NODES, "CustomerAWSAccountId": ACME, "LicenseArn": license, "Quantity": 17}
    first, again, other = tell(), tell(), tell(Quantity=18)
    equal([answer["Results"][0]["Status"] for answer in (first, again, other)], ["Success", "Success", "DuplicateRecord"])
    equal(again["Results"][0]["MeteringRecordId"], first["Results"][0]["MeteringRecordId"])
    equal(tell(Dimension="unknown"), "InvalidUsageDimensionException")
    equal(tell(Timestamp=int(time.time()) - 90_000), "TimestampOutOfBoundsException")
    equal(tell(CustomerAWSAccountId="444455556666"), "InvalidLicenseException")
    equal(tell(UsageAllocations=[{"AllocatedUsageQuantity": 1}]), "InvalidUsageAllocationsException")


@says("aws_cli")
def it_receives_and_deletes_the_events_of_a_purchase():
    def sqs(operation, *more, **members):
        return aws(PLAIN["seller"], "sqs", operation, *more, queue_url=url, **members)

    url = aws(PLAIN["seller"], "sqs", "get-queue-url", queue_name=PLAIN["queue"])["QueueUrl"]
    equal(url, f"{PLAIN['origin']}/{TREND}/{PLAIN['queue']}")
    equal(aws(PLAIN["seller"], "sqs", "list-queues"), {"QueueUrls": [url]})
    sqs("purge-queue")
    agreement, received = buy("credits", "credits", 800), []
    while len(received) < 2:
        received += sqs("receive-message", "--max-number-of-messages", "10", "--wait-time-seconds", "20").get("Messages", [])
    events = [json.loads(message["Body"]) for message in received]
    equal(sorted(event["detail-type"] for event in events), ["License Updated - Manufacturer", "Purchase Agreement Created - Proposer"])
    equal({event["detail"]["agreement"]["id"] for event in events}, {agreement})
    kept, released = received
    equal(sqs("change-message-visibility", receipt_handle=kept["ReceiptHandle"], visibility_timeout=600), {})
    equal(sqs("change-message-visibility", receipt_handle=released["ReceiptHandle"], visibility_timeout=0), {})
    again = sqs("receive-message", "--max-number-of-messages", "10", attribute_names=["ApproximateReceiveCount"])["Messages"]
    equal([(message["MessageId"], message["Attributes"]) for message in again], [(released["MessageId"], {"ApproximateReceiveCount": "2"})])
    for message in (kept, again[0]):
        equal(sqs("delete-message", receipt_handle=message["ReceiptHandle"]), {})
    left = sqs("get-queue-attributes", attribute_names=["All"])["Attributes"]
    equal((left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]), ("0", "0"))
    # A missing queue has the query protocol's name here, as AWS itself gives it to the CLI; the SDKs have the modelled one.
    equal(sqs("delete-message", receipt_handle="x"), "ReceiptHandleIsInvalid")
    equal(aws(PLAIN["seller"], "sqs", "receive-message", queue_url=url + "-elsewhere"), GONE)
    equal(aws(PLAIN["other"], "sqs", "receive-message", queue_url=url), GONE)


@says("aws_cli")
def it_knows_every_error_by_name():
    seller, buyer, other = PLAIN["seller"], PLAIN["buyer"], PLAIN["other"]
    token = state["first"]["registrationToken"]

    def resolve(key, token, there=PLAIN):
        return aws(key, "meteringmarketplace", "resolve-customer", there=there, registration_token=token)

    equal(entitlements([seller[0], "wrong"]), "InvalidSignatureException")
    equal(entitlements(["AKIAAAAAAAAAAAAAAAAA", "x"]), "UnrecognizedClientException")
    equal(entitlements(seller, "--no-sign-request"), "MissingAuthenticationTokenException")
    equal(entitlements(buyer), "AccessDeniedException")
    equal(entitlements(other), "InvalidParameterException")
    equal(resolve(seller, "x"), "InvalidTokenException")
    equal(resolve(other, token), "InvalidTokenException")
    equal(resolve(TOLD["disabled"]["seller"], "x", TOLD["disabled"]), "DisabledApiException")
    equal(aws(seller, "marketplace-agreement", "describe-agreement", agreement_id="agmt-none"), "ResourceNotFoundException")
    equal(aws(seller, "marketplace-agreement", "search-agreements"), "ValidationException")
    subprocess.run(TOLD["expire"], check=True)
    equal(resolve(seller, token), "ExpiredTokenException")
    usage = {"product_code": CODE, "timestamp": str(int(time.time())), "usage_dimension": "x"}
    equal(aws(seller, "meteringmarketplace", "meter-usage", **usage), "UnknownOperationException")


it_buys_by_program_and_resolves_the_token()
it_reads_entitlements_by_every_filter_and_page_by_page()
it_reads_agreements_of_both_parties()
it_meters_an_hour_once()
it_receives_and_deletes_the_events_of_a_purchase()
it_knows_every_error_by_name()
print(subprocess.run([*COMMAND, "--version"], capture_output=True, text=True).stdout.split()[0])
finish()
