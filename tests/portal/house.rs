//! The house rules of ARCHITECTURE.md and CONTRIBUTING.md that neither the compiler nor clippy keeps: which room may use
//! which, how long things may be, where SQL is written, what may stand in a page.

use crate::support::source::{Source, files};
use creditdesk::web::assets;
use std::collections::BTreeMap;

/// Every room and the rooms it may use. The files at the top of `src` put the program together and may use all.
const ARROWS: [(&str, &[&str]); 16] = [
    ("kernel", &[]),
    ("db", &["kernel"]),
    ("access", &["db", "kernel"]),
    ("audit", &["access", "db", "kernel"]),
    ("notices", &["access", "audit", "db", "kernel"]),
    ("identity", &["access", "audit", "notices", "db", "kernel"]),
    ("credits", &["access", "audit", "notices", "db", "kernel"]),
    ("paper", &["kernel"]),
    ("config", &["access", "marketplace", "kernel"]),
    ("test_bench", &["access", "audit", "db", "kernel"]),
    ("marketplace", &["test_bench", "paper", "access", "audit", "notices", "db", "kernel"]),
    ("fulfilment", &["credits", "access", "audit", "notices", "db", "kernel"]),
    (
        "bench",
        &[
            "application",
            "config",
            "demo",
            "web",
            "identity",
            "credits",
            "marketplace",
            "fulfilment",
            "access",
            "audit",
            "notices",
            "db",
            "kernel",
        ],
    ),
    (
        "jobs",
        &["application", "identity", "credits", "marketplace", "fulfilment", "test_bench", "access", "audit", "notices", "db", "kernel"],
    ),
    (
        "web",
        &[
            "application",
            "config",
            "jobs",
            "identity",
            "credits",
            "marketplace",
            "paper",
            "test_bench",
            "fulfilment",
            "access",
            "audit",
            "notices",
            "db",
            "kernel",
        ],
    ),
    (
        "cli",
        &[
            "application",
            "bench",
            "config",
            "demo",
            "doctor",
            "telemetry",
            "web",
            "jobs",
            "identity",
            "marketplace",
            "fulfilment",
            "test_bench",
            "access",
            "audit",
            "db",
            "kernel",
        ],
    ),
];

/// The one file that knows the console and the embedded marketplace.
const BRIDGE: &str = "src/fulfilment/marketplace/embedded.rs";

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const HANDLER_LINES_MAX: usize = 25;

/// What was longer than allowed when the limit came, with its length then. An entry may only shrink, and goes when the
/// limit is kept.
const LONGER: [(&str, usize); 0] = [];

fn rust() -> Vec<Source> {
    files(&["src", "tests", "benches", "build.rs"], &[".rs"])
}

fn program() -> Vec<Source> {
    files(&["src"], &[".rs"]).into_iter().map(Source::without_tests).collect()
}

fn templates() -> Vec<Source> {
    files(&["templates"], &[".html"])
}

fn assert_none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn rooms_use_only_the_rooms_below_them() {
    assert_none("a room uses one that it must not know", program().iter().flat_map(wrong_arrows).collect());
}

fn wrong_arrows(source: &Source) -> Vec<String> {
    let Some((room, below)) = ARROWS.iter().find(|(room, _)| *room == source.room()) else { return Vec::new() };
    let known: Vec<&str> =
        ARROWS.iter().map(|(room, _)| *room).chain(["application", "config", "cli", "telemetry", "doctor", "demo"]).collect();
    let wrong = used_rooms(source).into_iter().filter(|(used, _)| {
        let bridge = source.path == BRIDGE && *used == "marketplace";
        known.contains(used) && used != room && !below.contains(used) && !bridge
    });
    wrong.map(|(used, line)| format!("{}:{line}: {room} uses {used}", source.path)).collect()
}

/// Each `crate::room` with its line, those in `use crate::{…}` too.
fn used_rooms(source: &Source) -> Vec<(&str, usize)> {
    let mut used = Vec::new();
    for (number, line) in source.code() {
        for rest in line.split("crate::").skip(1) {
            match rest.strip_prefix('{') {
                Some(list) => used.extend(list.split(',').map(|part| (first_word(part), number))),
                None => used.push((first_word(rest), number)),
            }
        }
    }
    used
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or(text)
}

