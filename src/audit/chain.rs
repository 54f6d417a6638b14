//! The chain of hashes over the audit log (AUD-2): what goes into a link, and what a broken one looks like. Pure.
//!
//! A link is SHA-256 over the link before it, its own number and every column of its entry. Whoever edits, removes or
//! exchanges a sealed entry has to forge every link after it; whoever forges those too is found by a head that was kept
//! elsewhere.

use crate::kernel::clock::Timestamp;
use crate::kernel::hex;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Before the first link.
pub(super) const GENESIS: [u8; 32] = [0; 32];

/// Everything that an entry says.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct WholeEntry {
    pub id: Uuid,
    pub recorded_at: Timestamp,
    pub person_id: Option<Uuid>,
    pub person_label: String,
    pub acting_as: String,
    pub business_id: Option<Uuid>,
    pub buyer_account_id: Option<String>,
    pub address: String,
    pub request_id: String,
    pub action: String,
    pub subject: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The last link of a chain: so many entries, and the hash over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many entries are sealed.
    pub sequence: i64,
    /// The hash of the last link.
    pub hash: [u8; 32],
}

impl Head {
    /// A chain without links.
    pub const EMPTY: Self = Self { sequence: 0, hash: GENESIS };

    /// As it is written down: the number, a colon, 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sequence, digits) = text.trim().split_once(':')?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut hash = GENESIS;
        for (place, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(Self { sequence: sequence.parse().ok().filter(|sequence| *sequence >= 0)?, hash })
    }

    /// The head once this entry follows.
    #[must_use]
    pub(super) fn followed_by(self, entry: &WholeEntry) -> Self {
        let sequence = self.sequence + 1;
        Self { sequence, hash: link(&self.hash, sequence, entry) }
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.sequence, hex::of(&self.hash))
    }
}

/// What is wrong with a log, in the order of its entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A link is missing.
    #[error("link {0} is missing from the chain")]
    LinkMissing(i64),
    /// The entry of a link is gone.
    #[error("entry {entry} (link {sequence}) was removed")]
    Removed {
        /// The link.
        sequence: i64,
        /// The entry that it sealed.
        entry: Uuid,
    },
    /// The entry, or the link, is not what it was.
    #[error("entry {entry} (link {sequence}) was changed")]
    Changed {
        /// The link.
        sequence: i64,
        /// The entry that it seals.
        entry: Uuid,
    },
    /// An entry stands among sealed ones and was never sealed.
    #[error("entry {0} was put in afterwards: it is older than sealed entries and has no link")]
    PutIn(Uuid),
    /// The chain ends before a head that was kept elsewhere.
    #[error("the chain ends at link {found}; the head that was kept says {kept}")]
    CutOff {
        /// The last link there is.
        found: i64,
        /// The last link there was.
        kept: i64,
    },
    /// The chain has another history than the head that was kept elsewhere.
    #[error("link {0} is not the one whose hash was kept: the chain was made anew")]
    MadeAnew(i64),
}

fn link(previous: &[u8; 32], sequence: i64, entry: &WholeEntry) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"creditdesk audit 1");
    hash.update(previous);
    hash.update(sequence.to_be_bytes());
    hash.update(entry.id.as_bytes());
    hash.update(entry.recorded_at.timestamp_micros().to_be_bytes());
    let person = entry.person_id.map(|id| id.to_string());
    let business = entry.business_id.map(|id| id.to_string());
    let texts = [
        person.as_deref(),
        Some(entry.person_label.as_str()),
        Some(entry.acting_as.as_str()),
        business.as_deref(),
        entry.buyer_account_id.as_deref(),
        Some(entry.address.as_str()),
        Some(entry.request_id.as_str()),
        Some(entry.action.as_str()),
        Some(entry.subject.as_str()),
        entry.before.as_deref(),
        entry.after.as_deref(),
    ];
    for text in texts {
        // With its length, so that nothing can move from one column to the next; absent is not empty.
        let length = text.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX - 1));
        hash.update(length.to_be_bytes());
        hash.update(text.unwrap_or_default());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> WholeEntry {
        WholeEntry {
            id: Uuid::from_u128(7),
            recorded_at: "2026-03-02T09:00:00Z".parse().unwrap(),
            person_id: None,
            person_label: "ada".to_owned(),
            acting_as: "system".to_owned(),
            business_id: None,
            buyer_account_id: None,
            address: "-".to_owned(),
            request_id: "r".to_owned(),
            action: "license.activated".to_owned(),
            subject: "lic_1".to_owned(),
            before: None,
            after: Some("{}".to_owned()),
        }
    }

    /// AUD-2: every column counts, also whether it is absent or empty, and where a text ends.
    #[test]
    fn another_entry_makes_another_link() {
        let changes: [fn(&mut WholeEntry); 14] = [
            |_| {},
            |entry| entry.id = Uuid::from_u128(8),
            |entry| entry.recorded_at += chrono::TimeDelta::microseconds(1),
            |entry| entry.person_id = Some(Uuid::from_u128(1)),
            |entry| entry.person_label = "adal".to_owned(),
            |entry| entry.acting_as = "staff".to_owned(),
            |entry| entry.business_id = Some(Uuid::from_u128(1)),
            |entry| entry.buyer_account_id = Some(String::new()),
            |entry| (entry.address, entry.request_id) = ("-r".to_owned(), String::new()),
            |entry| entry.action = "license.moved".to_owned(),
            |entry| entry.subject = "lic_2".to_owned(),
            |entry| (entry.before, entry.after) = (Some("{}".to_owned()), None),
            |entry| entry.after = Some("{ }".to_owned()),
            |entry| entry.before = Some(String::new()),
        ];
        let links = changes.map(|change| {
            let mut entry = entry();
            change(&mut entry);
            Head::EMPTY.followed_by(&entry).hash
        });
        for (place, link) in links.iter().enumerate() {
            assert!(!links[..place].contains(link), "change {place} is not seen");
        }
        let second = Head::EMPTY.followed_by(&entry()).followed_by(&entry());
        assert!(second.sequence == 2 && !links.contains(&second.hash));
    }

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = Head::EMPTY.followed_by(&entry());
        assert_eq!(Head::parse(&format!(" {head}\n")), Some(head));
        for text in [
            "",
            "1",
            "1:",
            "1:ab",
            "-1:00",
            &format!("x:{}", "0".repeat(64)),
            &format!("-1:{}", "0".repeat(64)),
            &format!("1:{}", "g".repeat(64)),
        ] {
            assert_eq!(Head::parse(text), None, "{text}");
        }
    }
}
