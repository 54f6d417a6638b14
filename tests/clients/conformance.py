#!/usr/bin/env python3
"""Every operation in every protocol of its model: requests written and signed by botocore and sent as they are, and the raw
answers checked twice: by botocore's own parser of the protocol, and member by member against its model (shapes.py).

    conformance.py FILE

FILE says where the program is and with which keys to call it; see official_clients.py.
"""

import datetime
import http.client
import json
import re
import subprocess
import sys
import time
import urllib.parse

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

import cbor
from sentences import equal, finish, says
from shapes import Unlike, check, check_error

TOLD = json.load(open(sys.argv[1]))
PLAIN = TOLD["plain"]
ACME, NODES = "111122223333", "container-security/nodes"
CODE = PLAIN["products"]["credits"]["code"]
JSON, CBOR = "json", "smithy-rpc-v2-cbor"
NAMES = {JSON: "json", CBOR: "cbor"}
SESSION = botocore.session.get_session()
METERING, ENTITLEMENT, AGREEMENT = (SESSION.get_service_model(name) for name in ("meteringmarketplace", "marketplace-entitlement", "marketplace-agreement"))
SERVICES = {name: service for service in (METERING, ENTITLEMENT, AGREEMENT) for name in service.operation_names}
# What the emulator answers, by operation: the protocols it was seen in, and the names of errors.
seen = {}


class Signer(SigV4Auth):
    """Signs as if the clock were off by so many minutes."""

    minutes = 0

    def add_auth(self, request):
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=self.minutes)
        request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        self._inject_signature_to_request(request, self.signature(self.string_to_sign(request, canonical), request))


def prepare(operation, members, protocol, there):
    model = SERVICES[operation].operation_model(operation)
    request = create_serializer(protocol, include_validation=False).serialize_to_request(members, model)
    body = request["body"]
    body = body.encode() if isinstance(body, str) else body
    headers = {name: value for name, value in request["headers"].items()}
    return model, AWSRequest(method="POST", url=there["origin"] + request["url_path"], headers=headers, data=body)


def sign(request, key, service="aws-marketplace", minutes=0):
    signer = Signer(Credentials(*key), service, "us-east-1")
    signer.minutes = minutes
    signer.add_auth(request)


def send(request):
    prepared = request.prepare()
    url = urllib.parse.urlsplit(prepared.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=30)
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in prepared.headers.items()}
    connection.request("POST", url.path, prepared.body, headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def judge(model, protocol, answer, body):
    """The answer's members, or the name of its error, once they are as the model says."""
    headers = {name.lower(): value for name, value in answer.getheaders()}
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers.get("x-amzn-requestid", "")):
        raise Unlike(f"no request id: {headers}")
    version = model.service_model.metadata["jsonVersion"]
    media_type = "application/cbor" if protocol == CBOR else f"application/x-amz-json-{version}"
    equal(headers["content-type"], media_type)
    equal(headers.get("smithy-protocol"), "rpc-v2-cbor" if protocol == CBOR else None)
    raw = cbor.decode(body) if protocol == CBOR else json.loads(body)
    of_botocore = {"headers": answer.headers, "body": body, "status_code": answer.status}
    parsed = create_parser(protocol).parse(of_botocore, model.output_shape)
    name = model.name
    if answer.status == 200:
        check(model.output_shape, raw, protocol)
        parsed.pop("ResponseMetadata")
        equal(members_of(parsed), members_of(raw), "botocore's parser lost something")
        seen.setdefault((name, protocol), set()).add("ok")
        return raw
    error = check_error(model, answer.status, raw, protocol)
    equal(parsed["Error"]["Code"], error)
    seen.setdefault((name, protocol), set()).add(error)
    return error


def members_of(value):
    if isinstance(value, dict):
        return {name: members_of(inner) for name, inner in value.items()}
    return [members_of(inner) for inner in value] if isinstance(value, list) else None


def call(operation, protocol, key="seller", there=PLAIN, **members):
    model, request = prepare(operation, members, protocol, there)
    sign(request, there[key] if isinstance(key, str) else key)
    return judge(model, protocol, *send(request))


