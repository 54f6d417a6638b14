//! What AWS tells the console: how it is read, stored and known again, how a queue is emptied, and the page that shows it.
//! What is booked for it stands in `fulfilment/incoming.rs`, what is not believed in `incoming/forged.rs`.

mod forged;
mod forgeries;
mod heard;
mod shapes;

use crate::support::Stage;
use crate::support::outage::Outage;
use crate::support::people::{ACME_ADMIN, LEAD, SUPPORT};
use async_trait::async_trait;
use chrono::TimeDelta;
use creditdesk::db::FromDb;
use creditdesk::fulfilment::incoming::event::State;
use creditdesk::fulfilment::incoming::sqs::{Message, Queue, poll_once};
use creditdesk::fulfilment::incoming::{Taken, take_in};
use std::collections::BTreeSet;
use std::sync::Mutex;

const NOTICE: &str = r#"{"action":"entitlement-updated","customer-identifier":"ifAPi5AcF3","product-code":"4wexample"}"#;

/// An event of nobody's agreement.
fn amended(number: u32) -> String {
    format!(
        r#"{{"version":"0","id":"6c53798d-{number}","detail-type":"Purchase Agreement Amended - Proposer","source":"aws.agreement-marketplace","time":"2026-03-02T08:24:23Z","detail":{{"requestId":"9838714e-{number}","agreement":{{"id":"agmt-{number:025}"}}}}}}"#
    )
}

async fn rows<T: FromDb>(stage: &Stage, sql: &'static str) -> Vec<T> {
    stage.db.read(sql).all().await.unwrap()
}

/// A queue in memory that gives every message until it is deleted.
#[derive(Default)]
struct FakeQueue(Mutex<Held>);

#[derive(Default)]
struct Held {
    messages: Vec<Message>,
    deleted: Vec<String>,
    is_away: bool,
    keeps: bool,
}

impl FakeQueue {
    fn send(&self, body: &str) {
        let mut held = self.0.lock().unwrap();
        let number = held.messages.len() + held.deleted.len();
        held.messages.push(Message { id: format!("m{number}"), receipt: format!("r{number}"), body: body.to_owned() });
    }

