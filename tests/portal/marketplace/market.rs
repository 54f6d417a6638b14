//! A marketplace with the program's own catalog, buyers with a payment method, and a bank that counts.

use crate::support::Stage;
use async_trait::async_trait;
use creditdesk::access::{Action, Actor, BuyerRole, BuyerScope, BuyerSeat};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::db::{Db, Failed};
use creditdesk::kernel::clock::Clock;
use creditdesk::kernel::credits::Credits;
use creditdesk::kernel::id::{PaymentId, PersonId, SessionReference};
use creditdesk::marketplace::agreement::{self, Agreement};
use creditdesk::marketplace::catalog::{Catalog, EMBEDDED};
use creditdesk::marketplace::ids::{AgreementId, OfferId, Prodview, QuoteId};
use creditdesk::marketplace::listing::{self, Listing};
use creditdesk::marketplace::pay::{self, Accepted, Paid, PayRefusal, Till};
use creditdesk::marketplace::payment::{Charge, NoAnswer, Outcome, PaymentMethod, PaymentProvider, Providers, Settlement, TestProvider};
use creditdesk::marketplace::publish;
use creditdesk::marketplace::quoting::{self, Wanted};
use creditdesk::marketplace::subscriptions;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Where the product of most stories is listed.
pub const TREND: &str = "prodview-u2in6sa3igl7c";
pub const ACME: &str = "111122223333";
pub const GLOBEX: &str = "444455556666";

/// A test bank that remembers under which keys it was asked, and can be made to hang.
#[derive(Default)]
pub struct Bank {
    keys: Mutex<BTreeSet<PaymentId>>,
    calls: Mutex<usize>,
    pub hangs: AtomicBool,
    pub reached: Notify,
}

impl Bank {
    /// Under how many keys it was asked: each is at most one charge.
    pub fn keys(&self) -> usize {
        self.keys.lock().unwrap().len()
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }
}

#[async_trait]
impl PaymentProvider for Bank {
    async fn charge(&self, charge: &Charge) -> Result<Outcome, NoAnswer> {
        self.keys.lock().unwrap().insert(charge.key);
        *self.calls.lock().unwrap() += 1;
        self.reached.notify_one();
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        TestProvider.charge(charge).await
    }

    async fn settlement(&self, charge: &Charge) -> Result<Settlement, NoAnswer> {
        TestProvider.settlement(charge).await
    }
}

/// A marketplace that is open for business.
pub struct Market {
    pub till: Till,
    pub clock: Clock,
    pub bank: Arc<Bank>,
}

/// A purchaser of a buyer account.
#[derive(Clone)]
pub struct Buyer {
    pub scope: BuyerScope,
    pub person: PersonId,
    pub email: String,
}

impl Market {
    /// With the catalog that the program brings along.
    pub async fn open(stage: &Stage) -> Self {
        let catalog = Catalog::parse(EMBEDDED).unwrap();
        publish::publish(&stage.db, &catalog, &stage.who("start")).await.unwrap();
        let bank = Arc::new(Bank::default());
        let providers = Providers::of(bank.clone(), Some(bank.clone()));
        let till = Till { db: stage.db.clone(), providers, public_url: "https://portal.example".to_owned() };
        Self { till, clock: stage.clock.clone(), bank }
    }

    pub fn db(&self) -> &Db {
        &self.till.db
    }

    /// Opens a buyer account with one purchaser.
    pub async fn buyer(&self, account: &str, method: PaymentMethod) -> Buyer {
        let (person, email) = (PersonId::generate(), format!("buyer-{account}@example.com"));
        let now = self.clock.now();
        let people = self
            .db()
            .write("INSERT INTO people (id, email, email_key, name, search_key, created_at) VALUES ($1, $2, $2, 'Ada', 'ada', $3)");
        people.bind(person).bind(&email).bind(now).exec_one().await.unwrap();
        let accounts = self.db().write("INSERT INTO buyer_accounts (id, name, search_key, billing_address, payment_method, created_at) VALUES ($1, 'Acme', 'acme', 'Main Street 1', $2, $3)");
        accounts.bind(account).bind(method).bind(now).exec_one().await.unwrap();
        Buyer { scope: scope(person, account, &email), person, email }
    }

