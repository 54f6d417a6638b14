//! One call: from the bytes that arrived to the answer. Recognised first, then authenticated, then read, then answered;
//! whatever fails becomes the fault that AWS has for it.

use super::access_keys::{self, AccessKeyId, BuyerCaller, Caller};
use super::fault::Fault;
use super::input::Input;
use super::protocol::{Operation, Service};
use super::queues::{self, Queues};
use super::signature::{self, Arrived};
use super::switches::{self, Quotas, Switch, Switches};
use super::value::{Members, Structure};
use super::{agreements, entitlements, requests, resolve, usage};
use crate::access::{Action, BuyerScope};
use crate::audit::Who;
use crate::db::Db;
use crate::kernel::clock::{Clock, Timestamp};
use crate::kernel::sealing::SealingKey;
use crate::marketplace::pay::Till;
use crate::test_bench::Bench;

/// What all calls share.
#[derive(Debug)]
pub struct Desk {
    /// Opens the secrets of access keys.
    pub sealing: SealingKey,
    /// What is switched on.
    pub switches: Switches,
    /// What accounts have called in this second.
    pub quotas: Quotas,
    /// What queues of change events share.
    pub queues: Queues,
    /// What is switched on while the program runs.
    pub bench: Bench,
}

impl Desk {
    /// With these switches on.
    #[must_use]
    pub fn new(sealing: SealingKey, switches: Switches, queues: Queues) -> Self {
        Self { sealing, switches, quotas: Quotas::default(), queues, bench: Bench::off() }
    }

    /// Whether something is switched on.
    #[must_use]
    pub fn has(&self, switch: Switch) -> bool {
        self.switches.contains(&switch)
    }
}

/// Who calls: a key that works, and whose secret signed exactly this request. Clients sign by the time of the world, so a
/// clock that was put forward does not count for that.
///
/// # Errors
/// The fault that says what is wrong.
pub async fn authenticate(db: &Db, desk: &Desk, request: Arrived<'_>, clock: &Clock) -> Result<Caller, Fault> {
    let claim = signature::read(request)?;
    let unrecognized = || Fault::new("UnrecognizedClientException", "The security token included in the request is invalid.");
    if request.header("x-amz-security-token").is_some() {
        // Session credentials come from AWS; nobody here has any.
        return Err(unrecognized());
    }
    let id = AccessKeyId::parse(&claim.key_id).ok_or_else(unrecognized)?;
    let known = access_keys::find_working(db, &id).await?.ok_or_else(unrecognized)?;
    let secret = known.secret(&desk.sealing).map_err(|error| {
        tracing::error!(key = %id, %error, "was CREDITDESK_WIRE_KEY_FILE changed?");
        Fault::new("InternalFailure", "The secret of this access key cannot be read. Ask for a new key.").status(500)
    })?;
    signature::check(request, &claim, &secret, clock.unmoved().now())?;
    known.note_use(db, clock.now()).await?;
    Ok(known.caller)
}

/// What an operation works with.
#[derive(Clone, Copy, Debug)]
pub struct Context<'c> {
    /// Where quotes are paid; the database.
    pub till: &'c Till,
    /// What all calls share.
    pub desk: &'c Desk,
    /// Who calls.
    pub caller: &'c Caller,
    /// The same for use cases and the audit log.
    pub who: &'c Who,
}

impl<'c> Context<'c> {
    /// The database.
    #[must_use]
    pub const fn db(self) -> &'c Db {
        &self.till.db
    }

    /// The instant of the call.
    #[must_use]
    pub const fn now(self) -> Timestamp {
        self.who.now
    }

    /// The seller's account; the operation is for sellers.
    ///
    /// # Errors
    /// `AccessDeniedException` for a buyer's key.
    pub fn seller(self, operation: Operation) -> Result<&'c str, Fault> {
        if self.caller.buyer.is_none() { Ok(&self.caller.account) } else { Err(denied(self.caller, operation)) }
    }

    /// The scope of the person as whom a buyer's key acts.
    ///
    /// # Errors
    /// `AccessDeniedException` for a seller's key, and when the person may not.
    pub fn buyer(self, operation: Operation, action: Action) -> Result<BuyerScope, Fault> {
        let seated = self.caller.buyer.as_ref().and_then(|BuyerCaller { person, seat, .. }| Some((*person, seat.as_ref()?)));
        let (person, seat) = seated.ok_or_else(|| denied(self.caller, operation))?;
        BuyerScope::by_key(person, seat, action).map_err(|_| denied(self.caller, operation))
    }
}

pub(super) fn denied(caller: &Caller, operation: Operation) -> Fault {
    let account = &caller.account;
    let prefix = if operation.service() == Service::Queue { "sqs" } else { "aws-marketplace" };
    let words = format!("User: arn:aws:iam::{account}:access-key/{} is not authorized to perform: {prefix}:{operation}", caller.key);
    let fault = Fault::new("AccessDeniedException", words);
    if operation.service() == Service::Agreement { fault.status(403).with("reason", "INVALID_ACCESS") } else { fault }
}

/// Answers an operation.
///
/// # Errors
/// The fault.
pub async fn answer(context: Context<'_>, operation: Operation, members: &Members) -> Result<Structure, Fault> {
    answered(context, operation, members).await.map_err(|fault| fault.of(operation.service()))
}

async fn answered(context: Context<'_>, operation: Operation, members: &Members) -> Result<Structure, Fault> {
    switches::meet(context.desk, &context.caller.account, operation, context.now()).await?;
    let input = Input::new(members);
    match operation {
        Operation::ResolveCustomer => resolve::customer(context, input).await,
        Operation::BatchMeterUsage => usage::batch(context, input).await,
        Operation::GetEntitlements => entitlements::get(context, input).await,
        Operation::DescribeAgreement => agreements::describe(context, input).await,
        Operation::SearchAgreements => agreements::search::search(context, input).await,
        Operation::GetAgreementTerms => agreements::terms::get(context, input).await,
        Operation::GetAgreementEntitlements => agreements::entitlements::get(context, input).await,
        Operation::CreateAgreementRequest => requests::create(context, input).await,
        Operation::AcceptAgreementRequest => requests::accept::accept(context, input).await,
        Operation::ReceiveMessage
        | Operation::DeleteMessage
        | Operation::DeleteMessageBatch
        | Operation::ChangeMessageVisibility
        | Operation::ChangeMessageVisibilityBatch
        | Operation::GetQueueUrl
        | Operation::GetQueueAttributes
        | Operation::ListQueues
        | Operation::PurgeQueue => queues::answer(context, operation, input).await,
    }
}
