//! One exchange: an operation that was let in, and its answer. Everything that is ever said to a client of the API goes
//! through here, so that what is to see every call has one place to look.

use super::seen::Seen;
use crate::application::Portal;
use crate::audit::Who;
use crate::kernel::clock::Timestamp;
use crate::marketplace::wire::access_keys::Caller;
use crate::marketplace::wire::call::{self, Context};
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::protocol::{Operation, Protocol, Service};
use crate::marketplace::wire::value::{Members, Structure};
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use std::future::{Ready, ready};
use std::sync::Arc;

/// What came through the guard.
#[derive(Clone)]
pub struct Exchange {
    pub(super) portal: Arc<Portal>,
    pub(super) protocol: Protocol,
    pub(super) operation: Operation,
    pub(super) caller: Caller,
    pub(super) who: Who,
    pub(super) members: Members,
    /// For the test bench's inspector, if it is on.
    pub(super) seen: Option<Seen>,
}

impl FromRequest for Exchange {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let exchange = request.extensions_mut().remove::<Self>();
        ready(exchange.ok_or_else(|| actix_web::error::ErrorInternalServerError("no guard stands before this handler")))
    }
}

/// Every operation, in every protocol.
pub async fn answer(exchange: Exchange) -> HttpResponse {
    let Exchange { portal, protocol, operation, caller, who, members, seen } = exchange;
    let context = Context { till: &portal.till, desk: &portal.wire, caller: &caller, who: &who };
    let answered = call::answer(context, operation, &members).await;
    if operation == Operation::AcceptAgreementRequest {
        // Mail and events of a purchase wait for the clockwork.
        portal.wake.now();
    }
    let said = Said::of(operation.service() == Service::Agreement, &who.request_id, answered);
    if let Some(seen) = seen {
        portal.bench.note(seen.answered(Some((operation, &caller)), said.status, &said.body)).await;
    }
    reply(protocol, &who.request_id, portal.clock.unmoved().now(), said)
}

/// What an answer says, whatever protocol it goes out in.
pub(super) struct Said {
    /// Of HTTP.
    pub status: StatusCode,
    /// The answer's members, or the fault's.
    pub body: Members,
    /// The fault's name in the query protocol, where the service has had one.
    query_code: Option<&'static str>,
}

impl Said {
    /// The answer, or the fault; `names_request`: whether a fault repeats the request's id.
    pub(super) fn of(names_request: bool, reference: &str, answered: Result<Structure, Fault>) -> Self {
        match answered {
            Ok(structure) => Self { status: StatusCode::OK, body: structure.0, query_code: None },
            Err(fault) => {
                let fault = if names_request { fault.with("requestId", reference) } else { fault };
                let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Self { status, query_code: fault.query_code, body: fault.body() }
            }
        }
    }
}

/// The answer as it is sent. The date is the clock's that signatures are checked against, so that clients whose clock is
/// off correct theirs.
pub(super) fn reply(protocol: Protocol, reference: &str, now: Timestamp, said: Said) -> HttpResponse {
    let mut response = HttpResponse::build(said.status);
    response
        .insert_header((header::CONTENT_TYPE, protocol.media_type()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::DATE, now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()))
        .insert_header(("x-amzn-requestid", reference));
    if protocol == Protocol::Cbor {
        response.insert_header(("smithy-protocol", "rpc-v2-cbor"));
    }
    if let Some(code) = said.query_code {
        response.insert_header(("x-amzn-query-error", format!("{code};Sender")));
    }
    response.body(protocol.write(said.body))
}
