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
}

impl Mail {
    /// A mail whose subject is made one line.
    pub fn new(kind: &'static str, recipient: impl Into<String>, subject: &str, body: impl Into<String>) -> Self {
        let subject = subject.split(|letter: char| letter.is_control()).collect::<Vec<_>>().join(" ");
        Self { kind, recipient: recipient.into(), subject, body: body.into() }
    }
}
