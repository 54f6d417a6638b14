//! Puts the program together: opens the database, brings schema, catalog and demonstration in, makes the keys and wires
//! the rooms to each other.

use crate::application::{Launch, Portal, StartError};
use crate::assembly_aws;
use crate::audit::Who;
use crate::config::{Config, Demo, MailTo, Seller};
use crate::credits::allocation::apply_rates;
use crate::credits::solutions::{self, Solutions};
use crate::db::{self, Db};
use crate::demo;
use crate::fulfilment::incoming::sns::{HttpFetch, Receiver};
use crate::fulfilment::marketplace::Marketplace;
use crate::fulfilment::marketplace::embedded::Embedded;
use crate::fulfilment::products::Products;
use crate::fulfilment::{Fulfilment, Links};
use crate::identity::password::PasswordHasher;
use crate::jobs::Wake;
use crate::kernel::clock::Clock;
use crate::kernel::random;
use crate::kernel::sealing::SealingKey;
use crate::marketplace::catalog::Catalog;
use crate::marketplace::invoice::issue_missing;
use crate::marketplace::pay::Till;
use crate::marketplace::payment::Providers;
use crate::marketplace::publish::{Published, publish};
use crate::marketplace::sns::courier::{self, Courier};
use crate::marketplace::wire::call::Desk;
use crate::marketplace::wire::queues::Queues;
use crate::notices::port::{Delivered, MailPort};
use crate::test_bench::Bench;
use crate::web::api::Pace;
use crate::web::shop::Shop;
use crate::web::wire::topics;
use crate::web::{headers, paths};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use url::Url;

/// Opens and migrates the database, making the data folder where it is needed.
///
/// # Errors
/// See [`StartError`].
pub async fn open_database(config: &Config) -> Result<Db, StartError> {
    let uses_folder = config.database_url.starts_with("sqlite:") || matches!(config.mail, MailTo::Files);
    if uses_folder {
        let made = std::fs::create_dir_all(&config.data)
            .and_then(|()| std::fs::set_permissions(&config.data, std::fs::Permissions::from_mode(0o700)));
        made.map_err(|source| StartError::Data { folder: config.data.display().to_string(), source })?;
    }
    let opened = Db::open(&config.database_url).await;
    let db = opened.map_err(|source| StartError::Database { address: crate::config::without_password(&config.database_url), source })?;
    db.migrate().await?;
    Ok(db)
}

/// Builds what handlers and jobs share.
///
/// # Errors
/// See [`StartError`].
pub async fn build(launch: Launch, db: Db, listening_on: SocketAddr) -> Result<Portal, StartError> {
    let Launch { config, clock, password_cost, marketplace, products, .. } = launch;
    let (bench, clock) = if config.test_bench { (Bench::on(db.clone()), clock.movable()) } else { (Bench::off(), clock) };
    bench.follow(&clock).await?;
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => own_address(listening_on)?,
    };
    let form_key = shared_secret(&db, &clock, "form key").await?;
    shared_secret(&db, &clock, "readiness").await?;
    let hasher = PasswordHasher::new(password_cost);
    let demonstration = load_demonstration(config.demo, &db, &hasher, &clock, listening_on).await?;
    let mail = mail_port(&config, demonstration)?;
    let consoles = if config.marketplace.is_embedded() {
        fulfilment_origins(config.fulfilment_url.as_ref(), &publish_catalog(&config, &db, &clock).await?)
    } else {
        BTreeSet::new()
    };
    let solutions = Arc::new(load_solutions(&config)?);
    let changed = apply_rates(&db, &solutions, clock.now()).await?;
    if changed > 0 {
        tracing::info!(changed, "the rates of the solutions file were applied to what is allocated");
    }
    let origin = public_url.origin().ascii_serialization();
    let endpoint = config.wire.endpoint(&origin).unwrap_or_default();
    let providers = if demonstration { Providers::with_test() } else { Providers::invoice_only() };
    let till = Till { db: db.clone(), providers: providers.under(&bench), public_url: origin.clone() };
    let (fulfilment, shop) = console(&config, (&db, &clock, &bench), &origin, (marketplace, products)).await?;
    let sealing = fulfilment.sealing.clone();
    let links = courier::Links {
        origin: origin.clone(),
        certificate: paths::sns_certificate,
        confirm: topics::confirmation,
        targets: paths::event_targets,
    };
    let courier = Courier::new(db.clone(), clock.clone(), sealing.clone(), links, bench.clone())?;
    Ok(Portal {
        courier,
        content_security_policy: headers::content_security_policy(&consoles),
        db,
        clock: clock.clone(),
        public_url,
        form_key,
        mail,
        till,
        fulfilment,
        shop,
        solutions,
        pace: Pace::default(),
        hasher,
        demonstration,
        wire: Desk { bench: bench.clone(), ..Desk::new(sealing, config.wire.switches.clone(), Queues::new(clock.clone(), endpoint)) },
        topics: receiver(&config),
        bench,
        wake: Wake::default(),
        metrics: recorder(),
        config: Arc::new(config),
    })
}

