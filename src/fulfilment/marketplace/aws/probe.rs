//! One harmless call for each product, to find out whether the console is set up: for `creditdesk doctor`.

use super::clients::{Clients, Connection};
use super::failure::Failure;
use super::products::ProductList;
use crate::kernel::clock::Clock;
use anyhow::anyhow;

/// Asks for one row of each product's entitlements.
///
/// # Errors
/// What AWS, or the network, said about the first product that did not answer.
pub async fn probe(connection: &Connection, clock: &Clock, products: &ProductList) -> anyhow::Result<()> {
    let clients = Clients::new(connection, clock).await?;
    for product in products.all() {
        let request = clients.entitlement.get_entitlements().product_code(&product.code).max_results(1);
        request.send().await.map_err(Failure::of).map_err(|failure| match failure {
            Failure::Down(cause) => cause.context(format!("{} cannot be asked for", product.code)),
            Failure::Refused { code, message } => anyhow!("{}: {code}: {message}", product.code),
        })?;
    }
    Ok(())
}
