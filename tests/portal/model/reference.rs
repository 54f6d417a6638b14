//! The reference: what must be true after each step, written from product.md in plain structs without a database,
//! without the program's types, and without looking at its code. What needs no purchase is in `shelf.rs`, what becomes of a
//! purchase at its end in `ending.rs`.

mod ending;
mod shelf;

use chrono::{DateTime, Months, TimeDelta, Utc};
use shelf::Shelf;

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
    /// Products Already Activated; a code that is used.
    Already,
    /// Nothing is decided yet.
    Open,
}

/// Price of a credit in minor units, by product; the renewals of the second product have license ARNs of their own.
const PRICES: [i64; 2] = [100, 85];
/// What an offer sells at least.
const LEAST: i64 = 100;

/// One row of License Information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    pub credits: i64,
    pub ends: Instant,
}

/// How a contract stands; one in force may have passed its end without anybody's having decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first payment is under way.
    Pending,
    /// It did not arrive.
    RolledBack,
    InForce,
    /// Its end was decided: there is no next term.
    Closed,
}

/// A contract as its buyer and, once it is activated, its business have it.
#[derive(Clone, Debug)]
pub struct Purchase {
    account: usize,
    product: usize,
    /// Credits of the running term that are paid for sure, upgrades included.
    pub paid: i64,
    state: State,
    auto_renew: bool,
    next: Option<i64>,
    anchor: Instant,
    /// From 1.
    pub term: u32,
    /// End of the running term.
    pub ends: Instant,
    pub owner: Option<usize>,
    /// Credits that the console has booked.
    pub granted: i64,
    /// End of the term that the console has booked, and which it is; the first one it knew.
    pub booked_until: Instant,
    booked_term: u32,
    first_term: u32,
    pub items: Vec<Item>,
}

impl Purchase {
    fn is_running(&self, now: Instant) -> bool {
        self.state == State::InForce && now < self.ends
    }

    fn end_of(&self, term: u32) -> Instant {
        self.anchor + Months::new(12 * term)
    }
}

/// What a payment is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Quote(usize),
    New(usize),
    Upgrade(usize),
    Renewal(usize),
}

/// Money that is not sure yet.
#[derive(Clone, Copy)]
struct Open {
    what: What,
    since: Instant,
    credits: i64,
    amount: i64,
    bank: Bank,
}

struct Quote {
    account: usize,
    product: usize,
    renews: bool,
    bank: Bank,
}

struct Handle {
    purchase: usize,
    landed: Instant,
    term: u32,
}

struct Request {
    purchase: usize,
    to: usize,
    asked: Instant,
    open: bool,
}

/// Credits that stand in a pool from one instant up to another.
struct Span {
    business: usize,
    /// None for the license of a code, which nobody moves.
    purchase: Option<usize>,
    from: Instant,
    to: Instant,
    credits: i64,
}

/// All that the reference knows.
pub struct Reference {
    pub now: Instant,
    pub purchases: Vec<Purchase>,
    pub activations: usize,
    /// How many charges there are, and what they come to.
    pub charges: (i64, i64),
    pub shelf: Shelf,
    banks: Vec<Bank>,
    quotes: Vec<Quote>,
    open: Vec<Open>,
    handles: Vec<Handle>,
    requests: Vec<Request>,
    spans: Vec<Span>,
}

impl Reference {
    pub fn new(now: Instant, businesses: usize, banks: &[Bank]) -> Self {
        let shelf = Shelf::new(businesses);
        let (purchases, quotes, open, handles, requests, spans) = (vec![], vec![], vec![], vec![], vec![], vec![]);
        Self { now, purchases, activations: 0, charges: (0, 0), shelf, banks: banks.to_vec(), quotes, open, handles, requests, spans }
    }

    /// Total valid and allocated credits of a business at this moment.
    pub fn figures(&self, business: usize) -> (i64, i64) {
        let owned = self.purchases.iter().filter(|purchase| purchase.owner == Some(business) && self.now < purchase.booked_until);
        let valid = owned.map(|purchase| purchase.granted).sum::<i64>() + self.shelf.valid_of_codes(business, self.now);
        (valid, self.shelf.allocated(business))
    }

