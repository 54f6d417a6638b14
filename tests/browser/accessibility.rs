//! axe finds nothing: WCAG 2.2 AA on every page in every state, in both themes, on a phone and on a desk; and at 320 px
//! no page scrolls sideways. Run with `CREDITDESK_PICTURES=folder` it also keeps a picture of each stop.

use crate::stops::{Looks, walk};
use crate::support::axe;
use crate::support::portal::Portal;
use crate::support::{Desk, in_runtime};
use std::path::PathBuf;

/// Points 3, 8, 9, 10, 11 and 53 of the pages, and the content security policy seen from the browser.
#[test]
fn nobody_is_kept_from_any_page_in_any_state() {
    in_runtime(async {
        let portal = Portal::start().await;
        let mut inspector = Inspector { found: Vec::new(), stops: 0, pictures: std::env::var_os("CREDITDESK_PICTURES").map(PathBuf::from) };
        walk(&portal, &mut inspector).await;
        portal.stop().await;
        assert!(inspector.stops >= 75, "only {} stops", inspector.stops);
        assert!(inspector.found.is_empty(), "{} problems:\n{}", inspector.found.len(), inspector.found.join("\n"));
    });
}

/// What is left of A4 between margins of 16 mm, in CSS pixels.
const A4_WIDTH: u32 = 673;

/// WCAG 1.4.4.
const LARGE_TEXT: &str =
    "const large = new CSSStyleSheet(); large.replaceSync(':root { font-size: 200% }'); document.adoptedStyleSheets = [large]";

/// WCAG 1.4.12, with its own figures.
const WIDE_SPACING: &str = "const wide = new CSSStyleSheet(); wide.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-block-end: 2em !important }'); document.adoptedStyleSheets = [wide]";

struct Inspector {
    found: Vec<String>,
    stops: usize,
    pictures: Option<PathBuf>,
}

impl Inspector {
    async fn expect_to_fit(&mut self, desk: &Desk, name: &str, width: u32, how: &str) {
        let wide: i64 = desk.evaluate("return document.scrollingElement.scrollWidth").await;
        if wide > i64::from(width) {
            self.found.push(format!("{name}: does not fit into {width} px {how}, {wide} px wide"));
        }
    }
}

impl Looks for Inspector {
    async fn look(&mut self, desk: &Desk, name: &str) {
        self.stops += 1;
        let known = self.found.len();
        for (width, height) in [(390, 844), (1280, 900)] {
            for theme in ["light", "dark"] {
                desk.chromium.show_as(width, height, theme).await;
                let violations = axe::violations(&desk.chromium.driver).await;
                self.found.extend(violations.into_iter().map(|line| format!("{name} {width} {theme}: {line}")));
                if let Some(folder) = &self.pictures {
                    std::fs::create_dir_all(folder).expect("a folder for pictures");
                    desk.picture(&folder.join(format!("{name}-{width}-{theme}.png"))).await;
                }
            }
        }
        for width in [320, 1280] {
            desk.chromium.show_as(width, 800, "light").await;
            self.expect_to_fit(desk, name, width, "").await;
        }
        desk.chromium.show_as(640, 800, "light").await;
        for (wish, sheet) in [("twice as large text", LARGE_TEXT), ("wide spacing", WIDE_SPACING)] {
            let _: i64 = desk.evaluate(&format!("{sheet}; return 1")).await;
            self.expect_to_fit(desk, name, 640, wish).await;
        }
        let _: i64 = desk.evaluate("document.adoptedStyleSheets = []; return 1").await;
        desk.chromium.print_as(A4_WIDTH).await;
        self.expect_to_fit(desk, name, A4_WIDTH, "on paper").await;
        desk.chromium.show_as(1280, 800, "light").await;
        self.found.extend(desk.complaints().await.into_iter().map(|line| format!("{name}: {line}")));
        // Told at once, because a walk that cannot go on ends before the last line.
        for line in &self.found[known..] {
            eprintln!("{line}");
        }
    }
}
