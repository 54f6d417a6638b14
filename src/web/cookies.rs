//! The program's cookies. Every one is made here, so every one has the same attributes (quality D2).

use actix_web::cookie::{Cookie, SameSite, time::Duration};

/// The sign-in.
pub const SESSION: &str = "session";
/// A random value that form tokens are bound to before sign-in.
pub const VISIT: &str = "visit";
/// The outcome of the request before, shown once.
pub const FLASH: &str = "flash";
/// The handle of the registration that this browser holds; survives sign-in and sign-out (SET-8).
pub const SETUP: &str = "setup";
/// The browser's time zone, an IANA name, set by script; no secret and no authority.
pub const ZONE: &str = "tz";

/// How cookies are made for the program's public address.
#[derive(Clone, Copy, Debug)]
pub struct Jar {
    /// On https, and on loopback, where browsers take Secure cookies over plain HTTP.
    pub secure: bool,
}

impl Jar {
    /// The name as the browser sees it: with the `__Host-` prefix where cookies are Secure.
    #[must_use]
    pub fn name(self, cookie: &str) -> String {
        if self.secure { format!("__Host-{cookie}") } else { cookie.to_owned() }
    }

    /// A cookie of this browser session.
    #[must_use]
    pub fn make(self, cookie: &str, value: String) -> Cookie<'static> {
        Cookie::build(self.name(cookie), value).path("/").secure(self.secure).http_only(true).same_site(SameSite::Lax).finish()
    }

    /// One that the browser keeps for a while.
    #[must_use]
    pub fn make_lasting(self, cookie: &str, value: String, seconds: i64) -> Cookie<'static> {
        let mut made = self.make(cookie, value);
        made.set_max_age(Duration::seconds(seconds));
        made
    }

    /// Takes a cookie away from the browser.
    #[must_use]
    pub fn remove(self, cookie: &str) -> Cookie<'static> {
        self.make_lasting(cookie, String::new(), 0)
    }
}
