//! Instants and standings as the storefront's templates print them.

use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use crate::marketplace::agreement::{AgreementStatus, Standing};
use crate::marketplace::subscriptions::SetUp;

/// An instant for a `<time>`.
pub(super) struct Moment {
    pub iso: String,
    pub text: String,
}

impl Moment {
    /// Date, time of day and zone.
    pub fn full(at: Timestamp, zone: Zone) -> Self {
        Self { iso: show::iso(at), text: show::date_time(at, zone) }
    }

    /// The date, where the zone is named nearby.
    pub fn date(at: Timestamp, zone: Zone) -> Self {
        Self { iso: show::iso(at), text: show::date(at, zone) }
    }

    /// The time of day with the zone, for a deadline that is hours away.
    pub fn clock(at: Timestamp, zone: Zone) -> Self {
        Self { iso: show::iso(at), text: show::clock_time(at, zone) }
    }
}

/// A status as an icon's tone and a word.
pub(super) struct Status {
    pub tone: &'static str,
    pub word: &'static str,
}

impl Status {
    pub fn of_agreement(standing: Standing) -> Self {
        match standing {
            Standing::Pending => Self { tone: "pending", word: "Payment pending" },
            Standing::Active => Self { tone: "success", word: "Active" },
            Standing::RolledBack => Self { tone: "danger", word: "Not paid" },
            Standing::Ended => Self { tone: "neutral", word: "Ended" },
        }
    }

    /// The same, with what became of an agreement that is over.
    pub fn of_term(stored: AgreementStatus, standing: Standing) -> Self {
        match stored {
            AgreementStatus::Renewed => Self { tone: "neutral", word: "Renewed" },
            AgreementStatus::Pending
            | AgreementStatus::Active
            | AgreementStatus::RolledBack
            | AgreementStatus::Expired
            | AgreementStatus::Cancelled
            | AgreementStatus::Terminated => Self::of_agreement(standing),
        }
    }

    pub fn of_set_up(set_up: SetUp) -> Self {
        match set_up {
            SetUp::NotStarted => Self { tone: "warning", word: "Not set up" },
            SetUp::Started => Self { tone: "warning", word: "Set-up started" },
            SetUp::Activated => Self { tone: "success", word: "Activated" },
        }
    }
}

/// `12 months`.
pub(super) fn months(duration_months: i64) -> String {
    show::count(duration_months, "month")
}

/// Paragraphs of a catalog text.
pub(super) fn paragraphs(text: &str) -> Vec<String> {
    text.split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}
