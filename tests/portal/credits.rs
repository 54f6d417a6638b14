//! The credits room against both engines: figures, history, purchase history, allocation and the trace, on entries that
//! the ledger itself wrote. Items are put into their tables directly, because here only what is made of them counts.

mod books;

use crate::support::Stage;
use crate::support::usage::{self, ASSESSED, XDR};
use books::{arn, business, buy, move_contract, scope, upgrade};
use chrono::TimeDelta;
use creditdesk::credits::allocation::SetRefusal;
use creditdesk::credits::history::{self, Cause};
use creditdesk::credits::ledger::{self, EntryKind, Figures, Grant};
use creditdesk::credits::purchase_history::{Filter, Item, Kind, Listing, Sort, Source, Status};
use creditdesk::credits::rates::{NotChargeable, Units};
use creditdesk::credits::{attention, pool, trace};
use creditdesk::db::Error;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, LicenseId};
use creditdesk::kernel::page::{Cursor, PageSize};
use creditdesk::tx;

const MICROSECOND: TimeDelta = TimeDelta::microseconds(1);

async fn use_units(stage: &Stage, business: BusinessId, feature: &str, units: i64) -> i64 {
    usage::use_units(&stage.db, business, feature, units, &stage.who("usage")).await
}

async fn figures(stage: &Stage, business: BusinessId) -> (i64, i64, i64) {
    let figures = ledger::figures(&stage.db, business, stage.now()).await.unwrap();
    (figures.total_valid, figures.allocated, figures.balance())
}

fn listing(stage: &Stage, business: BusinessId) -> Listing {
    Listing { scope: scope(business), filter: Filter::default(), sort: Sort::Newest, now: stage.now() }
}

async fn page(stage: &Stage, listing: &Listing) -> Vec<Item> {
    listing.page(&stage.db, None, PageSize::default()).await.unwrap().items
}

