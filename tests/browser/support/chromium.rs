//! A Chromium of one test's own, with an empty profile, and the driver process behind it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::{CapabilitiesHelper, DesiredCapabilities, WebDriver};

/// A browser and everything that has to end with it.
pub struct Chromium {
    /// Speaks to it.
    pub driver: WebDriver,
    process: Child,
    _profile: TempDir,
}

impl Chromium {
    /// Starts one. Without scripts it is a browser in which somebody has switched JavaScript off for all sites.
    pub async fn start(scripts: bool) -> Self {
        let (process, port) = tokio::task::spawn_blocking(start_driver).await.expect("a driver that starts");
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut wanted = DesiredCapabilities::chrome();
        let folder = format!("--user-data-dir={}", profile.path().display());
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--no-default-browser-check",
            "--force-color-profile=srgb",
            "--window-size=1280,900",
            &folder,
        ] {
            wanted.add_arg(argument).expect("an argument");
        }
        if !scripts {
            let off = serde_json::json!({ "profile.managed_default_content_settings.javascript": 2, "profile.default_content_setting_values.javascript": 2 });
            wanted.add_experimental_option("prefs", off).expect("an option");
        }
        wanted.set("goog:loggingPrefs", serde_json::json!({ "browser": "ALL" })).expect("a capability");
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.expect("a browser: is Debian's chromium installed?");
        Self { driver, process, _profile: profile }
    }

    /// Shows pages as on a screen of this size and in this theme.
    pub async fn show_as(&self, width: u32, height: u32, theme: &str) {
        let size = serde_json::json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let features = serde_json::json!({ "media": "", "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        let tools = self.driver.cdp();
        tools.send_raw("Emulation.setDeviceMetricsOverride", size).await.expect("a screen of this size");
        tools.send_raw("Emulation.setEmulatedMedia", features).await.expect("a theme");
    }

    /// As on paper of this width in CSS pixels.
    pub async fn print_as(&self, width: u32) {
        let size = serde_json::json!({ "width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": false });
        let tools = self.driver.cdp();
        tools.send_raw("Emulation.setDeviceMetricsOverride", size).await.expect("paper of this width");
        tools.send_raw("Emulation.setEmulatedMedia", serde_json::json!({ "media": "print" })).await.expect("paper");
    }

    /// As on a system whose owner asked for no motion.
    pub async fn calm(&self) {
        let features = serde_json::json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", features).await.expect("a calm page");
    }

    /// Closes it.
    pub async fn close(self) {
        self.driver.clone().quit().await.ok();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked politely the driver takes its browser with it.
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().ok();
        self.process.wait().ok();
    }
}

/// The driver takes a free port of IPv4 and gives up when somebody has the same one of IPv6; then another is tried.
fn start_driver() -> (Child, u16) {
    (0..5).find_map(|_| try_driver()).expect("a driver that says on which port it listens")
}

fn try_driver() -> Option<(Child, u16)> {
    let mut process = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver: tests/run installs it (Debian: chromium-driver)");
    let said = process.stdout.take().expect("its output");
    let (tell, hear) = std::sync::mpsc::channel();
    std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
    let ready = hear.iter().find_map(|line| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok());
    if ready.is_none() {
        process.wait().ok();
    }
    ready.map(|port| (process, port))
}