    /// Valid credits as the history tells them for an instant: renewals count from the end that they follow, whenever they
    /// were booked.
    pub fn valid_at(&self, business: usize, at: Instant) -> i64 {
        self.spans.iter().filter(|span| span.business == business && span.from <= at && at < span.to).map(|span| span.credits).sum()
    }

    /// Rows of License Information.
    pub fn items_of(&self, business: usize) -> usize {
        let owned = self.purchases.iter().filter(|purchase| purchase.owner == Some(business));
        owned.map(|purchase| purchase.items.len()).sum::<usize>() + self.shelf.items_of(business)
    }

    pub fn change_bank(&mut self, account: usize, bank: Bank) {
        self.banks[account] = bank;
    }

    fn charge(&mut self, amount: i64) {
        self.charges = (self.charges.0 + 1, self.charges.1 + amount);
    }

    /// Create contract and Pay now.
    pub fn purchase(&mut self, account: usize, product: usize, credits: i64, renews: bool) -> Answer {
        let bank = self.banks[account];
        let quote = self.quotes.len();
        self.quotes.push(Quote { account, product, renews, bank });
        let amount = credits * PRICES[product];
        match bank {
            Bank::Approves => {
                self.accept(quote);
                self.sure(What::New(self.purchases.len() - 1), credits, amount);
            }
            Bank::ArrivesLater | Bank::NeverArrives => {
                self.accept(quote);
                self.open.push(Open { what: What::New(self.purchases.len() - 1), since: self.now, credits, amount, bank });
            }
            Bank::Declines => return Answer::Refused,
            Bank::AnswersLate => {
                self.open.push(Open { what: What::Quote(quote), since: self.now, credits, amount, bank });
                return Answer::Open;
            }
        }
        Answer::Done
    }

    /// The same Pay now again: a declined attempt stays declined, an accepted one is shown again, an open one is asked about.
    pub fn pay_again(&mut self, quote: usize) -> Answer {
        if self.quotes[quote].bank == Bank::Declines {
            return Answer::Refused;
        }
        let Some(place) = self.open.iter().position(|open| open.what == What::Quote(quote)) else { return Answer::Done };
        if self.now < self.open[place].since + TimeDelta::minutes(1) {
            return Answer::Open;
        }
        let open = self.open.remove(place);
        self.sure(open.what, open.credits, open.amount);
        Answer::Done
    }

    fn accept(&mut self, quote: usize) {
        let Quote { account, product, renews, .. } = self.quotes[quote];
        let ends = self.now + Months::new(12);
        self.purchases.push(Purchase {
            account,
            product,
            paid: 0,
            state: State::Pending,
            auto_renew: renews,
            next: None,
            anchor: self.now,
            term: 1,
            ends,
            owner: None,
            granted: 0,
            booked_until: ends,
            booked_term: 1,
            first_term: 1,
            items: vec![],
        });
    }

    /// Money is there: whatever it was for happens, and is charged once.
    fn sure(&mut self, what: What, credits: i64, amount: i64) {
        match what {
            What::Quote(quote) => {
                self.accept(quote);
                return self.sure(What::New(self.purchases.len() - 1), credits, amount);
            }
            What::New(purchase) => (self.purchases[purchase].state, self.purchases[purchase].paid) = (State::InForce, credits),
            What::Upgrade(purchase) => self.purchases[purchase].paid += credits,
            What::Renewal(purchase) => self.begin_next_term(purchase, credits),
        }
        self.charge(amount);
    }

    /// Begun payments are finished after two minutes, pending ones decided after a quarter of an hour.
    pub fn settle(&mut self) {
        let (now, mut due) = (self.now, vec![]);
        self.open.retain(|open| {
            let decided = if open.bank == Bank::AnswersLate { TimeDelta::minutes(2) } else { TimeDelta::minutes(15) };
            let is_due = now >= open.since + decided;
            due.extend(is_due.then_some(*open));
            !is_due
        });
        for Open { what, credits, amount, bank, .. } in due {
            match (bank, what) {
                (Bank::NeverArrives, What::New(purchase)) => self.purchases[purchase].state = State::RolledBack,
                (Bank::NeverArrives, What::Renewal(purchase)) => self.purchases[purchase].state = State::Closed,
                (Bank::NeverArrives, _) => {}
                _ => self.sure(what, credits, amount),
            }
        }
    }

