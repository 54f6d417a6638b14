//! Which protocol a request speaks and which operation it asks for; how an answer is written in the same protocol. Pure.

use super::fault::Fault;
use super::signature::Arrived;
use super::value::Members;
use super::{cbor, json};
use crate::text_enum;

/// A protocol of the SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// awsJson 1.0: `POST /` and `X-Amz-Target`.
    Json10,
    /// awsJson 1.1: the same with another media type.
    Json11,
    /// Smithy RPC v2 CBOR: `POST /service/{service}/operation/{operation}`.
    Cbor,
}

text_enum! {
    /// A service, by the name that targets and addresses give it.
    pub enum Service {
        /// Marketplace Metering.
        Metering = "AWSMPMeteringService",
        /// Marketplace Entitlement Service.
        Entitlement = "AWSMPEntitlementService",
        /// Marketplace Agreement.
        Agreement = "AWSMPCommerceService_v20200301",
        /// Queues of change events: Amazon SQS.
        Queue = "AmazonSQS",
    }
}

text_enum! {
    /// An operation, by its own name.
    pub enum Operation {
        /// Seller: what a registration token stands for.
        ResolveCustomer = "ResolveCustomer",
        /// Seller: what customers used.
        BatchMeterUsage = "BatchMeterUsage",
        /// Seller: what a product's customers are entitled to.
        GetEntitlements = "GetEntitlements",
        /// Both sides: one agreement.
        DescribeAgreement = "DescribeAgreement",
        /// Both sides: agreements by filters.
        SearchAgreements = "SearchAgreements",
        /// Both sides: what was accepted.
        GetAgreementTerms = "GetAgreementTerms",
        /// Buyer: a quote.
        CreateAgreementRequest = "CreateAgreementRequest",
        /// Buyer: pays a quote.
        AcceptAgreementRequest = "AcceptAgreementRequest",
        /// Buyer: whether a purchase is provisioned, with a registration token.
        GetAgreementEntitlements = "GetAgreementEntitlements",
        /// Seller: events, hidden from other receivers for a while.
        ReceiveMessage = "ReceiveMessage",
        /// Seller: an event is done with.
        DeleteMessage = "DeleteMessage",
        /// Seller: up to ten events are done with.
        DeleteMessageBatch = "DeleteMessageBatch",
        /// Seller: how long an event stays hidden.
        ChangeMessageVisibility = "ChangeMessageVisibility",
        /// Seller: how long up to ten events stay hidden.
        ChangeMessageVisibilityBatch = "ChangeMessageVisibilityBatch",
        /// Seller: the address of a queue.
        GetQueueUrl = "GetQueueUrl",
        /// Seller: how much is in a queue.
        GetQueueAttributes = "GetQueueAttributes",
        /// Seller: the account's queues.
        ListQueues = "ListQueues",
        /// Seller: empties a queue.
        PurgeQueue = "PurgeQueue",
    }
}

impl Operation {
    /// Whose operation it is.
    #[must_use]
    pub const fn service(self) -> Service {
        match self {
            Self::ResolveCustomer | Self::BatchMeterUsage => Service::Metering,
            Self::GetEntitlements => Service::Entitlement,
            Self::DescribeAgreement
            | Self::SearchAgreements
            | Self::GetAgreementTerms
            | Self::CreateAgreementRequest
            | Self::AcceptAgreementRequest
            | Self::GetAgreementEntitlements => Service::Agreement,
            Self::ReceiveMessage
            | Self::DeleteMessage
            | Self::DeleteMessageBatch
            | Self::ChangeMessageVisibility
            | Self::ChangeMessageVisibilityBatch
            | Self::GetQueueUrl
            | Self::GetQueueAttributes
            | Self::ListQueues
            | Self::PurgeQueue => Service::Queue,
        }
    }

    fn find(service: &str, operation: &str) -> Option<Self> {
        Self::parse(operation).filter(|found| found.service().as_str() == service)
    }
}

