//! The catalog in the database: immutable offers, loading again, search.

use super::market::{Market, TREND};
use crate::support::Stage;
use creditdesk::kernel::page::{Cursor, PageSize};
use creditdesk::marketplace::catalog::{Catalog, EMBEDDED};
use creditdesk::marketplace::ids::Prodview;
use creditdesk::marketplace::listing;
use creditdesk::marketplace::publish::{self, Published};

/// Names found by words, in order.
async fn names(market: &Market, typed: &str) -> Vec<String> {
    let found = listing::search(market.db(), typed, None, PageSize::default()).await.unwrap();
    assert_eq!(found.total, Some(i64::try_from(found.items.len()).unwrap()), "{typed}");
    found.items.into_iter().map(|listing| listing.name).collect()
}

both_engines! {
    /// MKT-1: seller, product name and category, any case and accents, all words.
    #[test]
    async fn search_finds_by_seller_name_and_category(stage: Stage) {
        let market = Market::open(&stage).await;
        for typed in ["Trend Micro", "trend", "VISION one", "  micro   trend ", "security trend", "trend vision one micro security", "tr\u{e9}nd"] {
            assert_eq!(names(&market, typed).await, ["Trend Vision One", "Vision One Pay-as-you-go"], "{typed}");
        }
        for typed in ["angstrom", "\u{c5}NGSTR\u{d6}M", "observability LOGS"] {
            assert_eq!(names(&market, typed).await, ["\u{c5}ngstr\u{f6}m Logs"], "{typed}");
        }
        assert_eq!(names(&market, "ubersetzung").await, ["Nordhafen \u{dc}bersetzung"]);
        assert_eq!(names(&market, "").await.len(), 7);
    }

    /// MKT-1: what has not all words, and what only looks like a pattern, is not found.
    #[test]
    async fn search_finds_nothing_that_lacks_a_word(stage: Stage) {
        let market = Market::open(&stage).await;
        for typed in ["trend backup", "%", "_", "trend%", "\\", "'", "Trend Vision Two", "\u{202e}xyz"] {
            assert_eq!(names(&market, typed).await, Vec::<String>::new(), "{typed}");
        }
    }

    /// MKT-1: a long list goes on by key and shows every listing once.
    #[test]
    async fn search_pages_by_key(stage: Stage) {
        let mut text = EMBEDDED.to_owned();
        for number in 0..20 {
            let copy = EMBEDDED.split("[[product]]").nth(2).unwrap();
            let copy = copy.replace("7hq2mdx4ztbne", &format!("copy{number}")).replace("3k9vq1xh7d2mz5p8r4twy6cbn", &format!("code{number}"));
            text.push_str("[[product]]");
            text.push_str(&copy);
        }
        publish::publish(&stage.db, &Catalog::parse(&text).unwrap(), &stage.who("start")).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = listing::search(&stage.db, "", after.as_ref(), PageSize::MIN).await.unwrap();
            assert_eq!(page.total, Some(27));
            seen.extend(page.items.iter().map(|listing| listing.id.clone()));
            match page.next {
                Some(next) => after = Cursor::parse(&next),
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 27);
    }

    #[test]
    async fn loading_the_same_catalog_again_changes_nothing(stage: Stage) {
        let market = Market::open(&stage).await;
        let (offer, audited) = (market.offer().await, market.audited("offer.published").await);
        let again = publish::publish(&stage.db, &Catalog::parse(EMBEDDED).unwrap(), &stage.who("start")).await.unwrap();
        assert_eq!(again, Published::default());
        assert_eq!((market.offer().await, market.audited("offer.published").await), (offer, audited));
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM offers").await, 7);
    }

    #[test]
    async fn processes_that_start_at_once_load_one_catalog(stage: Stage) {
        let starts = (0..8).map(|_| {
            let (db, who) = (stage.db.clone(), stage.who("start"));
            tokio::spawn(async move { publish::publish(&db, &Catalog::parse(EMBEDDED).unwrap(), &who).await.unwrap() })
        });
        let done: Vec<_> = futures_util::future::join_all(starts).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().map(|published| published.offers).sum::<usize>(), 7);
        assert_eq!(done.iter().map(|published| published.products).sum::<usize>(), 7);
        let offers: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM offers").scalar().await.unwrap();
        assert_eq!(offers, 7);
    }

    /// MKT-5: a changed price makes a new offer; the old one stays as it was and is taken up again when the price returns.
    #[test]
    async fn a_changed_price_makes_a_new_offer(stage: Stage) {
        let market = Market::open(&stage).await;
        let first = market.listing().await.offer();
        let dearer = EMBEDDED.replacen("price = \"1.00\"", "price = \"1.25\"", 1);
        let done = publish::publish(&stage.db, &Catalog::parse(&dearer).unwrap(), &stage.who("start")).await.unwrap();
        assert_eq!(done, Published { offers: 1, ..Published::default() });
        let second = market.listing().await.offer();
        assert_eq!((second.price_minor, second.id == first.id), (125, false));
        let kept: i64 = stage.db.read("SELECT price_minor FROM offers WHERE id = $1").bind(&first.id).scalar().await.unwrap();
        assert_eq!(kept, 100);
        publish::publish(&stage.db, &Catalog::parse(EMBEDDED).unwrap(), &stage.who("start")).await.unwrap();
        assert_eq!(market.listing().await.offer(), first);
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM offers").await, 8);
    }

    #[test]
    async fn a_product_that_left_the_file_is_not_listed_any_more(stage: Stage) {
        let market = Market::open(&stage).await;
        let mut catalog = Catalog::parse(EMBEDDED).unwrap();
        catalog.products.retain(|product| product.prodview.as_str() != TREND);
        let done = publish::publish(&stage.db, &catalog, &stage.who("start")).await.unwrap();
        assert_eq!(done.withdrawn, 1);
        let prodview = Prodview::parse(TREND).unwrap();
        assert_eq!(listing::find(&stage.db, &prodview).await.unwrap(), None);
        assert_eq!(names(&market, "trend").await, ["Vision One Pay-as-you-go"]);
        let back = publish::publish(&stage.db, &Catalog::parse(EMBEDDED).unwrap(), &stage.who("start")).await.unwrap();
        assert_eq!((back.withdrawn, names(&market, "trend").await.len()), (0, 2));
    }
}
