//! Credit notes: never more than was charged, one for one press, however many press at once.

use super::market::{ACME, Market};
use crate::support::Stage;
use creditdesk::access::{Action, Actor, StaffRole, StaffScope};
use creditdesk::db::Failed;
use creditdesk::kernel::id::{PersonId, SessionReference};
use creditdesk::kernel::money::{Currency, Money};
use creditdesk::marketplace::invoice::credit_note::{self, CreditRefusal, Reason};
use creditdesk::marketplace::invoice::list::{self, WithNotes};
use creditdesk::marketplace::invoice::{Series, Status};
use creditdesk::marketplace::payment::PaymentMethod;

fn lead() -> StaffScope {
    let actor = Actor {
        person: PersonId::generate(),
        name: "Lea".to_owned(),
        email: "lead@creditdesk.example".to_owned(),
        time_zone: None,
        session: SessionReference::generate(),
        memberships: Vec::new(),
        seats: Vec::new(),
        staff: vec![StaffRole::SupportLead],
        business: None,
        buyer: None,
    };
    StaffScope::of(&actor, Action::IssueCreditNote).unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

async fn credit(stage: &Stage, number: &str, turn: i64, amount: Money, reason: &str) -> Result<String, CreditRefusal> {
    let reason = Reason::parse(reason).unwrap();
    match credit_note::issue(&stage.db, lead(), &stage.who("lead"), (number, turn), amount, &reason).await {
        Ok(number) => Ok(number),
        Err(Failed::Refused(refusal)) => Err(refusal),
        Err(Failed::Storage(error)) => panic!("storage failed: {error:?}"),
    }
}

async fn read(stage: &Stage, number: &str) -> WithNotes {
    list::find_for_staff(&stage.db, lead(), number).await.unwrap().unwrap()
}

both_engines! {
    /// MKT-13: an invoice is credited in part and in whole, with numbers of their own series, and never beyond its total.
    #[test]
    async fn credit_notes_take_back_no_more_than_was_charged(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        market.buy(&buyer, 1_000).await;
        let invoice = "TM-2026-000001";
        assert_eq!(credit(&stage, invoice, 1, usd(100_001), "Too much").await, Err(CreditRefusal::OutOfRange(usd(100_000))));
        assert_eq!(credit(&stage, invoice, 1, usd(0), "Nothing").await, Err(CreditRefusal::OutOfRange(usd(100_000))));
        assert_eq!(credit(&stage, invoice, 1, Money::new(1, Currency::EUR), "Other money").await, Err(CreditRefusal::OutOfRange(usd(100_000))));
        assert_eq!(credit(&stage, "TM-2026-000002", 1, usd(1), "Nowhere").await, Err(CreditRefusal::NotFound));
        assert_eq!(credit(&stage, invoice, 1, usd(40_000), "Goodwill").await.as_deref(), Ok("TM-CN-2026-000001"));
        assert_eq!(read(&stage, invoice).await.invoice.status(), Status::PartlyCredited);
        assert_eq!(credit(&stage, invoice, 2, usd(60_001), "Rest").await, Err(CreditRefusal::OutOfRange(usd(60_000))));
        assert_eq!(credit(&stage, invoice, 2, usd(60_000), "Rest").await.as_deref(), Ok("TM-CN-2026-000002"));
        let read = read(&stage, invoice).await;
        assert_eq!((read.invoice.status(), read.invoice.left(), read.notes.len()), (Status::Credited, usd(0), 2));
        let note = &read.notes[0];
        assert_eq!((note.series, note.amount(), note.corrects_number.as_deref()), (Series::CreditNote, usd(-40_000), Some(invoice)));
        assert_eq!((note.reason.as_deref(), note.buyer_name.as_str()), (Some("Goodwill"), "Acme"));
        assert_eq!(credit(&stage, "TM-CN-2026-000001", 1, usd(1), "Of a credit note").await, Err(CreditRefusal::NotAnInvoice));
        assert_eq!(market.audited("credit_note.issued").await, 2);
        let year = list::statement(&stage.db, &buyer.scope, 2026).await.unwrap();
        assert_eq!((year.rows.len(), year.totals[0].credited, year.totals[0].closing()), (3, usd(-100_000), usd(0)));
    }

    /// MKT-13: 32 presses of the same form make one credit note, and 32 different ones at once make one too: the others
    /// are told that they were overtaken.
    #[test]
    async fn one_press_makes_one_credit_note(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        market.buy(&buyer, 1_000).await;
        for (turn, same) in [(1, true), (2, false)] {
            let presses = (1..=32_i64).map(|press| {
                let (db, who) = (stage.db.clone(), stage.who("lead"));
                let (amount, reason) = (usd(if same { 700 } else { 700 + press }), Reason::parse("Goodwill").unwrap());
                tokio::spawn(async move { credit_note::issue(&db, lead(), &who, ("TM-2026-000001", turn), amount, &reason).await })
            });
            let answers = futures_util::future::join_all(presses.collect::<Vec<_>>()).await;
            let numbers: Vec<String> = answers.into_iter().filter_map(|answer| answer.unwrap().ok()).collect();
            assert_eq!(numbers.len(), if same { 32 } else { 1 });
            assert!(numbers.iter().all(|number| *number == format!("TM-CN-2026-{turn:06}")), "{numbers:?}");
            assert_eq!(market.audited("credit_note.issued").await, turn);
        }
        assert_eq!(market.count("SELECT last FROM invoice_counters WHERE series = 'credit_note'").await, 2);
    }
}