#[test]
fn an_arrow_that_is_not_drawn_is_found() {
    let file = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    for (path, text, wrong) in [
        ("src/kernel/x.rs", "use crate::db::Db;", 1),
        ("src/credits/x.rs", "    crate::fulfilment::activate();", 1),
        ("src/identity/x.rs", "use crate::{web, kernel::id::PersonId};", 1),
        ("src/fulfilment/activate.rs", "use crate::marketplace::Offer;", 1),
        (BRIDGE, "use crate::marketplace::Offer;", 0),
        ("src/marketplace/x.rs", "use crate::fulfilment::land;", 1),
        ("src/marketplace/x.rs", "// crate::fulfilment is not known here\nuse crate::tx;", 0),
        ("src/application.rs", "use crate::web;", 0),
    ] {
        assert_eq!(wrong_arrows(&file(path, text)).len(), wrong, "{path}: {text}");
    }
}

#[test]
fn every_folder_of_the_program_is_a_room_with_its_arrows() {
    let mut unknown: Vec<String> =
        program().iter().filter(|source| source.path.matches('/').count() > 1).map(|source| source.room().to_owned()).collect();
    unknown.retain(|room| !ARROWS.iter().any(|(known, _)| known == room));
    assert_none("a folder of src is missing in ARROWS", unknown);
}

#[test]
fn files_functions_and_handlers_keep_their_size() {
    let mut longer = BTreeMap::new();
    for source in rust() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            longer.insert(source.path.clone(), lines);
        }
        for function in source.functions() {
            let handler = source.path.starts_with("src/web/")
                && function.signature.contains("async fn")
                && function.signature.contains("visit: Visit");
            if function.lines > if handler { HANDLER_LINES_MAX } else { FUNCTION_LINES_MAX } {
                longer.insert(format!("{} {}", source.path, function.name), function.lines);
            }
        }
    }
    let allowed: BTreeMap<String, usize> = LONGER.iter().map(|(name, lines)| ((*name).to_owned(), *lines)).collect();
    assert_eq!(longer, allowed, "left: what is too long now; right: what was when the limit came (make it shorter, or take the entry out)");
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = rust().into_iter().filter(|source| !source.text.starts_with("//! ")).map(|source| source.path).collect();
    assert_none("the first line is no `//! …`", silent);
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let empty_words = ["utils.rs", "util.rs", "helpers.rs", "common.rs", "manager.rs", "misc.rs"];
    let named = rust()
        .into_iter()
        .filter(|source| empty_words.iter().any(|word| source.path.ends_with(&format!("/{word}"))))
        .map(|source| source.path)
        .collect();
    assert_none("a name that says nothing", named);
}

#[test]
fn sql_is_made_in_one_file_and_of_constants() {
    let makers = program().into_iter().filter(|source| !source.path.starts_with("src/db/"));
    assert_none(
        "outside src/db",
        makers
            .flat_map(|source| source.lines_with(&["AssertSqlSafe", "sqlx::query", "raw_sql", "QueryBuilder", ".leak()", "::leak("]))
            .collect(),
    );
    let safe = program().into_iter().filter(|source| source.path.starts_with("src/db/") && source.path != "src/db/query.rs");
    assert_none("outside src/db/query.rs", safe.flat_map(|source| source.lines_with(&["AssertSqlSafe"])).collect());
}

#[test]
fn sql_stands_in_stores() {
    // The standing of a business belongs to the policy, and those who act without a person ask for it there.
    let store = "src/access/store.rs";
    let rooms = program().into_iter().filter(|source| ["web", "access", "kernel", "cli"].contains(&source.room()) && source.path != store);
    assert_none(
        "SQL in a room that has no store",
        rooms.flat_map(|source| source.lines_with(&["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE ", "\"WITH "])).collect(),
    );
}

#[test]
fn a_transaction_uses_no_other_connection() {
    let mut strays = Vec::new();
    for source in program() {
        for body in source.macro_bodies("tx!(") {
            let inside = body.split_once('|').map_or("", |(_, rest)| rest);
            let other =
                ["db.read(", "db.write(", "db.begin(", "db().read(", "db().write(", "(db,", "(&db,", "(db)", ", db)", ", db,", "pool"];
            let hits = inside.lines().filter(|line| !line.trim_start().starts_with("//") && other.iter().any(|word| line.contains(word)));
            strays.extend(hits.map(|line| format!("{}: {}", source.path, line.trim())));
        }
        let both = source
            .functions()
            .into_iter()
            .filter(|function| function.signature.contains("&mut Tx") && function.signature.contains("&Db"))
            .map(|function| function.name.to_owned());
        strays.extend(both.map(|name| format!("{}: {name} takes a transaction and a database", source.path)));
    }
    assert_none("a second connection while one holds a transaction", strays);
}

#[test]
fn money_credits_and_time_have_no_fractions_of_a_machine() {
    let models = program().into_iter().filter(|source| !["web", "paper"].contains(&source.room()));
    assert_none("a floating-point number", models.flat_map(|source| source.lines_with(&["f32", "f64"])).collect());
}

