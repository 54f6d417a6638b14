//! Puts the console's side of AWS Marketplace together: the products file, the connection, the adapter.

use crate::application::StartError;
use crate::config::AwsConfig;
use crate::db::Db;
use crate::fulfilment::marketplace::aws::Aws;
use crate::fulfilment::marketplace::aws::clients::Connection;
use crate::fulfilment::marketplace::aws::products::ProductList;
use crate::kernel::clock::Clock;
use crate::web::shop::Shop;
use std::sync::Arc;

/// Reads the products file.
///
/// # Errors
/// When it cannot be read, and with every problem of it.
pub fn load_products(config: &AwsConfig) -> Result<ProductList, StartError> {
    let failed = |error: String| StartError::Aws(format!("CREDITDESK_AWS_PRODUCTS {}: {error}", config.products.display()));
    let text = std::fs::read_to_string(&config.products).map_err(|error| failed(error.to_string()))?;
    ProductList::parse(&text).map_err(|problems| failed(problems.to_string()))
}

/// How AWS is called.
#[must_use]
pub fn connection(config: &AwsConfig) -> Connection {
    Connection {
        region: config.region.clone(),
        credentials: config.credentials_file.clone().map(|file| (file, config.profile.clone())),
        metering: config.endpoints.metering.clone(),
        entitlement: config.endpoints.entitlement.clone(),
        agreement: config.endpoints.agreement.clone(),
        sqs: config.endpoints.sqs.clone(),
        connect_timeout: config.connect_timeout,
        attempt_timeout: config.attempt_timeout,
        operation_timeout: config.operation_timeout,
        attempts: config.attempts,
    }
}

/// The adapter.
///
/// # Errors
/// When products or credentials cannot be read.
pub async fn marketplace(config: &AwsConfig, db: &Db, clock: &Clock) -> Result<(Arc<Aws>, ProductList), StartError> {
    let products = load_products(config)?;
    let made = Aws::connect((db.clone(), clock.clone()), &connection(config), products.clone()).await;
    Ok((Arc::new(made.map_err(|error| StartError::Aws(format!("{error:#}")))?), products))
}

/// Where people buy.
#[must_use]
pub fn shop(products: &ProductList) -> Shop {
    Shop::aws(products.all().map(|product| (product.name.clone(), product.listing.clone())).collect())
}