def request_for(product, dimension, quantity, **more):
    product = PLAIN["products"][product]
    pricing = {"selectorValue": "P12M", "dimensions": [{"dimensionKey": dimension, "dimensionValue": quantity}]}
    terms = product["terms"]
    return {
        "intent": "NEW",
        "agreementProposalIdentifier": product["proposal"],
        "requestedTerms": [
            {"id": terms["legal"]},
            {"id": terms["support"]},
            {"id": terms["pricing"], "configuration": {"configurableUpfrontPricingTermConfiguration": pricing}},
            {"id": terms["renewal"], "configuration": {"renewalTermConfiguration": {"enableAutoRenew": True}}},
        ],
        **more,
    }


def buy(protocol, product="credits", dimension="credits", quantity=500):
    request = call("CreateAgreementRequest", protocol, "buyer", **request_for(product, dimension, quantity))["agreementRequestId"]
    agreement = call("AcceptAgreementRequest", protocol, "buyer", agreementRequestId=request)["agreementId"]
    return request, agreement, call("GetAgreementEntitlements", protocol, "buyer", agreementId=agreement)["agreementEntitlements"][0]


def create_agreement_request(protocol):
    operation = "CreateAgreementRequest"
    asked = request_for("credits", "credits", 500, clientToken=f"conformance-{NAMES[protocol]}")
    first = call(operation, protocol, "buyer", **asked)
    equal(call(operation, protocol, "buyer", **asked)["agreementRequestId"], first["agreementRequestId"])
    again = {**asked, "requestedTerms": asked["requestedTerms"][:3]}
    equal(call(operation, protocol, "buyer", **again), "ConflictException")
    equal(call(operation, protocol, "buyer", **request_for("credits", "seats", 500)), "ValidationException")
    equal(call(operation, protocol, "buyer", **{**asked, "clientToken": "x", "agreementProposalIdentifier": "at-none"}), "ResourceNotFoundException")
    equal(call(operation, protocol, "seller", **asked), "AccessDeniedException")
    _, agreement, _ = buy(protocol)
    renewal = {"renewalTermConfiguration": {"enableAutoRenew": False}}
    amended = {"intent": "AMEND", "sourceAgreementIdentifier": agreement, "requestedTerms": [{"id": asked["requestedTerms"][3]["id"], "configuration": renewal}]}
    request = call(operation, protocol, "buyer", **amended)["agreementRequestId"]
    equal(call("AcceptAgreementRequest", protocol, "buyer", agreementRequestId=request), {"agreementId": agreement})
    equal(call("DescribeAgreement", protocol, "buyer", agreementId=agreement)["endTimeBehavior"]["type"], "EXPIRE")


def accept_agreement_request(protocol):
    operation = "AcceptAgreementRequest"
    request, agreement, _ = buy(protocol)
    equal(call(operation, protocol, "buyer", agreementRequestId="ar-none"), "ResourceNotFoundException")
    equal(call(operation, protocol, "buyer", agreementRequestId=""), "ValidationException")
    equal(call(operation, protocol, "seller", agreementRequestId=request), "AccessDeniedException")


def get_agreement_entitlements(protocol):
    operation = "GetAgreementEntitlements"
    equal(buy(protocol)[2]["status"], "PROVISIONED")
    equal(call(operation, protocol, "buyer", agreementId="agmt-none"), "ResourceNotFoundException")
    equal(call(operation, protocol, "buyer", agreementId="agmt-none", maxResults=51), "ValidationException")
    equal(call(operation, protocol, "seller", agreementId="agmt-none"), "AccessDeniedException")


def describe_agreement(protocol):
    operation = "DescribeAgreement"
    _, agreement, _ = buy(protocol)
    for party in ("seller", "buyer"):
        equal(call(operation, protocol, party, agreementId=agreement)["status"], "ACTIVE")
    equal(call(operation, protocol, "other", agreementId=agreement), "ResourceNotFoundException")
    equal(call(operation, protocol, agreementId="x" * 65), "ValidationException")


