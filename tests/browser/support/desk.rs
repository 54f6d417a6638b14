//! A person at a desk: opens addresses, finds things by the names that are written on them, and uses them with a mouse or
//! with the keyboard alone.

use super::chromium::Chromium;
use super::portal::Portal;
use creditdesk::demo::PASSWORD;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;

/// A page has to be reached by then.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What another program has to hear first is looked for this often, for a minute and a half.
const LOAD_AGAIN: Duration = Duration::from_millis(500);
const LOADS: usize = 180;
/// More stops than this to reach something would tire anybody.
const TABS_MAX: usize = 60;

/// How the person uses the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    Mouse,
    /// Never touches the mouse: Tab, arrows, Space and Enter only.
    Keyboard,
    /// A mouse, and JavaScript switched off.
    MouseWithoutScripts,
}

/// The person, the browser, and the portal's address.
pub struct Desk {
    /// The browser.
    pub chromium: Chromium,
    origin: String,
    hands: Hands,
}

/// Tells a journey with a portal and one browser; both end with it, also when it fails.
pub fn visit<F>(hands: Hands, journey: F)
where
    F: AsyncFnOnce(&Portal, &Desk),
{
    in_runtime(async {
        let portal = Portal::start().await;
        let desk = Desk::open_at(&portal, hands).await;
        let told = AssertUnwindSafe(journey(&portal, &desk)).catch_unwind().await;
        let shown = if told.is_err() { desk.describe().await } else { String::new() };
        desk.chromium.close().await;
        portal.stop().await;
        if let Err(failure) = told {
            eprintln!("the page at that moment: {shown}");
            std::panic::resume_unwind(failure);
        }
    });
}

/// Runs a story to its end.
pub fn in_runtime(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(story);
    runtime.shutdown_timeout(Duration::from_secs(10));
}

impl Desk {
    /// Another desk at the same portal.
    pub async fn open_at(portal: &Portal, hands: Hands) -> Self {
        Self::open_at_address(&portal.origin, hands).await
    }

    /// A desk at any address.
    pub async fn open_at_address(origin: &str, hands: Hands) -> Self {
        let chromium = Chromium::start(hands != Hands::MouseWithoutScripts).await;
        Self { chromium, origin: origin.to_owned(), hands }
    }

    /// Goes on at another address in the same browser.
    pub fn turn_to(&mut self, origin: &str) {
        origin.clone_into(&mut self.origin);
    }

    fn driver(&self) -> &WebDriver {
        &self.chromium.driver
    }

    /// Whether this browser runs scripts.
    pub fn scripts(&self) -> bool {
        self.hands != Hands::MouseWithoutScripts
    }

    /// Whether the page has this now.
    pub async fn has(&self, xpath: &str) -> bool {
        !self.driver().find_all(By::XPath(xpath)).await.expect("a query that the driver understands").is_empty()
    }

    /// Text of the first such element.
    pub async fn text_of(&self, xpath: &str) -> String {
        let Some(element) = self.wait_for(xpath).await else { panic!("no {xpath}; {}", self.describe().await) };
        element.text().await.expect("its text")
    }

    /// An attribute of the first such element.
    pub async fn attribute_of(&self, xpath: &str, name: &str) -> String {
        let Some(element) = self.wait_for(xpath).await else { panic!("no {xpath}; {}", self.describe().await) };
        element.attr(name.to_owned()).await.expect("an attribute").unwrap_or_default()
    }

