//! Reading a request's members: absent or of the type that the model says. Members that the model does not have are never
//! asked for, and so ignored (rule 5 of the protocol). Pure.

use super::fault::Fault;
use super::value::{Members, Value, instant};
use crate::kernel::clock::Timestamp;

/// The members of a structure or a map.
#[derive(Clone, Copy, Debug)]
pub struct Input<'m>(&'m Members);

impl<'m> Input<'m> {
    /// Of a whole request.
    #[must_use]
    pub const fn new(members: &'m Members) -> Self {
        Self(members)
    }

    fn find(self, name: &str) -> Option<&'m Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    fn typed<T>(self, name: &str, kind: &str, read: impl FnOnce(&'m Value) -> Option<T>) -> Result<Option<T>, Fault> {
        let Some(value) = self.find(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| Fault::serialization(format!("{name} has to be {kind}.")))
    }

    /// A text.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(self, name: &str) -> Result<Option<&'m str>, Fault> {
        self.typed(name, "a string", Value::as_text)
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is something else.
    pub fn whole(self, name: &str) -> Result<Option<i64>, Fault> {
        self.typed(name, "a whole number", |value| if let Value::Whole(whole) = value { Some(*whole) } else { None })
    }

    /// True or false.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(self, name: &str) -> Result<Option<bool>, Fault> {
        self.typed(name, "true or false", |value| if let Value::Flag(flag) = value { Some(*flag) } else { None })
    }

    /// An instant: seconds since the epoch.
    ///
    /// # Errors
    /// When it is something else.
    pub fn time(self, name: &str) -> Result<Option<Timestamp>, Fault> {
        self.typed(name, "a number of seconds since the epoch", |value| match value {
            Value::Time(at) => Some(*at),
            Value::Whole(seconds) => instant(&seconds.to_string()),
            Value::Number(seconds) => instant(seconds),
            Value::Text(_) | Value::Flag(_) | Value::List(_) | Value::Map(_) => None,
        })
    }

    /// A list.
    ///
    /// # Errors
    /// When it is something else.
    pub fn list(self, name: &str) -> Result<Option<&'m [Value]>, Fault> {
        self.typed(name, "a list", |value| if let Value::List(list) = value { Some(list.as_slice()) } else { None })
    }

    /// A list of structures.
    ///
    /// # Errors
    /// When it is something else.
    pub fn structures(self, name: &str) -> Result<Vec<Self>, Fault> {
        let list = self.list(name)?.unwrap_or_default();
        let structures = list.iter().map(|value| if let Value::Map(members) = value { Some(Self(members)) } else { None });
        structures.collect::<Option<_>>().ok_or_else(|| Fault::serialization(format!("{name} has to be a list of structures.")))
    }

    /// A list of texts.
    ///
    /// # Errors
    /// When it is something else.
    pub fn texts(self, name: &str) -> Result<Vec<&'m str>, Fault> {
        let texts = self.list(name)?.unwrap_or_default().iter().map(Value::as_text);
        texts.collect::<Option<_>>().ok_or_else(|| Fault::serialization(format!("{name} has to be a list of strings.")))
    }

    /// A structure or a map.
    ///
    /// # Errors
    /// When it is something else.
    pub fn map(self, name: &str) -> Result<Option<Self>, Fault> {
        self.typed(name, "a structure", |value| if let Value::Map(members) = value { Some(Self(members)) } else { None })
    }

    /// The names of its members.
    pub fn names(self) -> impl Iterator<Item = &'m str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}
