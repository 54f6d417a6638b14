// The unchanged AWS SDK for JavaScript v3 against the running program: a purchase by API, its token resolved, entitlements
// with every filter and page by page, agreements read by both parties, usage metered, events received from a queue, and every
// error by its name.
//
//     node javascript_client.mjs FOLDER_OF_NODE_MODULES FILE
//
// FILE says where the program is and with which keys to call it; see official_clients.py.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "client.js"));
const metering = require("@aws-sdk/client-marketplace-metering");
const entitlement = require("@aws-sdk/client-marketplace-entitlement-service");
const agreement = require("@aws-sdk/client-marketplace-agreement");
const sqs = require("@aws-sdk/client-sqs");
const told = JSON.parse(readFileSync(process.argv[3]));
const { plain } = told;
const ACME = "111122223333";
const CODE = plain.products.credits.code;
const NODES = "container-security/nodes";
let failed = 0;

async function says(sentence, check) {
  try {
    await check();
    console.log(`test clients::javascript::${sentence} ... ok`);
  } catch (error) {
    failed += 1;
    console.log(`test clients::javascript::${sentence} ... FAILED\n${error.stack}`);
  }
}

function clients(key, { endpoint = plain.origin, ...more } = {}) {
  const [accessKeyId, secretAccessKey] = key;
  const config = { endpoint, region: "us-east-1", credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1, ...more };
  return {
    metering: new metering.MarketplaceMeteringClient(config),
    entitlement: new entitlement.MarketplaceEntitlementServiceClient(config),
    agreement: new agreement.MarketplaceAgreementClient(config),
    queue: new sqs.SQSClient(config),
  };
}

async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error.message, "an error has words");
    assert.match(error.$metadata.requestId, /^[0-9a-f-]{36}$/);
    return [error.name, error.$metadata.httpStatusCode];
  }
  return ["nothing was refused"];
}

async function buy(buyer, product, dimensionKey, dimensionValue) {
  const { proposal, terms } = product;
  const pricing = { selectorValue: "P12M", dimensions: [{ dimensionKey, dimensionValue }] };
  const request = await buyer.agreement.send(
    new agreement.CreateAgreementRequestCommand({
      intent: "NEW",
      agreementProposalIdentifier: proposal,
      requestedTerms: [
        { id: terms.legal },
        { id: terms.support },
        { id: terms.pricing, configuration: { configurableUpfrontPricingTermConfiguration: pricing } },
        { id: terms.renewal, configuration: { renewalTermConfiguration: { enableAutoRenew: true } } },
      ],
    }),
  );
  const { agreementRequestId } = request;
  const { agreementId } = await buyer.agreement.send(new agreement.AcceptAgreementRequestCommand({ agreementRequestId }));
  return { agreementId, request };
}

async function provisioned(buyer, agreementId) {
  for (;;) {
    const answer = await buyer.agreement.send(new agreement.GetAgreementEntitlementsCommand({ agreementId }));
    const [entitled] = answer.agreementEntitlements;
    if (entitled.status !== "PENDING") return entitled;
  }
}

async function quantities(seller, Filter) {
  const found = [];
  const pages = entitlement.paginateGetEntitlements({ client: seller.entitlement, pageSize: 1 }, { ProductCode: CODE, Filter });
  for await (const page of pages) found.push(...page.Entitlements.map((row) => row.Value.IntegerValue));
  return found.sort();
}

const [seller, buyer, other] = [clients(plain.seller), clients(plain.buyer), clients(plain.other)];
const bought = [];
let first;

await says("it_buys_by_program_until_it_is_provisioned", async () => {
  for (const credits of [500, 600, 700]) {
    const { agreementId, request } = await buy(buyer, plain.products.credits, "credits", credits);
    assert.equal(request.chargeSummary.expectedCharges[0].amount, `${credits}.00`);
    bought.push(agreementId);
  }
  first = await provisioned(buyer, bought[0]);
  assert.equal(first.status, "PROVISIONED");
});

await says("it_resolves_a_token", async () => {
  const resolved = await seller.metering.send(new metering.ResolveCustomerCommand({ RegistrationToken: first.registrationToken }));
  // Models that are older than autumn 2026 have no Metadata, and ignore it.
  const { $metadata, Metadata, ...answer } = resolved;
  assert.deepEqual(answer, { CustomerAWSAccountId: ACME, ProductCode: CODE, LicenseArn: first.licenseArn });
  if (Metadata) assert.deepEqual(Metadata, { AgreementId: bought[0] });
});