/// What takes messages of Amazon SNS, where a topic may send any.
fn receiver(config: &Config) -> Option<Receiver> {
    let incoming = &config.incoming;
    let listens = !incoming.topics.is_empty();
    listens.then(|| Receiver::new(incoming.topics.clone(), incoming.certificate_origins.clone(), Arc::new(HttpFetch)))
}

/// The console's room, with the marketplace that the configuration names or that the caller brings, and where people buy.
///
/// # Errors
/// See [`StartError`].
pub async fn console(
    config: &Config,
    (db, clock, bench): (&Db, &Clock, &Bench),
    origin: &str,
    (brought, products): (Option<Arc<dyn Marketplace>>, Products),
) -> Result<(Fulfilment, Shop), StartError> {
    let (own, products, shop): (Arc<dyn Marketplace>, _, _) = match &config.marketplace {
        Seller::Embedded => (Arc::new(Embedded::new(db.clone(), clock.clone()).under(bench.clone())), products, Shop::embedded()),
        Seller::Aws(settings) => {
            let (marketplace, products) = assembly_aws::marketplace(settings, db, clock).await?;
            (marketplace, products.for_console(), assembly_aws::shop(&products))
        }
    };
    let fulfilment = Fulfilment {
        db: db.clone(),
        marketplace: brought.unwrap_or(own),
        clock: clock.clone(),
        products,
        links: Links { licenses: format!("{origin}{}", paths::LICENSES), credits: format!("{origin}{}", paths::CREDITS) },
        sealing: sealing_key(config)?,
    };
    Ok((fulfilment, shop))
}

