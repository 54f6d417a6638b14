//! What a transfer would do, for the page that asks for it and the page that decides (SUP-3).

use super::rows::{FiguresRow, Link, Moment, moment};
use crate::fulfilment::transfer::{Preview, Side};
use crate::kernel::show;
use crate::web::{Visit, paths};

/// Somebody who will be mailed.
pub(super) struct Told {
    pub person: Link,
    pub email: String,
    pub role: &'static str,
}

/// One of the two businesses.
pub(super) struct SideView {
    pub business: Link,
    pub id: String,
    pub before: FiguresRow,
    pub after: FiguresRow,
    pub told: Vec<Told>,
}

impl SideView {
    fn new(side: &Side) -> Self {
        let told = side.told.iter().map(|told| Told {
            person: Link { label: told.name.clone(), href: paths::admin_person(told.person) },
            email: told.email.clone(),
            role: told.role.label(),
        });
        Self {
            business: Link { label: side.name.clone(), href: paths::admin_business(side.business) },
            id: side.business.to_string(),
            before: FiguresRow::new(side.before),
            after: FiguresRow::new(side.after),
            told: told.collect(),
        }
    }
}

/// Both businesses before and after, at one instant.
pub(super) struct PreviewView {
    pub at: Moment,
    pub credits: String,
    pub licenses: String,
    pub from: SideView,
    pub to: SideView,
    /// Why it cannot be done at this instant.
    pub barred: Option<&'static str>,
    /// The old owner's balance, where it is below zero afterwards.
    pub shortfall: Option<String>,
}

impl PreviewView {
    pub(super) fn new(visit: &Visit, preview: &Preview) -> Self {
        let moving = preview.holding.items.iter().filter(|item| item.counts(preview.at)).count();
        let balance = preview.from.after.balance();
        Self {
            at: moment(visit, preview.at),
            credits: show::count(preview.credits, "credit"),
            licenses: show::count(i64::try_from(moving).unwrap_or(i64::MAX), "license"),
            from: SideView::new(&preview.from),
            to: SideView::new(&preview.to),
            barred: preview.barred.map(crate::fulfilment::transfer::Immovable::in_words),
            shortfall: (balance < 0).then(|| show::group(balance)),
        }
    }

    /// Both sides with what they are in the transfer.
    pub(super) fn sides(&self) -> [(&'static str, &SideView); 2] {
        [("Old owner", &self.from), ("New owner", &self.to)]
    }
}
