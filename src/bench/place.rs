//! Where a benchmark keeps what it makes: a folder of its own below the system's temporary one, and in it the embedded
//! database, or a schema of its own on a Postgres server. Both are removed at the end, whatever the end was.

use crate::config::{Config, Demo, MailTo};
use crate::db::{Db, Engine};
use crate::kernel::random;
use anyhow::Context;
use std::path::{Path, PathBuf};
use url::Url;

/// A schema on a Postgres server: how it is made, removed and chosen.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    make: &'static str,
    drop: &'static str,
    options: &'static str,
}

/// Of every run.
pub const SCHEMA: Schema = Schema {
    make: "CREATE SCHEMA creditdesk_bench",
    drop: "DROP SCHEMA IF EXISTS creditdesk_bench CASCADE",
    options: "-c search_path=creditdesk_bench",
};
/// Of the large database beside the almost empty one.
pub const LARGE: Schema = Schema {
    make: "CREATE SCHEMA creditdesk_bench_large",
    drop: "DROP SCHEMA IF EXISTS creditdesk_bench_large CASCADE",
    options: "-c search_path=creditdesk_bench_large",
};

/// The folder and the database of one run.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    database_url: String,
    /// The server's own address, where the database is a schema.
    server: Option<String>,
    schema: Schema,
}

impl Place {
    /// Makes the folder and, for a Postgres address, the schema. One that an interrupted run left is replaced.
    ///
    /// # Errors
    /// When the folder cannot be made or the server does not answer.
    pub async fn make(wanted: Option<&str>, schema: Schema) -> anyhow::Result<Self> {
        // Not a setting: where the system keeps what may be thrown away.
        let folder = std::env::temp_dir().join(format!("creditdesk-bench-{}", random::word(8)));
        std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let own_file = format!("sqlite:{}", folder.join("creditdesk.db").display());
        let mut place = Self { folder, database_url: own_file, server: None, schema };
        if let Some(server) = wanted.filter(|url| !url.starts_with("sqlite:")) {
            let mut url = Url::parse(server).context("the database's address")?;
            url.query_pairs_mut().append_pair("options", schema.options);
            place.database_url = url.into();
            let db = Db::open(server).await?;
            place.server = Some(server.to_owned());
            db.write(schema.drop).exec().await?;
            db.write(schema.make).exec().await?;
            db.close().await;
        }
        Ok(place)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Address of the run's own database; may hold a password.
    #[must_use]
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Which engine it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        if self.server.is_some() { Engine::Postgres } else { Engine::Sqlite }
    }

    /// The configuration of a program in this place, with the demonstration's people.
    #[must_use]
    pub fn config(&self, given: &Config) -> Config {
        Config {
            data: self.folder.clone(),
            database_url: self.database_url.clone(),
            demo: Demo::On,
            mail: MailTo::Files,
            public_url: None,
            fulfilment_url: None,
            catalog: None,
            solutions: None,
            ..given.clone()
        }
    }

    /// Takes the schema away; the folder goes with the value itself.
    ///
    /// # Errors
    /// When the server does not answer any more.
    pub async fn remove(self) -> anyhow::Result<()> {
        if let Some(server) = &self.server {
            let db = Db::open(server).await?;
            db.write(self.schema.drop).exec().await?;
            db.close().await;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("creditdesk bench: {} is left over: {error}", self.folder.display());
        }
    }
}
