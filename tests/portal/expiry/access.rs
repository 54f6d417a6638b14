//! EXP-2 through the pages: every boundary to the microsecond, every role, every kind of page.

use super::{enter, expiring, go_to};
use crate::support::people::{ACME_ADMIN, ACME_AUDITOR, ACME_BUYER, ACME_LICENSING, ACME_MEMBER, ACME_VIEWER, LEAD};
use crate::support::{Stage, browser::Browser, portal::Portal};
use chrono::TimeDelta;
use creditdesk::access::{Lengths, Phase, phase_of_business};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::BusinessId;

const ROLES: [&str; 5] = [ACME_ADMIN, ACME_LICENSING, ACME_VIEWER, ACME_AUDITOR, ACME_MEMBER];

/// Each page and who of [`ROLES`] may open it while the business is open, and while it is locked.
const PAGES: [(&str, [bool; 5], [bool; 5]); 8] = [
    ("/console", [true, true, true, true, true], [false; 5]),
    ("/console/licenses", [true, true, true, true, false], [true, true, false, false, false]),
    ("/console/licenses.csv", [true, true, true, true, false], [true, true, false, false, false]),
    ("/console/credits", [true, true, true, true, false], [true, true, false, false, false]),
    ("/console/credits/history.csv", [true, true, true, true, false], [true, true, false, false, false]),
    ("/console/team", [true, true, true, true, true], [false; 5]),
    ("/console/audit", [true, false, false, true, false], [false; 5]),
    ("/account", [true; 5], [true; 5]),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Active,
    Grace,
    Locked,
    Closed,
}

/// The last microsecond before and the first of each phase.
fn instants(expires_at: Timestamp) -> [(Timestamp, Expected); 6] {
    let before = |at: Timestamp| at - TimeDelta::microseconds(1);
    let (locks_at, closes_at) = (expires_at + TimeDelta::days(30), expires_at + TimeDelta::days(60));
    [
        (before(expires_at), Expected::Active),
        (expires_at, Expected::Grace),
        (before(locks_at), Expected::Grace),
        (locks_at, Expected::Locked),
        (before(closes_at), Expected::Locked),
        (closes_at, Expected::Closed),
    ]
}

async fn acme(stage: &Stage) -> BusinessId {
    stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").scalar().await.unwrap()
}

async fn check_page(browser: &mut Browser, (address, open, locked): (&str, [bool; 5], [bool; 5]), role: usize, expected: Expected) {
    let page = browser.open(address).await;
    let may = match expected {
        Expected::Active | Expected::Grace => open[role],
        Expected::Locked => locked[role],
        Expected::Closed => address == "/account",
    };
    assert_eq!(page.status == 200, may, "{address} as {} in {expected:?}: {page:?}", ROLES[role]);
    if !may {
        assert_eq!(page.status, 403, "{address}");
        let heading = match expected {
            Expected::Active | Expected::Grace => "You do not have permission",
            Expected::Locked => "Acme Industries is locked",
            Expected::Closed => "Acme Industries is closed",
        };
        assert_eq!(page.heading(), heading, "{address} as {}", ROLES[role]);
        assert!(expected != Expected::Locked || page.says("support@creditdesk.example"), "{page:?}");
    }
    let banner = match expected {
        Expected::Grace => Some("Acme Industries will be locked on"),
        Expected::Locked => Some("Acme Industries is locked"),
        Expected::Active | Expected::Closed => None,
    };
    if may && address.starts_with("/console") && !address.contains(".csv") {
        let shown = page.all("main .alert-title").into_iter().any(|title| banner.is_some_and(|words| title.contains(words)));
        assert_eq!(shown, banner.is_some(), "{address} in {expected:?}");
    }
}

async fn check_instant(portal: &Portal, expected: Expected) {
    for (role, email) in ROLES.into_iter().enumerate() {
        let mut browser = enter(portal, email).await;
        for page in PAGES {
            check_page(&mut browser, page, role, expected).await;
        }
    }
}

