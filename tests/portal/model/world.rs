//! The program as the sequences use it: the real use cases of marketplace, fulfilment and transfer on a database of its
//! own, with the real adapter between them, and the books as they stand after each step.

mod shelf;

use super::reference::{Answer, Bank};
use crate::support::{Stage, fixtures};
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope, BuyerScope, Lengths, StaffRole};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::db::{Failed, SplitRefusal};
use creditdesk::fulfilment::activate::{Activation, activate};
use creditdesk::fulfilment::land::land;
use creditdesk::fulfilment::marketplace::embedded::Embedded;
use creditdesk::fulfilment::prepare::{Refusal, Viewer};
use creditdesk::fulfilment::products::Products;
use creditdesk::fulfilment::transfer::{Ask, Confirmed, LicenseRef, Reason, Ticket, approve, request};
use creditdesk::fulfilment::{Fulfilment, Links, reread, sync};
use creditdesk::identity::actor::{self, Chosen};
use creditdesk::kernel::credits::Credits;
use creditdesk::kernel::id::{BusinessId, LicenseId, PersonId, RegistrationId, SessionReference, TransferId};
use creditdesk::kernel::sealing::SealingKey;
use creditdesk::kernel::secret::Secret;
use creditdesk::marketplace::catalog::{Catalog, EMBEDDED};
use creditdesk::marketplace::ids::{AgreementId, Prodview, QuoteId};
use creditdesk::marketplace::listing::{self, Listing};
use creditdesk::marketplace::pay::{Paid, Till, pay};
use creditdesk::marketplace::payment::{PaymentMethod, Providers};
use creditdesk::marketplace::quoting::Wanted;
use creditdesk::marketplace::renewal::{self, Chosen as NextTerm};
use creditdesk::marketplace::{publish, quoting, renew, settle, token, upgrade};
use shelf::Shelf;
use std::sync::Arc;

/// Businesses of the world.
pub const BUSINESSES: usize = 3;
/// Buyer accounts and how their banks behave; most approve.
pub const BANKS: [Bank; 8] = [
    Bank::Approves,
    Bank::Approves,
    Bank::Approves,
    Bank::Approves,
    Bank::ArrivesLater,
    Bank::NeverArrives,
    Bank::AnswersLate,
    Bank::Declines,
];

const fn method(bank: Bank) -> PaymentMethod {
    match bank {
        Bank::Approves => PaymentMethod::Invoice,
        Bank::Declines => PaymentMethod::TestDecline,
        Bank::ArrivesLater => PaymentMethod::TestSettleApproved,
        Bank::NeverArrives => PaymentMethod::TestSettleDeclined,
        Bank::AnswersLate => PaymentMethod::TestTimeOut,
    }
}

/// Where the two products of the model are listed. The second one's catalog entry is changed: it sells as many credits as
/// the first, and each renewal has a license ARN of its own.
const LISTINGS: [&str; 2] = ["prodview-u2in6sa3igl7c", "prodview-7hq2mdx4ztbne"];

fn catalog() -> Catalog {
    let prodview = format!("prodview = \"{}\"\n", LISTINGS[1]);
    let limits = "min = 500\nstep = 100\nmax = 2_000_000";
    assert!(EMBEDDED.contains(&prodview) && EMBEDDED.contains(limits));
    let text = EMBEDDED.replace(&prodview, &format!("{prodview}renewal_license_arn = \"new\"\n"));
    Catalog::parse(&text.replace(limits, "min = 100\nstep = 1\nmax = 10_000_000")).expect("the catalog of the program")
}

/// An accepted purchase as its buyer knows it.
pub struct Bought {
    /// The first agreement of its chain.
    pub agreement: AgreementId,
    account: usize,
    /// The first item, once it is activated.
    pub license: Option<LicenseId>,
}

struct Held {
    purchase: usize,
    handle: Secret,
    registration: RegistrationId,
}

