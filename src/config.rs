//! Configuration: one documented set of names, each an environment variable and a flag. Everything that is wrong is
//! reported at once, and secrets do not print.

mod aws;
mod incoming;
mod parse;
mod test_bench;
mod wire;

pub use aws::{AwsConfig, AwsEndpoints, AwsSettings};
pub use incoming::{Incoming, IncomingSettings};
pub use test_bench::TestBenchSettings;
pub use wire::{Wire, WireListen, WireSettings};

use crate::access::Lengths;
use clap::Args;
use lettre::message::Mailbox;
use parse::{optional, or, parse_days, parse_demo, parse_listen, parse_log_format, parse_origin, parse_url, parse_workers};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

/// The settings as they were written, before they are checked.
#[derive(Args, Clone, Debug, Default)]
pub struct Settings {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "CREDITDESK_LISTEN", global = true)]
    pub listen: Option<String>,
    /// Origin in links, cookies and the content security policy [default: http:// and the listen address]
    #[arg(long, env = "CREDITDESK_PUBLIC_URL", global = true)]
    pub public_url: Option<String>,
    /// Folder of the embedded database and of mail files [default: ./data]
    #[arg(long, env = "CREDITDESK_DATA", global = true)]
    pub data: Option<PathBuf>,
    /// `sqlite:…` or `postgres://…` [default: sqlite in the data folder]
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Demonstration data: `on`, `off`, or `auto` for an empty database on loopback [default: auto]
    #[arg(long, env = "CREDITDESK_DEMO", global = true)]
    pub demo: Option<String>,
    /// The same as `--demo off`
    #[arg(long, global = true)]
    pub no_demo: bool,
    /// Which marketplace sells: `embedded` or `aws` [default: embedded]
    #[arg(long, env = "CREDITDESK_MARKETPLACE", global = true)]
    pub marketplace: Option<String>,
    /// Where the embedded marketplace sends buyers who set up [default: /setup at the public address]
    #[arg(long, env = "CREDITDESK_FULFILMENT_URL", global = true)]
    pub fulfilment_url: Option<String>,
    /// A catalog file instead of the one inside the program
    #[arg(long, env = "CREDITDESK_CATALOG", global = true)]
    pub catalog: Option<PathBuf>,
    /// A solutions file instead of the one inside the program
    #[arg(long, env = "CREDITDESK_SOLUTIONS", global = true)]
    pub solutions: Option<PathBuf>,
    /// `smtp://host:port` or `smtps://user:password@host`; without it mail goes to files in the data folder
    #[arg(long, env = "CREDITDESK_SMTP_URL", hide_env_values = true, global = true)]
    pub smtp_url: Option<String>,
    /// Sender of all mail [default: Creditdesk <no-reply@localhost>]
    #[arg(long, env = "CREDITDESK_MAIL_FROM", global = true)]
    pub mail_from: Option<String>,
    /// Where people who need help may write [default: support@creditdesk.example]
    #[arg(long, env = "CREDITDESK_SUPPORT_EMAIL", global = true)]
    pub support_email: Option<String>,
    /// Days of 24 hours that everything works after a business's last license ended, 0 to 3650 [default: 30]
    #[arg(long, env = "CREDITDESK_GRACE_DAYS", global = true)]
    pub grace_days: Option<String>,
    /// Days of 24 hours after these in which only licensing administrators enter, and only to renew, 0 to 3650 [default: 30]
    #[arg(long, env = "CREDITDESK_LOCK_DAYS", global = true)]
    pub lock_days: Option<String>,
    /// HTTP worker threads, 1 to 64 [default: 2]
    #[arg(long, env = "CREDITDESK_WORKERS", global = true)]
    pub workers: Option<String>,
    /// Log lines as `text` or `json` [default: text]
    #[arg(long, env = "CREDITDESK_LOG_FORMAT", global = true)]
    pub log_format: Option<String>,
    /// The API for the official SDKs.
    #[command(flatten)]
    pub wire: WireSettings,
    /// What AWS tells the console.
    #[command(flatten)]
    pub incoming: IncomingSettings,
    /// AWS Marketplace.
    #[command(flatten)]
    pub aws: AwsSettings,
    /// The test bench.
    #[command(flatten)]
    pub test_bench: TestBenchSettings,
}

