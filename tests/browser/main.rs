//! Journeys through the portal in a real browser: Debian's Chromium, driven by its driver, against the real application
//! on a free port. `tests/run` installs both and fetches axe-core.

#![expect(clippy::expect_used, reason = "a test that cannot go on has failed; the allowance for tests does not reach functions they call")]

mod support;

mod accessibility;
mod journey;
mod layout;
mod pay_as_you_go;
mod set_up;
mod stops;
mod two_sides;
mod years;
