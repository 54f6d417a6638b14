//! Hears which SQL statements the program runs, as the driver logs them, while somebody listens. At all other times it
//! costs a look at a flag.

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

/// Statements of SQLite are logged by threads of their own, a moment after their rows have arrived.
const STRAGGLERS: Duration = Duration::from_millis(100);

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

/// Runs something and returns the statements that the whole process ran meanwhile, sorted.
pub async fn during<T>(work: impl Future<Output = T>) -> (T, Vec<String>) {
    heard().clear();
    LISTENING.store(true, Ordering::SeqCst);
    let done = work.await;
    tokio::time::sleep(STRAGGLERS).await;
    LISTENING.store(false, Ordering::SeqCst);
    let mut statements = std::mem::take(&mut *heard());
    statements.sort_unstable();
    (done, statements)
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