/// The program and what the sequence holds in its hands.
pub struct World {
    pub stage: Stage,
    pub businesses: Vec<BusinessId>,
    pub bought: Vec<Bought>,
    administrators: Vec<Actor>,
    buyers: Vec<Actor>,
    support: Actor,
    lead: Actor,
    till: Till,
    room: Fulfilment,
    listings: Vec<Listing>,
    shelf: Shelf,
    quotes: Vec<(usize, QuoteId)>,
    held: Vec<Held>,
    requests: Vec<TransferId>,
}

/// `Ok` with what was made, or the refusal as an answer; a storage error fails the test.
fn told<T, R: std::fmt::Debug>(result: Result<T, Failed<R>>) -> Result<T, R>
where
    Result<T, Failed<R>>: SplitRefusal<T, R>,
{
    result.refusal().expect("the database answers")
}

impl World {
    pub async fn open(stage: Stage) -> Self {
        let (mut businesses, mut administrators, mut buyers) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..BUSINESSES {
            let business = fixtures::business(&stage, &format!("Business {number}")).await;
            let person = fixtures::member(&stage, business, &format!("admin{number}@model.example"), BusinessRole::Administrator).await;
            administrators.push(find(&stage, person).await);
            businesses.push(business);
        }
        for (number, bank) in BANKS.into_iter().enumerate() {
            buyers.push(buyer(&stage, number, bank).await);
        }
        let support = fixtures::staff(&stage, "support@model.example", &[StaffRole::Support]).await;
        let lead = fixtures::staff(&stage, "lead@model.example", &[StaffRole::SupportLead]).await;
        publish::publish(&stage.db, &catalog(), &stage.who("catalog")).await.unwrap();
        let mut listings = Vec::new();
        for prodview in LISTINGS {
            let prodview = Prodview::parse(prodview).unwrap();
            listings.push(listing::find(&stage.db, &prodview).await.unwrap().expect("a listing of the demonstration"));
        }
        let shelf = Shelf::open(&stage).await;
        let till = Till { db: stage.db.clone(), providers: Providers::with_test(), public_url: "http://localhost".to_owned() };
        let room = Fulfilment {
            db: stage.db.clone(),
            marketplace: Arc::new(Embedded::new(stage.db.clone(), stage.clock.clone())),
            clock: stage.clock.clone(),
            products: Products::Every,
            links: Links { licenses: "http://localhost/l".to_owned(), credits: "http://localhost/c".to_owned() },
            sealing: SealingKey::generate(),
        };
        let (bought, quotes, held, requests) = (vec![], vec![], vec![], vec![]);
        Self { stage, businesses, bought, administrators, buyers, support, lead, till, room, listings, shelf, quotes, held, requests }
    }

    fn who(&self, actor: &Actor, acting_as: ActingAs) -> Who {
        Who { person: Some(actor.person), label: actor.email.clone(), acting_as, ..self.stage.who("model") }
    }

    /// The view of a business.
    pub fn scope(&self, business: usize) -> BusinessScope {
        BusinessScope::of(&self.administrators[business], Action::ManageLicenses).unwrap()
    }

    /// How many of each kind there are to name in a step.
    pub fn quotes(&self) -> usize {
        self.quotes.len()
    }

    pub fn handles(&self) -> usize {
        self.held.len()
    }

    pub fn requests(&self) -> usize {
        self.requests.len()
    }

    pub async fn purchase(&mut self, account: usize, product: usize, credits: i64, auto_renew: bool) -> Answer {
        let buyer = &self.buyers[account];
        let (scope, who) = (BuyerScope::of(buyer, Action::Purchase).unwrap(), self.who(buyer, ActingAs::Buyer));
        let wanted = Wanted { credits: Credits::new(credits).unwrap(), auto_renew, purchase_order: None };
        let listing = &self.listings[product];
        let quote = told(quoting::create(&self.stage.db, &scope, &who, &listing.prodview, &listing.offer().id, &wanted).await).unwrap();
        self.quotes.push((account, quote));
        self.pay_again(self.quotes.len() - 1).await
    }

