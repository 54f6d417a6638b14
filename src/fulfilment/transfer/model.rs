//! A transfer as a state machine: what was asked, what became of it, what can still happen. Pure: no SQL, no clock.

use super::typed::{Reason, Ticket};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, PersonId, TransferId};
use crate::text_enum;
use chrono::TimeDelta;

/// How long a request waits for its second member of staff before it lapses.
pub const OPEN_FOR_HOURS: i64 = 72;

/// How long an approved transfer can be undone (SUP-5).
pub const UNDO_WITHIN_HOURS: i64 = 72;

text_enum! {
    /// How a transfer stands, as it is stored.
    pub enum Status {
        /// Waits for a second member of staff.
        Requested = "requested",
        /// The contract has moved.
        Approved = "approved",
        /// A second member of staff said no.
        Rejected = "rejected",
        /// Whoever asked took it back.
        Withdrawn = "withdrawn",
        /// Nobody decided in time.
        Lapsed = "lapsed",
    }
}

impl Status {
    /// The state in a word, for pages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Requested => "Waiting for approval",
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
            Self::Withdrawn => "Withdrawn",
            Self::Lapsed => "Lapsed",
        }
    }

    /// The action of the audit entry that tells of reaching this state; staff read it.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::Requested => "transfer.requested",
            Self::Approved => "transfer.approved",
            Self::Rejected => "transfer.rejected",
            Self::Withdrawn => "transfer.withdrawn",
            Self::Lapsed => "transfer.lapsed",
        }
    }
}

/// What was asked for. It never changes afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: TransferId,
    /// What is to move.
    pub contract: ContractId,
    /// Who owned it when it was asked for.
    pub from: BusinessId,
    /// Who is to own it.
    pub to: BusinessId,
    /// Why.
    pub reason: String,
    /// The support ticket it answers.
    pub ticket: String,
    /// Who asked.
    pub requested_by: PersonId,
    /// When.
    pub requested_at: Timestamp,
    /// From this instant on nobody can approve it.
    pub lapses_at: Timestamp,
    /// The transfer that this one takes back.
    pub undoes: Option<TransferId>,
}

impl Request {
    /// A request made now, open for [`OPEN_FOR_HOURS`].
    #[must_use]
    pub fn new(
        contract: ContractId,
        from: BusinessId,
        to: BusinessId,
        why: (Reason, Ticket),
        requested_by: PersonId,
        now: Timestamp,
    ) -> Self {
        let (reason, ticket) = (why.0.into_string(), why.1.into_string());
        let lapses_at = now + TimeDelta::hours(OPEN_FOR_HOURS);
        Self { id: TransferId::generate(), contract, from, to, reason, ticket, requested_by, requested_at: now, lapses_at, undoes: None }
    }

    /// A request to take an approved transfer back, open as long as that can be undone (SUP-5). `owner` has the contract
    /// now.
    ///
    /// # Errors
    /// Why it cannot be undone.
    pub fn undoing(
        original: &Transfer,
        owner: BusinessId,
        why: (Reason, Ticket),
        requested_by: PersonId,
        now: Timestamp,
    ) -> Result<Self, NotUndoable> {
        let until = original.undoable_until().ok_or(NotUndoable::NotApproved)?;
        let moved = original.request();
        if owner != moved.to {
            return Err(NotUndoable::OwnerChanged);
        }
        if now >= until {
            return Err(NotUndoable::TooLate);
        }
        let back = Self::new(moved.contract, moved.to, moved.from, why, requested_by, now);
        Ok(Self { lapses_at: back.lapses_at.min(until), undoes: Some(moved.id), ..back })
    }
}

/// Why a transfer cannot be undone (SUP-5). Another transfer, with its own reasons, may still be possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotUndoable {
    /// There is no such transfer of this contract, or it moved nothing.
    NotApproved,
    /// The contract does not belong to the business it went to: it went on, or was undone already.
    OwnerChanged,
    /// The 72 hours are over.
    TooLate,
}

