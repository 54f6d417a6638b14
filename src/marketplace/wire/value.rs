//! What a request or an answer says, whatever protocol carries it: members by name, in order. The codecs beside it turn
//! bytes into this and back; operations see nothing else. Pure.

use crate::kernel::clock::Timestamp;
use chrono::{DateTime, TimeDelta};

/// Members of a structure or a map, in the order in which they were written.
pub type Members = Vec<(String, Value)>;

/// One value. There is no null: a member that is null is absent, in requests and in answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Any other number, in its decimal form.
    Number(String),
    /// True or false.
    Flag(bool),
    /// An instant: seconds since the epoch in JSON, the same under tag 1 in CBOR.
    Time(Timestamp),
    /// A list.
    List(Vec<Value>),
    /// A structure, a union or a map.
    Map(Members),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl From<Structure> for Value {
    fn from(structure: Structure) -> Self {
        Self::Map(structure.0)
    }
}

/// A structure that is being written.
#[derive(Clone, Debug, Default)]
pub struct Structure(pub Members);

impl Structure {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// With a member that may be absent; then nothing is written.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// An instant as seconds since the epoch, with as many decimals as it has, up to milliseconds.
#[must_use]
pub fn epoch_seconds(at: Timestamp) -> String {
    match (at.timestamp(), at.timestamp_subsec_millis()) {
        (seconds, 0) => seconds.to_string(),
        (seconds, _) if seconds < 0 => seconds.to_string(),
        (seconds, millis) => format!("{seconds}.{millis:03}"),
    }
}

/// The instant of a decimal number of seconds since the epoch; what is finer than a microsecond is cut off.
#[must_use]
pub fn instant(seconds: &str) -> Option<Timestamp> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) || whole.starts_with('-') {
        return None;
    }
    let micros: i64 = format!("{:0<6}", fraction.get(..6).unwrap_or(fraction)).parse().ok()?;
    DateTime::from_timestamp(whole.parse().ok()?, 0)?.checked_add_signed(TimeDelta::microseconds(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule 3 of the protocol: instants are numbers of seconds.
    #[test]
    fn instants_are_seconds_with_the_decimals_they_have() {
        for (text, seconds) in [("2026-05-01T10:00:00Z", "1777629600"), ("2026-05-01T10:00:00.013Z", "1777629600.013")] {
            let at: Timestamp = text.parse().expect("an instant");
            assert_eq!(epoch_seconds(at), seconds);
            assert_eq!(instant(seconds), Some(at));
        }
        assert_eq!(instant("1777629600.0"), instant("1777629600"));
        assert_eq!(instant("1777629600.1234567").map(|at| at.timestamp_subsec_micros()), Some(123_456));
        for none in ["", "x", "-1", "1e9", "1.x", "99999999999999999999"] {
            assert_eq!(instant(none), None, "{none}");
        }
    }
}
