//! axe finds nothing: WCAG 2.2 AA on every page in every state, in both themes, on a phone and on a desk; and at 320 px
//! no page scrolls sideways. Run with `CREDITDESK_PICTURES=folder` it also keeps a picture of each stop.

use crate::stops::{Looks, walk};
use crate::support::axe;
use crate::support::portal::Portal;
use crate::support::{Desk, in_runtime};
use std::path::PathBuf;

/// Points 3, 8 and 11 of the pages, and the content security policy seen from the browser.
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

struct Inspector {
    found: Vec<String>,
    stops: usize,
    pictures: Option<PathBuf>,
}

impl Looks for Inspector {
    async fn look(&mut self, desk: &Desk, name: &str) {
        self.stops += 1;
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
            let wide: i64 = desk.evaluate("return document.scrollingElement.scrollWidth").await;
            if wide > i64::from(width) {
                self.found.push(format!("{name}: scrolls sideways at {width} px, {wide} px wide"));
            }
        }
        self.found.extend(desk.complaints().await.into_iter().map(|line| format!("{name}: {line}")));
    }
}
