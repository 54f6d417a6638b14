//! Who and what is refused: one person alone, requests out of time, licenses that cannot move.

use super::{Desk, approve, ask, assert_nothing_moved, count, owner, request, status};
use crate::support::Stage;
use crate::support::fixtures::{self, as_staff};
use chrono::TimeDelta;
use creditdesk::access::StaffRole;
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::transfer::{self, AskRefusal, Barred, DecideRefusal, Immovable, LicenseRef, Reason, Status, Transfer};
use creditdesk::kernel::id::{BusinessId, LicenseId, TransferId};

both_engines! {
    /// SUP-4: whoever asked cannot approve, whatever their role, and nobody without the role can; the database agrees.
    #[test]
    async fn one_person_alone_moves_nothing(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let operator = fixtures::staff(&stage, "operator@creditdesk.example", &[StaffRole::Operator]).await;
        let nobody = fixtures::staff(&stage, "customer@acme.example", &[]).await;
        for outsider in [&operator, &nobody] {
            assert_eq!(request(&stage, outsider, desk.held.license, desk.globex).await, Err(AskRefusal::NotAllowed));
        }
        let id = request(&stage, &desk.lead, desk.held.license, desk.globex).await.unwrap();
        let note = || Reason::parse("Not this one, please").unwrap();
        assert_eq!(approve(&stage, &desk.lead, id).await, Err(DecideRefusal::Barred(Barred::OwnRequest)));
        for outsider in [&desk.support, &operator, &nobody] {
            assert_eq!(approve(&stage, outsider, id).await, Err(DecideRefusal::NotAllowed));
            let rejected = transfer::reject(&stage.db, outsider, &as_staff(&stage, outsider), id, note()).await.refusal().unwrap();
            assert_eq!(rejected, Err(DecideRefusal::NotAllowed));
        }
        let rejected = transfer::reject(&stage.db, &desk.lead, &as_staff(&stage, &desk.lead), id, note()).await.refusal().unwrap();
        assert_eq!(rejected, Err(DecideRefusal::Barred(Barred::OwnRequest)));
        let withdrawn = transfer::withdraw(&stage.db, &desk.support, &as_staff(&stage, &desk.support), id).await.refusal().unwrap();
        assert_eq!(withdrawn, Err(DecideRefusal::Barred(Barred::NotRequester)));
        let alone = stage.db.write("UPDATE transfers SET status = 'approved', decided_by = requested_by, decided_at = requested_at WHERE id = $1");
        assert!(alone.bind(id).exec().await.is_err());
        assert_eq!(status(&stage, &desk, id).await, Status::Requested);
        assert_nothing_moved(&stage, &desk).await;
        assert_eq!(approve(&stage, &desk.lead, TransferId::generate()).await, Err(DecideRefusal::NoSuchTransfer));
        approve(&stage, &desk.other_lead, id).await.unwrap();
        assert_eq!(owner(&stage.db, desk.held.contract).await, desk.globex);
    }

    /// SUP-4: a request that nobody decides lapses after 72 hours to the microsecond, whether or not a job came by.
    #[test]
    async fn a_request_lapses_after_72_hours(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let id = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        assert_eq!(request(&stage, &desk.lead, desk.held.license, desk.globex).await, Err(AskRefusal::AlreadyAsked(id)));
        stage.clock.advance(TimeDelta::hours(72) - TimeDelta::microseconds(1));
        assert_eq!(status(&stage, &desk, id).await, Status::Requested);
        assert_eq!(transfer::lapse_overdue(&stage.db, stage.now(), 10).await.unwrap(), 0);
        stage.clock.advance(TimeDelta::microseconds(1));
        assert_eq!(status(&stage, &desk, id).await, Status::Lapsed);
        assert_eq!(approve(&stage, &desk.lead, id).await, Err(DecideRefusal::Barred(Barred::NotOpen(Status::Lapsed))));
        assert_nothing_moved(&stage, &desk).await;

        let again = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        stage.clock.advance(TimeDelta::hours(72));
        let third = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        stage.clock.advance(TimeDelta::hours(72));
        assert_eq!(transfer::lapse_overdue(&stage.db, stage.now(), 10).await.unwrap(), 1);
        assert_eq!(transfer::lapse_overdue(&stage.db, stage.now(), 10).await.unwrap(), 0);
        for id in [id, again, third] {
            assert_eq!(status(&stage, &desk, id).await, Status::Lapsed);
        }
        assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers WHERE status = 'lapsed'").await, 3);
        assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action = 'transfer.lapsed' AND acting_as = 'system'").await, 3);
        assert_nothing_moved(&stage, &desk).await;
    }

    /// SUP-4: a rejection and a withdrawal end the request for good, move nothing, and leave room for another.
    #[test]
    async fn a_rejected_or_withdrawn_request_moves_nothing_and_stays_so(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let (support, lead) = (as_staff(&stage, &desk.support), as_staff(&stage, &desk.lead));
        let rejected = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        let note = Reason::parse("Globex is another group's business").unwrap();
        transfer::reject(&stage.db, &desk.lead, &lead, rejected, note).await.refusal().unwrap().unwrap();
        let withdrawn = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        transfer::withdraw(&stage.db, &desk.support, &support, withdrawn).await.refusal().unwrap().unwrap();
        assert_nothing_moved(&stage, &desk).await;
        for (id, status) in [(rejected, Status::Rejected), (withdrawn, Status::Withdrawn)] {
            assert_eq!(approve(&stage, &desk.other_lead, id).await, Err(DecideRefusal::Barred(Barred::NotOpen(status))));
        }
        let listed = transfer::find(&stage.db, desk.scope(), rejected, stage.now()).await.unwrap().unwrap();
        assert!(matches!(listed.transfer, Transfer::Rejected { note, .. } if note == "Globex is another group's business"));
        assert_eq!(listed.decided_by_name.as_deref(), Some("lead"));
        assert_nothing_moved(&stage, &desk).await;
    }

    /// SUP-6: each kind is refused with its reason, and no request is left behind.
    #[test]
    async fn what_cannot_be_moved_is_refused_with_the_reason(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let short = fixtures::contract_for(&stage, desk.acme, 10, TimeDelta::hours(1)).await;
        let revoked = fixtures::contract(&stage, desk.acme, 20).await;
        fixtures::revoke(&stage, &revoked).await;
        let purchase = fixtures::landed(&stage).await;
        stage.clock.advance(TimeDelta::hours(1));
        let refused = async |license: LicenseId, to| request(&stage, &desk.support, license, to).await.unwrap_err();
        assert_eq!(refused(desk.held.license, desk.acme).await, AskRefusal::Immovable(Immovable::SameBusiness));
        assert_eq!(refused(short.license, desk.globex).await, AskRefusal::Immovable(Immovable::Expired(short.expires_at)));
        assert_eq!(refused(revoked.license, desk.globex).await, AskRefusal::Immovable(Immovable::Revoked));
        assert_eq!(refused(LicenseId::generate(), desk.globex).await, AskRefusal::NoSuchLicense);
        assert_eq!(refused(desk.held.license, BusinessId::generate()).await, AskRefusal::NoSuchBusiness);
        let by_key = async |key: String| {
            let ask = ask(LicenseRef::Purchase(key), desk.globex);
            transfer::request(&stage.db, &desk.support, &as_staff(&stage, &desk.support), ask).await.refusal().unwrap()
        };
        assert_eq!(by_key(purchase).await, Err(AskRefusal::Immovable(Immovable::NotActivated)));
        assert_eq!(by_key(format!("l-{}", "0".repeat(32))).await, Err(AskRefusal::NoSuchLicense));
        assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM transfers").await, 0);
        assert_eq!(count(&stage.db, "SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").await, 0);
        by_key(desk.held.key().to_owned()).await.unwrap();
        assert_nothing_moved(&stage, &desk).await;
    }

    /// SUP-6: everything is checked again when it is approved. What expired meanwhile stays with its owner.
    #[test]
    async fn a_license_that_expired_or_was_revoked_meanwhile_does_not_move(stage: Stage) {
        let mut desk = Desk::new(&stage).await;
        desk.held = fixtures::contract_for(&stage, desk.acme, 10, TimeDelta::hours(10)).await;
        let id = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        stage.clock.advance(TimeDelta::hours(10));
        assert_eq!(approve(&stage, &desk.lead, id).await, Err(DecideRefusal::Immovable(Immovable::Expired(desk.held.expires_at))));
        assert_eq!(status(&stage, &desk, id).await, Status::Requested);
        assert_nothing_moved(&stage, &desk).await;
        let preview = transfer::preview(&stage.db, desk.scope(), desk.held.contract, desk.globex, stage.now()).await.unwrap().unwrap();
        assert_eq!(preview.barred, Some(Immovable::Expired(desk.held.expires_at)));
        fixtures::revoke(&stage, &desk.held).await;
        assert_eq!(approve(&stage, &desk.lead, id).await, Err(DecideRefusal::Immovable(Immovable::Revoked)));
        assert_nothing_moved(&stage, &desk).await;
    }

    /// SUP-6, EXP-2: nothing moves into a business that staff have closed for deletion, whenever they did.
    #[test]
    async fn nothing_moves_into_a_business_that_is_closed(stage: Stage) {
        let desk = Desk::new(&stage).await;
        let id = request(&stage, &desk.support, desk.held.license, desk.globex).await.unwrap();
        let close = stage.db.write("UPDATE businesses SET closed_at = $2, closed_by = $3, closed_reason = 'gone' WHERE id = $1");
        close.bind(desk.globex).bind(stage.now()).bind(desk.lead.person).exec_one().await.unwrap();
        assert_eq!(approve(&stage, &desk.lead, id).await, Err(DecideRefusal::Immovable(Immovable::DestinationClosed)));
        let preview = transfer::preview(&stage.db, desk.scope(), desk.held.contract, desk.globex, stage.now()).await.unwrap().unwrap();
        assert_eq!((preview.barred, preview.credits), (Some(Immovable::DestinationClosed), 0));
        transfer::withdraw(&stage.db, &desk.support, &as_staff(&stage, &desk.support), id).await.refusal().unwrap().unwrap();
        let refused = request(&stage, &desk.support, desk.held.license, desk.globex).await;
        assert_eq!(refused, Err(AskRefusal::Immovable(Immovable::DestinationClosed)));
        assert_nothing_moved(&stage, &desk).await;
    }
}