    pub async fn change_bank(&self, account: usize, bank: Bank) {
        let change = self.stage.db.write("UPDATE buyer_accounts SET payment_method = $2 WHERE id = $1");
        change.bind(account_id(account)).bind(method(bank)).exec_one().await.unwrap();
    }

    /// The agreement of a purchase that is in force, or was last.
    async fn agreement(&self, purchase: usize) -> AgreementId {
        let chain = self.stage.db.read("SELECT id FROM agreements WHERE initial_agreement_id = $1 AND (term_number = 1 OR status NOT IN ('pending', 'rolled_back')) ORDER BY term_number DESC LIMIT 1");
        chain.bind(&self.bought[purchase].agreement).scalar().await.unwrap()
    }

    fn note(&mut self, account: usize, agreement: AgreementId) {
        if !self.bought.iter().any(|bought| bought.agreement == agreement) {
            self.bought.push(Bought { agreement, account, license: None });
        }
    }

    pub async fn pay_again(&mut self, quote: usize) -> Answer {
        let (account, quote) = self.quotes[quote].clone();
        let buyer = &self.buyers[account];
        let (scope, who) = (BuyerScope::of(buyer, Action::Purchase).unwrap(), self.who(buyer, ActingAs::Buyer));
        match told(pay(&self.till, &scope, &who, &quote, 1).await) {
            Ok(Paid::Accepted(accepted)) => {
                self.note(account, accepted.agreement);
                Answer::Done
            }
            Ok(Paid::Unknown { .. }) => Answer::Open,
            Ok(Paid::Declined { .. }) | Err(_) => Answer::Refused,
        }
    }

    pub async fn set_up(&mut self, purchase: usize) -> Answer {
        let bought = &self.bought[purchase];
        let buyer = &self.buyers[bought.account];
        let (scope, who) = (BuyerScope::of(buyer, Action::Purchase).unwrap(), self.who(buyer, ActingAs::Buyer));
        let Ok(issued) = told(token::issue(&self.stage.db, &scope, &who, &self.agreement(purchase).await).await) else {
            return Answer::Refused;
        };
        let landed = told(land(&self.room, issued.token.reveal(), &who).await).expect("a token that was issued at this instant");
        self.held.push(Held { purchase, handle: landed.handle, registration: landed.registration });
        Answer::Done
    }

    pub async fn activate(&mut self, handle: usize, business: usize) -> Answer {
        let held = &self.held[handle];
        let administrator = &self.administrators[business];
        let viewer = Viewer::of(administrator);
        let wish = Activation {
            handle: &held.handle,
            reviewed: held.registration,
            scope: self.scope(business),
            viewer: &viewer,
            person: administrator.person,
            terms_accepted: true,
        };
        match told(activate(&self.room, &wish, &self.who(administrator, ActingAs::Business)).await) {
            Ok(activated) => {
                let purchase = held.purchase;
                self.bought[purchase].license = activated.license;
                Answer::Done
            }
            Err(Refusal::ActivatedHere(_) | Refusal::ActivatedElsewhere) => Answer::Already,
            Err(_) => Answer::Refused,
        }
    }

    pub async fn upgrade(&mut self, purchase: usize, credits: i64) -> Answer {
        let bought = &self.bought[purchase];
        let buyer = &self.buyers[bought.account];
        let (scope, who) = (BuyerScope::of(buyer, Action::Purchase).unwrap(), self.who(buyer, ActingAs::Buyer));
        let credits = Credits::new(credits).unwrap();
        let made = told(upgrade::create(&self.stage.db, &scope, &who, &self.agreement(purchase).await, credits, None).await);
        let Ok(quote) = made else { return Answer::Refused };
        match told(pay(&self.till, &scope, &who, &quote, 1).await).expect("a quote that was made at this instant") {
            Paid::Accepted(_) => Answer::Done,
            Paid::Unknown { .. } => Answer::Open,
            Paid::Declined { .. } => Answer::Refused,
        }
    }