    /// Types an address, once the page that is open has arrived: one that is still under way would take its place.
    pub async fn open(&self, path: &str) {
        self.settle().await;
        self.driver().goto(format!("{}{path}", self.origin)).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Waits until the open page is loaded.
    async fn settle(&self) {
        let mut glances = tokio::time::interval(LOOK_AGAIN);
        for _ in 0..200 {
            glances.tick().await;
            let state = self.driver().execute("return document.readyState", Vec::new()).await;
            if state.is_ok_and(|state| state.json() == "complete") {
                return;
            }
        }
    }

    /// The path and query of the open page.
    pub async fn address(&self) -> String {
        let url = self.driver().current_url().await.expect("an address");
        url.as_str().trim_start_matches(&self.origin).to_owned()
    }

    /// Waits until the page with a heading that holds these words is there.
    pub async fn expect_heading(&self, words: &str) {
        let xpath = format!("//h1[contains(normalize-space(), {})]", quoted(words));
        assert!(self.wait_for(&xpath).await.is_some(), "no heading {words:?}; {}", self.describe().await);
    }

    /// Waits until these words can be read.
    pub async fn expect_text(&self, words: &str) {
        let xpath = format!("//*[not(self::script)][contains(normalize-space(), {})]", quoted(words));
        assert!(self.wait_for(&xpath).await.is_some(), "nowhere {words:?}; {}", self.describe().await);
    }

    /// Whether these words stand in the page now.
    pub async fn shows(&self, words: &str) -> bool {
        self.text().await.contains(words)
    }

    /// All visible text.
    pub async fn text(&self) -> String {
        self.driver().find(By::Tag("body")).await.expect("a body").text().await.expect("its text")
    }

    /// The value beside this name in a list of facts or figures.
    pub async fn fact(&self, name: &str) -> String {
        let xpath = format!("//dt[normalize-space()={}]/following-sibling::dd[1]", quoted(name));
        let Some(value) = self.wait_for(&xpath).await else { panic!("no {name:?}; {}", self.describe().await) };
        value.text().await.expect("its text")
    }

    /// Opens the link of this name.
    pub async fn click(&self, name: &str) {
        self.activate(&format!("//a[@href][normalize-space()={}]", quoted(name)), name).await;
    }

    /// Opens the tab of this name.
    pub async fn tab(&self, name: &str) {
        self.activate(&format!("//nav[contains(@class, 'tabs')]//a[normalize-space()={}]", quoted(name)), name).await;
    }

    /// Presses the button whose name is this or starts with it.
    pub async fn press(&self, name: &str) {
        self.activate(
            &format!("//button[@type='submit'][normalize-space()={0} or starts-with(normalize-space(), {0})]", quoted(name)),
            name,
        )
        .await;
    }

    /// Types into the field of this label, in place of what is there.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.labelled(label).await;
        if self.hands == Hands::Keyboard {
            self.tab_to(&field, label).await;
            field.send_keys(Key::Control + "a").await.expect("keys");
            self.driver().active_element().await.expect("a focus").send_keys(text).await.expect("keys");
        } else {
            field.clear().await.expect("an empty field");
            field.send_keys(text).await.expect("keys");
        }
    }

    /// Ticks the box whose label holds these words.
    pub async fn tick(&self, words: &str) {
        let field = self.labelled(words).await;
        if self.hands == Hands::Keyboard {
            self.tab_to(&field, words).await;
            field.send_keys(" ").await.expect("keys");
        } else {
            field.click().await.expect("a box");
        }
        assert!(field.is_selected().await.expect("its state"), "{words} is ticked");
    }

    /// Chooses the answer of a group, also one that is chosen already.
    pub async fn choose(&self, answer: &str) {
        let field = self.labelled(answer).await;
        if self.hands == Hands::Keyboard {
            let name = field.attr("name").await.expect("an attribute").unwrap_or_default();
            self.tab_to_any(&format!("input[name='{name}']"), answer).await;
            for _ in 0..10 {
                if field.is_selected().await.expect("its state") {
                    return;
                }
                self.driver().active_element().await.expect("a focus").send_keys(Key::Down + "").await.expect("keys");
            }
            panic!("the arrows do not reach {answer:?}");
        }
        field.click().await.expect("an answer");
    }

    /// Signs in on the open sign-in page.
    pub async fn sign_in(&self, email: &str) {
        self.fill("Email", email).await;
        self.fill("Password", PASSWORD).await;
        self.press("Sign in").await;
    }

    /// Signs in, starting anywhere.
    pub async fn sign_in_anew(&self, email: &str) {
        self.open("/sign-in").await;
        self.expect_heading("Sign in").await;
        self.sign_in(email).await;
        let left = format!("//*[contains(@class, 'person') and @title={}]", quoted(email));
        assert!(self.wait_for(&left).await.is_some(), "{email} is not signed in; {}", self.describe().await);
    }

    async fn labelled(&self, words: &str) -> WebElement {
        let label = format!("//label[starts-with(normalize-space(), {0}) or contains(normalize-space(), {0})]", quoted(words));
        let Some(label) = self.wait_for(&label).await else { panic!("no label {words:?}; {}", self.describe().await) };
        let id = label.attr("for").await.expect("an attribute").unwrap_or_default();
        self.driver().find(By::Id(&id)).await.unwrap_or_else(|error| panic!("{words:?} labels nothing: {error}"))
    }

