//! `creditdesk access-key`: an access key from a terminal, in the form that a shell reads, so that an official SDK or the AWS
//! CLI finds this marketplace without another setting. What the page of access keys does, by the same use case.

use super::CliError;
use crate::access::{Action, StaffScope};
use crate::application::StartError;
use crate::assembly;
use crate::audit::{ActingAs, Who};
use crate::config::Config;
use crate::db::{Db, SplitRefusal};
use crate::identity::actor::{self, Chosen};
use crate::kernel::clock::Clock;
use crate::kernel::email::Email;
use crate::kernel::id::PersonId;
use crate::marketplace::wire::access_keys::{self, NewKey};
use clap::Args;

/// The services whose addresses a shell is told, as the SDKs name them in the environment.
const SERVICES: [&str; 4] = ["MARKETPLACE_METERING", "MARKETPLACE_ENTITLEMENT_SERVICE", "MARKETPLACE_AGREEMENT", "SQS"];

/// For whom.
#[derive(Args, Debug)]
pub struct AccessKeyOptions {
    /// The seller or buyer account, 12 digits
    #[arg(long)]
    account: String,
    /// For a buyer account: the address of the person as whom the key acts
    #[arg(long)]
    acts_as: Option<String>,
    /// What the key is for
    #[arg(long, default_value = "made by command")]
    name: String,
    /// The address of the Operator who makes it
    #[arg(long = "as")]
    operator: String,
}

/// Makes the key and prints it.
///
/// # Errors
/// In words for the terminal.
pub async fn make(config: &Config, options: AccessKeyOptions) -> Result<(), CliError> {
    let email = |name, typed: &str| Email::parse(typed).map_err(|problem| CliError::Refused(format!("--{name}: {problem}")));
    let acts_as = options.acts_as.as_deref().map(|typed| email("acts-as", typed)).transpose()?;
    let operator = email("as", &options.operator)?;
    let sealing = assembly::sealing_key(config)?;
    let db = assembly::open_database(config).await?;
    let (person, scope) = find_operator(&db, config, &operator).await?;
    let system = Who::system("access-key command", Clock::system().now());
    let who = Who { person: Some(person), label: operator.as_str().to_owned(), acting_as: ActingAs::Staff, ..system };
    let new = NewKey { name: options.name, account: options.account, acts_as };
    let made = access_keys::make(&db, scope, &sealing, (person, &who), &new).await.refusal().map_err(StartError::Storage)?;
    db.close().await;
    let (id, secret) = made.map_err(|refusal| CliError::Refused(refusal.to_string()))?;
    // A session token that another key left in the shell would be sent along, and is nobody's here.
    println!(
        "unset AWS_SESSION_TOKEN\nexport AWS_ACCESS_KEY_ID={id}\nexport AWS_SECRET_ACCESS_KEY={}\nexport AWS_DEFAULT_REGION=us-east-1",
        secret.reveal()
    );
    if let Some(endpoint) = endpoint(config) {
        for service in SERVICES {
            println!("export AWS_ENDPOINT_URL_{service}={endpoint}");
        }
    }
    Ok(())
}

async fn find_operator(db: &Db, config: &Config, email: &Email) -> Result<(PersonId, StaffScope), CliError> {
    let stored = |error| CliError::Start(StartError::Storage(error));
    let unknown = || CliError::Refused(format!("--as: {} is no Operator of this installation", email.as_str()));
    let (chosen, at) = (Chosen { business: None, buyer: None }, (Clock::system().now(), config.access_lengths));
    let actor = actor::find_by_email(db, email, chosen, at).await.map_err(stored)?.ok_or_else(unknown)?;
    Ok((actor.person, StaffScope::of(&actor, Action::ManageAccessKeys).map_err(|_| unknown())?))
}

/// Where the API answers, as far as the configuration tells; nowhere when it is off.
fn endpoint(config: &Config) -> Option<String> {
    let public = config.public_url.as_ref().map(|url| url.origin().ascii_serialization());
    config.wire.endpoint(&public.unwrap_or_else(|| format!("http://{}", config.listen)))
}
