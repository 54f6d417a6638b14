//! The program's side of what needs no purchase: units that people set and services report, and activation codes.

use super::{World, told};
use crate::model::reference::Answer;
use crate::support::{Stage, fixtures};
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, StaffRole, StaffScope};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::credits::allocation::{self, Usage};
use creditdesk::credits::rates::Units;
use creditdesk::credits::service_keys::{self, Caller, NewKey};
use creditdesk::credits::solutions::{FeatureKey, Solutions};
use creditdesk::credits::usage_calls::{self, Call, Report};
use creditdesk::fulfilment::code::issue::{self, Order};
use creditdesk::fulfilment::code::redeem::{self, NotTaken};
use creditdesk::fulfilment::code::text::CodeText;
use creditdesk::fulfilment::code::{Offered, Worth};
use creditdesk::kernel::credits::Credits;
use creditdesk::tx;
use std::sync::LazyLock;

/// Features by their place.
const FEATURES: [&str; 4] = ["forge/watch", "forge/scans", "forge/traffic", "forge/core"];

static SOLUTIONS: LazyLock<Solutions> = LazyLock::new(|| Solutions::parse(include_str!("../solutions.toml")).expect("a sound file"));

fn key(text: &str) -> FeatureKey {
    FeatureKey::parse(text).expect("a feature's key")
}

/// A third of the units of the last feature use its first edition, a quarter the second.
fn units_of(feature: usize, units: i64) -> Units {
    if feature < 3 {
        return Units::of(units);
    }
    Units::by_use(units, [(key("forge/core"), units / 3), (key("forge/pro"), units / 4)].into())
}

/// What a code is to its finder: its text and what was shown at its review.
pub struct Shelf {
    service: Caller,
    calls: u64,
    codes: Vec<(CodeText, Offered)>,
}

impl Shelf {
    pub async fn open(stage: &Stage) -> Self {
        let operator = fixtures::staff(stage, "operator@model.example", &[StaffRole::Operator]).await;
        let scope = StaffScope::of(&operator, Action::ManageServiceKeys).unwrap();
        let new = NewKey { name: "Counter".to_owned(), features: vec![key(FEATURES[2]), key(FEATURES[3])], businesses: None };
        let who = fixtures::as_staff(stage, &operator);
        let (_, secret) = told(service_keys::make(&stage.db, scope, operator.person, &who, &new).await).unwrap();
        let service = service_keys::authenticate(&stage.db, &secret, stage.now()).await.unwrap().expect("a key that works");
        Self { service, calls: 0, codes: vec![] }
    }
}

impl World {
    /// A person sets units in all.
    pub async fn allocate(&self, business: usize, feature: usize, units: i64) -> Answer {
        let feature_key = key(FEATURES[feature]);
        let usage = Usage { business: self.businesses[business], feature: &feature_key, units: units_of(feature, units) };
        let who = self.who(&self.administrators[business], ActingAs::Business);
        let set = tx!(self.stage.db, |tx| { allocation::set(tx, &SOLUTIONS, &usage, None, &who).await });
        if told(set).is_ok() { Answer::Done } else { Answer::Refused }
    }

    /// A service reports units that it counted so many days ago; the same call again is answered the same.
    pub async fn report(&mut self, business: usize, feature: usize, units: i64, ago: i64, again: bool) -> Answer {
        self.shelf.calls += 1;
        let observed_at = self.stage.now() - TimeDelta::days(ago);
        let (business, units) = (Some(self.businesses[business]), units_of(feature, units));
        let call = Call {
            caller: &self.shelf.service,
            idempotency_key: &format!("call-{}", self.shelf.calls),
            body_hash: vec![1; 32],
            reports: vec![Report { business, feature: Some(key(FEATURES[feature])), units, observed_at }],
        };
        let who = self.stage.who("service");
        let answer = told(usage_calls::take(&self.stage.db, &SOLUTIONS, &call, &who).await).expect("units that can be charged");
        assert!(!answer.replayed);
        if again {
            let repeated = told(usage_calls::take(&self.stage.db, &SOLUTIONS, &call, &who).await).unwrap();
            assert_eq!((repeated.body.as_str(), repeated.replayed), (answer.body.as_str(), true));
        }
        if answer.body.contains("\"older_than_in_force\"") { Answer::Refused } else { Answer::Done }
    }

    pub fn codes(&self) -> usize {
        self.shelf.codes.len()
    }

    fn codes_desk(&self) -> (StaffScope, Who, &Actor) {
        (StaffScope::of(&self.lead, Action::IssueCodes).unwrap(), self.who(&self.lead, ActingAs::Staff), &self.lead)
    }

    pub async fn issue(&mut self, credits: i64, months: u32, only: Option<usize>) {
        let worth = Worth {
            product_code: "vision".to_owned(),
            product_name: "Trend Vision One".to_owned(),
            seller_name: "Trend Micro".to_owned(),
            credits: Credits::new(credits).unwrap(),
            term_months: months,
            order_number: "SO-1".to_owned(),
        };
        let (scope, who, lead) = self.codes_desk();
        let valid_until = self.stage.now() + TimeDelta::days(30);
        let business = only.map(|only| self.businesses[only]);
        let order = Order { worth, order_number: "SO-1".to_owned(), valid_until, business, size: 1 };
        let form = format!("form-{}", self.shelf.codes.len());
        let products = &self.room.products;
        let mut issued = told(issue::issue(&self.stage.db, products, scope, &who, (lead.person, &form), &order).await).unwrap();
        let code = issued.codes.remove(0);
        let looks = redeem::look(&self.stage.db, self.scope(only.unwrap_or(0)), &code, self.stage.now()).await;
        let offered = told(looks).expect("a code that was issued at this instant");
        self.shelf.codes.push((code, offered));
    }

    async fn redeem_once(&self, code: usize, business: usize) -> Answer {
        let (text, offered) = &self.shelf.codes[code];
        let administrator = &self.administrators[business];
        let who = self.who(administrator, ActingAs::Business);
        match told(redeem::redeem(&self.room, self.scope(business), &who, administrator.person, text, offered.id).await) {
            Ok(_) => Answer::Done,
            Err(NotTaken::UsedHere { .. } | NotTaken::UsedElsewhere) => Answer::Already,
            Err(_) => Answer::Refused,
        }
    }

    /// Add license; of two at once the second sees what the first did.
    pub async fn redeem(&self, code: usize, business: usize, twice: bool) -> Answer {
        if !twice {
            return self.redeem_once(code, business).await;
        }
        let (one, other) = tokio::join!(self.redeem_once(code, business), self.redeem_once(code, business));
        match (one, other) {
            (Answer::Done, Answer::Already) | (Answer::Already, Answer::Done) => Answer::Done,
            (one, other) => {
                assert_eq!(one, other, "two at once");
                assert_ne!(one, Answer::Done, "both were taken");
                one
            }
        }
    }

    pub async fn withdraw(&self, code: usize) -> Answer {
        let (_, offered) = &self.shelf.codes[code];
        let (scope, who, lead) = self.codes_desk();
        let withdrawn = issue::withdraw(&self.stage.db, scope, &who, lead.person, offered.batch, Some(offered.id)).await.unwrap();
        if withdrawn == 1 { Answer::Done } else { Answer::Refused }
    }
}