both_engines! {
    /// EXP-2, TIM-3: at every boundary to the microsecond, every role gets every page or the page that says why not.
    #[test]
    async fn access_follows_the_last_license_at_every_boundary(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        let business = acme(&stage).await;
        for (at, expected) in instants(expires_at) {
            go_to(&stage, at);
            check_instant(&portal, expected).await;
            let told = phase_of_business(&stage.db, business, at, Lengths::default()).await.unwrap().unwrap();
            assert_eq!(told.is_open(), matches!(expected, Expected::Active | Expected::Grace), "an API asks the same");
        }
    }

    /// EXP-2: the locked page says who can renew, until when, and whom to ask; to those who can, it says how.
    #[test]
    async fn the_locked_page_says_who_can_renew_and_until_when(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        go_to(&stage, expires_at + TimeDelta::days(30));
        let mut member = enter(&portal, ACME_MEMBER).await;
        let page = member.open("/console/team").await;
        for words in ["1 May 2027, 09:00 UTC", "Administrator or Licensing manager", "Your role is Member", "support@creditdesk.example"] {
            assert!(page.says(words), "{words} is missing in {page:?}");
        }
        assert!(page.link("Renew in the marketplace").is_none());
        let mut admin = enter(&portal, ACME_ADMIN).await;
        let page = admin.open("/console").await;
        assert!(page.status == 403 && page.link("Renew in the marketplace").is_some(), "{page:?}");
        assert!(admin.click("License Information").await.status == 200);
        let page = admin.open("/console/team/invitations").await;
        assert_eq!((page.status, page.heading().as_str()), (403, "Acme Industries is locked"));
    }

    /// EXP-2: a purchase that is activated in the lock reopens the business at once, for everybody.
    #[test]
    async fn a_new_license_reopens_at_once(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        go_to(&stage, expires_at + TimeDelta::days(59));
        assert_eq!(enter(&portal, ACME_MEMBER).await.open("/console").await.status, 403);
        let mut buyer = enter(&portal, ACME_BUYER).await;
        let purchase = buyer.buy("500").await;
        buyer.set_up(&purchase).await;
        let mut member = enter(&portal, ACME_MEMBER).await;
        member.take_registration_of(&buyer);
        let page = member.open("/console/activation").await;
        assert_eq!((page.status, page.heading().as_str()), (403, "Acme Industries is locked"), "only licensing administrators renew");
        let mut admin = enter(&portal, ACME_LICENSING).await;
        admin.take_registration_of(&buyer);
        let page = admin.activate().await;
        assert!(page.heading().contains("Activation Successful"), "{page:?}");
        assert_eq!(member.open("/console").await.status, 200, "the next request is let in, without a job");
    }

    /// EXP-2: revoked licenses do not count, and a contract that moved counts for its new owner only.
    #[test]
    async fn revoked_and_moved_licenses_do_not_count(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        let (acme, lengths) = (acme(&stage).await, Lengths::default());
        let globex: BusinessId = stage.db.read("SELECT id FROM businesses WHERE name = 'Globex'").scalar().await.unwrap();
        let phase = async |business| phase_of_business(&stage.db, business, expires_at, lengths).await.unwrap().unwrap();
        assert!(matches!(phase(acme).await, Phase::Grace { .. }));
        assert_eq!(phase(globex).await, Phase::Active, "it never had a license");
        stage.db.write("UPDATE contracts SET business_id = $1").bind(globex).exec_one().await.unwrap();
        assert!(matches!(phase(globex).await, Phase::Grace { .. }), "the license followed its contract");
        assert_eq!(phase(acme).await, Phase::Active, "what moved away does not count");
        stage.db.write("UPDATE licenses SET revoked_at = $1").bind(stage.now()).exec_one().await.unwrap();
        assert_eq!(phase(globex).await, Phase::Active, "what was revoked does not count");
    }

    /// EXP-2: staff are no members; a lock of a business does not touch their pages.
    #[test]
    async fn staff_still_see_a_locked_business(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        go_to(&stage, expires_at + TimeDelta::days(45));
        let mut lead = enter(&portal, LEAD).await;
        assert_eq!(lead.open("/admin/businesses").await.status, 200);
        assert_eq!(enter(&portal, ACME_BUYER).await.open("/marketplace/subscriptions").await.status, 200, "buying goes on");
    }
}