/// How the request is to be answered, whatever comes of it, and what it asks for.
pub fn recognise(request: Arrived<'_>) -> (Protocol, Result<Operation, Fault>) {
    if let Some(rest) = request.path.strip_prefix("/service/") {
        let named = rest.split_once("/operation/").and_then(|(service, operation)| Operation::find(service, operation));
        // Metering and queues are modelled for JSON only.
        let in_cbor = |operation: &Operation| matches!(operation.service(), Service::Entitlement | Service::Agreement);
        let named = named.filter(|operation| in_cbor(operation) && request.method == "POST");
        return (Protocol::Cbor, named.ok_or_else(Fault::unknown_operation));
    }
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let target = request.header("x-amz-target").unwrap_or_default();
    let asked = target.rsplit_once('.').and_then(|(service, operation)| Operation::find(service, operation));
    // Some clients of queues post to the queue's own address.
    let at_its_address = |operation: &Operation| request.path == "/" || operation.service() == Service::Queue;
    let asked = asked.filter(|operation| at_its_address(operation) && request.method == "POST");
    let protocol = if media_type.ends_with("-1.0") { Protocol::Json10 } else { Protocol::Json11 };
    let is_json = media_type.starts_with("application/x-amz-json-1.");
    let wrong_type = || Fault::new("SerializationException", "The body has to be of the type application/x-amz-json-1.1 or 1.0.");
    let asked = asked.ok_or_else(Fault::unknown_operation);
    (protocol, if is_json || asked.is_err() { asked } else { Err(wrong_type()) })
}

impl Protocol {
    /// The media type of bodies.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::Cbor => "application/cbor",
        }
    }

    /// Reads a request's body.
    ///
    /// # Errors
    /// The fault of a body that cannot be read.
    pub fn read(self, body: &[u8]) -> Result<Members, Fault> {
        match self {
            Self::Json10 | Self::Json11 => json::read(body),
            Self::Cbor => cbor::read(body),
        }
        .map_err(Fault::serialization)
    }

    /// Writes an answer's body.
    #[must_use]
    pub fn write(self, members: Members) -> Vec<u8> {
        match self {
            Self::Json10 | Self::Json11 => json::write(members),
            Self::Cbor => cbor::write(members),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str, media_type: &str, target: &str) -> (Protocol, Result<Operation, &'static str>) {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = [header("content-type", media_type), header("x-amz-target", target)];
        let (protocol, operation) = recognise(Arrived { method: "POST", path, query: "", headers: &headers, body: b"" });
        (protocol, operation.map_err(|fault| fault.code))
    }

    /// Rule 1 of the protocol: by address or by target, and the answer in the same protocol.
    #[test]
    fn a_request_is_known_by_its_address_or_its_target() {
        let cbor = |path| asked(path, "application/cbor", "");
        let path = "/service/AWSMPEntitlementService/operation/GetEntitlements";
        assert_eq!(cbor(path), (Protocol::Cbor, Ok(Operation::GetEntitlements)));
        let path = "/service/AWSMPCommerceService_v20200301/operation/DescribeAgreement";
        assert_eq!(cbor(path), (Protocol::Cbor, Ok(Operation::DescribeAgreement)));
        for path in [
            "/service/AWSMPMeteringService/operation/ResolveCustomer",
            "/service/AmazonSQS/operation/ListQueues",
            "/service/AWSMPEntitlementService/operation/X",
            "/service/x",
        ] {
            assert_eq!(cbor(path), (Protocol::Cbor, Err("UnknownOperationException")), "{path}");
        }
        let json = |media_type, target| asked("/", media_type, target);
        let (one, nought) = ("application/x-amz-json-1.1", "application/x-amz-json-1.0; charset=utf-8");
        assert_eq!(json(one, "AWSMPMeteringService.ResolveCustomer"), (Protocol::Json11, Ok(Operation::ResolveCustomer)));
        let target = "AWSMPCommerceService_v20200301.SearchAgreements";
        assert_eq!(json(nought, target), (Protocol::Json10, Ok(Operation::SearchAgreements)));
        for target in ["", "ResolveCustomer", "AWSMPMeteringService.GetEntitlements", "AWSMPMeteringService.MeterUsage"] {
            assert_eq!(json(one, target), (Protocol::Json11, Err("UnknownOperationException")), "{target}");
        }
        for path in ["/", "/294406891311/events"] {
            let queue = asked(path, nought, "AmazonSQS.ReceiveMessage");
            assert_eq!(queue, (Protocol::Json10, Ok(Operation::ReceiveMessage)), "{path}");
        }
        let elsewhere = asked("/294406891311/events", one, "AWSMPMeteringService.ResolveCustomer");
        assert_eq!(elsewhere, (Protocol::Json11, Err("UnknownOperationException")));
        assert_eq!(json("text/plain", "AWSMPMeteringService.ResolveCustomer"), (Protocol::Json11, Err("SerializationException")));
    }
}
