//! The reference: what must be true after each step, written from product.md in plain structs without a database,
//! without the program's types, and without looking at its code.

use chrono::{DateTime, Months, TimeDelta, Utc};
use std::collections::BTreeMap;

type Instant = DateTime<Utc>;

/// How a buyer account's bank behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bank {
    Approves,
    Declines,
    ArrivesLater,
    NeverArrives,
    AnswersLate,
}

/// What the program is expected to say to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    Refused,
    /// Products Already Activated.
    Already,
    /// Nothing is decided yet.
    Open,
}

/// An accepted quote of a new contract.
#[derive(Clone, Debug)]
pub struct Purchase {
    pub bank: Bank,
    /// Paid for sure, upgrades included.
    pub paid: i64,
    /// Credits whose payment is under way, since when.
    pub pending: Vec<(Instant, i64)>,
    pub in_force: bool,
    pub rolled_back: bool,
    pub ends: Instant,
    pub owner: Option<usize>,
    /// Credits that the console has booked.
    pub granted: i64,
}

impl Purchase {
    fn is_running(&self, now: Instant) -> bool {
        self.in_force && now < self.ends
    }
}

struct Quote {
    bank: Bank,
    credits: i64,
    begun: Instant,
    open: bool,
}

struct Handle {
    purchase: usize,
    landed: Instant,
}

struct Request {
    purchase: usize,
    to: usize,
    asked: Instant,
    open: bool,
}

/// All that the reference knows.
pub struct Reference {
    pub now: Instant,
    pub purchases: Vec<Purchase>,
    pub activations: usize,
    allocated: Vec<BTreeMap<&'static str, i64>>,
    quotes: Vec<Quote>,
    handles: Vec<Handle>,
    requests: Vec<Request>,
}

impl Reference {
    pub fn new(now: Instant, businesses: usize) -> Self {
        let allocated = vec![BTreeMap::new(); businesses];
        Self { now, purchases: vec![], activations: 0, allocated, quotes: vec![], handles: vec![], requests: vec![] }
    }

    /// Total valid and allocated credits of a business at this moment.
    pub fn figures(&self, business: usize) -> (i64, i64) {
        let owned = self.purchases.iter().filter(|purchase| purchase.owner == Some(business) && self.now < purchase.ends);
        (owned.map(|purchase| purchase.granted).sum(), self.allocated[business].values().sum())
    }

    /// Create contract and Pay now.
    pub fn purchase(&mut self, bank: Bank, credits: i64) -> Answer {
        let (answer, open) = match bank {
            Bank::Approves | Bank::ArrivesLater | Bank::NeverArrives => (Answer::Done, false),
            Bank::Declines => (Answer::Refused, false),
            Bank::AnswersLate => (Answer::Open, true),
        };
        self.quotes.push(Quote { bank, credits, begun: self.now, open });
        if answer == Answer::Done {
            self.accept(bank, credits);
        }
        answer
    }

    /// The same Pay now again: a declined attempt stays declined, an accepted one is shown again.
    pub fn pay_again(&mut self, quote: usize) -> Answer {
        let quote = &mut self.quotes[quote];
        match quote.bank {
            Bank::Declines => Answer::Refused,
            Bank::Approves | Bank::ArrivesLater | Bank::NeverArrives => Answer::Done,
            Bank::AnswersLate if !quote.open => Answer::Done,
            Bank::AnswersLate if self.now < quote.begun + TimeDelta::minutes(1) => Answer::Open,
            Bank::AnswersLate => {
                quote.open = false;
                let credits = quote.credits;
                self.accept(Bank::AnswersLate, credits);
                Answer::Done
            }
        }
    }

    fn accept(&mut self, bank: Bank, credits: i64) {
        let sure = matches!(bank, Bank::Approves | Bank::AnswersLate);
        self.purchases.push(Purchase {
            bank,
            paid: if sure { credits } else { 0 },
            pending: if sure { vec![] } else { vec![(self.now, credits)] },
            in_force: sure,
            rolled_back: false,
            ends: self.now + Months::new(12),
            owner: None,
            granted: 0,
        });
    }

