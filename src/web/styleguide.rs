//! The styleguide: every component in every state on one page, for eyes, screenshots and accessibility checks.
//!
//! It belongs to debug builds. It shows invented data only and reads nothing.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError};

/// The page's view. Its two forms differ so that the same fields can be seen empty, filled in and refused.
#[derive(Template)]
#[template(path = "styleguide.html")]
pub struct StyleGuide {
    /// The frame.
    pub shell: Shell,
    /// Values without errors.
    pub form: FormView,
    /// Values with an error for `bad_text`, `bad_number`, `bad_password`, `bad_area`, `bad_select`, `bad_group`,
    /// `bad_tick`, and one that belongs to no field.
    pub form_with_errors: FormView,
}

/// `GET /styleguide`, in debug builds.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let form = FormView::new().set("text", "Acme Industries").set("number", "1,000");
    let mut problems = Problems::new();
    for (field, message) in [
        ("", "The form could not be sent. Try again."),
        ("bad_text", "Enter a name of at most 100 characters."),
        ("bad_number", "Enter a whole number of credits from 100 to 10,000,000."),
        ("bad_password", "Enter a password of at least 8 characters."),
        ("bad_area", "Enter a reason of at least 10 characters."),
        ("bad_select", "Choose a role."),
        ("bad_group", "Choose Yes or No."),
        ("bad_tick", "Tick the box to accept the license terms."),
    ] {
        problems.push(field, message);
    }
    let form_with_errors = FormView::with(&Form::default(), problems);
    visit.page(StatusCode::OK, &StyleGuide { shell: visit.shell("Styleguide"), form, form_with_errors })
}
