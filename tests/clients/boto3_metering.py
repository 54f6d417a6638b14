#!/usr/bin/env python3
"""The unchanged boto3 and `BatchMeterUsage`: quantities in both forms, splits by tags, what is told twice, what fails a whole
batch, and what can be switched on.

    boto3_metering.py FILE

FILE says where the program is and with which keys to call it; see official_clients.py.
"""

import datetime
import json
import subprocess
import sys

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

from sentences import equal, finish, says

TOLD = json.load(open(sys.argv[1]))
PLAIN = TOLD["plain"]
ACME, NODES, BUCKETS = "111122223333", "container-security/nodes", "file-security/storage-bucket"
PRODUCT = PLAIN["products"]["by_use"]


def client(service, there, key, **more):
    config = Config(retries={"max_attempts": 1, **more.pop("retries", {})}, parameter_validation=False)
    id, secret = key
    return boto3.client(service, endpoint_url=there["origin"], region_name="us-east-1", aws_access_key_id=id, aws_secret_access_key=secret, config=config)


def refused(call, **members):
    try:
        call(**members)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def subscribe(buyer):
    terms, pricing = PRODUCT["terms"], {"selectorValue": "P12M", "dimensions": [{"dimensionKey": "pay_as_you_go", "dimensionValue": 1}]}
    request = buyer.create_agreement_request(
        intent="NEW",
        agreementProposalIdentifier=PRODUCT["proposal"],
        requestedTerms=[
            {"id": terms["legal"]},
            {"id": terms["support"]},
            {"id": terms["pricing"], "configuration": {"configurableUpfrontPricingTermConfiguration": pricing}},
        ],
    )
    agreement = buyer.accept_agreement_request(agreementRequestId=request["agreementRequestId"])["agreementId"]
    return buyer.get_agreement_entitlements(agreementId=agreement)["agreementEntitlements"][0]


metering = client("meteringmarketplace", PLAIN, PLAIN["seller"])
entitled = subscribe(client("marketplace-agreement", PLAIN, PLAIN["buyer"]))
NOW = datetime.datetime.now(datetime.timezone.utc)
RECORD = {"Timestamp": NOW, "Dimension": NODES, "CustomerAWSAccountId": ACME, "LicenseArn": entitled["licenseArn"]}


def tell(*records):
    return metering.batch_meter_usage(UsageRecords=list(records))["Results"]


@says("boto3_metering")
def quantities_are_compared_by_value():
    first = tell({**RECORD, "QuantityAsDecimal": "17.00"})[0]
    equal(first["Status"], "Success")
    equal(first["UsageRecord"]["QuantityAsDecimal"], "17.00")
    again = tell({**RECORD, "Quantity": 17}, {**RECORD, "QuantityAsDecimal": "17"}, {**RECORD, "QuantityAsDecimal": "17.42"})
    equal([result["Status"] for result in again], ["Success", "Success", "DuplicateRecord"])
    equal({result.get("MeteringRecordId") for result in again}, {first["MeteringRecordId"], None})


@says("boto3_metering")
def a_quantity_may_be_split_by_tags():
    split = [
        {"AllocatedUsageQuantityAsDecimal": "1.25", "Tags": [{"Key": "team", "Value": "blue"}]},
        {"AllocatedUsageQuantityAsDecimal": "0.75"},
    ]
    result = tell({**RECORD, "Dimension": BUCKETS, "QuantityAsDecimal": "2", "UsageAllocations": split})[0]
    equal((result["Status"], result["UsageRecord"]["UsageAllocations"]), ("Success", split))


