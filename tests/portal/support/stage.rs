//! One test's world: its own database, a clock that stands still until the test moves it, and an end that takes the
//! database away again, also when the test failed.

use super::portal::Portal;
use super::{postgres, sqlite};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::db::{Db, Engine};
use creditdesk::kernel::clock::{Clock, Timestamp};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// No story may take longer; one that hangs fails instead of holding up the run.
const STORY_MAX: Duration = Duration::from_mins(10);

/// What a story is given.
pub struct Stage {
    /// A fresh, migrated database of this test's own.
    pub db: Db,
    /// Starts at [`opening`], moves only by `stage.clock.advance(…)`.
    pub clock: Clock,
    url: String,
    folder: PathBuf,
    /// Databases of further programs in this story, to be taken away at its end.
    others: Arc<Mutex<Vec<Stage>>>,
}

/// 2 March 2026, 09:00 UTC, a Monday: when every story begins.
pub fn opening() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().expect("a valid instant")
}

impl Stage {
    /// The present instant of this story.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Which engine this run of the story has.
    pub fn engine(&self) -> Engine {
        self.db.engine()
    }

    /// The address of the database, for a second handle or another process.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder of this test's own, gone afterwards.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The real application over this database and clock.
    pub async fn portal(&self) -> Portal {
        Portal::start(self).await
    }

    /// The place of another program in the same story: a database and a folder of its own, the same clock.
    pub async fn second(&self) -> Self {
        let number = self.others.lock().expect("no test panics while it holds this").len() + 2;
        let folder = self.folder.join(format!("program-{number}"));
        std::fs::create_dir_all(&folder).expect("a writable folder");
        let url = match self.engine() {
            Engine::Sqlite => sqlite::fresh(&folder).await,
            Engine::Postgres => postgres::fresh().await,
        };
        let db = Db::open(&url).await.expect("a database that opens");
        let made = || Self { db: db.clone(), clock: self.clock.clone(), url: url.clone(), folder: folder.clone(), others: Arc::default() };
        self.others.lock().expect("no test panics while it holds this").push(made());
        made()
    }

    /// Somebody who acts now, without a row in `people`.
    pub fn who(&self, name: &str) -> Who {
        Who {
            person: None,
            label: name.to_owned(),
            acting_as: ActingAs::System,
            address: "192.0.2.1".to_owned(),
            request_id: "req-test".to_owned(),
            now: self.now(),
        }
    }
}

/// Runs one story on one engine.
pub fn play<F, Fut>(engine: Engine, story: F)
where
    F: FnOnce(Stage) -> Fut,
    Fut: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match engine {
            Engine::Sqlite => sqlite::fresh(folder.path()).await,
            Engine::Postgres => postgres::fresh().await,
        };
        let db = Db::open(&url).await.expect("a database that opens");
        let others: Arc<Mutex<Vec<Stage>>> = Arc::default();
        let clock = Clock::manual(opening());
        let stage = Stage { db: db.clone(), clock, url: url.clone(), folder: folder.path().to_owned(), others: Arc::clone(&others) };
        let told = tokio::time::timeout(STORY_MAX, AssertUnwindSafe(story(stage)).catch_unwind()).await;
        let others = std::mem::take(&mut *others.lock().expect("no test panics while it holds this"));
        for other in others {
            other.db.close().await;
            if engine == Engine::Postgres {
                postgres::drop_database(&other.url).await;
            }
        }
        db.close().await;
        if engine == Engine::Postgres {
            postgres::drop_database(&url).await;
        }
        match told {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => std::panic::resume_unwind(failure),
            Err(elapsed) => panic!("the story did not end within {STORY_MAX:?}: {elapsed}"),
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(10));
}
