//! Where the time of one request goes: the parts that a handler waits for, run one by one in this process, and the views
//! for the bare handlers that come out of them.

use super::bare_pages::{self, Render};
use super::purchases::Customer;
use super::statements;
use crate::access::Actor;
use crate::application::Portal;
use crate::identity::actor::{self, Chosen};
use crate::identity::session::{Sessions, key};
use crate::rehearsal;
use crate::web::{Visit, console, storefront};
use actix_session::SessionExt;
use actix_session::storage::{SessionKey, SessionStore};
use actix_web::test::TestRequest;
use anyhow::{Context, anyhow};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Each part is run so often; the figure is the mean.
const TIMES: u32 = 200;

/// Microseconds of one request when nothing else happens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    /// From the client's side, the running program.
    pub total: u64,
    /// From the client's side, the bare handler.
    pub bare: u64,
    /// The session's row.
    pub session: u64,
    /// The signed-in person with all roles.
    pub actor: u64,
    /// The page's own statements, and its rows put into words.
    pub view: u64,
    /// The template.
    pub rendering: u64,
    /// Statements of the whole request.
    pub statements: usize,
}

impl Parts {
    /// Takes over what was measured in this process.
    pub fn add(&mut self, inside: Self) {
        *self = Self { total: self.total, bare: self.bare, ..inside };
    }

    /// What is left: routing, session cookie, form token, security headers, log.
    #[must_use]
    pub fn ring(&self) -> u64 {
        self.total.saturating_sub(self.bare + self.session + self.actor + self.view)
    }
}

/// License Information for the customer's administrator.
///
/// # Errors
/// When the page cannot be made.
pub async fn of_licenses(portal: &Arc<Portal>, customer: &Customer, path: &str, cookies: &str) -> anyhow::Result<(Render, Parts)> {
    let admin = &customer.admin;
    let sessions = Sessions::new(portal.db.clone(), portal.clock.clone());
    let state = HashMap::from([(key::PERSON.to_owned(), serde_json::to_string(&admin.person.uuid())?)]);
    let day = actix_web::cookie::time::Duration::days(1);
    let session: SessionKey = sessions.save(state, &day).await.map_err(|error| anyhow!("{error:?}"))?;
    let load = async || sessions.load(&session).await.map_err(|error| anyhow!("{error:?}"))?.context("the session");
    let find = async || {
        actor::find(&portal.db, admin.person, admin.session, Chosen::default(), (portal.clock.now(), portal.config.access_lengths))
            .await?
            .context("the actor")
    };
    let visit = visit(portal, Some(admin.clone()), path, cookies);
    let make = async || console::licenses::view(&visit).await.map_err(|error| anyhow!("{error:?}"));
    let view = make().await?;
    let whole = async {
        load().await?;
        find().await?;
        make().await?;
        anyhow::Ok(())
    };
    let (ran, statements) = statements::during(whole).await;
    ran?;
    let (session, actor, view_micros) = (mean(load).await?, mean(find).await?, mean(make).await?);
    let render = bare_pages::of(view);
    let rendering = mean(async || Ok(render()?)).await?;
    Ok((render, Parts { session, actor, view: view_micros, rendering, statements: statements.len(), ..Parts::default() }))
}

/// The listing for somebody who is not signed in.
///
/// # Errors
/// When the page cannot be made.
pub async fn of_listing(portal: &Arc<Portal>, path: &str, cookies: &str) -> anyhow::Result<(Render, Parts)> {
    let visit = visit(portal, None, path, cookies);
    let make = async || storefront::listing::view(&visit).await.map_err(|error| anyhow!("{error:?}"));
    let (view, statements) = statements::during(make()).await;
    let render = bare_pages::of(view?);
    let (view, rendering) = (mean(make).await?, mean(async || Ok(render()?)).await?);
    Ok((render, Parts { view, rendering, statements: statements.len(), ..Parts::default() }))
}

/// A request as a handler sees it, without a server around it.
pub(super) fn visit(portal: &Arc<Portal>, actor: Option<Actor>, path: &str, cookies: &str) -> Visit {
    let request = TestRequest::with_uri(path).insert_header(("cookie", cookies)).param("prodview", rehearsal::CREDITS);
    let request = request.to_http_request();
    let session = request.get_session();
    Visit::new(Arc::clone(portal), request, session, actor, portal.clock.now())
}

async fn mean<T>(part: impl AsyncFn() -> anyhow::Result<T>) -> anyhow::Result<u64> {
    part().await?;
    let started = Instant::now();
    for _ in 0..TIMES {
        part().await?;
    }
    Ok(u64::try_from((started.elapsed() / TIMES).as_micros()).unwrap_or(u64::MAX))
}
