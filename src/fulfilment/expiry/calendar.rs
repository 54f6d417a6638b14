//! An expiration as a calendar entry (RFC 5545) that people put beside their other dates. The same expiration has the same
//! UID, so that opening a second mail changes the entry and adds none. Pure.

use crate::kernel::clock::Timestamp;
use crate::kernel::id::BusinessId;
use crate::kernel::show;
use chrono::TimeDelta;
use icalendar::{Alarm, Calendar, Component, Event, EventLike, Property};

/// License items of one business that end at the same instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whose.
    pub business: BusinessId,
    /// Its name.
    pub business_name: String,
    /// The instant, the first at which they do not count.
    pub expires_at: Timestamp,
    /// The items, in the order in which they were activated.
    pub items: Vec<EndingItem>,
}

/// One license item that ends.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EndingItem {
    /// What it is for.
    pub product_name: String,
    /// Its agreement or order.
    pub agreement_id: String,
    /// Its credits.
    pub credits: i64,
    /// Whether the marketplace renews its contract by itself, as the console knows.
    pub auto_renew: bool,
}

impl Ending {
    /// The credits of the items that renew, or of those that do not.
    #[must_use]
    pub fn credits(&self, renewing: bool) -> i64 {
        self.items.iter().filter(|item| item.auto_renew == renewing).map(|item| item.credits).sum()
    }

    /// One line: what happens.
    #[must_use]
    pub fn headline(&self) -> String {
        let credits = |amount| show::count(amount, "credit");
        let verb = |amount, verb: &str| if amount == 1 { format!("{verb}s") } else { verb.to_owned() };
        match (self.credits(true), self.credits(false)) {
            (renewing, 0) => format!("{} {}", credits(renewing), verb(renewing, "renew")),
            (0, lapsing) => format!("{} {}", credits(lapsing), verb(lapsing, "expire")),
            (renewing, lapsing) => {
                format!("{} {}, {} {}", credits(lapsing), verb(lapsing, "expire"), show::group(renewing), verb(renewing, "renew"))
            }
        }
    }
}

/// The file: one event with alarms a week and a day before.
#[must_use]
pub fn calendar(ending: &Ending, url: &str, now: Timestamp) -> String {
    let headline = ending.headline();
    let items: Vec<String> = ending.items.iter().map(in_words).collect();
    let description = format!(
        "{}\n\nAt this instant the credits of what expires leave the pool. Allocations stay.\nCredits & Billing: {url}",
        items.join("\n")
    );
    let alarm = |days| Alarm::display(&headline, -TimeDelta::days(days));
    let event = Event::new()
        .uid(&format!("{}-{}@creditdesk", ending.business, ending.expires_at.format("%Y%m%dT%H%M%S%6fZ")))
        .timestamp(now)
        .starts(ending.expires_at)
        .ends(ending.expires_at)
        .summary(&format!("{headline}: {}", ending.business_name))
        .description(&description)
        .url(url)
        .alarm(alarm(7))
        .alarm(alarm(1))
        .done();
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", "-//Creditdesk//Expirations//EN"));
    calendar.append_property(Property::new("CALSCALE", "GREGORIAN"));
    calendar.append_property(Property::new("METHOD", "PUBLISH"));
    calendar.push(event);
    calendar.to_string()
}

fn in_words(item: &EndingItem) -> String {
    let happens = if item.auto_renew { "renews by itself" } else { "expires" };
    format!("{}: {}, {happens} ({})", item.product_name, show::count(item.credits, "credit"), item.agreement_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending() -> Ending {
        let item = |credits, auto_renew| EndingItem {
            product_name: "Trend Vision One; über, \\ sehr lange Namen für Fälle wie diesen, die man falten muss".to_owned(),
            agreement_id: "agmt-1".to_owned(),
            credits,
            auto_renew,
        };
        Ending {
            business: BusinessId::generate(),
            business_name: "Acme, Industries".to_owned(),
            expires_at: "2027-03-02T09:00:00.5Z".parse().unwrap(),
            items: vec![item(1_000, false), item(1, true)],
        }
    }

    /// EXP-3: the file keeps to the format line by line: CRLF, at most 75 octets, escapes, and what must be there once.
    #[test]
    fn the_calendar_file_keeps_to_its_format() {
        let ending = ending();
        let text = calendar(&ending, "https://desk.example/console/credits", "2026-12-01T00:00:00Z".parse().unwrap());
        assert!(text.ends_with("END:VCALENDAR\r\n"), "{text}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "every line ends with CRLF: {text:?}");
        for line in text.split("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
        }
        let unfolded = text.replace("\r\n ", "");
        for (line, times) in [
            ("BEGIN:VCALENDAR", 1),
            ("VERSION:2.0", 1),
            ("METHOD:PUBLISH", 1),
            ("BEGIN:VEVENT", 1),
            ("DTSTART:20270302T090000Z", 1),
            ("DTSTAMP:20261201T000000Z", 1),
            (&format!("UID:{}-20270302T090000500000Z@creditdesk", ending.business), 1),
            ("SUMMARY:1\\,000 credits expire\\, 1 renews: Acme\\, Industries", 1),
            ("URL:https://desk.example/console/credits", 1),
            ("BEGIN:VALARM", 2),
            ("ACTION:DISPLAY", 2),
            ("TRIGGER:-PT604800S", 1),
            ("TRIGGER:-PT86400S", 1),
        ] {
            assert_eq!(unfolded.lines().filter(|found| *found == line).count(), times, "{line} in {unfolded}");
        }
        assert!(unfolded.contains("Trend Vision One\\; über\\, \\\\ sehr"), "{unfolded}");
    }

    /// EXP-3: read back by a parser, the event says what was put in, and its UID does not depend on when it was written.
    #[test]
    fn the_calendar_file_is_read_back_as_it_was_meant() {
        let ending = ending();
        let read = |now: &str| calendar(&ending, "https://desk.example/x", now.parse().unwrap()).parse::<Calendar>().unwrap();
        let (first, second) = (read("2026-12-01T00:00:00Z"), read("2027-02-28T00:00:00Z"));
        let event = |calendar: &Calendar| calendar.events().next().cloned().unwrap();
        assert_eq!(event(&first).get_summary(), Some("1,000 credits expire, 1 renews: Acme, Industries"));
        assert!(event(&first).get_description().unwrap().contains("Allocations stay.\nCredits & Billing: https://desk.example/x"));
        assert_eq!(event(&first).get_uid(), event(&second).get_uid());
        assert_eq!(first.events().count(), 1);
    }

    #[test]
    fn the_headline_says_whether_credits_renew_or_expire() {
        let mut ending = ending();
        assert_eq!(ending.headline(), "1,000 credits expire, 1 renews");
        ending.items.pop();
        assert_eq!(ending.headline(), "1,000 credits expire");
        ending.items[0].auto_renew = true;
        ending.items[0].credits = 1;
        assert_eq!(ending.headline(), "1 credit renews");
    }
}
