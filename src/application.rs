//! The running program: what handlers and jobs share, and how it starts and stops. The command, the tests and the benchmark start the same application.

use crate::assembly;
use crate::assembly_aws;
use crate::config::{Config, Seller, WireListen};
use crate::credits::solutions::Solutions;
use crate::db::{self, Db};
use crate::demo;
use crate::fulfilment::Fulfilment;
use crate::fulfilment::incoming::sns::Receiver;
use crate::fulfilment::incoming::sqs::{self, Sqs};
use crate::fulfilment::marketplace::Marketplace;
use crate::fulfilment::products::Products;
use crate::identity::password::{Cost, PasswordHasher};
use crate::identity::session::Sessions;
use crate::jobs::{self, Wake};
use crate::kernel::clock::{Clock, Timestamp};
use crate::marketplace::pay::Till;
use crate::marketplace::sns::courier::Courier;
use crate::marketplace::wire::call::Desk;
use crate::notices::port::MailPort;
use crate::telemetry::RequestSpan;
use crate::test_bench::Bench;
use crate::web::api::Pace;
use crate::web::cookies::Jar;
use crate::web::routes::Offered;
use crate::web::shop::Shop;
use crate::web::{assets, headers, health, paths, routes, wire};
use actix_session::SessionMiddleware;
use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_web::cookie::{Key, SameSite};
use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, middleware, web};
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tracing_actix_web::TracingLogger;
use url::Url;

/// Acknowledged requests have this long to finish after SIGTERM.
const SHUTDOWN_SECONDS: u64 = 8;