both_engines! {
    /// CRD-1: the total is the sum over all unexpired licenses of the business and of no other, and no allocation is
    /// tied to one of them.
    #[test]
    async fn a_pool_is_the_sum_of_its_unexpired_licenses(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        let (contract, _) = buy(&stage, acme, "agmt-1", 1_000, 365).await;
        buy(&stage, acme, "agmt-2", 250, 10).await;
        buy(&stage, globex, "agmt-3", 7, 365).await;
        upgrade(&stage, acme, contract, "agmt-1", 2, 500).await;
        use_units(&stage, acme, XDR, 60).await;
        assert_eq!(figures(&stage, acme).await, (1_750, 1_200, 550));
        assert_eq!(figures(&stage, globex).await, (7, 0, 7));
        stage.clock.advance(TimeDelta::days(10));
        assert_eq!(figures(&stage, acme).await, (1_500, 1_200, 300), "only the item that ran out has left");
    }

    /// CRD-2: the balance goes below zero when licenses run out, and nothing stops features from reserving more.
    #[test]
    async fn a_negative_balance_blocks_nothing(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        buy(&stage, acme, "agmt-1", 1_000, 30).await;
        assert_eq!(use_units(&stage, acme, XDR, 40).await, 800);
        stage.clock.advance(TimeDelta::days(30));
        assert_eq!(figures(&stage, acme).await, (0, 800, -800));
        assert_eq!(use_units(&stage, acme, ASSESSED, 10).await, 200);
        assert_eq!(figures(&stage, acme).await, (0, 1_000, -1_000));
        let read = pool::read(&stage.db, scope(acme), stage.now()).await.unwrap();
        assert_eq!(pool::Standing::of(read.figures).in_words(), "1,000 credits more allocated than valid.");
        let needs = attention::facts(&stage.db, scope(acme), read).await.unwrap().attention();
        assert_eq!(needs[0], attention::Attention::NegativeBalance { short: 1_000 });
        assert!(matches!(needs[1], attention::Attention::Expired(expired) if expired.credits == 1_000 && expired.items == 1));
    }

    /// TIM-1 and TIM-3: to the microsecond, ledger, history, purchase history and expirations agree on the instant at
    /// which an item's credits leave, on both sides of it.
    #[test]
    async fn at_the_expiration_every_view_changes_at_once(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        stage.clock.advance(TimeDelta::microseconds(123_456));
        let (_, license) = buy(&stage, acme, "agmt-1", 1_000, 365).await;
        let start = stage.now();
        stage.clock.advance(TimeDelta::days(365) - MICROSECOND);
        for (valid, status, leaves) in [(1_000, Status::Active, 1), (0, Status::Expired, 0)] {
            let now = stage.now();
            assert_eq!(figures(&stage, acme).await.0, valid);
            let line = history::read(&stage.db, scope(acme), start - MICROSECOND, now).await.unwrap();
            assert_eq!(line.closing().total_valid, valid);
            let rows = page(&stage, &listing(&stage, acme)).await;
            assert_eq!((rows[0].id, rows[0].status(now), rows[0].expires_at), (license, status, start + TimeDelta::days(365)));
            let narrowed = Listing { filter: Filter { status: Some(status), ..Filter::default() }, ..listing(&stage, acme) };
            assert_eq!(page(&stage, &narrowed).await.len(), 1);
            let read = pool::read(&stage.db, scope(acme), now).await.unwrap();
            assert_eq!(pool::expirations(&stage.db, scope(acme), read, 5).await.unwrap().len(), leaves);
            stage.clock.advance(MICROSECOND);
        }
    }

    /// CRD-3: every change of units is an entry of the difference with who and when; switching off returns all at once.
    #[test]
    async fn units_are_recorded_as_differences_and_never_edited(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        assert_eq!(use_units(&stage, acme, XDR, 10).await, 200);
        stage.clock.advance(TimeDelta::hours(1));
        assert_eq!(use_units(&stage, acme, XDR, 4).await, -120);
        assert_eq!(use_units(&stage, acme, XDR, 4).await, 0, "the same units again change nothing");
        assert_eq!(figures(&stage, acme).await.1, 80);
        assert_eq!(use_units(&stage, acme, XDR, 0).await, -80);
        assert_eq!(figures(&stage, acme).await.1, 0);
        let entries: Vec<(i64, i64, String, Timestamp)> = stage
            .db
            .read("SELECT units, credits, recorded_by, recorded_at FROM allocation_entries WHERE business_id = $1 ORDER BY number")
            .bind(acme)
            .all()
            .await
            .unwrap();
        assert_eq!(entries.iter().map(|entry| (entry.0, entry.1)).collect::<Vec<_>>(), [(10, 200), (4, -120), (0, -80)]);
        assert!(entries.iter().all(|entry| entry.2 == "usage"));
        assert_eq!(entries[1].3 - entries[0].3, TimeDelta::hours(1));
        assert!(stage.db.write("UPDATE allocation_entries SET credits = 0").exec().await.is_err(), "entries are never edited");
        assert!(stage.db.write("DELETE FROM allocation_entries").exec().await.is_err(), "entries are never removed");
        let audited: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'allocation.changed'").scalar().await.unwrap();
        assert_eq!(audited, 3);
    }

    /// CRD-3: units that are no number are refused and leave no trace.
    #[test]
    async fn impossible_units_change_nothing(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        let who = stage.who("usage");
        for units in [-1, i64::MIN, i64::MAX] {
            let refused = usage::try_units(&stage.db, acme, XDR, Units::of(units), &who).await;
            assert_eq!(refused, Err(SetRefusal::NotChargeable(NotChargeable::NotANumberOfUnits)));
        }
        assert_eq!(figures(&stage, acme).await, (0, 0, 0));
        let audited: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").scalar().await.unwrap();
        assert_eq!(audited, 0);
    }

    /// CRD-3: sixteen reports of one feature at once leave the last of them in force, not their sum.
    #[test]
    async fn simultaneous_reports_of_a_feature_do_not_add_up(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        let reports = (1..=16).map(|units| use_units(&stage, acme, XDR, units));
        futures_util::future::join_all(reports).await;
        let (units,): (i64,) = stage
            .db
            .read("SELECT units FROM allocation_entries WHERE business_id = $1 ORDER BY number DESC LIMIT 1")
            .bind(acme)
            .one()
            .await
            .unwrap();
        let sum: i64 = stage.db.read("SELECT CAST(SUM(credits) AS BIGINT) FROM allocation_entries").scalar().await.unwrap();
        assert!((1..=16).contains(&(sum / 20)) && sum % 20 == 0, "{sum} credits are reserved");
        assert!((1..=16).contains(&units));
        assert_eq!(figures(&stage, acme).await.1, sum);
    }

    /// CRD-4: at any instant, read singly, in a transaction or as the end of the history, the figures are the same.
    #[test]
    async fn every_way_of_reading_gives_the_same_figures(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        let (contract, _) = buy(&stage, acme, "agmt-1", 1_000, 100).await;
        use_units(&stage, acme, XDR, 12).await;
        stage.clock.advance(TimeDelta::days(20));
        buy(&stage, acme, "agmt-2", 300, 400).await;
        stage.clock.advance(TimeDelta::days(20));
        move_contract(&stage, contract, acme, globex).await;
        stage.clock.advance(TimeDelta::days(20));
        use_units(&stage, acme, XDR, 3).await;
        let end = stage.now() + TimeDelta::days(100);
        for owner in [acme, globex] {
            let whole = history::read(&stage.db, scope(owner), stage.now() - TimeDelta::days(61), end).await.unwrap();
            for days in -61..=100 {
                let at = stage.now() + TimeDelta::days(days);
                let alone = ledger::figures(&stage.db, owner, at).await.unwrap();
                let inside = tx!(stage.db, |tx| { ledger::figures_in(tx, owner, at).await }).unwrap();
                let part = history::read(&stage.db, scope(owner), at - TimeDelta::days(30), at).await.unwrap();
                assert_eq!((alone, alone, alone), (inside, part.closing(), whole.at(at)), "day {days}");
            }
        }
    }

    /// CRD-5: the history has each event with its cause at its instant, and begins with what was there before.
    #[test]
    async fn a_year_of_history_is_exact_to_the_event(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        buy(&stage, acme, "agmt-1", 100, 30).await;
        let begin = stage.now();
        stage.clock.advance(TimeDelta::days(10));
        let (contract, _) = buy(&stage, acme, "agmt-2", 1_000, 365).await;
        let bought = stage.now();
        use_units(&stage, acme, XDR, 5).await;
        stage.clock.advance(TimeDelta::days(40));
        let moved = stage.now();
        move_contract(&stage, contract, acme, globex).await;
        let line = history::read(&stage.db, scope(acme), begin, stage.now()).await.unwrap();
        assert_eq!(line.opening(), Figures { total_valid: 100, allocated: 0 });
        let told: Vec<_> = line.steps().iter().map(|step| (step.at, step.figures.total_valid, step.figures.allocated)).collect();
        assert_eq!(told, [(bought, 1_100, 100), (begin + TimeDelta::days(30), 1_000, 100), (moved, 0, 100)]);
        let causes: Vec<_> = line.steps().iter().flat_map(|step| step.changes.iter().map(|change| (change.cause, change.credits))).collect();
        assert_eq!(causes, [(Cause::Granted, 1_000), (Cause::Allocated, 100), (Cause::Expired, -100), (Cause::TransferredOut, -1_000)]);
        let other = history::read(&stage.db, scope(globex), begin, stage.now()).await.unwrap();
        assert_eq!((other.steps().len(), other.steps()[0].changes[0].cause, other.closing().total_valid), (1, Cause::TransferredIn, 1_000));
        stage.clock.advance(TimeDelta::days(400));
        let later = history::read(&stage.db, scope(acme), begin, stage.now()).await.unwrap();
        assert_eq!(later.steps().len(), 3, "what was moved away expires elsewhere");
        assert!(history::read(&stage.db, scope(business(&stage, "New").await), begin, stage.now()).await.unwrap().is_empty());
    }

    /// CRD-6: purchase history has every item of the business with date, source, agreement, type, credits, term and
    /// status, and of no other business.
    #[test]
    async fn purchase_history_lists_every_item_of_the_business(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        let (contract, first) = buy(&stage, acme, "agmt-1", 1_000, 365).await;
        let start = stage.now();
        buy(&stage, globex, "agmt-9", 7, 365).await;
        stage.clock.advance(TimeDelta::days(1));
        let added = upgrade(&stage, acme, contract, "agmt-1", 2, 500).await;
        let rows = page(&stage, &listing(&stage, acme)).await;
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [added, first]);
        let end = start + TimeDelta::days(365);
        let upgrade = &rows[0];
        assert_eq!((upgrade.kind, upgrade.source, upgrade.credits, upgrade.agreement_id.as_str()), (Kind::Upgrade, Source::Embedded, 500, "agmt-1"));
        assert_eq!((upgrade.activated_at, upgrade.expires_at, upgrade.status(stage.now())), (stage.now(), end, Status::Active));
        assert_eq!((rows[1].kind, rows[1].starts_at, rows[1].expires_at), (Kind::New, start, end));
        assert_eq!(rows.iter().map(|row| row.credits).sum::<i64>(), figures(&stage, acme).await.0);
    }

    /// CRD-6: filters, both orders of both dates, and paging by key find each item exactly once.
    #[test]
    async fn purchase_history_filters_sorts_and_pages_by_key(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        for number in 0..45i64 {
            let (contract, _) = buy(&stage, acme, &format!("agmt-{number}"), 10 + number, 400 - number * 7).await;
            if number % 9 == 0 {
                upgrade(&stage, acme, contract, &format!("agmt-{number}"), 2, 1).await;
            }
            stage.clock.advance(TimeDelta::hours(number % 2));
        }
        for sort in Sort::ALL {
            let listing = Listing { sort: *sort, ..listing(&stage, acme) };
            let whole = listing.all(&stage.db).await.unwrap();
            let (mut paged, mut after) = (Vec::new(), None);
            loop {
                let page = listing.page(&stage.db, after.as_ref(), PageSize::clamped(10)).await.unwrap();
                assert_eq!(page.total, Some(50));
                paged.extend(page.items);
                let Some(next) = page.next else { break };
                after = Cursor::parse(&next);
            }
            assert_eq!(paged, whole, "{sort}");
            let key = |item: &Item| match sort {
                Sort::Newest | Sort::Oldest => item.activated_at,
                Sort::ExpiresFirst | Sort::ExpiresLast => item.expires_at,
            };
            let ordered = whole.windows(2).all(|pair| match sort {
                Sort::Oldest | Sort::ExpiresFirst => key(&pair[0]) <= key(&pair[1]),
                Sort::Newest | Sort::ExpiresLast => key(&pair[0]) >= key(&pair[1]),
            });
            assert!(ordered && whole.len() == 50, "{sort}");
            let sought = &whole[33];
            let found = listing.page_with(&stage.db, sought.id, PageSize::clamped(10)).await.unwrap();
            assert_eq!((found.items[0].id, found.items.len(), found.total), (sought.id, 10, Some(50)));
            let near = listing.page_with(&stage.db, whole[3].id, PageSize::clamped(10)).await.unwrap();
            assert_eq!(near.items[..], whole[..10], "an item of the first page is shown there");
        }
        let narrowed = |filter| Listing { filter, ..listing(&stage, acme) };
        let upgrades = page(&stage, &narrowed(Filter { kind: Some(Kind::Upgrade), ..Filter::default() })).await;
        assert!(upgrades.len() == 5 && upgrades.iter().all(|item| item.kind == Kind::Upgrade));
        let one = page(&stage, &narrowed(Filter { words: "AGMT-44 vision".to_owned(), ..Filter::default() })).await;
        assert_eq!(one.iter().map(|item| item.agreement_id.as_str()).collect::<Vec<_>>(), ["agmt-44"]);
        assert!(page(&stage, &narrowed(Filter { words: "%".to_owned(), ..Filter::default() })).await.is_empty());
        assert!(page(&stage, &narrowed(Filter { status: Some(Status::Expired), ..Filter::default() })).await.is_empty());
    }

    /// CRD-6: another business's item is as unknown to the list as one that does not exist.
    #[test]
    async fn an_item_of_another_business_leads_to_the_first_page(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        for number in 0..12 {
            buy(&stage, acme, &format!("agmt-{number}"), 10, 365).await;
        }
        let (_, foreign) = buy(&stage, globex, "agmt-99", 7, 365).await;
        let size = PageSize::clamped(10);
        let listing = listing(&stage, acme);
        let first = listing.page(&stage.db, None, size).await.unwrap();
        for unknown in [foreign, LicenseId::generate()] {
            assert_eq!(listing.page_with(&stage.db, unknown, size).await.unwrap(), first);
        }
    }

    /// CRD-11: an agreement leads to its license ARN, items, grants, transfers and expiration, and every credit of the
    /// pool is one of these entries.
    #[test]
    async fn every_credit_is_traced_from_its_agreement(stage: Stage) {
        let (acme, globex) = (business(&stage, "Acme").await, business(&stage, "Globex").await);
        let (contract, first) = buy(&stage, acme, "agmt-1", 1_000, 365).await;
        let end = stage.now() + TimeDelta::days(365);
        stage.clock.advance(TimeDelta::days(1));
        let second = upgrade(&stage, acme, contract, "agmt-1", 2, 500).await;
        stage.clock.advance(TimeDelta::days(1));
        let before = trace::of_agreement(&stage.db, scope(acme), "agmt-1").await.unwrap();
        assert_eq!(before.iter().filter(|entry| entry.counts(stage.now())).map(|entry| entry.credits).sum::<i64>(), figures(&stage, acme).await.0);
        let transfer = move_contract(&stage, contract, acme, globex).await;
        let left = trace::of_agreement(&stage.db, scope(acme), "agmt-1").await.unwrap();
        let told: Vec<_> = left.iter().map(|entry| (entry.license, entry.kind, entry.credits, entry.transfer)).collect();
        let out = EntryKind::TransferredOut;
        assert_eq!(told, [(first, EntryKind::Granted, 1_000, None), (second, EntryKind::Granted, 500, None), (first, out, -1_000, Some(transfer)), (second, out, -500, Some(transfer))]);
        assert!(left.iter().all(|entry| entry.license_arn == arn("agmt-1") && entry.expires_at == end));
        let came = trace::of_agreement(&stage.db, scope(globex), "agmt-1").await.unwrap();
        assert_eq!(came.iter().map(|entry| (entry.kind, entry.credits)).collect::<Vec<_>>(), [(EntryKind::TransferredIn, 1_000), (EntryKind::TransferredIn, 500)]);
        assert_eq!((figures(&stage, acme).await.0, figures(&stage, globex).await.0), (0, 1_500));
        assert!(came.iter().all(|entry| entry.counts(end - MICROSECOND) && !entry.counts(end)));
    }

    /// CRD-11: an item has one grant, whatever asks for a second, and the refused one leaves nothing behind.
    #[test]
    async fn an_item_is_granted_once(stage: Stage) {
        let acme = business(&stage, "Acme").await;
        let (contract, license) = buy(&stage, acme, "agmt-1", 1_000, 365).await;
        let grant = Grant { business: acme, contract, license, credits: 1, effective_at: stage.now(), expires_at: stage.now() + TimeDelta::days(1) };
        let refused: Result<(), Error> = tx!(stage.db, |tx| { ledger::grant(tx, &grant, grant.effective_at).await });
        assert!(matches!(refused, Err(Error::Unique { .. })), "{refused:?}");
        assert_eq!(figures(&stage, acme).await, (1_000, 0, 1_000));
    }
}
