//! What a mail consists of. Rooms write their own texts from `templates/mail/`; this type keeps header injection out.

/// A mail to one person, in plain text.
#[derive(Clone, Debug)]
pub struct Mail {
    /// What kind it is: `license_activated`, `password_reset`.
    pub kind: &'static str,
    /// One address.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Plain text, lines up to about 72 characters.
    pub body: String,
    /// One file that goes with it.
    pub attachment: Option<Enclosed>,
}

/// How a file goes with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enclosed {
    /// The mail carries it from the start.
    Whole(Attachment),
    /// It takes time to make and can be made again from its name alone, so it is made on delivery and not in the
    /// transaction that posts the mail.
    OnDelivery {
        /// Its name, safe in a header and on a disk.
        name: String,
        /// Its media type.
        media_type: &'static str,
    },
}

/// A file that goes with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name: letters, digits, `.`, `-` and `_`.
    pub name: String,
    /// Its media type, such as `text/calendar; charset=utf-8`.
    pub media_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Attachment {
    /// A file whose name is safe in a header and on a disk: every other character becomes `-`.
    pub fn new(name: &str, media_type: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { name: safe_name(name), media_type: media_type.into(), content: content.into() }
    }
}

impl Mail {
    /// A mail whose subject is made one line.
    pub fn new(kind: &'static str, recipient: impl Into<String>, subject: &str, body: impl Into<String>) -> Self {
        let subject = subject.split(|letter: char| letter.is_control()).collect::<Vec<_>>().join(" ");
        Self { kind, recipient: recipient.into(), subject, body: body.into(), attachment: None }
    }

    /// The same with a file.
    #[must_use]
    pub fn with(self, attachment: Attachment) -> Self {
        Self { attachment: Some(Enclosed::Whole(attachment)), ..self }
    }

    /// The same with a file that is made on delivery, from this name.
    #[must_use]
    pub fn with_on_delivery(self, name: &str, media_type: &'static str) -> Self {
        Self { attachment: Some(Enclosed::OnDelivery { name: safe_name(name), media_type }), ..self }
    }
}

fn safe_name(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '-' }).collect()
}