await says("it_reads_entitlements_by_every_filter_and_page_by_page", async () => {
  for (const [filter, expected] of [
    [undefined, [500, 600, 700]],
    [{ LICENSE_ARN: [first.licenseArn] }, [500]],
    [{ CUSTOMER_AWS_ACCOUNT_ID: [ACME] }, [500, 600, 700]],
    [{ CUSTOMER_AWS_ACCOUNT_ID: ["444455556666"] }, []],
    [{ DIMENSION: ["credits", "seats"] }, [500, 600, 700]],
    [{ CUSTOMER_IDENTIFIER: ["ifAPi5AcF3"] }, []],
    [{ LICENSE_ARN: [first.licenseArn], DIMENSION: ["seats"] }, []],
  ]) {
    assert.deepEqual(await quantities(seller, filter), expected, JSON.stringify(filter));
  }
  const page = await seller.entitlement.send(new entitlement.GetEntitlementsCommand({ ProductCode: CODE }));
  assert.ok(page.Entitlements.every((row) => row.ExpirationDate instanceof Date && row.ExpirationDate > new Date()));
});

await says("it_goes_on_after_an_empty_page", async () => {
  const [there, endpoint] = [told.switched, told.switched.origin];
  const [sells, buys] = [clients(there.seller, { endpoint }), clients(there.buyer, { endpoint })];
  const { agreementId } = await buy(buys, there.products.credits, "credits", 100);
  const { licenseArn } = await provisioned(buys, agreementId);
  assert.deepEqual(await quantities(sells, { LICENSE_ARN: [licenseArn] }), [100]);
  const page = await sells.entitlement.send(new entitlement.GetEntitlementsCommand({ ProductCode: CODE }));
  assert.ok(page.Entitlements.length === 0 && page.NextToken);
});

await says("it_reads_agreements_of_both_parties", async () => {
  const agreementId = bought[0];
  for (const party of [seller, buyer]) {
    const described = await party.agreement.send(new agreement.DescribeAgreementCommand({ agreementId }));
    assert.equal(described.status, "ACTIVE");
    assert.ok(described.endTime > described.startTime);
    const terms = await party.agreement.send(new agreement.GetAgreementTermsCommand({ agreementId }));
    assert.equal(terms.acceptedTerms.length, 5);
    assert.ok(terms.acceptedTerms.every((term) => !term.$unknown));
  }
  const filters = Object.entries({ PartyType: "Proposer", AgreementType: "PurchaseAgreement", AcceptorAccountId: ACME, Status: "ACTIVE" });
  const asked = { catalog: "AWSMarketplace", filters: filters.map(([name, value]) => ({ name, values: [value] })) };
  const found = [];
  for await (const page of agreement.paginateSearchAgreements({ client: seller.agreement, pageSize: 2 }, asked)) {
    found.push(...page.agreementViewSummaries.map((summary) => summary.agreementId));
  }
  assert.deepEqual(found.sort(), [...bought].sort());
});

await says("it_meters_an_hour_once", async () => {
  const { agreementId } = await buy(buyer, plain.products.by_use, "pay_as_you_go", 1);
  const { licenseArn: LicenseArn } = await provisioned(buyer, agreementId);
  const record = { Timestamp: new Date(), Dimension: NODES, CustomerAWSAccountId: ACME, LicenseArn };
  const tell = (...UsageRecords) => seller.metering.send(new metering.BatchMeterUsageCommand({ UsageRecords }));
  const { Results, UnprocessedRecords } = await tell({ ...record, Quantity: 17 });
  assert.deepEqual([Results[0].Status, UnprocessedRecords], ["Success", []]);
  assert.ok(Results[0].UsageRecord.Timestamp instanceof Date);
  const again = await tell({ ...record, Quantity: 17 }, { ...record, Quantity: 18 });
  assert.deepEqual(again.Results.map((result) => result.Status), ["Success", "DuplicateRecord"]);
  assert.equal(again.Results[0].MeteringRecordId, Results[0].MeteringRecordId);
  const hours = (number) => new Date(Date.now() + number * 3_600_000);
  for (const [changed, name] of [
    [{ Dimension: "unknown" }, "InvalidUsageDimensionException"],
    [{ Timestamp: hours(-25) }, "TimestampOutOfBoundsException"],
    [{ Timestamp: hours(1) }, "TimestampOutOfBoundsException"],
    [{ CustomerAWSAccountId: "444455556666" }, "InvalidLicenseException"],
    [{ CustomerIdentifier: "ifAPi5AcF3" }, "InvalidCustomerIdentifierException"],
    [{ Quantity: 2, UsageAllocations: [{ AllocatedUsageQuantity: 1 }] }, "InvalidUsageAllocationsException"],
    [{ Quantity: 1, UsageAllocations: [{ AllocatedUsageQuantity: 1, Tags: [{ Key: "a?", Value: "b" }] }] }, "InvalidTagException"],
    [{ Dimension: "" }, "ValidationException"],
  ]) {
    assert.deepEqual(await refused(tell({ ...record, ...changed })), [name, 400], JSON.stringify(changed));
  }
  const of_another = new metering.BatchMeterUsageCommand({ ProductCode: "unknown", UsageRecords: [record] });
  assert.deepEqual(await refused(seller.metering.send(of_another)), ["InvalidProductCodeException", 400]);
});

