//! What becomes of a contract at its end: chosen in advance, decided by the renewal run, and followed by the console.

use super::{Answer, Bank, Item, LEAST, Open, PRICES, Reference, Span, State, What};

impl Reference {
    /// Modify renewal: taken while the contract is in force; a contract that does not renew has no next term to choose.
    pub fn modify_renewal(&mut self, purchase: usize, on: bool, next: Option<i64>) -> Answer {
        let bought = &mut self.purchases[purchase];
        let next = next.filter(|_| on);
        if !bought.is_running(self.now) || next.is_some_and(|credits| credits < LEAST) {
            return Answer::Refused;
        }
        (bought.auto_renew, bought.next) = (on, next);
        Answer::Done
    }

    /// The renewal run: every end that has passed is decided once. An upgrade that is being paid is decided first.
    pub fn renew(&mut self) {
        for purchase in 0..self.purchases.len() {
            while self.is_due(purchase) {
                let bought = &mut self.purchases[purchase];
                if !bought.auto_renew {
                    bought.state = State::Closed;
                    continue;
                }
                let credits = bought.next.unwrap_or(bought.paid);
                let (what, amount, bank) = (What::Renewal(purchase), credits * PRICES[bought.product], self.banks[bought.account]);
                match bank {
                    Bank::Approves => self.sure(what, credits, amount),
                    Bank::Declines => bought.state = State::Closed,
                    Bank::ArrivesLater | Bank::NeverArrives | Bank::AnswersLate => {
                        self.open.push(Open { what, since: self.now, credits, amount, bank });
                    }
                }
            }
        }
    }

    fn is_due(&self, purchase: usize) -> bool {
        let bought = &self.purchases[purchase];
        let is_being_paid = self.open.iter().any(|open| [What::Upgrade(purchase), What::Renewal(purchase)].contains(&open.what));
        bought.state == State::InForce && self.now >= bought.ends && !is_being_paid
    }

    /// Term n + 1 begins where n ended and ends by the anchor.
    pub(super) fn begin_next_term(&mut self, purchase: usize, credits: i64) {
        let bought = &mut self.purchases[purchase];
        bought.term += 1;
        bought.ends = bought.end_of(bought.term);
        (bought.paid, bought.next) = (credits, None);
    }

    /// Whatever was paid is booked to whoever owns the contract, while it runs; the same again changes nothing.
    pub fn notices(&mut self) {
        for purchase in 0..self.purchases.len() {
            self.follow(purchase);
        }
    }

    pub(super) fn follow(&mut self, purchase: usize) {
        let now = self.now;
        let bought = &mut self.purchases[purchase];
        let Some(business) = bought.owner else { return };
        let span = |from, to, credits| Span { business, purchase: Some(purchase), from, to, credits };
        if now < bought.booked_until {
            let added = bought.paid - bought.granted;
            if added > 0 {
                bought.items.push(Item { credits: added, ends: bought.booked_until });
                self.spans.push(span(now, bought.booked_until, added));
            }
            bought.granted = bought.paid;
        } else if bought.term > bought.booked_term && bought.is_running(now) {
            // From the old end on, however late it is seen; fewer credits shrink the newest items first.
            let (since, to) = (bought.booked_until, bought.ends);
            let mut left = bought.paid;
            for item in bought.items.iter_mut().filter(|item| item.ends == since) {
                let kept = item.credits.min(left);
                left -= kept;
                if kept > 0 {
                    *item = Item { credits: kept, ends: to };
                }
            }
            if left > 0 {
                bought.items.push(Item { credits: left, ends: to });
            }
            self.spans.push(span(since, to, bought.paid));
            (bought.granted, bought.booked_term, bought.booked_until) = (bought.paid, bought.term, to);
        }
    }
}