impl NotUndoable {
    /// The reason, for whoever asks.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NotApproved => "There is no approved transfer of this license that could be undone.",
            Self::OwnerChanged => {
                "The license does not belong to the business any more that the transfer moved it to. Ask for another transfer instead."
            }
            Self::TooLate => "A transfer can be undone within 72 hours. They are over; ask for another transfer instead.",
        }
    }
}

/// A transfer with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Nobody has decided.
    Requested(Request),
    /// The contract moved.
    Approved {
        /// What was asked for.
        request: Request,
        /// The second member of staff.
        by: PersonId,
        /// When; the instant at which both pools changed.
        at: Timestamp,
    },
    /// Nothing moved.
    Rejected {
        /// What was asked for.
        request: Request,
        /// The second member of staff.
        by: PersonId,
        /// When.
        at: Timestamp,
        /// Why not.
        note: String,
    },
    /// Nothing moved.
    Withdrawn {
        /// What was asked for.
        request: Request,
        /// When.
        at: Timestamp,
    },
    /// Nothing moved; it was nobody's decision.
    Lapsed(Request),
}

/// What can happen to a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A member of staff says yes.
    Approve {
        /// Who.
        by: PersonId,
    },
    /// A member of staff says no.
    Reject {
        /// Who.
        by: PersonId,
        /// Why.
        note: Reason,
    },
    /// A member of staff takes it back.
    Withdraw {
        /// Who.
        by: PersonId,
    },
    /// The clock looks at it.
    TimePasses,
}

/// Why an event does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// It was decided before, or lapsed.
    NotOpen(Status),
    /// Whoever asked cannot decide as well (SUP-4).
    OwnRequest,
    /// Only whoever asked can take it back.
    NotRequester,
    /// Its time is not over.
    NotDue,
}

impl Transfer {
    /// What was asked for.
    #[must_use]
    pub const fn request(&self) -> &Request {
        match self {
            Self::Requested(request)
            | Self::Lapsed(request)
            | Self::Approved { request, .. }
            | Self::Rejected { request, .. }
            | Self::Withdrawn { request, .. } => request,
        }
    }

