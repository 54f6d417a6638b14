//! Invoices: every charge has one, and no number is left out or given twice, whatever goes wrong in between.

use super::market::{ACME, Buyer, GLOBEX, Market, accepted, credits, wanted};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::{Db, Engine};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::page::PageSize;
use creditdesk::marketplace::ids::{Prodview, QuoteId};
use creditdesk::marketplace::invoice::{self, ChargeKind, Invoice, Series, Status};
use creditdesk::marketplace::listing;
use creditdesk::marketplace::pay;
use creditdesk::marketplace::payment::{PaymentMethod, SETTLES_AFTER};
use creditdesk::marketplace::quoting;
use creditdesk::marketplace::settle::{RESUMES_AFTER, resume_started_payments, settle_pending_payments};
use creditdesk::marketplace::upgrade;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// One listing of each of three sellers.
const LISTINGS: [&str; 3] = ["prodview-u2in6sa3igl7c", "prodview-7hq2mdx4ztbne", "prodview-b4wn8cr5yekqa"];

async fn quote_of(market: &Market, buyer: &Buyer, listed: &str, number: i64) -> QuoteId {
    let prodview = Prodview::parse(listed).unwrap();
    let offer = listing::find(market.db(), &prodview).await.unwrap().unwrap().offer_id;
    quoting::create(market.db(), &buyer.scope, &market.who(buyer), &prodview, &offer, &wanted(number)).await.unwrap()
}

async fn documents(market: &Market, buyer: &Buyer) -> Vec<Invoice> {
    invoice::list::list(market.db(), &buyer.scope, None, None, PageSize::MAX).await.unwrap().items
}

/// Every number of every seller and year is there exactly once, from 1 on, and every charge has its invoice.
async fn assert_gapless(db: &Db) -> usize {
    // Numbers and counters in one statement, which sees one instant: a commit that was under way when its task was given
    // up may arrive between two.
    let sql = "SELECT k.seller_id, k.series, k.year, k.last, i.sequence FROM invoice_counters k LEFT JOIN invoices i ON i.seller_id = k.seller_id AND i.series = k.series AND i.year = k.year ORDER BY k.seller_id, k.series, k.year, i.sequence";
    let rows: Vec<(String, String, i64, i64, Option<i64>)> = db.read(sql).all().await.unwrap();
    let mut series: BTreeMap<(String, String, i64, i64), Vec<i64>> = BTreeMap::new();
    for (seller, kind, year, last, sequence) in &rows {
        series.entry((seller.clone(), kind.clone(), *year, *last)).or_default().extend(sequence);
    }
    for (key, numbers) in &series {
        assert_eq!(numbers, &(1..=key.3).collect::<Vec<i64>>(), "a counter and its series: {key:?}");
    }
    let missing: i64 = db
        .read("SELECT CAST(COUNT(*) AS BIGINT) FROM charges c LEFT JOIN invoices i ON i.charge_id = c.id WHERE i.id IS NULL OR i.amount_minor <> c.amount_minor OR i.currency <> c.currency")
        .scalar()
        .await
        .unwrap();
    assert_eq!(missing, 0, "charges without their invoice");
    rows.len()
}

/// From now on the last step of every booking for a buyer named `unlucky…` fails, after the number was taken.
async fn make_unlucky(db: &Db) {
    let statements: &[&'static str] = match db.engine() {
        Engine::Sqlite => {
            &["CREATE TRIGGER unlucky BEFORE INSERT ON mails WHEN NEW.recipient LIKE 'buyer-9%' BEGIN SELECT RAISE(ABORT, 'unlucky'); END"]
        }
        Engine::Postgres => &[
            "CREATE FUNCTION unlucky() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.recipient LIKE 'buyer-9%' THEN RAISE EXCEPTION 'unlucky'; END IF; RETURN NEW; END $$",
            "CREATE TRIGGER unlucky BEFORE INSERT ON mails FOR EACH ROW EXECUTE FUNCTION unlucky()",
        ],
    };
    for statement in statements {
        db.write(statement).exec().await.unwrap();
    }
}

async fn luck_turns(db: &Db) {
    let drop = match db.engine() {
        Engine::Sqlite => "DROP TRIGGER unlucky",
        Engine::Postgres => "DROP TRIGGER unlucky ON mails",
    };
    db.write(drop).exec().await.unwrap();
}

