//! The renewal run at its use cases: what comes after a term, at which price, paid how, decided when.

use super::market::{ACME, Buyer, Market, credits};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::marketplace::embedded::Embedded;
use creditdesk::fulfilment::marketplace::{AgreementStanding, Ending, Entitlement, Marketplace};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::credits::Credits;
use creditdesk::kernel::id::ChargeId;
use creditdesk::kernel::money::Money;
use creditdesk::marketplace::agreement::{Agreement, AgreementStatus};
use creditdesk::marketplace::catalog::{Catalog, EMBEDDED, RenewalArn};
use creditdesk::marketplace::event::{self, EventKind};
use creditdesk::marketplace::ids::{AgreementId, QuoteId};
use creditdesk::marketplace::pay::PayRefusal;
use creditdesk::marketplace::payment::{PaymentMethod, SETTLES_AFTER};
use creditdesk::marketplace::publish;
use creditdesk::marketplace::renew::renew_due;
use creditdesk::marketplace::renewal::{self, Chosen, RenewalRefusal};
use creditdesk::marketplace::settle::{resume_started_payments, settle_pending_payments};
use creditdesk::marketplace::subscriptions::{self, ChainTerm};
use creditdesk::marketplace::upgrade;

const CODE: &str = "74az0btybm649octamy0sktos";

impl Market {
    /// Moves the clock to an instant.
    fn reach(&self, at: Timestamp) {
        self.clock.advance(at - self.clock.now());
    }

    async fn renew(&self) -> u64 {
        renew_due(&self.till, &self.clock).await.unwrap()
    }

    async fn chain(&self, buyer: &Buyer, agreement: &Agreement) -> Vec<ChainTerm> {
        subscriptions::find(self.db(), &buyer.scope, &agreement.id).await.unwrap().unwrap().chain
    }

    /// The newest term of a chain.
    async fn newest(&self, buyer: &Buyer, agreement: &Agreement) -> Agreement {
        let last = self.chain(buyer, agreement).await.pop().unwrap();
        self.agreement(buyer, &last.id).await
    }

    async fn choose(&self, buyer: &Buyer, agreement: &AgreementId, chosen: Chosen) -> Result<bool, RenewalRefusal> {
        renewal::change(self.db(), &buyer.scope, &self.who(buyer), agreement, chosen).await.refusal().unwrap()
    }

    /// The catalog with another price of Trend Vision One, in US cents.
    async fn offer_at(&self, price_minor: i64) {
        let mut catalog = Catalog::parse(EMBEDDED).unwrap();
        let terms = &mut catalog.products[0].terms;
        terms.price = Money::new(price_minor, terms.price.currency);
        self.publish(&catalog).await;
    }

    async fn publish(&self, catalog: &Catalog) {
        let who = creditdesk::audit::Who::system("catalog", self.clock.now());
        publish::publish(self.db(), catalog, &who).await.unwrap();
    }

    async fn pays_by(&self, method: PaymentMethod) {
        self.db().write("UPDATE buyer_accounts SET payment_method = $1").bind(method).exec().await.unwrap();
    }

    /// Kind, credits and amount of every charge, in order.
    async fn charges(&self) -> Vec<(String, i64, i64)> {
        self.db().read("SELECT kind, credits, amount_minor FROM charges ORDER BY charged_at, id").all().await.unwrap()
    }

    async fn events(&self, kind: EventKind) -> usize {
        event::list_waiting(self.db(), 1_000).await.unwrap().iter().filter(|event| event.kind == kind).count()
    }

    /// Makes the buyer a purchaser who gets mail.
    async fn seat(&self, buyer: &Buyer) {
        let insert = self.db().write("INSERT INTO buyer_people (account_id, person_id, role, created_at) VALUES ($1, $2, 'purchaser', $3)");
        insert.bind(buyer.scope.account()).bind(buyer.person).bind(self.clock.now()).exec_one().await.unwrap();
    }
}

/// So many credits next term.
fn next(number: i64) -> Chosen {
    Chosen { auto_renew: true, next_credits: Some(credits(number)) }
}

