//! What staff see coming and behind, and how they close a business (EXP-2).

use super::{enter, expiring, go_to};
use crate::support::Stage;
use crate::support::people::{ACME_ADMIN, ACME_MEMBER, LEAD, SUPPORT};
use chrono::TimeDelta;
use creditdesk::kernel::id::BusinessId;

async fn acme(stage: &Stage) -> BusinessId {
    stage.db.read("SELECT id FROM businesses WHERE name = 'Acme Industries'").scalar().await.unwrap()
}

both_engines! {
    /// EXP-3: the outlook counts what renews and what lapses within 180 days, by month and by week, and lists it.
    #[test]
    async fn the_outlook_shows_what_ends_within_180_days(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        let mut support = portal.sign_in(SUPPORT).await;
        assert!(support.open("/admin/outlook").await.says("No contract ends in the next 180 days"));
        go_to(&stage, expires_at - TimeDelta::days(180));
        let mut support = portal.sign_in(SUPPORT).await;
        let page = support.open("/admin/outlook").await;
        let row = page.rows("Contracts that end, the next one first").pop().unwrap().join(" ");
        for words in ["Acme Industries", "Trend Vision One", "1,000", "Lapses", "Warning 120 days before"] {
            assert!(row.contains(words), "{words} is missing in {row}");
        }
        let months = page.rows("Contracts and credits by the month of their end, in UTC");
        let march = months.iter().find(|row| row[0] == "March 2027").unwrap();
        assert_eq!(march[3..5], ["1", "1,000"], "{march:?}");
        let weeks = support.open("/admin/outlook?by=week").await.rows("Contracts and credits by the week of their end, in UTC");
        assert!(weeks.iter().any(|row| row[0] == "Week of 1 Mar 2027" && row[3] == "1"), "{weeks:?}");
        assert!(support.open("/admin/outlook?outcome=renews").await.says("No contract matches"));
        let file = support.open("/admin/outlook.csv?outcome=lapses&q=acme").await;
        assert_eq!(file.body.lines().count(), 2, "{}", file.body);
    }

    /// EXP-2: staff see which businesses are in grace, locked and closed, with the dates.
    #[test]
    async fn staff_see_businesses_without_a_valid_license(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        for (days, phase, others) in [(0, "Grace", "locked"), (30, "Locked", "grace"), (60, "Closed", "locked")] {
            go_to(&stage, expires_at + TimeDelta::days(days));
            let mut support = enter(&portal, SUPPORT).await;
            let rows = support.open("/admin/outlook/businesses").await.rows("Businesses by their last expiration");
            assert_eq!(rows.len(), 1);
            let row = rows[0].join(" ");
            for words in ["Acme Industries", phase, "2 Mar 2027, 09:00 UTC", "1 Apr 2027, 09:00 UTC", "1 May 2027, 09:00 UTC"] {
                assert!(row.contains(words), "{words} is missing in {row}");
            }
            assert!(support.open(&format!("/admin/outlook/businesses?phase={others}")).await.says("No business matches"));
            let word = phase.to_lowercase();
            assert_eq!(support.open(&format!("/admin/outlook/businesses.csv?phase={word}")).await.body.lines().count(), 2);
        }
    }

    /// EXP-2: a Support lead closes what is past its lock, with a reason; members are told, rows stay, and it can be taken back.
    #[test]
    async fn a_lead_closes_a_business_for_deletion(stage: Stage) {
        let portal = stage.portal().await;
        let expires_at = expiring(&stage, &portal, "1,000").await;
        let address = format!("/admin/businesses/{}/closing", acme(&stage).await);
        go_to(&stage, expires_at + TimeDelta::days(59));
        let mut lead = enter(&portal, LEAD).await;
        assert!(lead.open(&address).await.says("This business cannot be closed now"));
        assert_eq!(enter(&portal, SUPPORT).await.open(&address).await.status, 403, "a Support lead's");
        go_to(&stage, expires_at + TimeDelta::days(60));
        let mut lead = enter(&portal, LEAD).await;
        lead.open(&address).await;
        assert_eq!(lead.press("Close for deletion").await.problems(), ["Enter the reason"]);
        let page = lead.fill("Reason", "No answer since the lock").press("Close for deletion").await;
        assert!(page.says("Closed for deletion") && page.says("Nothing was deleted"), "{page:?}");
        let told: Vec<(String, String)> = stage.db.read("SELECT recipient, body FROM mails WHERE kind = 'business_closed'").all().await.unwrap();
        assert!(told.len() == 5 && told.iter().all(|(to, body)| to.ends_with("@acme.example") && body.contains("No answer since the lock")), "{told:?}");
        let kept: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").scalar().await.unwrap();
        assert_eq!(kept, 1, "nothing is erased");
        let mut admin = enter(&portal, ACME_ADMIN).await;
        assert!(admin.open("/console").await.says("Our staff closed this business for deletion"));
        stage.db.write("UPDATE licenses SET expires_at = $1").bind(stage.now() + TimeDelta::days(10)).exec_one().await.unwrap();
        assert_eq!(enter(&portal, ACME_MEMBER).await.open("/console").await.status, 403, "staff's word stands");
        lead.open(&address).await;
        assert!(lead.press("Take the closing back").await.says("Closing taken back"));
        assert_eq!(enter(&portal, ACME_MEMBER).await.open("/console").await.status, 200);
        let actions: Vec<(String,)> = stage.db.read("SELECT action FROM audit_entries WHERE action LIKE 'business.clos%' ORDER BY recorded_at, id").all().await.unwrap();
        assert_eq!(actions.iter().map(|(action,)| action.as_str()).collect::<Vec<_>>(), ["business.closed_for_deletion", "business.closing_taken_back"]);
    }
}