def search_agreements(protocol):
    operation = "SearchAgreements"
    buy(protocol)
    filters = [{"name": "PartyType", "values": ["Proposer"]}, {"name": "AgreementType", "values": ["PurchaseAgreement"]}]
    page = call(operation, protocol, catalog="AWSMarketplace", filters=filters, maxResults=1)
    while "nextToken" in page:
        page = call(operation, protocol, catalog="AWSMarketplace", filters=filters, maxResults=1, nextToken=page["nextToken"])
    yesterday = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400))
    for name, expected in (("AfterLastUpdateTime", True), ("BeforeLastUpdateTime", False)):
        sort = {"sortBy": "LastUpdateTime", "sortOrder": "DESCENDING"}
        found = call(operation, protocol, catalog="AWSMarketplace", filters=[*filters, {"name": name, "values": [yesterday]}], sort=sort)
        equal(bool(found["agreementViewSummaries"]), expected, name)
    equal(call(operation, protocol), "ValidationException")


def get_agreement_terms(protocol):
    operation = "GetAgreementTerms"
    _, agreement, _ = buy(protocol)
    equal(len(call(operation, protocol, agreementId=agreement)["acceptedTerms"]), 5)
    page = call(operation, protocol, agreementId=agreement, maxResults=2)
    equal((len(page["acceptedTerms"]), "nextToken" in page), (2, True))
    equal(call(operation, protocol, "other", agreementId=agreement), "ResourceNotFoundException")
    equal(call(operation, protocol, agreementId=agreement, nextToken="x"), "ValidationException")


def get_entitlements(protocol):
    operation = "GetEntitlements"
    entitled = buy(protocol)[2]
    rows = call(operation, protocol, ProductCode=CODE, Filter={"LICENSE_ARN": [entitled["licenseArn"]]})["Entitlements"]
    equal(rows[0]["Value"], {"IntegerValue": 500})
    page = call(operation, protocol, ProductCode=CODE, MaxResults=1)
    while "NextToken" in page:
        page = call(operation, protocol, ProductCode=CODE, MaxResults=1, NextToken=page["NextToken"])
    equal(call(operation, protocol, "other", ProductCode=CODE), "InvalidParameterException")
    equal(call(operation, protocol, "buyer", ProductCode=CODE), "AccessDeniedException")
    empty = call(operation, protocol, there=TOLD["switched"], ProductCode=CODE)
    throttled = {json.dumps(call(operation, protocol, there=TOLD["switched"], ProductCode=CODE)) for _ in range(60)}
    equal(throttled, {json.dumps(empty), '"ThrottlingException"'})


def resolve_customer(protocol):
    operation = "ResolveCustomer"
    token = buy(protocol)[2]["registrationToken"]
    equal(call(operation, protocol, RegistrationToken=token)["CustomerAWSAccountId"], ACME)
    equal(call(operation, protocol, "other", RegistrationToken=token), "InvalidTokenException")
    equal(call(operation, protocol, there=TOLD["disabled"], RegistrationToken="x"), "DisabledApiException")
    subprocess.run(TOLD["expire"], check=True)
    equal(call(operation, protocol, RegistrationToken=token), "ExpiredTokenException")
    equal(call(operation, protocol, RegistrationToken=""), "ValidationException")


def batch_meter_usage(protocol):
    operation = "BatchMeterUsage"
    license = buy(protocol, "by_use", "pay_as_you_go", 1)[2]["licenseArn"]
    split = [{"AllocatedUsageQuantityAsDecimal": "17.42", "Tags": [{"Key": "team", "Value": "blue"}]}]
    record = {"Timestamp": int(time.time()), "Dimension": NODES, "CustomerAWSAccountId": ACME, "LicenseArn": license}
    told = [{**record, "QuantityAsDecimal": "17.42", "UsageAllocations": split}, {**record, "Quantity": 3}]
    equal([result["Status"] for result in call(operation, protocol, UsageRecords=told)["Results"]], ["Success", "DuplicateRecord"])
    for changed, name in [
        ({"Dimension": "unknown"}, "InvalidUsageDimensionException"),
        ({"Timestamp": int(time.time()) - 90_000}, "TimestampOutOfBoundsException"),
        ({"CustomerAWSAccountId": "444455556666"}, "InvalidLicenseException"),
        ({"CustomerIdentifier": "ifAPi5AcF3"}, "InvalidCustomerIdentifierException"),
        ({"UsageAllocations": [{"AllocatedUsageQuantity": 2}]}, "InvalidUsageAllocationsException"),
        ({"UsageAllocations": [{"AllocatedUsageQuantity": 0, "Tags": [{"Key": "?", "Value": "x"}]}]}, "InvalidTagException"),
    ]:
        equal(call(operation, protocol, UsageRecords=[{**record, **changed}]), name)
    equal(call(operation, protocol, ProductCode="x", UsageRecords=[record]), "InvalidProductCodeException")
    equal(call(operation, protocol, there=TOLD["disabled"], UsageRecords=[]), "DisabledApiException")
    throttled = {json.dumps(call(operation, protocol, there=TOLD["switched"], UsageRecords=[])) for _ in range(40)}
    equal('"ThrottlingException"' in throttled, True)


