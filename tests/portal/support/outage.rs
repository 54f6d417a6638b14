//! A database that can be taken away and given back while a portal stands on it. Postgres is reached through a relay that
//! can be cut; SQLite's writer finds the file read-only, as when the system has remounted a failing disk. A full disk is tested in `db.rs`.

use super::stage::Stage;
use creditdesk::db::Db;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// The handle that a portal is given, and the way to break it.
pub struct Outage {
    /// What the portal uses.
    pub db: Db,
    relay: Option<Relay>,
}

impl Outage {
    /// A database that works, so far.
    pub async fn prepare(stage: &Stage) -> Self {
        match &stage.db {
            Db::Sqlite { .. } => Self { db: stage.db.clone(), relay: None },
            Db::Postgres(_) => {
                let mut url = Url::parse(stage.url()).expect("an address");
                let server = format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(5432));
                let relay = Relay::start(server).await;
                url.set_host(Some("127.0.0.1")).expect("a host");
                url.set_port(Some(relay.address.port())).expect("a port");
                Self { db: Db::open(url.as_str()).await.expect("a database behind the relay"), relay: Some(relay) }
            }
        }
    }

    /// From now on nothing can be written.
    pub async fn strike(&self) {
        match (&self.db, &self.relay) {
            (Db::Sqlite { write, .. }, _) => {
                sqlx::raw_sql("PRAGMA query_only = ON").execute(write).await.expect("a pragma");
            }
            (Db::Postgres(_), Some(relay)) => drop(relay.open.send(false)),
            (Db::Postgres(_), None) => {}
        }
    }

    /// As before.
    pub async fn heal(&self) {
        match (&self.db, &self.relay) {
            (Db::Sqlite { write, .. }, _) => {
                sqlx::raw_sql("PRAGMA query_only = OFF").execute(write).await.expect("a pragma");
            }
            (Db::Postgres(_), Some(relay)) => drop(relay.open.send(true)),
            (Db::Postgres(_), None) => {}
        }
    }
}

/// Passes bytes between clients and a server for as long as it is open; closing it cuts every connection.
struct Relay {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
}

impl Relay {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *is_open.borrow() {
                    tokio::spawn(pass(client, server.clone(), is_open.clone()));
                }
            }
        });
        Self { address, open: Arc::new(open) }
    }
}

async fn pass(mut client: TcpStream, server: String, mut is_open: watch::Receiver<bool>) {
    let Ok(mut upstream) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut upstream) => {}
        _ = is_open.wait_for(|open| !open) => {}
    }
}
