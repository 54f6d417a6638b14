//! Where mail goes: files in a folder by default, an SMTP server by configuration.

use super::outbox::Waiting;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// How many mails [`Delivered`] remembers.
const REMEMBERED: usize = 50;

/// The newest mails that this process wrote to files, for the demonstration's mailbox page.
#[derive(Clone, Debug, Default)]
pub struct Delivered(Arc<Mutex<VecDeque<Waiting>>>);

impl Delivered {
    fn remember(&self, mail: &Waiting) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push_front(mail.clone());
        mails.truncate(REMEMBERED);
    }

    /// The mails, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// A mail could not be handed over; it stays in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// An address or header that no mail may have.
    #[error("the mail could not be built: {0}")]
    Message(String),
    /// The folder or file could not be written.
    #[error("the mail file could not be written: {0}")]
    File(#[from] std::io::Error),
    /// The server refused or was away.
    #[error("the mail server did not take it: {0}")]
    Smtp(#[from] lettre::transport::smtp::Error),
}

/// The mail port.
#[derive(Clone, Debug)]
pub enum MailPort {
    /// One `.eml` file a mail.
    Files {
        /// The folder; made when it is missing.
        folder: PathBuf,
        /// The sender's address.
        from: Mailbox,
        /// Where the demonstration reads them again; none elsewhere.
        delivered: Option<Delivered>,
    },
    /// An SMTP server.
    Smtp {
        /// Pool of connections.
        transport: AsyncSmtpTransport<Tokio1Executor>,
        /// The sender's address.
        from: Mailbox,
    },
}

impl MailPort {
    /// Hands one mail over.
    ///
    /// # Errors
    /// When it could not be built, written or accepted.
    pub async fn send(&self, mail: &Waiting) -> Result<(), PortError> {
        match self {
            Self::Files { folder, from, delivered } => {
                let message = build(mail, from)?;
                let name = format!("{}-{}-{}.eml", mail.created_at.format("%Y%m%dT%H%M%S%.6f"), mail.kind, mail.id);
                write_private(folder.clone(), name, message.formatted()).await?;
                if let Some(delivered) = delivered {
                    delivered.remember(mail);
                }
                Ok(())
            }
            Self::Smtp { transport, from } => {
                transport.send(build(mail, from)?).await?;
                Ok(())
            }
        }
    }
}

async fn write_private(folder: PathBuf, name: String, content: Vec<u8>) -> Result<(), PortError> {
    let written = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        std::fs::create_dir_all(&folder)?;
        // Mail holds links that work: nobody but the owner of the process may read it.
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(folder.join(name))?;
        file.write_all(&content)
    });
    Ok(written.await.map_err(std::io::Error::other)??)
}

fn build(mail: &Waiting, from: &Mailbox) -> Result<Message, PortError> {
    let recipient = mail.recipient.parse::<Mailbox>().map_err(|error| PortError::Message(error.to_string()))?;
    let building = Message::builder()
        .from(from.clone())
        .to(recipient)
        .subject(&mail.subject)
        .date(mail.created_at.into())
        .message_id(Some(format!("<{}@creditdesk>", mail.id)));
    let built = match mail.attachment() {
        None => building.header(ContentType::TEXT_PLAIN).body(mail.body.clone()),
        Some(file) => {
            let media_type = ContentType::parse(&file.media_type).map_err(|error| PortError::Message(error.to_string()))?;
            let attached = Attachment::new(file.name).body(file.content, media_type);
            building.multipart(MultiPart::mixed().singlepart(SinglePart::plain(mail.body.clone())).singlepart(attached))
        }
    };
    built.map_err(|error| PortError::Message(error.to_string()))
}