    /// How it stands.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Requested(_) => Status::Requested,
            Self::Approved { .. } => Status::Approved,
            Self::Rejected { .. } => Status::Rejected,
            Self::Withdrawn { .. } => Status::Withdrawn,
            Self::Lapsed(_) => Status::Lapsed,
        }
    }

    /// Until when it can be undone, exclusive; nothing unless it moved something (SUP-5).
    #[must_use]
    pub fn undoable_until(&self) -> Option<Timestamp> {
        match self {
            Self::Approved { at, .. } => Some(*at + TimeDelta::hours(UNDO_WITHIN_HOURS)),
            Self::Requested(_) | Self::Rejected { .. } | Self::Withdrawn { .. } | Self::Lapsed(_) => None,
        }
    }

    /// The same as it stands at `now`: an undecided request whose time is over has lapsed, whether or not a job has
    /// written that down yet.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        match self {
            Self::Requested(request) if now >= request.lapses_at => Self::Lapsed(request),
            Self::Requested(_) | Self::Approved { .. } | Self::Rejected { .. } | Self::Withdrawn { .. } | Self::Lapsed(_) => self,
        }
    }

    /// What the event makes of it.
    ///
    /// # Errors
    /// Why the event does nothing.
    pub fn after(self, event: Event, now: Timestamp) -> Result<Self, Barred> {
        let was = self.status();
        let request = match (self.at(now), &event) {
            (Self::Requested(request), _) => request,
            (Self::Lapsed(request), Event::TimePasses) if was == Status::Requested => return Ok(Self::Lapsed(request)),
            (closed, _) => return Err(Barred::NotOpen(closed.status())),
        };
        match event {
            Event::Approve { by } | Event::Reject { by, .. } if by == request.requested_by => Err(Barred::OwnRequest),
            Event::Withdraw { by } if by != request.requested_by => Err(Barred::NotRequester),
            Event::Approve { by } => Ok(Self::Approved { request, by, at: now }),
            Event::Reject { by, note } => Ok(Self::Rejected { request, by, at: now, note: note.into_string() }),
            Event::Withdraw { .. } => Ok(Self::Withdrawn { request, at: now }),
            Event::TimePasses => Err(Barred::NotDue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const HOUR: i64 = 3_600;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_timestamp(1_772_442_000 + hours * HOUR, 0).unwrap()
    }

    fn words(typed: &str) -> Reason {
        Reason::parse(typed).unwrap()
    }

    fn request(asker: PersonId) -> Request {
        let why = (words("Activated by mistake"), Ticket::parse("T-1").unwrap());
        Request::new(ContractId::generate(), BusinessId::generate(), BusinessId::generate(), why, asker, at(0))
    }

    /// SUP-4: what each event makes of each state, in full.
    #[test]
    fn every_event_in_every_state_does_what_the_table_says() {
        let (asker, lead) = (PersonId::generate(), PersonId::generate());
        let wish = request(asker);
        let states = [
            ("requested", Transfer::Requested(wish.clone())),
            ("approved", Transfer::Approved { request: wish.clone(), by: lead, at: at(1) }),
            ("rejected", Transfer::Rejected { request: wish.clone(), by: lead, at: at(1), note: String::new() }),
            ("withdrawn", Transfer::Withdrawn { request: wish.clone(), at: at(1) }),
            ("lapsed", Transfer::Lapsed(wish)),
        ];
        let events = [
            ("approve by another", Event::Approve { by: lead }),
            ("approve by the asker", Event::Approve { by: asker }),
            ("reject by another", Event::Reject { by: lead, note: words("Wrong business") }),
            ("reject by the asker", Event::Reject { by: asker, note: words("Wrong business") }),
            ("withdraw by another", Event::Withdraw { by: lead }),
            ("withdraw by the asker", Event::Withdraw { by: asker }),
            ("time passes", Event::TimePasses),
        ];
        let mut table = String::new();
        for (name, state) in &states {
            for (act, event) in &events {
                let cell = |now| match state.clone().after(event.clone(), now) {
                    Ok(next) => format!("-> {}", next.status()),
                    Err(barred) => format!("{barred:?}"),
                };
                let open = cell(at(OPEN_FOR_HOURS) - TimeDelta::microseconds(1));
                writeln!(table, "{name} | {act} | {open} | {}", cell(at(OPEN_FOR_HOURS))).unwrap();
            }
        }
        assert_eq!(table, include_str!("state_x_event.txt"));
    }

    /// SUP-5: an approved transfer can be undone for 72 hours and not a microsecond longer, by a request that lapses
    /// with them; nothing else can be undone.
    #[test]
    fn only_an_approved_transfer_is_undone_and_only_for_72_hours() {
        let (asker, lead) = (PersonId::generate(), PersonId::generate());
        let wish = request(asker);
        let why = || (words("It was the wrong business"), Ticket::parse("T-2").unwrap());
        let moved = Transfer::Approved { request: wish.clone(), by: lead, at: at(5) };
        let last = at(5 + UNDO_WITHIN_HOURS);
        let back = Request::undoing(&moved, wish.to, why(), asker, last - TimeDelta::microseconds(1)).unwrap();
        assert_eq!((back.from, back.to, back.undoes, back.lapses_at), (wish.to, wish.from, Some(wish.id), last));
        assert_eq!(Request::undoing(&moved, wish.to, why(), asker, last), Err(NotUndoable::TooLate));
        assert_eq!(Request::undoing(&moved, wish.from, why(), asker, at(6)), Err(NotUndoable::OwnerChanged));
        for closed in
            [Transfer::Requested(wish.clone()), Transfer::Lapsed(wish.clone()), Transfer::Withdrawn { request: wish.clone(), at: at(1) }]
        {
            assert_eq!(Request::undoing(&closed, wish.to, why(), asker, at(6)), Err(NotUndoable::NotApproved));
        }
    }
}