@says("boto3_metering")
def each_error_of_a_batch_has_its_name():
    hour = datetime.timedelta(hours=1)
    for changed, name in [
        ({"Dimension": "unknown"}, "InvalidUsageDimensionException"),
        ({"Timestamp": NOW - 25 * hour}, "TimestampOutOfBoundsException"),
        ({"Timestamp": NOW + hour}, "TimestampOutOfBoundsException"),
        ({"CustomerAWSAccountId": "444455556666"}, "InvalidLicenseException"),
        ({"LicenseArn": RECORD["LicenseArn"][:-1] + "_"}, "InvalidLicenseException"),
        ({"CustomerIdentifier": "ifAPi5AcF3"}, "InvalidCustomerIdentifierException"),
        ({"UsageAllocations": [{"AllocatedUsageQuantity": 2}]}, "InvalidUsageAllocationsException"),
        ({"UsageAllocations": [{"AllocatedUsageQuantityAsDecimal": "1"}]}, "InvalidUsageAllocationsException"),
        ({"UsageAllocations": [{"AllocatedUsageQuantity": 1, "Tags": [{"Key": str(key), "Value": "v"} for key in range(6)]}]}, "InvalidTagException"),
        ({"QuantityAsDecimal": "1"}, "ValidationException"),
        ({"Quantity": -1}, "ValidationException"),
    ]:
        wrong = {**RECORD, "Quantity": 1, **changed}
        equal(refused(metering.batch_meter_usage, UsageRecords=[wrong]), (name, 400), changed)
    equal(refused(metering.batch_meter_usage, UsageRecords=[RECORD] * 26), ("ValidationException", 400))
    equal(refused(metering.batch_meter_usage, UsageRecords=[RECORD], ProductCode="x"), ("InvalidProductCodeException", 400))
    other = client("meteringmarketplace", PLAIN, PLAIN["other"])
    equal(refused(other.batch_meter_usage, UsageRecords=[RECORD]), ("InvalidLicenseException", 400))
    buyer = client("meteringmarketplace", PLAIN, PLAIN["buyer"])
    equal(refused(buyer.batch_meter_usage, UsageRecords=[RECORD]), ("AccessDeniedException", 400))
    big = [{**RECORD, "Dimension": "x" * 60_000}] * 20
    equal(refused(metering.batch_meter_usage, UsageRecords=big), ("RequestEntityTooLargeException", 413))


@says("boto3_metering")
def an_expired_token_is_told_apart_from_an_invalid_one():
    token = entitled["registrationToken"]
    equal(metering.resolve_customer(RegistrationToken=token)["Metadata"]["AgreementId"][:5], "agmt-")
    subprocess.run(TOLD["expire"], check=True)
    equal(refused(metering.resolve_customer, RegistrationToken=token), ("ExpiredTokenException", 400))
    equal(refused(metering.resolve_customer, RegistrationToken=token[:-1]), ("InvalidTokenException", 400))


@says("boto3_metering")
def metering_is_throttled_and_can_be_disabled():
    switched = client("meteringmarketplace", TOLD["switched"], TOLD["switched"]["seller"])
    codes = {refused(switched.batch_meter_usage, UsageRecords=[]) for _ in range(60)}
    equal(codes, {None, ("ThrottlingException", 400)})
    disabled = client("meteringmarketplace", TOLD["disabled"], TOLD["disabled"]["seller"])
    equal(refused(disabled.batch_meter_usage, UsageRecords=[]), ("DisabledApiException", 400))


@says("boto3_metering")
def what_is_for_other_kinds_of_products_is_not_here():
    usage = {"ProductCode": PRODUCT["code"], "Timestamp": NOW, "UsageDimension": NODES}
    equal(refused(metering.meter_usage, **usage), ("UnknownOperationException", 400))
    equal(refused(metering.register_usage, ProductCode=PRODUCT["code"], PublicKeyVersion=1), ("UnknownOperationException", 400))


quantities_are_compared_by_value()
a_quantity_may_be_split_by_tags()
each_error_of_a_batch_has_its_name()
an_expired_token_is_told_apart_from_an_invalid_one()
metering_is_throttled_and_can_be_disabled()
what_is_for_other_kinds_of_products_is_not_here()
print(f"boto3 {boto3.__version__}, botocore {botocore.__version__}")
finish()
