//! Ends one's own sessions. What was ended is signed out at its next request (IDN-5).

use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::end_sessions::{self, EndRefusal};
use crate::kernel::id::SessionReference;
use crate::kernel::show;
use crate::web::shell::Tone;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /account/sessions/{session}/end`. Another person's session is not found, like one that does not exist.
pub async fn end(visit: Visit) -> Result<HttpResponse, WebError> {
    let person = visit.require_actor()?.person;
    let session = visit.id("session", SessionReference::parse)?;
    match end_sessions::end(visit.db(), &visit.who(ActingAs::Person), person, session).await.refusal()? {
        Ok(()) => {
            visit.flash(Tone::Success, "The session was ended", "");
            Ok(visit.see_other(&paths::account()))
        }
        Err(EndRefusal::NotFound) => Err(WebError::NotFound),
    }
}

/// `POST /account/sessions/end-others`.
pub async fn end_others(visit: Visit) -> Result<HttpResponse, WebError> {
    let actor = visit.require_actor()?;
    let ended = end_sessions::end_others(visit.db(), &visit.who(ActingAs::Person), actor.person, actor.session).await?;
    let text = show::count(i64::try_from(ended).unwrap_or(i64::MAX), "session");
    visit.flash(Tone::Success, "You are signed out everywhere else", &format!("{text} ended."));
    Ok(visit.see_other(&paths::account()))
}
