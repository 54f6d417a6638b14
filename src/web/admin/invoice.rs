//! One invoice or credit note for staff, and the credit note that a Support lead issues from it.

use super::rows::{Link, crumbs};
use crate::access::{Action, allows};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::kernel::money::{Currency, Money};
use crate::kernel::quantity::parse_whole_number;
use crate::marketplace::invoice::credit_note::{self, CreditRefusal, Reason};
use crate::marketplace::invoice::list::{self, WithNotes};
use crate::marketplace::invoice::{Series, document};
use crate::web::form::{FormView, Problems};
use crate::web::sheet::{Sheet, download, staff_href};
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/invoice.html")]
struct InvoicePage {
    shell: Shell,
    form: FormView,
    sheet: Sheet,
    pdf: String,
    account: Link,
    corrects: Option<Link>,
    /// Where the credit note is posted; none where nothing is left or the person may not.
    credit: Option<String>,
    turn: String,
    amount_hint: String,
    reason_hint: String,
}

/// `GET /admin/invoices/{number}`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let found = find(&visit).await?;
    page(&visit, &found, FormView::new().set("amount", found.invoice.left().plain()), StatusCode::OK)
}

/// `GET /admin/invoices/{number}/pdf`
pub async fn pdf(visit: Visit) -> Result<HttpResponse, WebError> {
    let found = find(&visit).await?;
    download(move || document::pdf(&found.invoice)).await
}

async fn find(visit: &Visit) -> Result<WithNotes, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    list::find_for_staff(visit.db(), scope, visit.param("number")).await?.ok_or(WebError::NotFound)
}

/// `POST /admin/invoices/{number}/credit-notes`
pub async fn credit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::IssueCreditNote)?;
    let found = find(&visit).await?;
    let mut problems = Problems::new();
    let amount = problems.take("amount", typed_amount(form.text("amount"), found.invoice.left()));
    let reason = problems.take("reason", Reason::parse(form.text("reason")).map_err(|error| error.in_words("reason")));
    let (Some(amount), Some(reason)) = (amount, reason) else {
        return page(&visit, &found, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let turn = form.text("turn").parse().unwrap_or_default();
    let issued = credit_note::issue(visit.db(), scope, &visit.who(ActingAs::Staff), (&found.invoice.number, turn), amount, &reason).await;
    match issued.refusal()? {
        Ok(number) => {
            visit.flash(Tone::Success, "Credit note issued", &format!("{number} takes back {amount} of {}.", found.invoice.number));
            Ok(visit.see_other(&paths::admin_invoice(&number)))
        }
        Err(CreditRefusal::NotFound) => Err(WebError::NotFound),
        Err(refusal) => {
            problems.push(if matches!(refusal, CreditRefusal::OutOfRange(_)) { "amount" } else { "" }, words(&refusal));
            page(&visit, &find(&visit).await?, FormView::with(&form, problems), StatusCode::CONFLICT)
        }
    }
}

fn words(refusal: &CreditRefusal) -> String {
    match refusal {
        CreditRefusal::NotFound | CreditRefusal::NotAnInvoice => "A credit note cannot be credited".to_owned(),
        CreditRefusal::OutOfRange(left) => limits(*left),
        CreditRefusal::Overtaken => {
            "Another credit note was issued since you opened the page. Check what is left, then try again".to_owned()
        }
    }
}

fn limits(left: Money) -> String {
    let least = Money::new(1, left.currency);
    format!("Enter an amount from {} to {} in {}", least.amount(), left.amount(), left.currency)
}

/// An amount as people type it: `400`, `400.5`, `1,000.00`. Not more than is left.
fn typed_amount(typed: &str, left: Money) -> Result<Money, String> {
    let amount = parse_amount(typed, left.currency).filter(|amount| (1..=left.minor).contains(&amount.minor));
    amount.ok_or_else(|| limits(left))
}

fn parse_amount(typed: &str, currency: Currency) -> Option<Money> {
    let typed = typed.trim();
    let (whole, fraction) = typed.rsplit_once('.').unwrap_or((typed, ""));
    let digits = usize::try_from(currency.minor_digits()).ok()?;
    if fraction.len() > digits || !fraction.bytes().all(|byte| byte.is_ascii_digit()) || typed.ends_with('.') {
        return None;
    }
    let whole = parse_whole_number(whole).ok()?;
    let minor: i64 = format!("{fraction:0<digits$}").parse().or(if digits == 0 { Ok(0) } else { Err(()) }).ok()?;
    let scale = 10_i64.checked_pow(currency.minor_digits())?;
    Some(Money::new(whole.checked_mul(scale)?.checked_add(minor)?, currency))
}

fn page(visit: &Visit, found: &WithNotes, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let invoice = &found.invoice;
    let may = visit.actor().is_some_and(|actor| allows(actor, Action::IssueCreditNote).is_ok());
    let open = may && invoice.series == Series::Invoice && invoice.left().minor > 0;
    let mut shell = visit.shell(&document::title(invoice));
    shell.crumbs = crumbs(&[
        (&invoice.buyer_name, paths::admin_buyer_account(&invoice.buyer_account_id)),
        ("Invoices", paths::admin_invoices(&invoice.buyer_account_id)),
    ]);
    let view = InvoicePage {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        pdf: paths::admin_invoice_pdf(&invoice.number),
        account: Link {
            label: format!("{} {}", invoice.buyer_name, invoice.buyer_account_id),
            href: paths::admin_buyer_account(&invoice.buyer_account_id),
        },
        corrects: invoice.corrects_number.as_ref().map(|number| Link { label: number.clone(), href: paths::admin_invoice(number) }),
        credit: open.then(|| paths::admin_credit_notes(&invoice.number)),
        turn: (invoice.credit_notes + 1).to_string(),
        amount_hint: format!("In {}. {} of the invoice can still be credited.", invoice.currency, invoice.left()),
        reason_hint: format!("It stands on the credit note, which the buyer reads. Up to {} characters.", Reason::MAX),
        sheet: Sheet::new(found, staff_href),
        form,
    };
    visit.page(status, &view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_type_them() {
        let read = |typed: &str| parse_amount(typed, Currency::USD).map(|money| money.minor);
        assert_eq!(
            ["400", "400.5", "1,000.00", " 0.01 ", "１０"].map(read),
            [Some(40_000), Some(40_050), Some(100_000), Some(1), Some(1_000)]
        );
        assert_eq!(["", ".", "4.", "1.001", "-1", "1e3", "1.x", "1,00.00"].map(read), [None; 8]);
        assert_eq!(parse_amount("500", Currency::JPY).map(|money| money.minor), Some(500));
        assert_eq!(parse_amount("500.0", Currency::JPY), None);
    }
}