/// The key under which secrets are stored: from its file, which the first start makes in the data folder.
///
/// # Errors
/// When the file cannot be read or made, or holds something else.
pub fn sealing_key(config: &Config) -> Result<SealingKey, StartError> {
    let own = config.data.join("wire.key");
    let path = config.wire.key_file.as_ref().unwrap_or(&own);
    let failed = |source| StartError::KeyFile { file: path.display().to_string(), source };
    if config.wire.key_file.is_none() && !path.exists() {
        make_key_file(&config.data, path).map_err(failed)?;
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    SealingKey::parse(&text).ok_or_else(|| failed(std::io::Error::other("64 hexadecimal digits are needed")))
}

/// Makes a key file that only its owner reads. Of several processes one makes it: a file appears whole or not at all.
fn make_key_file(folder: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let whole = folder.join(format!("wire.key.{}", random::hex::<8>()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&whole)?;
    file.write_all(SealingKey::generate().reveal().as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&whole, path);
    std::fs::remove_file(&whole)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reads the solutions file, or the one inside the program.
///
/// # Errors
/// When it cannot be read, and with every problem of it.
pub fn load_solutions(config: &Config) -> Result<Solutions, StartError> {
    let text = match &config.solutions {
        None => solutions::EMBEDDED.to_owned(),
        Some(file) => std::fs::read_to_string(file).map_err(|error| StartError::Solutions(format!("{}: {error}", file.display())))?,
    };
    Solutions::parse(&text).map_err(|problems| StartError::Solutions(problems.to_string()))
}

/// Brings the catalog file's products and offers into the database, and earlier charges their invoices.
async fn publish_catalog(config: &Config, db: &Db, clock: &Clock) -> Result<Catalog, StartError> {
    let text = match &config.catalog {
        None => include_str!("../catalog.toml").to_owned(),
        Some(file) => std::fs::read_to_string(file).map_err(|error| StartError::Catalog(format!("{}: {error}", file.display())))?,
    };
    let catalog = Catalog::parse(&text).map_err(|problems| StartError::Catalog(problems.to_string()))?;
    let published = publish(db, &catalog, &Who::system("catalog", clock.now())).await?;
    if published == Published::default() {
        tracing::debug!("the catalog is in the database as it is in the file");
    } else {
        tracing::info!(?published, "the catalog is in the database");
    }
    // Only a database of a version without invoices has charges without one.
    let issued = issue_missing(db, clock).await?;
    if issued > 0 {
        tracing::info!(issued, "earlier charges have their invoices");
    }
    Ok(catalog)
}

/// Where buyers may be handed over to: the console of the configuration and those of products that have their own.
fn fulfilment_origins(configured: Option<&Url>, catalog: &Catalog) -> BTreeSet<String> {
    let of_products = catalog.products.iter().filter_map(|product| Url::parse(product.fulfilment_url.as_ref()?).ok());
    of_products.chain(configured.cloned()).map(|url| url.origin().ascii_serialization()).collect()
}

/// Loads the demonstration where it may be; whether its people are in the database and may be offered.
async fn load_demonstration(
    wish: Demo,
    db: &Db,
    hasher: &PasswordHasher,
    clock: &Clock,
    listening_on: SocketAddr,
) -> Result<bool, StartError> {
    let on_loopback = listening_on.ip().is_loopback();
    match wish {
        Demo::On if !on_loopback => Err(StartError::Demo("demonstration data needs a loopback listener such as 127.0.0.1:8080".to_owned())),
        Demo::Off => Ok(on_loopback && demo::is_loaded(db).await?),
        Demo::Auto if !on_loopback => Ok(false),
        Demo::On | Demo::Auto => match demo::load(db, hasher, clock).await? {
            demo::Loaded::Now | demo::Loaded::Already => Ok(true),
            demo::Loaded::RefusedOtherData if wish == Demo::Auto => Ok(false),
            demo::Loaded::RefusedOtherData => {
                Err(StartError::Demo("the database has other people already; demonstration data never enters such a database".to_owned()))
            }
        },
    }
}

fn own_address(listening_on: SocketAddr) -> Result<Url, StartError> {
    let listen_error = |_| StartError::Listen {
        address: listening_on,
        source: std::io::Error::other("the address makes no URL; set CREDITDESK_PUBLIC_URL"),
    };
    Url::parse(&format!("http://{listening_on}")).map_err(listen_error)
}

fn mail_port(config: &Config, demonstration: bool) -> Result<MailPort, StartError> {
    let from = config.mail_from.clone();
    Ok(match &config.mail {
        MailTo::Files => MailPort::Files { folder: config.data.join("mail"), from, delivered: demonstration.then(Delivered::default) },
        MailTo::Smtp(url) => {
            let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?.timeout(Some(Duration::from_secs(20))).build();
            MailPort::Smtp { transport, from }
        }
    })
}

/// One recorder a process: the tests start many applications in one.
fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).ok();
            handle
        })
        .clone()
}

/// A secret that is made at the first start and shared by every process on the same database.
async fn shared_secret(db: &Db, clock: &Clock, name: &'static str) -> Result<Vec<u8>, db::Error> {
    let find = || db.read("SELECT value FROM secrets WHERE name = $1").bind(name).opt::<(Vec<u8>,)>();
    if let Some((value,)) = find().await? {
        return Ok(value);
    }
    let made = db.write("INSERT INTO secrets (name, value, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING");
    made.bind(name).bind(random::bytes::<64>().to_vec()).bind(clock.now()).exec().await?;
    find().await?.map(|(value,)| value).ok_or(db::Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SET-1: a product that has a console of its own hands its buyers over to it, so the policy lets the form go there.
    #[test]
    fn forms_may_go_to_the_consoles_of_the_catalog_and_of_the_configuration() {
        let text = include_str!("../catalog.toml").replacen(
            "category =",
            "fulfilment_url = \"https://console.vendor.example/aws/register\"\ncategory =",
            1,
        );
        let catalog = Catalog::parse(&text).expect("a catalog");
        let configured = Url::parse("http://127.0.0.1:9000/setup").expect("an address");
        let origins = fulfilment_origins(Some(&configured), &catalog);
        let policy = headers::content_security_policy(&origins);
        assert!(policy.contains("form-action 'self' http://127.0.0.1:9000 https://console.vendor.example;"), "{policy}");
        assert!(headers::content_security_policy(&BTreeSet::new()).contains("form-action 'self';"));
    }
}