    /// Clicks, or presses Enter on, what the page has there. A page that is replaced between the search and the click
    /// takes its elements with it: then nothing was clicked, and the new page is searched.
    async fn activate(&self, xpath: &str, name: &str) {
        for _ in 0..5 {
            let Some(target) = self.wait_for(xpath).await else { panic!("no {name:?}; {}", self.describe().await) };
            if self.hands == Hands::Keyboard {
                self.tab_to(&target, name).await;
                target.send_keys(Key::Enter + "").await.expect("keys");
                return;
            }
            match target.click().await {
                Ok(()) => return,
                Err(gone) if matches!(*gone, WebDriverErrorInner::StaleElementReference(_)) => {}
                Err(error) => panic!("{name:?} cannot be clicked: {error}"),
            }
        }
        panic!("{name:?} is replaced again and again; {}", self.describe().await);
    }

    /// Tab until the focus is on it.
    async fn tab_to(&self, target: &WebElement, name: &str) {
        for _ in 0..TABS_MAX {
            let active = self.driver().active_element().await.expect("a focus");
            if active.element_id() == target.element_id() {
                return;
            }
            active.send_keys(Key::Tab + "").await.expect("keys");
        }
        panic!("{name:?} is not reached by {TABS_MAX} tabs; {}", self.describe().await);
    }

    async fn tab_to_any(&self, css: &str, name: &str) {
        let targets = self.driver().find_all(By::Css(css)).await.expect("elements");
        for _ in 0..TABS_MAX {
            let active = self.driver().active_element().await.expect("a focus");
            if targets.iter().any(|target| target.element_id() == active.element_id()) {
                return;
            }
            active.send_keys(Key::Tab + "").await.expect("keys");
        }
        panic!("{name:?} is not reached by {TABS_MAX} tabs; {}", self.describe().await);
    }

    async fn wait_for(&self, xpath: &str) -> Option<WebElement> {
        self.driver().query(By::XPath(xpath)).wait(PATIENCE, LOOK_AGAIN).first_opt().await.expect("a query that the driver understands")
    }

    /// What a script of the page's own browser answers.
    pub async fn evaluate<T: serde::de::DeserializeOwned>(&self, script: &str) -> T {
        let answer = self.driver().execute(script.to_owned(), Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"));
        answer.convert().unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What an address answers to this browser's cookies, where it is a file and no page: its media type and its bytes.
    pub async fn fetch(&self, address: &str) -> (String, Vec<u8>) {
        let cookies = self.driver().get_all_cookies().await.expect("cookies");
        let held = cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect::<Vec<_>>().join("; ");
        let path = address.trim_start_matches(&self.origin);
        let request = reqwest::Client::new().get(format!("{}{path}", self.origin)).header("cookie", held);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let kind = answer.headers()["content-type"].to_str().expect("a media type").to_owned();
        (kind, answer.bytes().await.expect("a body").to_vec())
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.driver().refresh().await.expect("a page");
    }

    /// Opens a page until it has this: another program has to hear of something first.
    pub async fn open_until(&self, path: &str, xpath: &str) {
        let mut glances = tokio::time::interval(LOAD_AGAIN);
        for _ in 0..LOADS {
            glances.tick().await;
            self.open(path).await;
            self.settle().await;
            if self.has(xpath).await {
                return;
            }
        }
        panic!("{path} never has {xpath}; {}", self.describe().await);
    }

    /// Goes back.
    pub async fn back(&self) {
        self.driver().back().await.expect("a page before");
    }

    /// Keeps a picture of what is shown.
    pub async fn picture(&self, file: &std::path::Path) {
        self.driver().screenshot(file).await.expect("a picture");
    }

    /// What the browser complained about since the last time: refused by the policy, scripts that failed. That an error page
    /// came with its status is no complaint.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.driver().browser_log().await.expect("the browser's log");
        let lines = log.into_iter().map(|entry| format!("{entry:?}"));
        lines
            .filter(|line| !line.contains("responded with a status of 4") && (line.contains("SEVERE") || line.contains("Severe")))
            .collect()
    }

    /// Address and beginning of the page, for a failure.
    pub async fn describe(&self) -> String {
        let text: String = self.text().await.chars().take(1_500).collect();
        format!("{}: {text}", self.address().await)
    }
}

/// The words as an `XPath` text.
fn quoted(words: &str) -> String {
    if words.contains('\'') { format!("\"{words}\"") } else { format!("'{words}'") }
}
