//! License Information as the room reads it: whose rows, in what order, page by page.

use super::Scene;
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope};
use creditdesk::fulfilment::licenses::{Column, Filter, Order, Standing, count, find, get_terms, list, list_of_contract};
use creditdesk::fulfilment::sync::apply_changes;
use creditdesk::kernel::id::{BusinessId, LicenseId};
use creditdesk::kernel::page::{Cursor, PageSize};
use std::collections::BTreeSet;

async fn business(scene: &Scene, name: &str) -> (BusinessId, Actor, BusinessScope) {
    let id = scene.business(name).await;
    let admin = scene.person(&format!("admin@{}.example", name.to_lowercase()), BusinessRole::Administrator, id).await;
    let scope = BusinessScope::of(&admin, Action::SeeLicenses).unwrap();
    (id, admin, scope)
}

async fn ids(scene: &Scene, scope: BusinessScope, filter: &Filter, order: Order) -> Vec<LicenseId> {
    let (mut ids, mut next) = (Vec::new(), None::<String>);
    loop {
        let cursor = next.as_deref().and_then(Cursor::parse);
        let page = list(&scene.stage.db, scope, filter, order, (cursor.as_ref(), PageSize::MIN), scene.now()).await.unwrap();
        assert!(page.items.len() <= 10);
        ids.extend(page.items.iter().map(|license| license.id));
        next = page.next;
        if next.is_none() {
            return ids;
        }
    }
}

both_engines! {
    /// LIC-1: each purchase and each upgrade is a row of its own.
    #[test]
    async fn every_purchase_and_every_upgrade_is_a_row(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin, scope) = business(&scene, "Acme").await;
        let (bought, activated) = scene.activated(1, 1000, &admin).await;
        scene.activated(2, 500, &admin).await;
        scene.market.world().total(&bought, 1600);
        apply_changes(&scene.room).await.unwrap();
        assert_eq!(count(&scene.stage.db, scope, &Filter::default(), scene.now()).await.unwrap(), 3);
        let items = list_of_contract(&scene.stage.db, scope, activated.contract).await.unwrap();
        let told: Vec<_> = items.iter().map(|item| (item.kind.as_str(), item.credits.get(), item.activated_by.as_deref())).collect();
        assert_eq!(told, [("new", 1000, Some("admin")), ("upgrade", 600, None)]);
        let terms = get_terms(&scene.stage.db, scope, activated.contract).await.unwrap();
        assert_eq!((terms.license_arn, terms.auto_renew), (bought.license_arn, true));
    }

    /// LIC-6: in every order each row is seen once over all pages, also while rows are equal in the column.
    #[test]
    async fn a_list_pages_by_key_in_every_order(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin, scope) = business(&scene, "Acme").await;
        for number in 1..=23 {
            scene.activated(number, 100, &admin).await;
            if number % 5 == 0 {
                scene.stage.clock.advance(TimeDelta::hours(1));
            }
        }
        let mut seen = Vec::new();
        for column in Column::ALL {
            let [up, down] = [false, true].map(|descending| Order { column: *column, descending });
            let ascending = ids(&scene, scope, &Filter::default(), up).await;
            let mut descending = ids(&scene, scope, &Filter::default(), down).await;
            descending.reverse();
            assert_eq!(ascending, descending, "{column}");
            assert_eq!(ascending.iter().collect::<BTreeSet<_>>().len(), 23, "{column}");
            seen.push(ascending);
        }
        let newest = list(&scene.stage.db, scope, &Filter::default(), Order::default(), (None, PageSize::default()), scene.now()).await.unwrap();
        assert_eq!(newest.items.last().map(|license| license.id), seen[0].first().copied());
        // A cursor of another order is the first page, not an error.
        let foreign = Cursor::of_text("zzz", "not an id");
        let page = list(&scene.stage.db, scope, &Filter::default(), Order::default(), (Some(&foreign), PageSize::default()), scene.now()).await.unwrap();
        assert_eq!(page.items.len(), 23);
    }

    /// LIC-3, LIC-6: the filter by status and words leaves exactly the rows that show it.
    #[test]
    async fn a_filter_leaves_exactly_what_it_says(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin, scope) = business(&scene, "Acme").await;
        let (first, _) = scene.activated(1, 100, &admin).await;
        scene.stage.clock.advance(TimeDelta::days(340));
        scene.activated(2, 200, &admin).await;
        let revoke = scene.stage.db.write("UPDATE licenses SET revoked_at = $1 WHERE credits = 200");
        revoke.bind(scene.now()).exec_one().await.unwrap();
        scene.activated(3, 300, &admin).await;
        let left = async |standing: Option<Standing>, words: &str| {
            let filter = Filter { standing, words: words.to_owned() };
            let page = list(&scene.stage.db, scope, &filter, Order::default(), (None, PageSize::default()), scene.now()).await.unwrap();
            assert_eq!(count(&scene.stage.db, scope, &filter, scene.now()).await.unwrap(), i64::try_from(page.items.len()).unwrap());
            page.items.iter().map(|license| license.credits.get()).collect::<Vec<_>>()
        };
        assert_eq!(left(Some(Standing::Active), "").await, [300, 100]);
        assert_eq!(left(Some(Standing::ExpiresSoon), "").await, [100]);
        assert_eq!(left(Some(Standing::Revoked), "").await, [200]);
        assert!(left(Some(Standing::Expired), "").await.is_empty());
        scene.stage.clock.advance(TimeDelta::days(25));
        assert_eq!(left(Some(Standing::Expired), "").await, [100]);
        assert_eq!(left(Some(Standing::Active), "").await, [300]);
        assert_eq!(left(None, "VISIÓN trend").await, [300, 200, 100]);
        assert_eq!(left(None, &first.agreement_id).await, [100]);
        assert!(left(None, "trend nothing").await.is_empty());
        assert!(left(None, "%").await.is_empty(), "a wildcard is a letter");
    }

    /// LIC-1: a business sees its own licenses; another's are as missing as those that never were.
    #[test]
    async fn a_business_sees_its_own_licenses_only(stage: Stage) {
        let scene = Scene::new(stage);
        let (_, admin, scope) = business(&scene, "Acme").await;
        let (_, _, foreign) = business(&scene, "Globex").await;
        let (_, activated) = scene.activated(1, 1000, &admin).await;
        assert!(find(&scene.stage.db, scope, activated.license.unwrap()).await.unwrap().is_some());
        assert!(find(&scene.stage.db, foreign, activated.license.unwrap()).await.unwrap().is_none());
        assert!(find(&scene.stage.db, scope, LicenseId::generate()).await.unwrap().is_none());
        assert_eq!(count(&scene.stage.db, foreign, &Filter::default(), scene.now()).await.unwrap(), 0);
        assert!(list_of_contract(&scene.stage.db, foreign, activated.contract).await.unwrap().is_empty());
        assert!(get_terms(&scene.stage.db, foreign, activated.contract).await.is_err());
    }
}