both_engines! {
    /// REN-1, TIM-2: at the end a new agreement of the same chain begins exactly there, for the credits in force, paid in
    /// full, and the entitlement moves; before the end nothing happens.
    #[test]
    async fn a_contract_renews_exactly_at_its_end(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        market.seat(&buyer).await;
        let first = market.buy(&buyer, 1_000).await;
        market.activate(&first).await;
        market.reach(first.ends_at - TimeDelta::microseconds(1));
        assert_eq!(market.renew().await, 0);
        market.reach(first.ends_at);
        assert_eq!(market.renew().await, 1);
        assert_eq!(market.renew().await, 0, "once");
        let second = market.newest(&buyer, &first).await;
        assert_eq!((second.initial_agreement_id.clone(), second.term_number), (first.id.clone(), 2));
        assert_eq!((second.starts_at, second.ends_at), (first.ends_at, "2028-03-02T09:00:00Z".parse().unwrap()));
        assert_eq!((second.anchor_at, second.accepted_by, second.credits.get()), (first.anchor_at, first.accepted_by, 1_000));
        assert_eq!((second.status, second.license_arn.clone(), second.auto_renew), (AgreementStatus::Active, first.license_arn.clone(), true));
        assert_eq!(market.agreement(&buyer, &first.id).await.status, AgreementStatus::Renewed);
        assert_eq!(market.charges().await, [("new".to_owned(), 1_000, 100_000), ("renewal".to_owned(), 1_000, 100_000)]);
        let port = Embedded::new(stage.db.clone(), stage.clock.clone());
        let row = Entitlement { dimension: "credits".to_owned(), quantity: 1_000, expires_at: second.ends_at };
        assert_eq!(port.entitlements(CODE, first.license_arn.as_str()).await.unwrap(), [row]);
        let facts = port.agreement(first.license_arn.as_str()).await.unwrap().unwrap();
        assert_eq!((facts.agreement_id.as_str(), facts.initial_agreement_id.as_str()), (second.id.as_str(), first.id.as_str()));
        assert_eq!((facts.previous_agreement_id.as_deref(), facts.standing), (Some(first.id.as_str()), AgreementStanding::Active));
        assert_eq!((market.events(EventKind::AgreementEnded).await, market.events(EventKind::LicenseUpdated).await), (1, 2));
        assert_eq!(market.mails().await.last().map(String::as_str), Some("Your contract for Trend Vision One was renewed"));
        assert_eq!((market.audited("agreement.renewed").await, market.bank.keys()), (1, 2));
    }

    /// REN-1: where the product says so the renewal has a license ARN of its own, set up and activated as the one before;
    /// the marketplace tells the way from the old one to it.
    #[test]
    async fn a_renewal_may_have_a_license_arn_of_its_own(stage: Stage) {
        let market = Market::open(&stage).await;
        let mut catalog = Catalog::parse(EMBEDDED).unwrap();
        catalog.products[0].renewal_license_arn = RenewalArn::New;
        market.publish(&catalog).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let first = market.buy(&buyer, 1_000).await;
        market.activate(&first).await;
        market.reach(first.ends_at);
        market.renew().await;
        let second = market.newest(&buyer, &first).await;
        assert_ne!(second.license_arn, first.license_arn);
        assert!(subscriptions::activated_at(&stage.db, &second.license_arn).await.unwrap().is_some());
        let port = Embedded::new(stage.db.clone(), stage.clock.clone());
        assert_eq!(port.entitlements(CODE, first.license_arn.as_str()).await.unwrap(), []);
        assert_eq!(port.entitlements(CODE, second.license_arn.as_str()).await.unwrap()[0].quantity, 1_000);
        let facts = port.agreement(first.license_arn.as_str()).await.unwrap().unwrap();
        assert_eq!((facts.ending, facts.successor.as_deref()), (Some(Ending::Renewed), Some(second.license_arn.as_str())));
    }

    /// REN-1: auto renew off: the contract ends, is told as ended, and nothing is charged.
    #[test]
    async fn a_contract_that_does_not_renew_ends(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.choose(&buyer, &agreement.id, Chosen::auto_renew(false)).await.unwrap();
        market.reach(agreement.ends_at);
        assert_eq!(market.renew().await, 1);
        assert_eq!(market.agreement(&buyer, &agreement.id).await.status, AgreementStatus::Expired);
        assert_eq!((market.events(EventKind::AgreementEnded).await, market.charges().await.len(), market.books().await[0]), (1, 1, 1));
        let facts = Embedded::new(stage.db.clone(), stage.clock.clone()).agreement(agreement.license_arn.as_str()).await.unwrap().unwrap();
        assert_eq!((facts.ending, facts.successor), (Some(Ending::Expired), None));
    }

    /// REN-2: switched off one second before the end is honoured, however late the run comes; at the end it is too late.
    #[test]
    async fn switched_off_one_second_before_the_end_is_honoured(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let (off, on) = (market.buy(&buyer, 100).await, market.buy(&buyer, 200).await);
        market.reach(off.ends_at - TimeDelta::seconds(1));
        assert_eq!(market.choose(&buyer, &off.id, Chosen::auto_renew(false)).await, Ok(true));
        market.reach(on.ends_at);
        assert!(matches!(market.choose(&buyer, &on.id, Chosen::auto_renew(false)).await, Err(RenewalRefusal::NotNow(_))));
        market.reach(on.ends_at + TimeDelta::days(3));
        assert!(matches!(market.choose(&buyer, &on.id, Chosen::auto_renew(false)).await, Err(RenewalRefusal::NotNow(_))));
        assert_eq!(market.renew().await, 2);
        assert_eq!(market.agreement(&buyer, &off.id).await.status, AgreementStatus::Expired);
        assert_eq!(market.agreement(&buyer, &on.id).await.status, AgreementStatus::Renewed);
    }

    /// REN-2: a request that read the clock before the end but comes after the renewal has begun changes nothing.
    #[test]
    async fn a_change_or_upgrade_that_comes_after_the_renewal_has_begun_is_refused(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::TestTimeOut).await;
        market.pays_by(PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 100).await;
        market.activate(&agreement).await;
        market.reach(agreement.ends_at - TimeDelta::seconds(1));
        let early = market.who(&buyer);
        let quote = upgrade::create(&stage.db, &buyer.scope, &early, &agreement.id, credits(50), None).await.unwrap();
        market.pays_by(PaymentMethod::TestTimeOut).await;
        market.reach(agreement.ends_at);
        assert_eq!(market.renew().await, 1, "begun; the bank is slow to answer");
        let changed = renewal::change(&stage.db, &buyer.scope, &early, &agreement.id, Chosen::auto_renew(false)).await.refusal().unwrap();
        assert!(matches!(changed, Err(RenewalRefusal::NotNow(_))));
        let pressed = creditdesk::marketplace::pay::pay(&market.till, &buyer.scope, &early, &quote, 1).await.refusal().unwrap();
        assert!(matches!(pressed, Err(PayRefusal::Upgrade(_))), "{pressed:?}");
        market.reach(agreement.ends_at + TimeDelta::minutes(5));
        assert_eq!((resume_started_payments(&market.till, &stage.clock).await.unwrap(), market.renew().await), (1, 0));
        assert_eq!(market.newest(&buyer, &agreement).await.credits.get(), 100);
    }

    /// REN-3: the next term's credits go up or down within the offer's limits; empty is what is then in force, upgrades
    /// included; what was chosen can be taken back. Nothing of it touches the running term, and no edit grants anything.
    #[test]
    async fn the_next_term_is_chosen_in_advance(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let (less, more, open) = (market.buy(&buyer, 1_000).await, market.buy(&buyer, 1_000).await, market.buy(&buyer, 1_000).await);
        for number in [1, 99, 10_000_001] {
            assert!(matches!(market.choose(&buyer, &less.id, next(number)).await, Err(RenewalRefusal::OutOfRange(_))), "{number}");
        }
        let entitled = async || market.db().read("SELECT quantity, expires_at FROM entitlements ORDER BY license_arn").all::<(i64, Timestamp)>().await.unwrap();
        let before = entitled().await;
        assert_eq!(market.choose(&buyer, &less.id, next(400)).await, Ok(true));
        assert_eq!(market.choose(&buyer, &less.id, next(400)).await, Ok(false), "it was so already");
        assert_eq!(market.choose(&buyer, &more.id, next(2_500)).await, Ok(true));
        assert_eq!(market.choose(&buyer, &open.id, next(300)).await, Ok(true));
        assert_eq!(market.choose(&buyer, &open.id, Chosen::auto_renew(true)).await, Ok(true), "taken back");
        assert_eq!((entitled().await, market.charges().await.len()), (before, 3), "an edit grants and charges nothing");
        assert_eq!(market.events(EventKind::AgreementAmended).await, 4);
        for agreement in [&less, &open] {
            market.activate(agreement).await;
            let quote = upgrade::create(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id, credits(500), None).await.unwrap();
            market.pay(&buyer, &quote, 1).await.unwrap();
        }
        market.reach(open.ends_at);
        assert_eq!(market.renew().await, 3);
        let mut now_in_force = Vec::new();
        for agreement in [&less, &more, &open] {
            let renewed = market.newest(&buyer, agreement).await;
            now_in_force.push((renewed.credits.get(), renewed.next_credits.map(Credits::get)));
        }
        assert_eq!(now_in_force, [(400, None), (2_500, None), (1_500, None)]);
        let renewals: Vec<_> = market.charges().await.into_iter().filter(|charge| charge.0 == "renewal").map(|charge| charge.2).collect();
        assert_eq!(renewals.iter().sum::<i64>(), 40_000 + 250_000 + 150_000);
    }

    /// REN-1, REN-2: a run that comes three days late begins the term at the old end, at the price of that instant; a price
    /// that came later, or that the purchase had, is not taken.
    #[test]
    async fn a_late_run_takes_the_price_of_the_end(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.reach(agreement.ends_at - TimeDelta::days(1));
        market.offer_at(150).await;
        market.reach(agreement.ends_at + TimeDelta::days(1));
        market.offer_at(200).await;
        market.reach(agreement.ends_at + TimeDelta::days(3));
        assert_eq!(market.renew().await, 1);
        let second = market.newest(&buyer, &agreement).await;
        assert_eq!((second.starts_at, second.accepted_at), (agreement.ends_at, stage.now()));
        assert_eq!(market.charges().await[1], ("renewal".to_owned(), 1_000, 150_000));
        // Back to an earlier price: the same offer again, in force from another instant on.
        market.offer_at(100).await;
        market.reach(second.ends_at);
        market.renew().await;
        assert_eq!(market.charges().await[2], ("renewal".to_owned(), 1_000, 100_000));
    }

    /// REN-2: a price that changes between the renewal's quote and its payment does not change what is charged.
    #[test]
    async fn a_price_that_changes_during_the_payment_does_not_count(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.pays_by(PaymentMethod::TestTimeOut).await;
        market.reach(agreement.ends_at);
        market.renew().await;
        market.offer_at(900).await;
        market.reach(agreement.ends_at + TimeDelta::minutes(5));
        assert_eq!(resume_started_payments(&market.till, &stage.clock).await.unwrap(), 1);
        assert_eq!(market.charges().await[1], ("renewal".to_owned(), 1_000, 100_000));
    }

    /// REN-2: terms that nobody renewed in time are renewed one after the other, each from the anchor.
    #[test]
    async fn missed_terms_are_renewed_in_order(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.choose(&buyer, &agreement.id, next(400)).await.unwrap();
        market.reach("2029-03-05T00:00:00Z".parse().unwrap());
        assert_eq!(market.renew().await, 3);
        let chain = market.chain(&buyer, &agreement).await;
        let told: Vec<_> = chain.iter().map(|term| (term.term_number, term.ends_at.format("%Y-%m-%d").to_string(), term.credits.get(), term.status)).collect();
        let term = |number: i64, end: &str, credits, status| (number, end.to_owned(), credits, status);
        assert_eq!(
            told,
            [
                term(1, "2027-03-02", 1_000, AgreementStatus::Renewed),
                term(2, "2028-03-02", 400, AgreementStatus::Renewed),
                term(3, "2029-03-02", 400, AgreementStatus::Renewed),
                term(4, "2030-03-02", 400, AgreementStatus::Active),
            ]
        );
        assert!(chain.windows(2).all(|pair| pair[0].ends_at == pair[1].starts_at), "no gap and no overlap");
        assert_eq!(market.charges().await.len(), 4);
    }

    /// REN-1: a renewal that is declined ends the contract; the purchasers are told why, and nobody can pay it later.
    #[test]
    async fn a_renewal_that_is_declined_ends_the_contract(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        market.seat(&buyer).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.pays_by(PaymentMethod::TestDecline).await;
        market.reach(agreement.ends_at);
        assert_eq!((market.renew().await, market.renew().await), (1, 0));
        assert_eq!(market.agreement(&buyer, &agreement.id).await.status, AgreementStatus::Expired);
        assert_eq!((market.chain(&buyer, &agreement).await.len(), market.charges().await.len()), (1, 1));
        assert_eq!(market.mails().await.last().map(String::as_str), Some("Your contract for Trend Vision One ended: its renewal was not paid"));
        let quote: String = market.db().read("SELECT id FROM quotes WHERE kind = 'renewal'").scalar().await.unwrap();
        let quote = QuoteId::parse(&quote).unwrap();
        market.pays_by(PaymentMethod::Invoice).await;
        for attempt in [1, 2] {
            assert_eq!(market.pay(&buyer, &quote, attempt).await, Err(PayRefusal::NotFound));
        }
        assert!(creditdesk::marketplace::receipt::review(&stage.db, &buyer.scope, &quote).await.unwrap().is_none());
    }

    /// REN-1, MKT-9: a pending renewal gives nothing until it settles; then the term counts from the old end, or the
    /// contract is over.
    #[test]
    async fn a_pending_renewal_moves_the_entitlement_when_it_settles(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        market.seat(&buyer).await;
        for (method, arrives) in [(PaymentMethod::TestSettleApproved, true), (PaymentMethod::TestSettleDeclined, false)] {
            market.pays_by(PaymentMethod::Invoice).await;
            let agreement = market.buy(&buyer, 1_000).await;
            market.pays_by(method).await;
            market.reach(agreement.ends_at);
            assert!(market.renew().await >= 1 && market.renew().await == 0);
            let next = market.newest(&buyer, &agreement).await;
            assert_eq!((next.status, next.starts_at), (AgreementStatus::Pending, agreement.ends_at));
            let port = Embedded::new(stage.db.clone(), stage.clock.clone());
            let arn = agreement.license_arn.as_str();
            assert_eq!(port.entitlements(CODE, arn).await.unwrap(), []);
            assert_eq!(port.agreement(arn).await.unwrap().unwrap().ending, None, "nothing is decided");
            market.reach(agreement.ends_at + SETTLES_AFTER);
            assert_eq!(settle_pending_payments(&market.till, &stage.clock).await.unwrap(), 1);
            let entitled: Vec<i64> = port.entitlements(CODE, arn).await.unwrap().iter().map(|row| row.quantity).collect();
            let (old, new) = (market.agreement(&buyer, &agreement.id).await.status, market.agreement(&buyer, &next.id).await.status);
            if arrives {
                assert_eq!((entitled, old, new), (vec![1_000], AgreementStatus::Renewed, AgreementStatus::Active));
                market.choose(&buyer, &next.id, Chosen::auto_renew(false)).await.unwrap();
            } else {
                assert_eq!((entitled, old, new), (vec![], AgreementStatus::Expired, AgreementStatus::RolledBack));
            }
        }
        assert_eq!(market.charges().await.len(), 3);
    }

    /// REN-1: an upgrade whose payment is under way at the end is decided first, because it belongs to the total then in
    /// force; nobody's grant at that instant is lost.
    #[test]
    async fn an_upgrade_under_way_at_the_end_is_decided_first(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.activate(&agreement).await;
        market.reach(agreement.ends_at - TimeDelta::minutes(1));
        let quote = upgrade::create(&stage.db, &buyer.scope, &market.who(&buyer), &agreement.id, credits(500), None).await.unwrap();
        market.pays_by(PaymentMethod::TestSettleApproved).await;
        market.pay(&buyer, &quote, 1).await.unwrap();
        market.pays_by(PaymentMethod::Invoice).await;
        market.reach(agreement.ends_at);
        assert_eq!(market.renew().await, 0, "the upgrade may or may not be paid");
        market.reach(agreement.ends_at + SETTLES_AFTER);
        settle_pending_payments(&market.till, &stage.clock).await.unwrap();
        assert_eq!(market.renew().await, 1);
        let next = market.newest(&buyer, &agreement).await;
        assert_eq!((next.credits.get(), next.starts_at), (1_500, agreement.ends_at));
    }

    /// REN-2: the database itself refuses a second renewal of a contract and term, whoever asks.
    #[test]
    async fn a_second_renewal_of_a_term_is_refused_by_the_database(stage: Stage) {
        let market = Market::open(&stage).await;
        let buyer = market.buyer(ACME, PaymentMethod::Invoice).await;
        let agreement = market.buy(&buyer, 1_000).await;
        market.reach(agreement.ends_at);
        market.renew().await;
        let again = "INSERT INTO quotes (id, kind, buyer_account_id, product_id, offer_id, agreement_id, credits, price_minor, amount_minor, currency, duration_months, auto_renew, status, created_by, created_at, lapses_at) SELECT 'ar-again', kind, buyer_account_id, product_id, offer_id, agreement_id, credits, price_minor, amount_minor, currency, duration_months, auto_renew, 'draft', created_by, created_at, lapses_at FROM quotes WHERE kind = 'renewal'";
        assert!(market.db().write(again).exec().await.is_err());
        let charge = "INSERT INTO charges (id, agreement_id, quote_id, payment_id, kind, credits, amount_minor, currency, charged_at) SELECT $1, agreement_id, quote_id, payment_id, kind, credits, amount_minor, currency, charged_at FROM charges WHERE kind = 'renewal'";
        assert!(market.db().write(charge).bind(ChargeId::generate()).exec().await.is_err());
        assert_eq!(market.count("SELECT CAST(COUNT(*) AS BIGINT) FROM quotes WHERE kind = 'renewal'").await, 1);
    }
}