    /// A click on Set up product and the landing: the window is four hours.
    pub fn set_up(&mut self, purchase: usize) -> Answer {
        let bought = &self.purchases[purchase];
        if bought.rolled_back || (bought.in_force && self.now >= bought.ends) {
            return Answer::Refused;
        }
        self.handles.push(Handle { purchase, landed: self.now });
        Answer::Done
    }

    /// Activate: once, within four hours of the click, while the contract is in force.
    pub fn activate(&mut self, handle: usize, business: usize) -> Answer {
        let Handle { purchase, landed } = self.handles[handle];
        let bought = &mut self.purchases[purchase];
        if self.now >= landed + TimeDelta::hours(24) {
            return Answer::Refused;
        }
        if bought.owner.is_some() {
            return Answer::Already;
        }
        if self.now >= landed + TimeDelta::hours(4) || !bought.is_running(self.now) {
            return Answer::Refused;
        }
        (bought.owner, bought.granted) = (Some(business), bought.paid);
        self.activations += 1;
        Answer::Done
    }

    /// Credits are added to an activated contract that is in force.
    pub fn upgrade(&mut self, purchase: usize, credits: i64) -> Answer {
        let now = self.now;
        let bought = &mut self.purchases[purchase];
        if bought.owner.is_none() || !bought.is_running(now) {
            return Answer::Refused;
        }
        match bought.bank {
            Bank::Approves => bought.paid += credits,
            Bank::ArrivesLater | Bank::NeverArrives => bought.pending.push((now, credits)),
            // Nobody presses again, so the bank is never asked again.
            Bank::AnswersLate => return Answer::Open,
            Bank::Declines => return Answer::Refused,
        }
        Answer::Done
    }

    /// Payments that are pending are decided after a quarter of an hour.
    pub fn settle(&mut self) {
        let due = |since: Instant| self.now >= since + TimeDelta::minutes(15);
        for bought in &mut self.purchases {
            let arrived: i64 = bought.pending.iter().filter(|(since, _)| due(*since)).map(|(_, credits)| credits).sum();
            if arrived == 0 {
                continue;
            }
            bought.pending.retain(|(since, _)| !due(*since));
            if bought.bank == Bank::ArrivesLater {
                bought.in_force = true;
                bought.paid += arrived;
            } else {
                bought.rolled_back = true;
            }
        }
    }

    /// Whatever was paid is booked to whoever owns the contract, while it runs; the same again changes nothing.
    pub fn notices(&mut self) {
        for bought in &mut self.purchases {
            if bought.owner.is_some() && self.now < bought.ends {
                bought.granted = bought.paid;
            }
        }
    }

    /// Staff ask for a transfer of an activated contract that runs, to another business, one request at a time.
    pub fn ask_transfer(&mut self, purchase: usize, to: usize) -> Answer {
        let bought = &self.purchases[purchase];
        let asked_already = self.requests.iter().any(|request| request.purchase == purchase && self.is_open(request));
        if bought.owner.is_none() || self.now >= bought.ends || bought.owner == Some(to) || asked_already {
            return Answer::Refused;
        }
        self.requests.push(Request { purchase, to, asked: self.now, open: true });
        Answer::Done
    }

    fn is_open(&self, request: &Request) -> bool {
        request.open && self.now < request.asked + TimeDelta::hours(72)
    }

    /// The whole contract changes its owner at once; allocations stay.
    pub fn approve(&mut self, request: usize) -> Answer {
        let Request { purchase, to, .. } = self.requests[request];
        if !self.is_open(&self.requests[request]) || self.now >= self.purchases[purchase].ends {
            return Answer::Refused;
        }
        self.requests[request].open = false;
        self.purchases[purchase].owner = Some(to);
        Answer::Done
    }

    /// Units of a feature in all, at 20 credits each.
    pub fn allocate(&mut self, business: usize, feature: &'static str, units: i64) {
        self.allocated[business].insert(feature, units * 20);
    }
}
