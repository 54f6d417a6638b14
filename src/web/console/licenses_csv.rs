//! License Information as a file: every row of the filter, in the order asked for (LIC-6). Like the page it holds neither
//! credits nor expiration dates (LIC-2).

use super::licenses::{LICENSE_TYPE, by_whom};
use super::licenses_address::Asked;
use crate::access::{Action, BusinessScope};
use crate::fulfilment::licenses::{self, License};
use crate::kernel::page::{Cursor, PageSize};
use crate::web::export::{Cell, CsvFile};
use crate::web::{Visit, WebError};
use actix_web::HttpResponse;

const COLUMNS: [&str; 11] = [
    "License",
    "Product",
    "Status",
    "License type",
    "Type",
    "Source",
    "Activation code",
    "Agreement",
    "Activated on",
    "Activated by",
    "As of",
];

/// `GET /console/licenses.csv`.
pub async fn download(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeLicenses)?;
    let asked = Asked::read(&visit);
    let mut file = CsvFile::new(&COLUMNS)?;
    let mut cursor = None;
    while let Some((rows, next)) = some(&visit, scope, &asked, cursor.as_ref()).await? {
        for license in &rows {
            write(&mut file, license, &visit)?;
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    file.download("license-information", visit.now())
}

/// The next rows, and where they go on; nothing where the filter leaves no licenses at all.
async fn some(
    visit: &Visit,
    scope: BusinessScope,
    asked: &Asked,
    after: Option<&Cursor>,
) -> Result<Option<(Vec<License>, Option<Cursor>)>, WebError> {
    if asked.not_activated {
        return Ok(None);
    }
    let page = licenses::list(visit.db(), scope, &asked.filter, asked.order, (after, PageSize::MAX), visit.now()).await?;
    Ok(Some((page.items, page.next.as_deref().and_then(Cursor::parse))))
}

fn write(file: &mut CsvFile, license: &License, visit: &Visit) -> Result<(), WebError> {
    file.row(&[
        Cell::Text(&license.id.to_string()),
        Cell::Text(&license.product_name),
        Cell::Text(license.status(visit.now()).label()),
        Cell::Text(LICENSE_TYPE),
        Cell::Text(license.kind.label()),
        Cell::Text(license.source.label()),
        license.code().as_deref().map_or(Cell::Empty, Cell::Text),
        Cell::Text(&license.agreement_id),
        Cell::Time(license.activated_at),
        Cell::Text(&by_whom(license)),
        Cell::Time(visit.now()),
    ])
}
