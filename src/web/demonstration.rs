//! The demonstration's mailbox: its mail goes to files and nowhere else, so whoever tries the program reads it here.
//! Outside a demonstration the page does not exist.

use super::shell::Shell;
use super::{Visit, WebError, paths};
use crate::kernel::id::MailId;
use crate::kernel::show;
use crate::notices::outbox::Waiting;
use crate::notices::port::MailPort;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

/// A line of a mail: text around at most one link of this program.
struct Line {
    before: String,
    link: String,
    after: String,
}

struct Letter {
    recipient: String,
    subject: String,
    sent_iso: String,
    sent: String,
    lines: Vec<Line>,
    /// Name and address of the file that goes with it.
    file: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "help/demonstration_mail.html")]
struct Mailbox {
    shell: Shell,
    letters: Vec<Letter>,
}

/// `GET /demonstration/mail`.
pub async fn mailbox(visit: Visit) -> Result<HttpResponse, WebError> {
    let mails = delivered(&visit)?;
    let origin = visit.portal().origin();
    let letter = |mail: Waiting| Letter {
        sent_iso: show::iso(mail.created_at),
        sent: show::date_time(mail.created_at, visit.zone()),
        lines: mail.body.lines().map(|line| with_link(line, &origin)).collect(),
        file: mail.attachment().map(|file| (file.name, paths::demonstration_mail_file(mail.id))),
        recipient: mail.recipient,
        subject: mail.subject,
    };
    let letters = mails.into_iter().map(letter).collect();
    visit.page(StatusCode::OK, &Mailbox { shell: visit.shell("Demonstration mail"), letters })
}

/// `GET /demonstration/mail/{mail}/attachment`: always a download, so that nothing of a mail runs in the browser.
pub async fn file(visit: Visit) -> Result<HttpResponse, WebError> {
    let id = visit.id("mail", MailId::parse)?;
    let found = delivered(&visit)?.into_iter().find(|mail| mail.id == id).and_then(|mail| mail.attachment());
    let file = found.ok_or(WebError::NotFound)?;
    let disposition = format!("attachment; filename=\"{}\"", file.name);
    Ok(HttpResponse::Ok().content_type(file.media_type).insert_header((header::CONTENT_DISPOSITION, disposition)).body(file.content))
}

fn delivered(visit: &Visit) -> Result<Vec<Waiting>, WebError> {
    match &visit.portal().mail {
        MailPort::Files { delivered: Some(delivered), .. } => Ok(delivered.list()),
        MailPort::Files { delivered: None, .. } | MailPort::Smtp { .. } => Err(WebError::NotFound),
    }
}

/// Finds an address of this program in a line, so that it can be followed; foreign addresses stay text.
fn with_link(line: &str, origin: &str) -> Line {
    let found = line.find(origin).map(|start| {
        let length = line[start..].find(char::is_whitespace).unwrap_or(line.len() - start);
        (line[..start].to_owned(), line[start + origin.len()..start + length].to_owned(), line[start + length..].to_owned())
    });
    let (before, link, after) = found.unwrap_or_else(|| (line.to_owned(), String::new(), String::new()));
    Line { before, link, after }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_this_program_becomes_a_link() {
        let own = with_link("Open http://127.0.0.1:8080/password/reset/abc now", "http://127.0.0.1:8080");
        assert_eq!((own.before.as_str(), own.link.as_str(), own.after.as_str()), ("Open ", "/password/reset/abc", " now"));
        let foreign = with_link("Open http://evil.test/x", "http://127.0.0.1:8080");
        assert_eq!((foreign.before.as_str(), foreign.link.as_str()), ("Open http://evil.test/x", ""));
    }
}