// The client compares each message with the MD5 that was sent, and fails where it is not the same.
await says("it_receives_and_deletes_the_events_of_a_purchase", async () => {
  const send = (Command, asked) => seller.queue.send(new Command({ QueueUrl, ...asked }));
  const { QueueUrl } = await seller.queue.send(new sqs.GetQueueUrlCommand({ QueueName: plain.queue }));
  assert.equal(QueueUrl, `${plain.origin}/294406891311/${plain.queue}`);
  await send(sqs.PurgeQueueCommand);
  const { agreementId } = await buy(buyer, plain.products.credits, "credits", 800);
  const received = [];
  while (received.length < 2) {
    const asked = { MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageSystemAttributeNames: ["All"] };
    received.push(...((await send(sqs.ReceiveMessageCommand, asked)).Messages ?? []));
  }
  const events = received.map((message) => JSON.parse(message.Body));
  const expected = ["License Updated - Manufacturer", "Purchase Agreement Created - Proposer"];
  assert.deepEqual(events.map((event) => event["detail-type"]).sort(), expected);
  assert.ok(events.every((event) => event.detail.agreement.id === agreementId));
  assert.deepEqual(received.map((message) => message.Attributes.ApproximateReceiveCount), ["1", "1"]);
  const [kept, released] = received;
  await send(sqs.ChangeMessageVisibilityCommand, { ReceiptHandle: kept.ReceiptHandle, VisibilityTimeout: 600 });
  const Entries = [{ Id: "a", ReceiptHandle: released.ReceiptHandle, VisibilityTimeout: 0 }, { Id: "b", ReceiptHandle: "x", VisibilityTimeout: 0 }];
  const batch = await send(sqs.ChangeMessageVisibilityBatchCommand, { Entries });
  assert.deepEqual([batch.Successful.map((entry) => entry.Id), batch.Failed.map((entry) => entry.Code)], [["a"], ["ReceiptHandleIsInvalid"]]);
  const again = (await send(sqs.ReceiveMessageCommand, { MaxNumberOfMessages: 10, AttributeNames: ["ApproximateReceiveCount"] })).Messages;
  assert.deepEqual(again.map((message) => [message.MessageId, message.Attributes.ApproximateReceiveCount]), [[released.MessageId, "2"]]);
  await send(sqs.DeleteMessageCommand, { ReceiptHandle: kept.ReceiptHandle });
  await send(sqs.DeleteMessageBatchCommand, { Entries: [{ Id: "a", ReceiptHandle: again[0].ReceiptHandle }] });
  const { Attributes } = await send(sqs.GetQueueAttributesCommand, { AttributeNames: ["All"] });
  assert.deepEqual([Attributes.ApproximateNumberOfMessages, Attributes.ApproximateNumberOfMessagesNotVisible], ["0", "0"]);
});

await says("it_knows_every_error_of_a_queue_by_name", async () => {
  const QueueUrl = `${plain.origin}/294406891311/${plain.queue}`;
  const receive = (sdk, asked = {}) => sdk.queue.send(new sqs.ReceiveMessageCommand({ QueueUrl, ...asked }));
  for (const [asked, expected] of [
    [() => receive(seller, { QueueUrl: `${QueueUrl}-elsewhere` }), ["QueueDoesNotExist", 400]],
    [() => seller.queue.send(new sqs.GetQueueUrlCommand({ QueueName: "elsewhere" })), ["QueueDoesNotExist", 400]],
    [() => receive(other), ["QueueDoesNotExist", 400]],
    [() => seller.queue.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: "x" })), ["ReceiptHandleIsInvalid", 400]],
    [() => seller.queue.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: "x" })), ["UnknownOperationException", 400]],
  ]) {
    assert.deepEqual(await refused(asked()), expected, String(asked));
  }
});

