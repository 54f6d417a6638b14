//! The unchanged SDK for Rust against a portal that listens: entitlements and agreements in CBOR, metering in JSON. What it
//! reads went through its own decoders, and every error through its own types.

mod clients;

use crate::support::Stage;
use crate::support::people::ACME_BUYER;
use crate::support::portal::Portal;
use crate::support::wire::{ACME, Client, OTHER_SELLER, TREND_MICRO, VISION_CODE, vision};
use aws_sdk_marketplaceagreement::types::{AgreementEntitlementStatus, AgreementStatus, Filter};
use aws_sdk_marketplaceentitlement::error::ProvideErrorMetadata;
use aws_sdk_marketplaceentitlement::types::GetEntitlementFilterName as By;
use aws_sdk_marketplacemetering::types::{UsageRecord, UsageRecordResultStatus};
use aws_smithy_runtime_api::client::result::SdkError;
use chrono::{Months, TimeDelta};
use clients::{Sdk, code_of, follow_the_clock};
use creditdesk::config::WireSettings;
use creditdesk::marketplace::wire::products::{self, WireProduct};

const USAGE_CODE: &str = "6c1fy8rk4wz2nt7pv5xh9bq3d";
const NODES: &str = "container-security/nodes";

async fn parties(stage: &Stage, portal: &Portal) -> (Sdk, Sdk) {
    let seller = Client::of_seller(stage, portal, TREND_MICRO).await;
    let buyer = Client::of_buyer(stage, portal, ACME, ACME_BUYER).await;
    (Sdk::of(&seller), Sdk::of(&buyer))
}

async fn charged_by_use(stage: &Stage) -> WireProduct {
    let (_, scope) = crate::support::wire::operator(stage).await;
    products::list(&stage.db, scope).await.unwrap().into_iter().find(|product| product.product_code == USAGE_CODE).unwrap()
}

async fn quantities(sdk: &Sdk, filter: Option<(By, Vec<String>)>) -> Vec<i32> {
    let mut asked = sdk.entitlement.get_entitlements().product_code(VISION_CODE).max_results(1);
    if let Some((by, values)) = filter {
        asked = asked.filter(by, values);
    }
    let mut pages = asked.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.unwrap().entitlements().iter().map(|row| row.value().unwrap().integer_value().unwrap()));
    }
    found.sort_unstable();
    found
}

