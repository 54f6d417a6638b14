//! The demonstration's mailbox: its mail goes to files and nowhere else, so whoever tries the program reads it here.
//! Outside a demonstration the page does not exist.

use super::shell::Shell;
use super::{Visit, WebError};
use crate::kernel::show;
use crate::notices::port::MailPort;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
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
}

#[derive(Template)]
#[template(path = "help/demonstration_mail.html")]
struct Mailbox {
    shell: Shell,
    letters: Vec<Letter>,
}

/// `GET /demonstration/mail`.
pub async fn mailbox(visit: Visit) -> Result<HttpResponse, WebError> {
    let MailPort::Files { delivered: Some(delivered), .. } = &visit.portal().mail else { return Err(WebError::NotFound) };
    let origin = visit.portal().origin();
    let letter = |mail: crate::notices::outbox::Waiting| Letter {
        sent_iso: show::iso(mail.created_at),
        sent: show::date_time(mail.created_at, visit.zone()),
        lines: mail.body.lines().map(|line| with_link(line, &origin)).collect(),
        recipient: mail.recipient,
        subject: mail.subject,
    };
    let letters = delivered.list().into_iter().map(letter).collect();
    visit.page(StatusCode::OK, &Mailbox { shell: visit.shell("Demonstration mail"), letters })
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