both_engines! {
    /// MKT-13: an invoice is made with the charge and says everything that finance needs, as it was on the day.
    #[test]
    async fn a_purchase_and_an_upgrade_have_an_invoice_each(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.activate(&agreement).await;
        stage.clock.advance((agreement.ends_at - stage.now()) / 2);
        let quote = upgrade::create(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id, credits(100), Some("PO-7".to_owned())).await.unwrap();
        accepted(market.pay(&buyer, &quote, 1).await.unwrap());
        let [upgraded, new] = <[Invoice; 2]>::try_from(documents(&market, &buyer).await).unwrap();
        assert_eq!((new.number.as_str(), upgraded.number.as_str()), ("TM-2026-000001", "TM-2026-000002"));
        assert_eq!((new.series, new.kind, new.status()), (Series::Invoice, ChargeKind::New, Status::Due));
        assert_eq!((new.seller_name.as_str(), new.buyer_name.as_str(), new.billing_address.as_str()), ("Trend Micro", "Acme", "Main Street 1"));
        assert_eq!((new.amount().to_string(), new.unit_price().unwrap().to_string()), ("USD 1,000.00".to_owned(), "USD 1.00".to_owned()));
        assert_eq!((new.term_from, new.term_to, new.remark.as_str()), (agreement.starts_at, agreement.ends_at, ""));
        assert_eq!((new.paid_at, new.due_at), (None, Some(agreement.starts_at + invoice::PAYABLE_WITHIN)));
        assert_eq!((upgraded.kind, upgraded.purchase_order.as_deref()), (ChargeKind::Upgrade, Some("PO-7")));
        assert_eq!((upgraded.amount().to_string(), upgraded.term_from, upgraded.term_to), ("USD 50.00".to_owned(), stage.now(), agreement.ends_at));
        assert_eq!(upgraded.remark, "Charged for the part of the term that was left: 15,768,000 of 31,536,000 seconds, rounded up once.");
        stage.db.write("UPDATE buyer_accounts SET name = 'Other', billing_address = 'Elsewhere'").exec().await.unwrap();
        stage.db.write("UPDATE sellers SET name = 'Another'").exec().await.unwrap();
        let again = invoice::list::find(&stage.db, &buyer.scope, &new.number).await.unwrap().unwrap().invoice;
        assert_eq!(again, new, "an invoice does not follow its buyer and seller");
        assert_eq!((assert_gapless(&stage.db).await, market.audited("invoice.issued").await), (2, 2));
        let text = stage.db.read("SELECT body FROM mails WHERE kind = 'marketplace_upgrade_paid'").scalar::<String>().await.unwrap();
        assert!(text.contains("TM-2026-000002") && text.contains("https://portal.example/marketplace/invoices/TM-2026-000002"), "{text}");
    }

    /// MKT-13: 64 payments at once to three sellers, some declined, some given up after the number was taken: the
    /// numbers of every seller have no gap and none is given twice.
    #[test]
    async fn numbers_have_no_gap_however_many_pay_at_once(stage: Stage) {
        let market = Market::open(&stage).await;
        make_unlucky(&stage.db).await;
        let mut presses = Vec::new();
        for number in 0..64_usize {
            let unlucky = number % 5 == 0;
            let method = if number % 7 == 0 { PaymentMethod::TestDecline } else { PaymentMethod::TestApprove };
            let buyer = market.buyer(&format!("{}{number:011}", if unlucky { 9 } else { 1 }), method).await;
            let quote = quote_of(&market, &buyer, LISTINGS[number % 3], 1_000).await;
            presses.push((buyer, quote));
        }
        let paying = presses.iter().cloned().map(|(buyer, quote)| {
            let (till, who) = (market.till.clone(), market.who(&buyer));
            tokio::spawn(async move { pay::pay(&till, &buyer.scope, &who, &quote, 1).await.is_ok() })
        });
        let answered = futures_util::future::join_all(paying.collect::<Vec<_>>()).await;
        let failed = answered.into_iter().filter(|answer| !*answer.as_ref().unwrap()).count();
        // Thirteen are unlucky, of which two are declined before anything is booked.
        assert_eq!((failed, assert_gapless(&stage.db).await), (11, 64 - 10 - 11));
        luck_turns(&stage.db).await;
        stage.clock.advance(RESUMES_AFTER);
        resume_started_payments(&market.till, &stage.clock).await.unwrap();
        assert_eq!(assert_gapless(&stage.db).await, 54);
        assert_eq!(market.count("SELECT CAST(COUNT(DISTINCT seller_id) AS BIGINT) FROM invoices").await, 3);
    }

    /// MKT-13: a process that dies at any step of a payment leaves no gap: before the bank, while it is asked, and at
    /// whatever moment of the booking.
    #[test]
    async fn a_crash_at_any_step_leaves_no_gap(stage: Stage) {
        let market = Market::open(&stage).await;
        for (step, delay) in (1..).zip([0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144]) {
            let buyer = market.buyer(&format!("{step:012}"), PaymentMethod::TestApprove).await;
            let quote = market.quote(&buyer, 500).await;
            market.bank.hangs.store(step % 4 == 0, Ordering::SeqCst);
            let (till, who, scope) = (market.till.clone(), market.who(&buyer), buyer.scope.clone());
            let dying = tokio::spawn(async move { pay::pay(&till, &scope, &who, &quote, 1).await.map(drop).ok() });
            for _ in 0..delay * 4 {
                tokio::task::yield_now().await;
            }
            dying.abort();
            drop(dying.await);
            market.bank.hangs.store(false, Ordering::SeqCst);
            assert_gapless(&stage.db).await;
        }
        stage.clock.advance(RESUMES_AFTER);
        resume_started_payments(&market.till, &stage.clock).await.unwrap();
        let invoices = assert_gapless(&stage.db).await;
        assert_eq!(i64::try_from(invoices).unwrap(), market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM charges").await);
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM payments WHERE status = 'started'").await, 0);
    }

    /// MKT-13: the year of a number is the year of its date in UTC, to the microsecond; every year begins at 1.
    #[test]
    async fn a_year_begins_with_number_one(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        let new_year: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        stage.clock.advance(new_year - stage.now() - TimeDelta::microseconds(1));
        market.buy(&buyer, 500).await;
        stage.clock.advance(TimeDelta::microseconds(1));
        market.buy(&buyer, 500).await;
        let numbers: Vec<String> = documents(&market, &buyer).await.into_iter().map(|invoice| invoice.number).collect();
        assert_eq!(numbers, ["TM-2027-000001", "TM-2026-000001"]);
        let year = invoice::list::statement(&stage.db, &buyer.scope, 2027).await.unwrap();
        assert_eq!((year.rows.len(), year.totals[0].opening.to_string(), year.totals[0].closing().to_string()), (1, "USD 500.00".to_owned(), "USD 1,000.00".to_owned()));
    }

    /// MKT-13: money that is not sure is not invoiced: a pending payment has no invoice until it arrives, and one that
    /// does not arrive never had any, so that there is nothing to credit.
    #[test]
    async fn a_pending_payment_is_invoiced_when_it_arrives(stage: Stage) {
        let market = Market::open(&stage).await;
        let arrives = market.buyer(ACME, PaymentMethod::TestSettleApproved).await;
        let fails = market.buyer(GLOBEX, PaymentMethod::TestSettleDeclined).await;
        market.buy(&arrives, 500).await;
        market.buy(&fails, 500).await;
        assert_eq!(assert_gapless(&stage.db).await, 0);
        stage.clock.advance(SETTLES_AFTER);
        assert_eq!(settle_pending_payments(&market.till, &stage.clock).await.unwrap(), 2);
        assert_eq!((documents(&market, &arrives).await.len(), documents(&market, &fails).await.len()), (1, 0));
        assert_eq!((documents(&market, &arrives).await[0].issued_at, assert_gapless(&stage.db).await), (stage.now(), 1));
    }

    /// MKT-13: no path can book a charge without its invoice, leave a number out, or edit or remove a document.
    #[test]
    async fn the_database_refuses_a_charge_without_an_invoice_and_any_gap_or_edit(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestApprove).await;
        market.buy(&buyer, 500).await;
        let refused: [&'static str; 5] = [
            "INSERT INTO charges (id, agreement_id, quote_id, payment_id, kind, credits, amount_minor, currency, charged_at) SELECT i.id, c.agreement_id, c.quote_id, c.payment_id, c.kind, c.credits, c.amount_minor, c.currency, c.charged_at FROM charges c, invoices i",
            "UPDATE invoices SET amount_minor = 1",
            "DELETE FROM invoices",
            "INSERT INTO invoices (id, number, series, seller_id, year, sequence, buyer_account_id, charge_id, turn, agreement_id, kind, seller_name, seller_email, seller_url, buyer_name, billing_address, product_name, description, term_from, term_to, remark, amount_minor, currency, payment_method, issued_at) SELECT id, 'X-3', series, seller_id, year, 3, buyer_account_id, id, 0, agreement_id, kind, seller_name, seller_email, seller_url, buyer_name, billing_address, product_name, description, term_from, term_to, remark, amount_minor, currency, payment_method, issued_at FROM invoices",
            "INSERT INTO invoices (id, number, series, seller_id, year, sequence, buyer_account_id, corrects, reason, turn, agreement_id, kind, seller_name, seller_email, seller_url, buyer_name, billing_address, product_name, description, term_from, term_to, remark, amount_minor, currency, payment_method, issued_at) SELECT agreement_key.id, 'X-CN-1', 'credit_note', seller_id, year, 1, buyer_account_id, i.id, 'r', 1, agreement_id, i.kind, seller_name, seller_email, seller_url, buyer_name, billing_address, product_name, description, term_from, term_to, remark, -amount_minor - 1, currency, payment_method, issued_at FROM invoices i, (SELECT payment_id AS id FROM charges) agreement_key",
        ];
        for statement in refused {
            let error = format!("{:?}", stage.db.write(statement).exec().await.unwrap_err());
            let words = ["charge without an invoice", "append-only", "left out", "more credited than charged"];
            assert!(words.iter().any(|word| error.contains(word)), "{statement}: {error}");
        }
        assert_eq!(assert_gapless(&stage.db).await, 1);
    }

    /// MKT-13: charges of a version without invoices get theirs in order of time, in the year of the charge, once,
    /// though several processes start at once.
    #[test]
    async fn earlier_charges_get_their_invoices_once(stage: Stage) {
        let market = Market::open(&stage).await;
        for number in 0..6_i64 {
            let buyer = market.buyer(&format!("{number:012}"), PaymentMethod::TestApprove).await;
            market.buy(&buyer, 100 + number).await;
            stage.clock.advance(TimeDelta::days(61));
        }
        forget_invoices(&stage.db).await;
        let starts = (0..4).map(|_| {
            let (db, clock) = (stage.db.clone(), stage.clock.clone());
            tokio::spawn(async move { invoice::issue_missing(&db, &clock).await.unwrap() })
        });
        let made: usize = futures_util::future::join_all(starts.collect::<Vec<_>>()).await.into_iter().map(|made| made.unwrap()).sum();
        assert_eq!((made, assert_gapless(&stage.db).await), (6, 6));
        let rows: Vec<(String, i64)> =
            stage.db.read("SELECT i.number, c.credits FROM invoices i JOIN charges c ON c.id = i.charge_id AND c.charged_at = i.issued_at ORDER BY c.charged_at").all().await.unwrap();
        let wanted = ["TM-2026-000001", "TM-2026-000002", "TM-2026-000003", "TM-2026-000004", "TM-2026-000005", "TM-2027-000001"];
        assert_eq!(rows, wanted.map(str::to_owned).into_iter().zip(100..).collect::<Vec<_>>());
        assert_eq!(invoice::issue_missing(&stage.db, &stage.clock).await.unwrap(), 0);
    }
}

/// As a database of the version before invoices: charges, and none of their invoices.
async fn forget_invoices(db: &Db) {
    match db.engine() {
        Engine::Sqlite => db.write("DROP TRIGGER invoices_no_delete").exec().await.unwrap(),
        Engine::Postgres => db.write("DROP TRIGGER invoices_append_only ON invoices").exec().await.unwrap(),
    };
    for statement in ["DELETE FROM invoices", "DELETE FROM invoice_counters", "DELETE FROM invoice_prefixes"] {
        db.write(statement).exec().await.unwrap();
    }
}
