//! The part of the reference that needs no purchase: what features reserve, and activation codes.

use super::{Answer, Instant};
use chrono::{Months, TimeDelta};

/// A feature's units, when a service last counted them, and what they reserve.
#[derive(Clone, Copy, Default)]
struct Use {
    reported: Option<Instant>,
    credits: i64,
}

struct Code {
    credits: i64,
    months: u32,
    valid_until: Instant,
    only: Option<usize>,
    withdrawn: bool,
    used: Option<(usize, Instant)>,
}

/// Codes and allocations.
pub struct Shelf {
    uses: Vec<[Use; 4]>,
    codes: Vec<Code>,
}

/// What units of each feature cost: 20 a unit; 30 for each begun 500; 7 a unit; and by the features used, where a third of
/// the units use the first edition at 45 and a quarter the second at 60.
const fn cost(feature: usize, units: i64) -> i64 {
    match feature {
        0 => units * 20,
        1 => (units + 499) / 500 * 30,
        2 => units * 7,
        _ => units / 3 * 45 + units / 4 * 60,
    }
}

impl Shelf {
    pub fn new(businesses: usize) -> Self {
        Self { uses: vec![[Use::default(); 4]; businesses], codes: vec![] }
    }

    pub fn allocated(&self, business: usize) -> i64 {
        self.uses[business].iter().map(|used| used.credits).sum()
    }

    /// A person sets units in all; not of what a service counts.
    pub fn allocate(&mut self, business: usize, feature: usize, units: i64) -> Answer {
        let used = &mut self.uses[business][feature];
        if used.reported.is_some() {
            return Answer::Refused;
        }
        used.credits = cost(feature, units);
        Answer::Done
    }

    /// A service reports; an observation that is older than the one in force changes nothing.
    pub fn report(&mut self, business: usize, feature: usize, units: i64, observed: Instant) -> Answer {
        let used = &mut self.uses[business][feature];
        if used.reported.is_some_and(|last| last > observed) {
            return Answer::Refused;
        }
        *used = Use { reported: Some(observed), credits: cost(feature, units) };
        Answer::Done
    }

    pub fn issue(&mut self, credits: i64, months: u32, only: Option<usize>, now: Instant) {
        self.codes.push(Code { credits, months, valid_until: now + TimeDelta::days(30), only, withdrawn: false, used: None });
    }

    /// A code is used once, in time, by the business that it is for.
    pub fn redeem(&mut self, code: usize, business: usize, now: Instant) -> Answer {
        let code = &mut self.codes[code];
        if code.only.is_some_and(|only| only != business) {
            return Answer::Refused;
        }
        if code.used.is_some() {
            return Answer::Already;
        }
        if code.withdrawn || now >= code.valid_until {
            return Answer::Refused;
        }
        code.used = Some((business, now));
        Answer::Done
    }

    /// What is not used can be taken back, once.
    pub fn withdraw(&mut self, code: usize) -> Answer {
        let code = &mut self.codes[code];
        if code.used.is_some() || code.withdrawn {
            return Answer::Refused;
        }
        code.withdrawn = true;
        Answer::Done
    }

    /// Credits and end of the license that a used code made.
    pub fn made_by(&self, code: usize) -> (i64, Instant) {
        let code = &self.codes[code];
        let (_, at) = code.used.expect("a code that was used");
        (code.credits, at + Months::new(code.months))
    }

    /// Codes that became licenses.
    pub fn used(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.codes.len()).filter(|code| self.codes[*code].used.is_some())
    }

    fn used_by(&self, business: usize) -> impl Iterator<Item = usize> + '_ {
        self.used().filter(move |code| self.codes[*code].used.is_some_and(|(by, _)| by == business))
    }

    pub fn items_of(&self, business: usize) -> usize {
        self.used_by(business).count()
    }

    pub fn valid_of_codes(&self, business: usize, now: Instant) -> i64 {
        let made = self.used_by(business).map(|code| self.made_by(code));
        made.filter(|(_, ends)| now < *ends).map(|(credits, _)| credits).sum()
    }
}