    fn with<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl Queue for FakeQueue {
    async fn receive(&self) -> anyhow::Result<Vec<Message>> {
        self.with(|held| if held.is_away { anyhow::bail!("away") } else { Ok(held.messages.iter().take(10).cloned().collect()) })
    }

    async fn delete(&self, receipt: &str) -> anyhow::Result<()> {
        self.with(|held| {
            anyhow::ensure!(!held.keeps, "not deleted");
            held.messages.retain(|message| message.receipt != receipt);
            held.deleted.push(receipt.to_owned());
            Ok(())
        })
    }
}

both_engines! {
    /// Rule 50 of the protocol: the event's id, the request with what it tells of, and the message's id are each enough to
    /// know an event again; what differs in all of them is another event, even with the same text.
    #[test]
    async fn an_event_is_known_by_any_of_its_keys(stage: Stage) {
        let first = amended(1);
        let Taken::New(_, State::Waiting) = take_in(&stage.db, &first, Some("m1"), stage.now()).await.unwrap() else { panic!("it is new") };
        let other_id = first.replace("6c53798d-1", "6c53798d-2");
        let other_request = first.replace("9838714e-1", "9838714e-2");
        let both = other_id.replace("9838714e-1", "9838714e-3");
        let of_manufacturer = other_id.replace("- Proposer", "- Manufacturer");
        for (again, message) in [(&first, "m1"), (&first, "m2"), (&other_id, "m3"), (&other_request, "m4"), (&both, "m1"), (&of_manufacturer, "m5")] {
            assert_eq!(take_in(&stage.db, again, Some(message), stage.now()).await.unwrap(), Taken::Duplicate, "{again} in {message}");
        }
        let others = [both.clone(), other_id.replace("Amended", "Created"), other_id.replace("agmt-0", "agmt-1")];
        for (number, other) in others.iter().enumerate() {
            let other = other.replace("6c53798d-2", &format!("other-{number}"));
            assert!(matches!(take_in(&stage.db, &other, None, stage.now()).await.unwrap(), Taken::New(..)), "{other}");
        }
        for message in ["n1", "n2", "n1"] {
            take_in(&stage.db, NOTICE, Some(message), stage.now()).await.unwrap();
        }
        let kept: Vec<(i64,)> = rows(&stage, "SELECT duplicates FROM incoming_events ORDER BY duplicates").await;
        assert_eq!(kept, [(0,), (0,), (0,), (0,), (1,), (6,)]);
    }

    /// Quality B6: a hundred workers store the same ten events at once: ten are stored.
    #[test]
    async fn many_workers_store_an_event_once(stage: Stage) {
        let tasks: Vec<_> = (0..100_u32).map(|worker| {
            let (db, now) = (stage.db.clone(), stage.now());
            tokio::spawn(async move { take_in(&db, &amended(worker % 10), None, now).await.unwrap() })
        }).collect();
        let taken: Vec<Taken> = futures_util::future::join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(taken.iter().filter(|taken| matches!(taken, Taken::New(..))).count(), 10);
        let kept: Vec<(i64,)> = rows(&stage, "SELECT duplicates FROM incoming_events").await;
        assert_eq!(kept, [(9,); 10]);
    }

    /// What cannot be read is kept as it came, whatever it is, and once.
    #[test]
    async fn what_cannot_be_read_is_kept(stage: Stage) {
        let texts = ["", "not json", "[]", "null", "{\"detail-type\":7}", "{\"Type\":\"Notification\"}", "\0\u{1}\u{202e}💥", "{\"Type\":\"Notification\",\"MessageId\":\"a\\u0000b\",\"Message\":\"{\\\"x\\\":\\\"\\u0000\\\"}\"}"];
        for _ in 0..2 {
            for text in texts {
                take_in(&stage.db, text, None, stage.now()).await.unwrap();
            }
        }
        let deep = "[".repeat(100_000);
        take_in(&stage.db, &deep, None, stage.now()).await.unwrap();
        let kept: Vec<(String, String, i64)> = rows(&stage, "SELECT raw, state, duplicates FROM incoming_events").await;
        assert_eq!(kept.len(), texts.len() + 1);
        for text in texts {
            let stored = text.replace('\0', "\u{fffd}");
            assert!(kept.contains(&(stored.clone(), "unreadable".to_owned(), 1)), "{text:?}");
        }
    }

    /// A message leaves the queue only after it is stored: not while the queue or the database is away, and one that comes
    /// again because it could not be deleted is a duplicate.
    #[test]
    async fn a_message_is_deleted_after_it_is_stored(stage: Stage) {
        let outage = Outage::prepare(&stage).await;
        let (db, clock, queue) = (&outage.db, &stage.clock, FakeQueue::default());
        for number in 0..12 {
            queue.send(&amended(number));
        }
        queue.with(|held| held.is_away = true);
        assert!(poll_once(db, clock, &queue).await.is_err());
        queue.with(|held| held.is_away = false);
        outage.strike().await;
        assert!(poll_once(db, clock, &queue).await.is_err());
        assert_eq!(queue.with(|held| (held.messages.len(), held.deleted.len())), (12, 0));
        outage.heal().await;
        queue.with(|held| held.keeps = true);
        assert!(poll_once(db, clock, &queue).await.is_err());
        assert_eq!(rows::<(i64,)>(&stage, "SELECT duplicates FROM incoming_events").await, [(0,); 10]);
        queue.with(|held| held.keeps = false);
        let polled = [poll_once(db, clock, &queue).await.unwrap(), poll_once(db, clock, &queue).await.unwrap(), poll_once(db, clock, &queue).await.unwrap()];
        assert_eq!(polled, [10, 2, 0]);
        assert_eq!(queue.with(|held| (held.messages.len(), held.deleted.len())), (0, 12));
        let mut kept: Vec<(i64,)> = rows(&stage, "SELECT duplicates FROM incoming_events").await;
        kept.sort_unstable();
        assert_eq!(kept, [vec![(0,); 2], vec![(1,); 10]].concat());
    }

    /// SUP-1: staff see every event once, page after page, filter them by state, read one as it came, and a Support lead has
    /// one followed again.
    #[test]
    async fn staff_see_events_and_have_one_followed_again(stage: Stage) {
        let portal = stage.portal().await;
        let mut desk = portal.sign_in(SUPPORT).await;
        assert!(desk.open("/admin/events").await.says("No event came yet"));
        for number in 0..30 {
            stage.clock.advance(TimeDelta::milliseconds(1));
            take_in(&stage.db, &amended(number), None, stage.now()).await.unwrap();
        }
        take_in(&stage.db, "<b>not</b> an event", None, stage.now()).await.unwrap();
        stage.db.write("UPDATE incoming_events SET state = 'unmatched', settled_at = received_at WHERE state = 'waiting'").exec().await.unwrap();
        let page = desk.open("/admin/events").await;
        assert_eq!((page.status, page.rows("Events, newest first").len()), (200, 25));
        assert!(page.says("Showing 25 of 31 events"), "{page:?}");
        let mut seen: BTreeSet<String> = page.rows("Events, newest first").into_iter().map(|row| row[2].clone()).collect();
        seen.extend(desk.click("Next page").await.rows("Events, newest first").into_iter().map(|row| row[2].clone()));
        assert_eq!(seen.len(), 31);
        let page = desk.open("/admin/events?state=unreadable").await;
        assert_eq!(page.rows("Events, newest first")[0][..3], ["Not readable", "Unreadable", "–"]);
        let page = desk.click("Not readable").await;
        assert!(page.says("<b>not</b> an event") && page.says("A Support lead decides"), "{page:?}");
        let unreadable = page.path().to_owned();
        assert!(desk.open("/admin/events?state=followed").await.says("No event in this state"));
        let mut lead = portal.sign_in(LEAD).await;
        lead.open(&unreadable).await;
        assert_eq!(lead.press("Follow again").await.flash().as_deref(), Some("Warning: There is nothing to follow"));
        lead.open("/admin/events?state=unmatched").await;
        let page = lead.click("Agreement amended").await;
        assert!(page.says("agmt-0000000000000000000000029") && page.says("\"requestId\": \"9838714e-29\""), "{page:?}");
        assert_eq!(lead.press("Follow again").await.flash().as_deref(), Some("Success: The event will be followed again"));
        assert!(lead.page().says("Waiting") && !lead.page().says("Follow again"), "{:?}", lead.page());
        assert_eq!(rows::<(String,)>(&stage, "SELECT action FROM audit_entries WHERE action LIKE 'incoming%'").await.len(), 1);
        let mut stranger = portal.sign_in(ACME_ADMIN).await;
        assert_eq!(stranger.open("/admin/events").await.status, 404);
    }
}
