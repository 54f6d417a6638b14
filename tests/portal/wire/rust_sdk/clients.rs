//! Clients of the SDK for Rust, pointed at a portal by an endpoint URL as its documentation says.

use crate::support::Stage;
use crate::support::wire::Client;
use aws_sdk_marketplaceagreement::types::{
    ConfigurableUpfrontPricingTermConfiguration, Dimension, Intent, RenewalTermConfiguration, RequestedTerm, RequestedTermConfiguration,
};
use aws_sdk_marketplaceentitlement::config::{Credentials, Region};
use aws_sdk_marketplaceentitlement::error::ProvideErrorMetadata;
use aws_smithy_http_client::Builder;
use aws_smithy_types::retry::RetryConfig;
use creditdesk::kernel::clock::Clock;
use creditdesk::marketplace::wire::products::WireProduct;

/// One client a service.
pub struct Sdk {
    pub metering: aws_sdk_marketplacemetering::Client,
    pub entitlement: aws_sdk_marketplaceentitlement::Client,
    pub agreement: aws_sdk_marketplaceagreement::Client,
}

/// The SDK signs by the clock of the machine.
pub fn follow_the_clock(stage: &Stage) {
    stage.clock.advance(Clock::System.now() - stage.now());
}

/// The name of an error, also of one that the model does not have.
pub fn code_of(error: &impl ProvideErrorMetadata) -> String {
    error.code().unwrap_or_default().to_owned()
}

macro_rules! client {
    ($sdk:ident, $origin:expr, $key:expr) => {{
        let config = $sdk::Config::builder()
            .region(Region::new("us-east-1"))
            .endpoint_url($origin)
            .retry_config(RetryConfig::disabled())
            .http_client(Builder::new().build_http());
        let config = match $key {
            Some((id, secret)) => config.credentials_provider(Credentials::new(id, secret, None, None, "test")),
            None => config.allow_no_auth(),
        };
        $sdk::Client::from_conf(config.build())
    }};
}

impl Sdk {
    /// With a key.
    pub fn of(client: &Client) -> Self {
        Self::new(&client.origin, Some((client.key_id.as_str(), client.secret.as_str())))
    }

    /// With none.
    pub fn unsigned(origin: &str) -> Self {
        Self::new(origin, None)
    }

    fn new(origin: &str, key: Option<(&str, &str)>) -> Self {
        Self {
            metering: client!(aws_sdk_marketplacemetering, origin, key),
            entitlement: client!(aws_sdk_marketplaceentitlement, origin, key),
            agreement: client!(aws_sdk_marketplaceagreement, origin, key),
        }
    }

    /// Buys so many of a product; the agreement's id.
    pub async fn buy(&self, product: &WireProduct, quantity: i32) -> String {
        let [legal, support, pricing, renewal] = &product.terms()[..] else { panic!("four terms") };
        let term = |id: &str, configuration: Option<RequestedTermConfiguration>| {
            RequestedTerm::builder().id(id).set_configuration(configuration).build().expect("a term")
        };
        let dimension = Dimension::builder().dimension_key(&product.dimension).dimension_value(quantity).build().expect("a dimension");
        let prices = ConfigurableUpfrontPricingTermConfiguration::builder().selector_value("P12M").dimensions(dimension).build();
        let renews = RenewalTermConfiguration::builder().enable_auto_renew(true).build().expect("a renewal");
        let prices = RequestedTermConfiguration::ConfigurableUpfrontPricingTermConfiguration(prices.expect("prices"));
        let request = self
            .agreement
            .create_agreement_request()
            .intent(Intent::New)
            .agreement_proposal_identifier(product.proposal())
            .requested_terms(term(&legal.1, None))
            .requested_terms(term(&support.1, None))
            .requested_terms(term(&pricing.1, Some(prices)))
            .requested_terms(term(&renewal.1, Some(RequestedTermConfiguration::RenewalTermConfiguration(renews))))
            .send()
            .await
            .expect("a quote");
        assert!(request.charge_summary().is_some_and(|summary| summary.expected_charges().len() == 1), "{request:?}");
        let request = request.agreement_request_id().expect("its id").to_owned();
        let accepted = self.agreement.accept_agreement_request().agreement_request_id(request).send().await.expect("an agreement");
        accepted.agreement_id().expect("its id").to_owned()
    }
}
