//! Hears which SQL statements the program runs, as the driver logs them, while somebody listens. At all other times it
//! costs a look at a flag.

use anyhow::ensure;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

static LISTENING: AtomicBool = AtomicBool::new(false);
static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Statements of SQLite are logged by threads of their own, a moment after their rows have arrived. Nothing more comes
/// once it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(100);
/// What reads and writes rows. A connection that is opened meanwhile, and on Postgres a transaction, have words of their own.
const VERBS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

/// Starts the benchmark's log in place of the program's: warnings to standard error, statements to whoever listens.
pub fn start_log() {
    let warnings = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).with_filter(LevelFilter::WARN);
    // A second start in one process keeps the first log.
    tracing_subscriber::registry().with(warnings).with(listener()).try_init().ok();
}

fn listener<S: Subscriber + for<'span> LookupSpan<'span>>() -> impl Layer<S> {
    let wanted = dynamic_filter_fn(|about, _: &Context<'_, S>| is_statement(about) && LISTENING.load(Ordering::Relaxed))
        .with_max_level_hint(LevelFilter::DEBUG)
        .with_callsite_filter(|about| if is_statement(about) { Interest::sometimes() } else { Interest::never() });
    Statements.with_filter(wanted)
}

fn is_statement(about: &Metadata<'_>) -> bool {
    about.target().starts_with("sqlx")
}

/// Runs something and returns the statements on rows that the whole process ran meanwhile, sorted.
pub async fn during<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    heard().clear();
    LISTENING.store(true, Ordering::SeqCst);
    let done = work.await;
    let mut known = None;
    while known != Some(heard().len()) {
        known = Some(heard().len());
        tokio::time::sleep(QUIET).await;
    }
    LISTENING.store(false, Ordering::SeqCst);
    let mut statements = std::mem::take(&mut *heard());
    statements.retain(|statement| VERBS.iter().any(|verb| statement.starts_with(verb)));
    statements.sort_unstable();
    (done, statements)
}

/// That a bare loop runs the statements of the use case, each as often.
///
/// # Errors
/// Names the file of the bare loop and every statement of only one of them.
pub fn compare(file: &str, by_use_case: &[String], by_bare_loop: &[String]) -> anyhow::Result<()> {
    ensure!(!by_use_case.is_empty(), "the driver logs no statements, so {file} cannot be compared with the use case");
    // As often as they occur: one that runs twice here and once there is a difference too.
    let times = |these: &[String], statement: &String| these.iter().filter(|other| *other == statement).count();
    let only = |these: &[String], others: &[String]| -> String {
        let more = these.iter().filter(|statement| times(these, statement) > times(others, statement));
        more.map(|statement| format!("\n  {statement}")).collect()
    };
    ensure!(
        by_use_case == by_bare_loop,
        "{file} is out of date: the use case runs {} statements, the bare loop {}.\nOnly the use case:{}\nOnly the bare loop:{}",
        by_use_case.len(),
        by_bare_loop.len(),
        only(by_use_case, by_bare_loop),
        only(by_bare_loop, by_use_case),
    );
    Ok(())
}

fn heard() -> std::sync::MutexGuard<'static, Vec<String>> {
    HEARD.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        heard().push(if statement.whole.is_empty() { statement.summary } else { statement.whole });
    }
}

/// The driver logs a short statement as its own summary.
#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.trim().clone_into(&mut self.summary),
            "db.statement" => value.trim().clone_into(&mut self.whole),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}