both_engines! {
    /// Rules 1 to 4, 10, 20 and section 2.2 of the protocol: a purchase, its token, its entitlements by every filter and
    /// page by page, its agreement for both parties.
    #[test]
    async fn it_buys_resolves_and_reads(stage: Stage) {
        follow_the_clock(&stage);
        let portal = stage.portal().await;
        let ((seller, buyer), product) = (parties(&stage, &portal).await, vision(&stage).await);
        let mut agreements = Vec::new();
        for credits in [500, 600, 700] {
            agreements.push(buyer.buy(&product, credits).await);
        }
        let provisioned = buyer.agreement.get_agreement_entitlements().agreement_id(&agreements[0]).send().await.unwrap();
        let [entitlement] = provisioned.agreement_entitlements() else { panic!("{provisioned:?}") };
        assert_eq!(entitlement.status(), Some(&AgreementEntitlementStatus::Provisioned));
        let (license, token) = (entitlement.license_arn().unwrap(), entitlement.registration_token().unwrap());
        let resolved = seller.metering.resolve_customer().registration_token(token).send().await.unwrap();
        assert_eq!((resolved.customer_aws_account_id(), resolved.product_code(), resolved.license_arn()), (Some(ACME), Some(VISION_CODE), Some(license)));
        assert_eq!(resolved.metadata().and_then(|metadata| metadata.agreement_id()), Some(agreements[0].as_str()));
        assert_eq!(resolved.customer_identifier(), None, "not of a product with concurrent agreements");
        for (filter, expected) in [
            (None, vec![500, 600, 700]),
            (Some((By::LicenseArn, vec![license.to_owned()])), vec![500]),
            (Some((By::CustomerAwsAccountId, vec![ACME.to_owned()])), vec![500, 600, 700]),
            (Some((By::CustomerAwsAccountId, vec!["444455556666".to_owned()])), vec![]),
            (Some((By::Dimension, vec!["credits".to_owned(), "seats".to_owned()])), vec![500, 600, 700]),
            (Some((By::CustomerIdentifier, vec!["ifAPi5AcF3".to_owned()])), vec![]),
        ] {
            assert_eq!(quantities(&seller, filter.clone()).await, expected, "{filter:?}");
        }
        let page = seller.entitlement.get_entitlements().product_code(VISION_CODE).send().await.unwrap();
        let ends = stage.now().checked_add_months(Months::new(12)).unwrap();
        assert_eq!(page.entitlements()[0].expiration_date().map(aws_smithy_types::DateTime::secs), Some(ends.timestamp()), "tag 1 around the number");
        for party in [&seller, &buyer] {
            let described = party.agreement.describe_agreement().agreement_id(&agreements[0]).send().await.unwrap();
            assert_eq!((described.status(), described.agreement_id()), (Some(&AgreementStatus::Active), Some(agreements[0].as_str())));
            assert_eq!(described.end_time().map(aws_smithy_types::DateTime::secs), Some(ends.timestamp()));
            let terms = party.agreement.get_agreement_terms().agreement_id(&agreements[0]).send().await.unwrap();
            assert_eq!(terms.accepted_terms().len(), 5);
            assert!(terms.accepted_terms().iter().all(|term| !term.is_unknown()), "{terms:?}");
        }
        let filters = [("PartyType", "Proposer"), ("AgreementType", "PurchaseAgreement"), ("AcceptorAccountId", ACME), ("Status", "ACTIVE")];
        let filters = filters.map(|(name, value)| Filter::builder().name(name).values(value).build());
        let mut pages = seller.agreement.search_agreements().catalog("AWSMarketplace").set_filters(Some(filters.to_vec())).max_results(2).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(summary) = pages.next().await {
            found.push(summary.unwrap().agreement_id().unwrap().to_owned());
        }
        found.sort();
        agreements.sort();
        assert_eq!(found, agreements);
        portal.stop().await;
    }

    /// Section 3.2 of the protocol: usage is told, told again, and told otherwise.
    #[test]
    async fn it_meters_an_hour_once(stage: Stage) {
        follow_the_clock(&stage);
        let portal = stage.portal().await;
        let (seller, buyer) = parties(&stage, &portal).await;
        let agreement = buyer.buy(&charged_by_use(&stage).await, 1).await;
        let license = buyer.agreement.get_agreement_entitlements().agreement_id(agreement).send().await.unwrap().agreement_entitlements()[0].license_arn().unwrap().to_owned();
        let record = |dimension: &str, quantity| {
            let record = UsageRecord::builder().timestamp(aws_smithy_types::DateTime::from_secs(stage.now().timestamp()));
            record.dimension(dimension).customer_aws_account_id(ACME).license_arn(&license).quantity(quantity).build().unwrap()
        };
        let told = seller.metering.batch_meter_usage().usage_records(record(NODES, 3)).usage_records(record("file-security/sdk", 0)).send().await.unwrap();
        assert!(told.results().iter().all(|result| result.status() == Some(&UsageRecordResultStatus::Success)), "{told:?}");
        assert!(told.unprocessed_records().is_empty());
        let again = seller.metering.batch_meter_usage().usage_records(record(NODES, 3)).usage_records(record(NODES, 4)).send().await.unwrap();
        let [same, other] = again.results() else { panic!("{again:?}") };
        assert_eq!(same.metering_record_id(), told.results()[0].metering_record_id());
        assert_eq!(other.status(), Some(&UsageRecordResultStatus::DuplicateRecord));
        let wrong = seller.metering.batch_meter_usage().usage_records(record("unknown", 1)).send().await.unwrap_err().into_service_error();
        assert!(wrong.is_invalid_usage_dimension_exception(), "{wrong:?}");
        let wrong = seller.metering.batch_meter_usage().product_code("unknown").usage_records(record(NODES, 1)).send().await.unwrap_err().into_service_error();
        assert!(wrong.is_invalid_product_code_exception(), "{wrong:?}");
        let mut late = record(NODES, 1);
        late.timestamp = aws_smithy_types::DateTime::from_secs((stage.now() - TimeDelta::hours(30)).timestamp());
        let wrong = seller.metering.batch_meter_usage().usage_records(late).send().await.unwrap_err().into_service_error();
        assert!(wrong.is_timestamp_out_of_bounds_exception(), "{wrong:?}");
        let mut foreign = record(NODES, 1);
        foreign.customer_aws_account_id = Some("444455556666".to_owned());
        let wrong = seller.metering.batch_meter_usage().usage_records(foreign).send().await.unwrap_err().into_service_error();
        assert!(wrong.is_invalid_license_exception(), "{wrong:?}");
        let of_an_ami = seller.metering.meter_usage().product_code(USAGE_CODE).usage_dimension(NODES).timestamp(aws_smithy_types::DateTime::from_secs(0)).send().await;
        assert_eq!(code_of(&of_an_ami.unwrap_err()), "UnknownOperationException", "that is for what runs at the buyer's");
        let of_a_container = seller.metering.register_usage().product_code(USAGE_CODE).public_key_version(1).send().await;
        assert_eq!(code_of(&of_a_container.unwrap_err()), "UnknownOperationException");
        portal.stop().await;
    }

    /// Section 2.3 of the protocol: each error of a signature and of an operation by its own name, in both protocols.
    #[test]
    async fn it_knows_every_error_by_name(stage: Stage) {
        follow_the_clock(&stage);
        let portal = stage.portal().await;
        let key = Client::of_seller(&stage, &portal, TREND_MICRO).await;
        let other = Sdk::of(&Client::of_seller(&stage, &portal, OTHER_SELLER).await);
        let (seller, buyer) = parties(&stage, &portal).await;
        let in_cbor = async |sdk: &Sdk| code_of(&sdk.entitlement.get_entitlements().product_code(VISION_CODE).send().await.unwrap_err());
        let in_json = async |sdk: &Sdk, token: &str| code_of(&sdk.metering.resolve_customer().registration_token(token).send().await.unwrap_err());
        let wrong_secret = Sdk::of(&Client { secret: "wrong".to_owned(), ..key.clone() });
        let unknown_key = Sdk::of(&Client { key_id: "AKIAAAAAAAAAAAAAAAAA".to_owned(), ..key.clone() });
        let nobody = Sdk::unsigned(&key.origin);
        for (sdk, code) in [
            (&wrong_secret, "InvalidSignatureException"),
            (&unknown_key, "UnrecognizedClientException"),
            (&nobody, "MissingAuthenticationTokenException"),
            (&buyer, "AccessDeniedException"),
        ] {
            assert_eq!((in_cbor(sdk).await.as_str(), in_json(sdk, "x").await.as_str()), (code, code));
        }
        let agreement = buyer.buy(&vision(&stage).await, 500).await;
        let token = buyer.agreement.get_agreement_entitlements().agreement_id(&agreement).send().await.unwrap().agreement_entitlements()[0].registration_token().unwrap().to_owned();
        assert_eq!((in_cbor(&other).await.as_str(), in_json(&other, &token).await.as_str()), ("InvalidParameterException", "InvalidTokenException"), "another seller's product");
        assert_eq!(in_json(&seller, "unknown").await, "InvalidTokenException");
        let both = seller.entitlement.get_entitlements().product_code(VISION_CODE).filter(By::CustomerIdentifier, vec!["x".to_owned()]).filter(By::CustomerAwsAccountId, vec![ACME.to_owned()]);
        assert!(both.send().await.unwrap_err().into_service_error().is_invalid_parameter_exception());
        let missing = seller.agreement.describe_agreement().agreement_id("agmt-none").send().await.unwrap_err();
        assert!(matches!(&missing, SdkError::ServiceError(error) if error.raw().status().as_u16() == 404 && error.err().is_resource_not_found_exception()), "{missing:?}");
        let others = other.agreement.describe_agreement().agreement_id(&agreement).send().await.unwrap_err().into_service_error();
        assert!(others.is_resource_not_found_exception(), "{others:?}");
        let bad = seller.agreement.search_agreements().send().await.unwrap_err().into_service_error();
        assert!(bad.is_validation_exception() && bad.message().is_some(), "{bad:?}");
        let denied = seller.agreement.accept_agreement_request().agreement_request_id("ar-x").send().await.unwrap_err().into_service_error();
        assert!(denied.is_access_denied_exception(), "{denied:?}");
        let none = seller.agreement.list_agreement_charges().agreement_id(&agreement).send().await.unwrap_err();
        assert_eq!(code_of(&none), "UnknownOperationException");
        stage.clock.advance(TimeDelta::minutes(16));
        assert_eq!((in_cbor(&seller).await.as_str(), in_json(&seller, &token).await.as_str()), ("InvalidSignatureException", "InvalidSignatureException"), "clocks differ by more than a quarter of an hour");
        portal.stop().await;
    }

    /// Rules 7, 21 and 71: throttling, empty pages, a disabled API, and a token whose time is over.
    #[test]
    async fn it_meets_what_can_be_switched_on(stage: Stage) {
        follow_the_clock(&stage);
        let switched = |switches: &str| WireSettings { wire_switches: Some(switches.to_owned()), ..WireSettings::default() };
        let portal = Portal::with_wire(&stage, switched("throttling,empty-pages")).await;
        let (seller, buyer) = parties(&stage, &portal).await;
        let product = vision(&stage).await;
        let agreement = buyer.buy(&product, 500).await;
        assert_eq!(quantities(&seller, None).await, [500], "an empty page is not the last one");
        stage.clock.advance(TimeDelta::seconds(1));
        let mut throttled = 0;
        for _ in 0..25 {
            let answer = seller.entitlement.get_entitlements().product_code(VISION_CODE).send().await;
            throttled += usize::from(answer.is_err_and(|error| error.into_service_error().is_throttling_exception()));
        }
        assert_eq!(throttled, 5);
        let entitlements = buyer.agreement.get_agreement_entitlements().agreement_id(&agreement).send().await.unwrap();
        let token = entitlements.agreement_entitlements()[0].registration_token().unwrap();
        let expire = stage.db.write("UPDATE registration_tokens SET expires_at = $1");
        expire.bind(stage.now()).exec().await.unwrap();
        let expired = seller.metering.resolve_customer().registration_token(token).send().await.unwrap_err().into_service_error();
        assert!(expired.is_expired_token_exception(), "{expired:?}");
        let portal = Portal::with_wire(&stage, switched("disabled-api")).await;
        let (seller, _) = parties(&stage, &portal).await;
        let disabled = seller.metering.resolve_customer().registration_token("x").send().await.unwrap_err().into_service_error();
        assert!(disabled.is_disabled_api_exception(), "{disabled:?}");
        portal.stop().await;
    }
}