/// When demonstration data is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demo {
    /// Into an empty database, when the listener is on loopback.
    Auto,
    /// Asked for by name: a start that cannot load it fails.
    On,
    /// Never.
    Off,
}

/// Which marketplace sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seller {
    /// The one inside the program.
    Embedded,
    /// AWS Marketplace; the one inside the program is off.
    Aws(Box<AwsConfig>),
}

impl Seller {
    /// Whether the program itself sells.
    #[must_use]
    pub const fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded)
    }
}

/// Where mail goes.
#[derive(Clone)]
pub enum MailTo {
    /// Files in `mail` of the data folder.
    Files,
    /// A server; the address may hold a password.
    Smtp(String),
}

impl fmt::Debug for MailTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Files => "Files",
            Self::Smtp(_) => "Smtp(***)",
        })
    }
}

/// The checked configuration.
#[derive(Clone)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Origin in links, cookies and the content security policy; follows the listener when none was given.
    pub public_url: Option<Url>,
    /// Folder of the embedded database and of mail files.
    pub data: PathBuf,
    /// The database's address; may hold a password.
    pub database_url: String,
    /// When demonstration data is loaded.
    pub demo: Demo,
    /// Which marketplace sells.
    pub marketplace: Seller,
    /// Where the embedded marketplace sends buyers who set up, if not to this program.
    pub fulfilment_url: Option<Url>,
    /// A catalog file instead of the one inside the program.
    pub catalog: Option<PathBuf>,
    /// A solutions file instead of the one inside the program.
    pub solutions: Option<PathBuf>,
    /// Where mail goes.
    pub mail: MailTo,
    /// Sender of all mail.
    pub mail_from: Mailbox,
    /// Where people who need help may write.
    pub support_email: String,
    /// How long a business's access goes on after its last license (EXP-2).
    pub access_lengths: Lengths,
    /// HTTP worker threads.
    pub workers: usize,
    /// Log lines as JSON.
    pub log_json: bool,
    /// The API for the official SDKs.
    pub wire: Wire,
    /// What AWS tells the console.
    pub incoming: Incoming,
    /// Whether the test bench is on.
    pub test_bench: bool,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("public_url", &self.public_url.as_ref().map(Url::as_str))
            .field("data", &self.data)
            .field("database_url", &without_password(&self.database_url))
            .field("demo", &self.demo)
            .field("mail", &self.mail)
            .finish_non_exhaustive()
    }
}

/// A database or mail address as it may be printed.
#[must_use]
pub fn without_password(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if url.password().is_some() => {
            url.set_password(Some("***")).ok();
            url.to_string()
        }
        _ => address.to_owned(),
    }
}