    pub async fn modify_renewal(&self, purchase: usize, on: bool, next: Option<i64>) -> Answer {
        let buyer = &self.buyers[self.bought[purchase].account];
        let (scope, who) = (BuyerScope::of(buyer, Action::Purchase).unwrap(), self.who(buyer, ActingAs::Buyer));
        let chosen = NextTerm { auto_renew: on, next_credits: next.map(|credits| Credits::new(credits).unwrap()) };
        match told(renewal::change(&self.stage.db, &scope, &who, &self.agreement(purchase).await, chosen).await) {
            Ok(_) => Answer::Done,
            Err(_) => Answer::Refused,
        }
    }

    /// The renewal run, by one worker or by two at once.
    pub async fn renew(&self, workers: usize) {
        let run = || renew::renew_due(&self.till, &self.stage.clock);
        if workers == 1 {
            run().await.unwrap();
        } else {
            let (one, other) = tokio::join!(run(), run());
            one.unwrap();
            other.unwrap();
        }
    }

    pub async fn settle(&mut self) {
        settle::resume_started_payments(&self.till, &self.stage.clock).await.unwrap();
        settle::settle_pending_payments(&self.till, &self.stage.clock).await.unwrap();
        for (account, quote) in self.quotes.clone() {
            let made = self.stage.db.read("SELECT id FROM agreements WHERE quote_id = $1").bind(&quote);
            if let Some((agreement,)) = made.opt().await.unwrap() {
                self.note(account, agreement);
            }
        }
    }

    /// Follows every notice, those of the past too when they come again, and reads ends that passed.
    pub async fn notices(&self, again: bool) {
        if again {
            self.stage.db.write("UPDATE marketplace_events SET acknowledged_at = NULL").exec().await.unwrap();
        }
        while sync::apply_changes(&self.room).await.unwrap() > 0 {}
        reread::reread_ends(&self.room).await.unwrap();
    }

    pub async fn ask_transfer(&mut self, purchase: usize, to: usize) -> Answer {
        let Some(license) = self.bought[purchase].license else { return Answer::Refused };
        let named = LicenseRef::License(license);
        let ask = Ask {
            license: Confirmed::by_typing(&license.to_string(), &named).unwrap(),
            to: self.businesses[to],
            reason: Reason::parse("Activated in the wrong business").unwrap(),
            ticket: Ticket::parse("T-1").unwrap(),
            undoes: None,
        };
        match told(request(&self.stage.db, &self.support, &self.who(&self.support, ActingAs::Staff), ask).await) {
            Ok(transfer) => {
                self.requests.push(transfer);
                Answer::Done
            }
            Err(_) => Answer::Refused,
        }
    }

    pub async fn approve(&mut self, request: usize) -> Answer {
        let who = self.who(&self.lead, ActingAs::Staff);
        match told(approve(&self.stage.db, &self.lead, &who, self.requests[request]).await) {
            Ok(_) => Answer::Done,
            Err(_) => Answer::Refused,
        }
    }
}

async fn find(stage: &Stage, person: PersonId) -> Actor {
    actor::find(&stage.db, person, SessionReference::generate(), Chosen::default(), (stage.now(), Lengths::default()))
        .await
        .unwrap()
        .expect("the person that was just made")
}

fn account_id(number: usize) -> String {
    format!("{:012}", 111_122_223_330 + number)
}

async fn buyer(stage: &Stage, number: usize, bank: Bank) -> Actor {
    let account = account_id(number);
    let insert = stage.db.write("INSERT INTO buyer_accounts (id, name, search_key, billing_address, payment_method, created_at) VALUES ($1, 'Buyer', 'buyer', 'Street 1', $2, $3)");
    insert.bind(account.clone()).bind(method(bank)).bind(stage.now()).exec_one().await.unwrap();
    let person = fixtures::person(stage, &format!("buyer{number}@model.example"), "Buyer").await;
    let seat = stage.db.write("INSERT INTO buyer_people (account_id, person_id, role, created_at) VALUES ($1, $2, 'purchaser', $3)");
    seat.bind(account).bind(person).bind(stage.now()).exec_one().await.unwrap();
    find(stage, person).await
}