/// A start that did not succeed, in words for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be made or written.
    #[error("the data folder {folder} cannot be used: {source}")]
    Data {
        /// The folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database does not answer.
    #[error("the database {address} cannot be opened: {source:?}")]
    Database {
        /// Its address, without a password.
        address: String,
        /// What the driver said.
        source: db::Error,
    },
    /// The schema could not be brought up to date.
    #[error("{0}: {0:?}")]
    Migrate(#[from] db::MigrateError),
    /// A statement at the start failed.
    #[error("the database refused the start: {0:?}")]
    Storage(#[from] db::Error),
    /// The address is taken or may not be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The mail server's address is of no use.
    #[error("CREDITDESK_SMTP_URL: {0}")]
    Mail(#[from] lettre::transport::smtp::Error),
    /// No client for webhooks can be made.
    #[error("webhooks cannot be called from here: {0}")]
    Webhooks(#[from] reqwest::Error),
    /// Demonstration data was asked for where it must not be.
    #[error("{0}")]
    Demo(String),
    /// The key of access keys' secrets cannot be used.
    #[error("the key file {file} cannot be used: {source}")]
    KeyFile {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: std::io::Error,
    },
    /// The catalog has problems.
    #[error("{0}")]
    Catalog(String),
    /// The solutions file has problems.
    #[error("{0}")]
    Solutions(String),
    /// AWS Marketplace is not set up.
    #[error("{0}")]
    Aws(String),
}

/// Everything that handlers and jobs share.
pub struct Portal {
    /// The database.
    pub db: Db,
    /// The one source of time.
    pub clock: Clock,
    /// The checked configuration.
    pub config: Arc<Config>,
    /// Origin of the program's pages.
    pub public_url: Url,
    /// Key of the forms' tokens, shared by all processes on the database.
    pub form_key: Vec<u8>,
    /// The header's value, made once.
    pub content_security_policy: String,
    /// Where mail goes.
    pub mail: MailPort,
    /// The embedded marketplace's till: where quotes are paid.
    pub till: Till,
    /// The console's room for everything that a purchase becomes; knows the marketplace by its port only.
    pub fulfilment: Fulfilment,
    /// What credits are used for, and at which rates.
    pub solutions: Arc<Solutions>,
    /// How often services may call.
    pub pace: Pace,
    /// Hashes and checks passwords, a few at a time.
    pub hasher: PasswordHasher,
    /// Whether the demonstration's people are in this database, to be offered on the sign-in page.
    pub demonstration: bool,
    /// Where people buy.
    pub shop: Shop,
    /// The marketplace's API: the key of its access keys, and what is switched on.
    pub wire: Desk,
    /// Posts change events to webhooks.
    pub courier: Courier,
    /// Takes messages of Amazon SNS, where a topic may send any.
    pub topics: Option<Receiver>,
    /// The test bench: off unless it was switched on.
    pub bench: Bench,
    /// Wakes the clockwork.
    pub wake: Wake,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
}

impl Portal {
    /// The present instant. Where another process has put the test bench's clock forward, this one follows first.
    pub async fn present(&self) -> Timestamp {
        if let Err(error) = self.bench.follow(&self.clock).await {
            tracing::warn!(?error, "the test bench's clock could not be read");
        }
        self.clock.now()
    }

    /// How cookies are made for the public address.
    #[must_use]
    pub fn jar(&self) -> Jar {
        Jar { secure: self.public_url.scheme() == "https" || is_loopback(&self.public_url) }
    }

    /// The origin as browsers write it.
    #[must_use]
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// A whole address of one of the program's pages, for mail and hand-over links.
    #[must_use]
    pub fn address_of(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The people of the demonstration, when it is in this database, to be offered on the sign-in page.
    #[must_use]
    pub const fn offered_people(&self) -> &'static [demo::DemoPerson] {
        if self.demonstration { demo::people() } else { &[] }
    }

    /// Where the embedded marketplace sends buyers who set up.
    #[must_use]
    pub fn fulfilment_url(&self) -> String {
        self.config.fulfilment_url.as_ref().map_or_else(|| self.address_of(paths::SETUP), Url::to_string)
    }

    /// Where the official SDKs call the marketplace; empty when they cannot.
    #[must_use]
    pub fn wire_endpoint(&self) -> String {
        self.wire.queues.endpoint.clone()
    }

    /// Whether the database takes reads and writes at this moment.
    ///
    /// # Errors
    /// The storage error, if it does not.
    pub async fn check_database(&self) -> Result<(), db::Error> {
        self.db.write("UPDATE secrets SET created_at = created_at WHERE name = 'readiness'").exec().await.map(drop)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// A program that serves.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// What its handlers share.
    pub portal: Arc<Portal>,
    /// Where the marketplace's API listens, if it has a port of its own.
    pub wire_address: Option<SocketAddr>,
    servers: Vec<(ServerHandle, tokio::task::JoinHandle<std::io::Result<()>>)>,
    background: Vec<tokio::task::JoinHandle<()>>,
}

impl Running {
    /// Stops: takes no new requests, finishes those it has, closes the database.
    pub async fn stop(self) {
        for task in &self.background {
            task.abort();
        }
        self.portal.wire.queues.bell.close();
        for (server, serving) in self.servers {
            server.stop(true).await;
            serving.await.ok();
        }
        self.portal.db.close().await;
    }
}

/// What a start is made of.
#[derive(Clone)]
pub struct Launch {
    /// The checked configuration.
    pub config: Config,
    /// The one source of time.
    pub clock: Clock,
    /// Off leaves the jobs to the caller, as tests do.
    pub clockwork: bool,
    /// What a password's hash costs: [`Cost::PRODUCTION`] everywhere but in tests.
    pub password_cost: Cost,
    /// Another marketplace for the console than the configured one, as tests of the port's faults have.
    pub marketplace: Option<Arc<dyn Marketplace>>,
    /// The products that the console fulfils.
    pub products: Products,
}

impl Launch {
    /// A start in earnest.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            clock: Clock::system(),
            clockwork: true,
            password_cost: Cost::PRODUCTION,
            marketplace: None,
            products: Products::Every,
        }
    }
}

/// Starts the program: opens and migrates the database, listens, then serves.
///
/// # Errors
/// See [`StartError`].
pub async fn start(launch: Launch) -> Result<Running, StartError> {
    let db = assembly::open_database(&launch.config).await?;
    start_on(launch, db).await
}

/// The same on a database that is open and migrated.
///
/// # Errors
/// See [`StartError`].
pub async fn start_on(launch: Launch, db: Db) -> Result<Running, StartError> {
    let sells = launch.config.marketplace.is_embedded();
    // The API is the embedded marketplace's.
    let wire_listen = if sells { launch.config.wire.listen } else { WireListen::Off };
    let (workers, clockwork) = (launch.config.workers, launch.clockwork);
    let offered = Offered { shop: sells, wire: wire_listen == WireListen::Portal, bench: launch.config.test_bench };
    let (listener, address) = listen(launch.config.listen)?;
    let own_port = if let WireListen::Own(asked) = wire_listen { Some(listen(asked)?) } else { None };
    let portal = web::Data::new(assembly::build(launch, db, address).await?);
    let shared = portal.clone();
    let cookie_key = Key::derive_from(&portal.form_key);
    let server = HttpServer::new(move || {
        let portal = portal.clone();
        let jar = portal.jar();
        let sessions = SessionMiddleware::builder(Sessions::new(portal.db.clone(), portal.clock.unmoved()), cookie_key.clone())
            .cookie_name(jar.name(crate::web::cookies::SESSION))
            .cookie_secure(jar.secure)
            .cookie_http_only(true)
            .cookie_same_site(SameSite::Lax)
            .cookie_path("/".to_owned())
            .cookie_content_security(CookieContentSecurity::Signed)
            .session_lifecycle(BrowserSession::default())
            .build();
        App::new()
            .app_data(portal)
            .wrap(middleware::Compress::default())
            .wrap(middleware::from_fn(headers::dress))
            .wrap(TracingLogger::<RequestSpan>::new())
            .route("/static/{name}", web::route().method(actix_web::http::Method::GET).to(assets::serve))
            .route("/static/{name}", web::route().method(actix_web::http::Method::HEAD).to(assets::serve))
            .route(paths::HEALTHZ, web::get().to(health::live))
            .route(paths::READYZ, web::get().to(health::ready))
            .route(paths::METRICS, web::get().to(health::metrics))
            .service(web::scope("").wrap(sessions).configure(|config| routes::configure(config, offered)))
    })
    .workers(workers)
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(listener)
    .map_err(|source| StartError::Listen { address, source })?
    .run();
    let mut servers = vec![(server.handle(), tokio::spawn(server))];
    let wire_address = own_port.as_ref().map(|(_, address)| *address);
    if let Some((listener, address)) = own_port {
        let server = serve_wire(shared.clone(), listener, workers).map_err(|source| StartError::Listen { address, source })?;
        servers.push((server.handle(), tokio::spawn(server)));
    }
    let portal = shared.into_inner();
    let background = if clockwork { work_in_background(&portal).await? } else { Vec::new() };
    Ok(Running { address, portal, wire_address, servers, background })
}

/// The clockwork, and the queue of events where there is one.
async fn work_in_background(portal: &Arc<Portal>) -> Result<Vec<tokio::task::JoinHandle<()>>, StartError> {
    let mut tasks = vec![tokio::spawn(jobs::run_forever(Arc::clone(portal)))];
    if let (Some(address), Seller::Aws(settings)) = (&portal.config.incoming.queue, &portal.config.marketplace) {
        let queue = Sqs::new(address, &assembly_aws::connection(settings), &portal.clock).await;
        let queue = queue.map_err(|error| StartError::Aws(format!("{error:#}")))?;
        let wake = portal.wake.clone();
        tasks.push(tokio::spawn(sqs::listen(portal.db.clone(), portal.clock.clone(), queue, move || wake.now())));
    }
    Ok(tasks)
}

fn listen(asked: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address: asked, source };
    let listener = TcpListener::bind(asked).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The marketplace's API alone, on a port of its own.
fn serve_wire(portal: web::Data<Portal>, listener: TcpListener, workers: usize) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(portal.clone())
            .wrap(middleware::Compress::default())
            .wrap(middleware::from_fn(headers::dress))
            .wrap(TracingLogger::<RequestSpan>::new())
            .configure(wire::configure)
    });
    Ok(server.workers(workers).shutdown_timeout(SHUTDOWN_SECONDS).disable_signals().listen(listener)?.run())
}