    /// A click on Set up product and the landing: the window is four hours.
    pub fn set_up(&mut self, purchase: usize) -> Answer {
        let bought = &self.purchases[purchase];
        if bought.state != State::Pending && !bought.is_running(self.now) {
            return Answer::Refused;
        }
        self.handles.push(Handle { purchase, landed: self.now, term: bought.term });
        Answer::Done
    }

    /// Activate: once, within four hours of the click, while the contract is in force. A later term of what is activated is
    /// activated, under whichever license ARN.
    pub fn activate(&mut self, handle: usize, business: usize) -> Answer {
        let Handle { purchase, landed, term } = self.handles[handle];
        let now = self.now;
        let bought = &mut self.purchases[purchase];
        let keeps_its_arn = bought.product == 0;
        let is_known = keeps_its_arn || (bought.first_term..=bought.booked_term).contains(&term);
        if now >= landed + TimeDelta::hours(24) {
            return Answer::Refused;
        }
        if bought.owner.is_some() && is_known {
            return Answer::Already;
        }
        let is_old = !keeps_its_arn && term != bought.term;
        if now >= landed + TimeDelta::hours(4) || !bought.is_running(now) || is_old {
            return Answer::Refused;
        }
        if bought.owner.is_some() {
            self.follow(purchase);
            return Answer::Already;
        }
        (bought.owner, bought.granted) = (Some(business), bought.paid);
        (bought.first_term, bought.booked_term, bought.booked_until) = (bought.term, bought.term, bought.ends);
        let (credits, ends) = (bought.paid, bought.ends);
        bought.items = vec![Item { credits, ends }];
        self.activations += 1;
        self.spans.push(Span { business, purchase: Some(purchase), from: now, to: ends, credits });
        Answer::Done
    }

    /// Credits are added to an activated contract that is in force, and charged for the rest of its term.
    pub fn upgrade(&mut self, purchase: usize, credits: i64) -> Answer {
        let now = self.now;
        let bought = &self.purchases[purchase];
        if bought.owner.is_none() || !bought.is_running(now) {
            return Answer::Refused;
        }
        let seconds = |span: TimeDelta| (span.num_microseconds().unwrap() + 999_999) / 1_000_000;
        let (left, whole) = (seconds(bought.ends - now), seconds(bought.ends - bought.end_of(bought.term - 1)));
        let full = credits * PRICES[bought.product];
        let amount = (full * left + whole - 1) / whole;
        let (what, bank) = (What::Upgrade(purchase), self.banks[bought.account]);
        match bank {
            Bank::Approves => self.sure(what, credits, amount),
            Bank::Declines => return Answer::Refused,
            Bank::ArrivesLater | Bank::NeverArrives | Bank::AnswersLate => {
                self.open.push(Open { what, since: now, credits, amount, bank });
            }
        }
        if bank == Bank::AnswersLate { Answer::Open } else { Answer::Done }
    }

    /// Staff ask for a transfer of an activated contract that runs, to another business, one request at a time.
    pub fn ask_transfer(&mut self, purchase: usize, to: usize) -> Answer {
        let bought = &self.purchases[purchase];
        let asked_already = self.requests.iter().any(|request| request.purchase == purchase && self.is_open(request));
        if bought.owner.is_none() || self.now >= bought.booked_until || bought.owner == Some(to) || asked_already {
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
        let now = self.now;
        if !self.is_open(&self.requests[request]) || now >= self.purchases[purchase].booked_until {
            return Answer::Refused;
        }
        self.requests[request].open = false;
        self.purchases[purchase].owner = Some(to);
        let mut moved = Vec::new();
        for span in self.spans.iter_mut().filter(|span| span.purchase == Some(purchase) && now < span.to) {
            moved.push(Span { business: to, purchase: span.purchase, from: now.max(span.from), to: span.to, credits: span.credits });
            span.to = now.max(span.from);
        }
        self.spans.append(&mut moved);
        Answer::Done
    }

    /// Add license: the credits of a code count from that moment.
    pub fn redeem(&mut self, code: usize, business: usize) -> Answer {
        let answer = self.shelf.redeem(code, business, self.now);
        if answer == Answer::Done {
            let (credits, to) = self.shelf.made_by(code);
            self.spans.push(Span { business, purchase: None, from: self.now, to, credits });
        }
        answer
    }
}