/// Everything that is wrong with the configuration, one sentence each.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} problem(s):\n{}", .0.len(), .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Checks the settings.
    ///
    /// # Errors
    /// All problems together.
    pub fn from_settings(settings: Settings) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let data = settings.data.unwrap_or_else(|| PathBuf::from("./data"));
        let listen = or(&mut problems, "CREDITDESK_LISTEN", settings.listen, "127.0.0.1:8080", parse_listen);
        let public_url = optional(&mut problems, "CREDITDESK_PUBLIC_URL", settings.public_url, parse_origin);
        let database_url = settings.database_url.unwrap_or_else(|| format!("sqlite:{}", data.join("creditdesk.db").display()));
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| database_url.starts_with(scheme)) {
            problems.push("DATABASE_URL must start with sqlite: or postgres://".to_owned());
        }
        let demo = if settings.no_demo { Some(Demo::Off) } else { or(&mut problems, "CREDITDESK_DEMO", settings.demo, "auto", parse_demo) };
        let marketplace = seller(&mut problems, settings.marketplace.as_deref().unwrap_or("embedded"), settings.aws);
        let fulfilment_url = optional(&mut problems, "CREDITDESK_FULFILMENT_URL", settings.fulfilment_url, parse_url);
        let mail = match settings.smtp_url {
            None => MailTo::Files,
            Some(url) if url.starts_with("smtp://") || url.starts_with("smtps://") => MailTo::Smtp(url),
            Some(_) => {
                problems.push("CREDITDESK_SMTP_URL must start with smtp:// or smtps://".to_owned());
                MailTo::Files
            }
        };
        let mail_from = or(&mut problems, "CREDITDESK_MAIL_FROM", settings.mail_from, "Creditdesk <no-reply@localhost>", |text| {
            text.parse::<Mailbox>().map_err(|error| format!("is no sender: {error}"))
        });
        let workers = or(&mut problems, "CREDITDESK_WORKERS", settings.workers, "2", parse_workers);
        let grace = or(&mut problems, "CREDITDESK_GRACE_DAYS", settings.grace_days, "30", parse_days);
        let lock = or(&mut problems, "CREDITDESK_LOCK_DAYS", settings.lock_days, "30", parse_days);
        let log_json = or(&mut problems, "CREDITDESK_LOG_FORMAT", settings.log_format, "text", parse_log_format);
        let wire = Wire::from_settings(settings.wire, &mut problems);
        let incoming = Incoming::from_settings(settings.incoming, &mut problems);
        let listeners: Vec<SocketAddr> = listen.into_iter().chain(wire.own_listener()).collect();
        let test_bench = test_bench::read(settings.test_bench, &listeners, &mut problems);
        let support_email = settings.support_email.unwrap_or_else(|| "support@creditdesk.example".to_owned());
        match (listen, demo, marketplace, mail_from, workers, log_json, grace.zip(lock)) {
            (Some(listen), Some(demo), Some(marketplace), Some(mail_from), Some(workers), Some(log_json), Some((grace, lock)))
                if problems.is_empty() =>
            {
                Ok(Self {
                    listen,
                    public_url,
                    data,
                    database_url,
                    demo,
                    marketplace,
                    fulfilment_url,
                    catalog: settings.catalog,
                    solutions: settings.solutions,
                    mail,
                    mail_from,
                    support_email,
                    access_lengths: Lengths::of_days(grace, lock),
                    workers,
                    log_json,
                    wire,
                    incoming,
                    test_bench,
                })
            }
            _ => Err(ConfigError(problems)),
        }
    }
}

fn seller(problems: &mut Vec<String>, text: &str, aws: AwsSettings) -> Option<Seller> {
    match text {
        "embedded" => Some(Seller::Embedded),
        "aws" => AwsConfig::from_settings(aws, problems).map(|aws| Seller::Aws(Box::new(aws))),
        other => {
            problems.push(format!("CREDITDESK_MARKETPLACE must be embedded or aws, not {other:?}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_set_is_a_complete_configuration() {
        let config = Config::from_settings(Settings::default()).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database_url, "sqlite:./data/creditdesk.db");
        assert_eq!((config.demo, config.marketplace), (Demo::Auto, Seller::Embedded));
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let wrong = Settings {
            listen: Some("nowhere".into()),
            public_url: Some("ftp://x".into()),
            database_url: Some("mysql://x".into()),
            workers: Some("0".into()),
            demo: Some("maybe".into()),
            smtp_url: Some("http://x".into()),
            grace_days: Some("-1".into()),
            lock_days: Some("3651".into()),
            ..Settings::default()
        };
        let text = Config::from_settings(wrong).unwrap_err().to_string();
        for name in [
            "CREDITDESK_LISTEN",
            "CREDITDESK_PUBLIC_URL",
            "DATABASE_URL",
            "CREDITDESK_WORKERS",
            "CREDITDESK_DEMO",
            "CREDITDESK_SMTP_URL",
            "CREDITDESK_GRACE_DAYS",
            "CREDITDESK_LOCK_DAYS",
        ] {
            assert!(text.contains(name), "{name} is missing in {text}");
        }
    }

    #[test]
    fn secrets_do_not_print() {
        let settings = Settings {
            database_url: Some("postgres://desk:hunter2@db/x".into()),
            smtp_url: Some("smtps://user:hunter2@mail".into()),
            ..Settings::default()
        };
        let printed = format!("{:?}", Config::from_settings(settings).unwrap());
        assert!(printed.contains("postgres://desk:***@db/x"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