#[test]
fn nothing_is_left_open_skipped_or_slept_through() {
    // Put together here, so that this file does not find itself.
    let open = [["to", "do!("].concat(), ["unimple", "mented!("].concat(), ["FIX", "ME"].concat(), ["#[ig", "nore"].concat()];
    let open: Vec<&str> = open.iter().map(String::as_str).collect();
    assert_none("left open", rust().iter().flat_map(|source| source.lines_with(&open)).collect());
    let sleeps = [["thread::", "sleep("].concat(), ["time::", "sleep("].concat()];
    let sleeps: Vec<&str> = sleeps.iter().map(String::as_str).collect();
    assert_none("a test that sleeps", files(&["tests"], &[".rs"]).iter().flat_map(|source| source.lines_with(&sleeps)).collect());
}

#[test]
fn the_names_of_tests_are_sentences() {
    let mut short = Vec::new();
    for source in rust() {
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        for (index, _) in lines.iter().enumerate().filter(|(_, line)| **line == "#[test]" || **line == "#[tokio::test]") {
            let Some(line) = lines[index..].iter().find(|line| line.contains("fn ")) else { continue };
            let name = first_word(line.split("fn ").nth(1).unwrap_or_default());
            if name.matches('_').count() < 2 && !["on_sqlite", "on_postgres"].contains(&name) {
                short.push(format!("{}:{}: {name}", source.path, index + 1));
            }
        }
    }
    assert_none("a test whose name is no sentence", short);
}

#[test]
fn pages_hold_no_script_style_or_unescaped_text() {
    let forbidden = ["|safe", "| safe", "|escape(\"none\")", " style=", "<style", "javascript:", "<script>", "http://", "@import"];
    assert_none("in a template", templates().iter().flat_map(|source| source.lines_with(&forbidden)).collect());
    assert_none("an inline handler", templates().iter().flat_map(inline_handlers).collect());
}

/// Attributes such as `onclick=`.
fn inline_handlers(source: &Source) -> Vec<String> {
    let is_handler = |word: &str| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.len() > 3 && name.starts_with("on") && name.chars().all(|letter| letter.is_ascii_lowercase()))
    };
    let hits = source.text.lines().enumerate().filter(|(_, line)| line.split_whitespace().any(is_handler));
    hits.map(|(index, line)| format!("{}:{}: {}", source.path, index + 1, line.trim())).collect()
}

#[test]
fn license_is_spelled_one_way_and_no_path_is_of_one_machine() {
    let other_spelling = ["licen", "ce"].concat();
    let capital = ["Licen", "ce"].concat();
    let homes = [["/ho", "me/"].concat(), ["/ro", "ot/"].concat(), ["/Us", "ers/"].concat(), ["/wo", "rk/"].concat()];
    let mut words: Vec<&str> = vec![&other_spelling, &capital];
    words.extend(homes.iter().map(String::as_str));
    let everything = files(
        &["src", "tests", "templates", "static", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"],
        &[".rs", ".html", ".txt", ".css", ".js", ".md", ".toml"],
    );
    let hits = everything.iter().flat_map(|source| {
        let lines = source.text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        lines.map(|(index, line)| format!("{}:{}: {}", source.path, index + 1, line.trim())).collect::<Vec<_>>()
    });
    assert_none("another spelling, or a path of one machine", hits.collect());
}

#[test]
fn sheets_and_scripts_stay_within_their_budget() {
    for (name, served_max) in [("static/app.css", 28 * 1024), ("static/app.js", 6 * 1024)] {
        let (stem, extension) = name["static/".len()..].split_once('.').expect("a name with an extension");
        let is_it = |asset: &&assets::Asset| asset.url.starts_with(&format!("/static/{stem}.")) && asset.url.ends_with(extension);
        let served = assets::ASSETS.iter().find(is_it).unwrap_or_else(|| panic!("{name} is not served")).raw.len();
        assert!(served <= served_max, "{name} is served with {served} bytes, {served_max} are allowed");
        let file = files(&[name], &[""]).pop().unwrap_or_else(|| panic!("{name} is missing"));
        let foreign = ["url(", "@import", "http://", "https://", "eval(", "innerHTML"];
        assert_none("in a sheet or script", file.lines_with(&foreign));
    }
}

#[test]
fn every_table_of_sqlite_is_strict() {
    for source in files(&["migrations/sqlite"], &[".sql"]) {
        assert_eq!(source.text.matches("CREATE TABLE").count(), source.text.matches(") STRICT;").count(), "{}", source.path);
    }
}