def signatures(protocol):
    """Each of these is refused before anything is read, by AWS's own name."""
    def tried(service="aws-marketplace", minutes=0, key=PLAIN["seller"], spoil=lambda request: None):
        model, request = prepare("GetEntitlements", {"ProductCode": CODE}, protocol, PLAIN)
        sign(request, key, service, minutes)
        spoil(request)
        return judge(model, protocol, *send(request))

    def other_body(request):
        _, other = prepare("GetEntitlements", {"ProductCode": "other"}, protocol, PLAIN)
        request.data = other.data

    def without(name):
        def spoil(request):
            del request.headers[name]
        return spoil

    equal(tried(service="sqs"), "InvalidSignatureException", "another service's scope")
    equal(tried(minutes=-16), "InvalidSignatureException", "a clock that is late")
    equal(tried(minutes=16), "InvalidSignatureException", "a clock that is early")
    equal(tried(key=[PLAIN["seller"][0], "wrong"]), "InvalidSignatureException", "a wrong secret")
    equal(tried(key=["AKIAAAAAAAAAAAAAAAAA", "x"]), "UnrecognizedClientException", "an unknown key")
    equal(tried(spoil=other_body), "InvalidSignatureException", "a body that was not signed")
    equal(tried(spoil=without("Authorization")), "MissingAuthenticationTokenException", "no signature")
    equal(isinstance(tried(minutes=14), dict), True, "a clock that is nearly right")


def refused_by_the_check():
    """The check itself: what the models do not have does not pass."""
    row = {"ProductCode": CODE, "Dimension": "credits", "Value": {"IntegerValue": 1}, "ExpirationDate": 1.0}
    shape = ENTITLEMENT.operation_model("GetEntitlements").output_shape
    check(shape, {"Entitlements": [row]}, JSON)
    for protocol, wrong in [
        (CBOR, row),
        (JSON, {**row, "ExpirationDate": "2027-01-01T00:00:00Z"}),
        (JSON, {**row, "Color": "red"}),
        (JSON, {**row, "CustomerIdentifier": None}),
        (JSON, {**row, "Value": {"IntegerValue": "1"}}),
        (JSON, {**row, "CustomerAWSAccountId": "1 2"}),
    ]:
        try:
            check(shape, {"Entitlements": [wrong]}, protocol)
        except Unlike:
            continue
        raise AssertionError(f"{wrong} passed")


CHECKS = {
    "CreateAgreementRequest": create_agreement_request,
    "AcceptAgreementRequest": accept_agreement_request,
    "GetAgreementEntitlements": get_agreement_entitlements,
    "DescribeAgreement": describe_agreement,
    "SearchAgreements": search_agreements,
    "GetAgreementTerms": get_agreement_terms,
    "GetEntitlements": get_entitlements,
    "ResolveCustomer": resolve_customer,
    "BatchMeterUsage": batch_meter_usage,
}

for operation, checked in CHECKS.items():
    for protocol in reversed(SERVICES[operation].metadata.get("protocols", [SERVICES[operation].metadata["protocol"]])):
        says("conformance", f"{operation}_in_{NAMES[protocol]}_is_as_the_model_says")(checked)(protocol)
for protocol in (JSON, CBOR):
    says("conformance", f"a_signature_that_does_not_hold_has_its_own_error_in_{NAMES[protocol]}")(signatures)(protocol)

says("conformance", "the_check_refuses_what_no_model_has")(refused_by_the_check)()

for (operation, protocol), names in sorted(seen.items()):
    print(f"{operation} in {NAMES[protocol]}: {', '.join(sorted(names))}")
print(f"models of botocore {botocore.__version__}")
finish()
