//! The business's audit log as a file: every entry of the filter, newest first, with before and after as they were
//! recorded (AUD-3).

use super::audit::{Asked, address_in_words, who_in_words};
use crate::access::Action;
use crate::audit::{self, AuditRow};
use crate::kernel::page::{Cursor, PageSize};
use crate::web::export::{Cell, CsvFile};
use crate::web::{Visit, WebError};
use actix_web::HttpResponse;

const COLUMNS: [&str; 10] = ["Entry", "When", "Action", "Subject", "Who", "Acting", "Address", "Before", "After", "As of"];

/// Entries in one file; who needs more narrows the list or goes on from the page.
const ENTRIES_MAX: usize = 50_000;

/// `GET /console/audit.csv`.
pub async fn download(visit: Visit) -> Result<HttpResponse, WebError> {
    let business = visit.business_scope(Action::ReadAudit)?.business();
    let asked = Asked::read(&visit);
    let mut file = CsvFile::new(&COLUMNS)?;
    let (mut cursor, mut written): (Option<Cursor>, usize) = (None, 0);
    while written < ENTRIES_MAX {
        let page = audit::list_of_business(visit.db(), business, &asked.filter, cursor.as_ref(), PageSize::MAX).await?;
        for entry in &page.items {
            write(&mut file, entry, &visit)?;
        }
        written += page.items.len();
        cursor = page.next.as_deref().and_then(Cursor::parse);
        if cursor.is_none() {
            break;
        }
    }
    file.download("audit-log", visit.now())
}

fn write(file: &mut CsvFile, entry: &AuditRow, visit: &Visit) -> Result<(), WebError> {
    let (who, acting) = who_in_words(entry);
    file.row(&[
        Cell::Text(&entry.id.to_string()),
        Cell::Time(entry.recorded_at),
        Cell::Text(&entry.action),
        Cell::Text(&entry.subject),
        Cell::Text(&who),
        Cell::Text(acting),
        Cell::Text(&address_in_words(entry).unwrap_or_default()),
        Cell::Text(entry.before.as_deref().unwrap_or_default()),
        Cell::Text(entry.after.as_deref().unwrap_or_default()),
        Cell::Time(visit.now()),
    ])
}
