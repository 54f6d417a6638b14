//! The styleguide: every component in every state on one page, for eyes, screenshots and accessibility checks.
//!
//! It belongs to debug builds. It shows invented data only and reads nothing.

use askama::Template;

use crate::web::form::FormView;
use crate::web::shell::Shell;

/// The page's view. Its two forms differ so that the same fields can be seen empty, filled in and refused.
#[derive(Template)]
#[template(path = "styleguide.html")]
pub struct StyleGuide {
    pub shell: Shell,
    /// Values without errors.
    pub form: FormView,
    /// Values with an error for `bad_text`, `bad_number`, `bad_password`, `bad_area`, `bad_select`, `bad_group`,
    /// `bad_tick`, and one that belongs to no field.
    pub form_with_errors: FormView,
}