    pub fn who(&self, buyer: &Buyer) -> Who {
        Who {
            person: Some(buyer.person),
            label: buyer.email.clone(),
            acting_as: ActingAs::Buyer,
            address: "192.0.2.1".to_owned(),
            request_id: "req-test".to_owned(),
            now: self.clock.now(),
        }
    }

    pub async fn listing(&self) -> Listing {
        listing::find(self.db(), &Prodview::parse(TREND).unwrap()).await.unwrap().unwrap()
    }

    pub async fn offer(&self) -> OfferId {
        self.listing().await.offer_id
    }

    /// A quote for so many credits of Trend Vision One.
    pub async fn quote(&self, buyer: &Buyer, number: i64) -> QuoteId {
        let prodview = Prodview::parse(TREND).unwrap();
        quoting::create(self.db(), &buyer.scope, &self.who(buyer), &prodview, &self.offer().await, &wanted(number)).await.unwrap()
    }

    pub async fn pay(&self, buyer: &Buyer, quote: &QuoteId, attempt: i64) -> Result<Paid, PayRefusal> {
        match pay::pay(&self.till, &buyer.scope, &self.who(buyer), quote, attempt).await {
            Ok(paid) => Ok(paid),
            Err(Failed::Refused(refusal)) => Err(refusal),
            Err(Failed::Storage(error)) => panic!("storage failed: {error:?}"),
        }
    }

    /// Buys so many credits; the agreement.
    pub async fn buy(&self, buyer: &Buyer, number: i64) -> Agreement {
        let quote = self.quote(buyer, number).await;
        let accepted = accepted(self.pay(buyer, &quote, 1).await.unwrap());
        self.agreement(buyer, &accepted.agreement).await
    }

    pub async fn agreement(&self, buyer: &Buyer, id: &AgreementId) -> Agreement {
        subscriptions::find(self.db(), &buyer.scope, id).await.unwrap().unwrap().agreement
    }

    /// Tells the marketplace, as the console does, that the purchase was activated.
    pub async fn activate(&self, agreement: &Agreement) {
        let now = self.clock.now();
        assert!(agreement::mark_activated(self.db(), &Who::system("console", now), &agreement.license_arn, now).await.unwrap());
    }

    /// Rows of a table.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.db().read(sql).scalar().await.unwrap()
    }

    /// How many agreements, license ARNs, entitlements, charges and payments there are.
    pub async fn books(&self) -> [i64; 5] {
        [
            self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").await,
            self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM license_arns").await,
            self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM entitlements").await,
            self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await,
            self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM payments").await,
        ]
    }

    /// Subjects of the mails so far, first to last.
    pub async fn mails(&self) -> Vec<String> {
        let rows = self.db().read("SELECT subject FROM mails ORDER BY created_at, id").all::<(String,)>().await.unwrap();
        rows.into_iter().map(|(subject,)| subject).collect()
    }

    /// How often an action stands in the audit log.
    pub async fn audited(&self, action: &str) -> i64 {
        self.db().read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = $1").bind(action).scalar().await.unwrap()
    }
}

/// What an accepted payment led to.
pub fn accepted(paid: Paid) -> Accepted {
    match paid {
        Paid::Accepted(accepted) => accepted,
        other => panic!("not accepted: {other:?}"),
    }
}

/// So many credits, renewing, without a purchase order number.
pub fn wanted(number: i64) -> Wanted {
    Wanted { credits: credits(number), auto_renew: true, purchase_order: None }
}

pub fn credits(number: i64) -> Credits {
    Credits::new(number).unwrap()
}

fn scope(person: PersonId, account: &str, email: &str) -> BuyerScope {
    let seat = BuyerSeat { account: account.to_owned(), name: "Acme".to_owned(), role: BuyerRole::Purchaser };
    let actor = Actor {
        person,
        name: "Ada".to_owned(),
        email: email.to_owned(),
        time_zone: None,
        session: SessionReference::generate(),
        memberships: Vec::new(),
        seats: vec![seat],
        staff: Vec::new(),
        business: None,
        buyer: Some(account.to_owned()),
    };
    BuyerScope::of(&actor, Action::Purchase).unwrap()
}
