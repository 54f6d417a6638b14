//! A password not older than five minutes (SUP-4): what was typed at sign-in or in an earlier form counts while it is
//! fresh, otherwise the form asks for it.

use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::confirm_password::confirm_password;
use crate::web::form::Problems;
use crate::web::{Form, Visit, WebError};

/// Notes a problem at the field `password` unless the password is fresh or was typed rightly just now.
pub(super) async fn check(visit: &Visit, form: &Form, problems: &mut Problems) -> Result<(), WebError> {
    if visit.password_is_fresh() {
        return Ok(());
    }
    let typed = form.text("password");
    if typed.is_empty() {
        problems.push("password", "Enter your password: you last typed it more than five minutes ago");
        return Ok(());
    }
    let person = visit.require_actor()?.person;
    let confirmed = confirm_password(visit.db(), &visit.portal().hasher, &visit.who(ActingAs::Staff), person, typed).await;
    match confirmed.refusal()? {
        Ok(()) => visit.mark_password_fresh()?,
        Err(refusal) => problems.push("password", refusal.words()),
    }
    Ok(())
}