await says("it_knows_every_error_by_name", async () => {
  const entitlements = (sdk, asked = {}) => sdk.entitlement.send(new entitlement.GetEntitlementsCommand({ ProductCode: CODE, ...asked }));
  const resolve = (sdk, RegistrationToken) => sdk.metering.send(new metering.ResolveCustomerCommand({ RegistrationToken }));
  const describe = (sdk, agreementId) => sdk.agreement.send(new agreement.DescribeAgreementCommand({ agreementId }));
  const elsewhere = (there, key) => clients(key, { endpoint: there.origin });
  const late = clients(plain.seller, { systemClockOffset: -20 * 60_000 });
  const off = elsewhere(told.disabled, told.disabled.seller);
  for (const [asked, expected] of [
    [() => entitlements(clients([plain.seller[0], "wrong"])), ["InvalidSignatureException", 400]],
    [() => entitlements(clients(["AKIAAAAAAAAAAAAAAAAA", "x"])), ["UnrecognizedClientException", 400]],
    [() => entitlements(late), ["InvalidSignatureException", 400]],
    [() => entitlements(clients(plain.seller, { signer: { sign: async (request) => request } })), ["MissingAuthenticationTokenException", 400]],
    [() => entitlements(buyer), ["AccessDeniedException", 400]],
    [() => entitlements(other), ["InvalidParameterException", 400]],
    [() => entitlements(seller, { MaxResults: 26 }), ["InvalidParameterException", 400]],
    [() => entitlements(seller, { NextToken: "x" }), ["InvalidParameterException", 400]],
    [() => entitlements(seller, { Filter: { CUSTOMER_IDENTIFIER: ["x"], CUSTOMER_AWS_ACCOUNT_ID: [ACME] } }), ["InvalidParameterException", 400]],
    [() => resolve(seller, "x"), ["InvalidTokenException", 400]],
    [() => resolve(other, first.registrationToken), ["InvalidTokenException", 400]],
    [() => resolve(off, "x"), ["DisabledApiException", 400]],
    [() => describe(seller, "agmt-none"), ["ResourceNotFoundException", 404]],
    [() => describe(other, bought[0]), ["ResourceNotFoundException", 404]],
    [() => seller.agreement.send(new agreement.SearchAgreementsCommand({})), ["ValidationException", 400]],
    [() => seller.agreement.send(new agreement.AcceptAgreementRequestCommand({ agreementRequestId: "ar-x" })), ["AccessDeniedException", 403]],
    [() => seller.agreement.send(new agreement.ListAgreementChargesCommand({ agreementId: bought[0] })), ["UnknownOperationException", 400]],
    [() => seller.metering.send(new metering.MeterUsageCommand({ ProductCode: CODE, Timestamp: new Date(), UsageDimension: "x" })), ["UnknownOperationException", 400]],
    [() => seller.metering.send(new metering.RegisterUsageCommand({ ProductCode: CODE, PublicKeyVersion: 1 })), ["UnknownOperationException", 400]],
  ]) {
    assert.deepEqual(await refused(asked()), expected, String(asked));
  }
  execFileSync(told.expire[0], told.expire.slice(1));
  assert.deepEqual(await refused(resolve(seller, first.registrationToken)), ["ExpiredTokenException", 400]);
});

await says("it_is_throttled_beyond_the_quota", async () => {
  const sells = clients(told.switched.seller, { endpoint: told.switched.origin });
  const names = new Set();
  for (let left = 60; left > 0 && names.size === 0; left -= 20) {
    const calls = Array.from({ length: 45 }, () => sells.entitlement.send(new entitlement.GetEntitlementsCommand({ ProductCode: CODE })));
    for (const settled of await Promise.allSettled(calls)) if (settled.status === "rejected") names.add(settled.reason.name);
  }
  assert.deepEqual([...names], ["ThrottlingException"]);
});

console.log(`AWS SDK for JavaScript ${require("@aws-sdk/client-marketplace-metering/package.json").version}`);
process.exit(failed ? 1 : 0);
