//! The files of documents for mails: made on delivery from the name alone, because a document never changes (MKT-13).

use super::document::{self, file_name};
use super::is_number;
use crate::db::Db;
use crate::marketplace::store::invoices as store;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// The bytes of `TM-2026-000123.pdf`.
///
/// # Errors
/// In words, when there is no document of this name, storage fails or the file cannot be written.
pub fn file_of_name<'d>(db: &'d Db, name: &'d str) -> BoxFuture<'d, Result<Vec<u8>, String>> {
    async move {
        let number = name.strip_suffix(".pdf").filter(|number| is_number(number)).ok_or_else(|| format!("{name} is no document's name"))?;
        let invoice = store::find(db, number, None).await.map_err(|error| error.to_string())?;
        let invoice = invoice.ok_or_else(|| format!("there is no document {}", file_name(number)))?;
        Ok(document::pdf(&invoice).map_err(|error| error.to_string())?.bytes)
    }
    .boxed()
}
