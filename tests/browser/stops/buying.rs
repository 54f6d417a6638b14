//! Stops before anybody signs in, and at the marketplace of a buyer.

use super::{LISTING, Looks, at, contract};
use crate::support::Desk;

pub async fn outside(desk: &Desk, looks: &mut impl Looks) {
    for (path, name) in [
        ("/marketplace", "search"),
        ("/marketplace?q=trend", "search-result"),
        ("/marketplace?q=no+such+thing", "search-no-match"),
        (LISTING, "listing"),
        ("/marketplace/pp/prodview-u2in6sa3igl7c/contract", "contract-signed-out"),
        ("/setup", "setup-without-purchase"),
        ("/sign-in", "sign-in"),
        ("/register", "register"),
        ("/register/check-mail", "register-check-mail"),
        ("/password/forgot", "password-forgot"),
        ("/password/forgot/check-mail", "password-check-mail"),
        ("/password/reset/unknown", "password-link-over"),
        ("/invitations/unknown", "invitation-link-over"),
        ("/help", "help"),
        ("/demonstration/mail", "demonstration-mail"),
        ("/styleguide", "styleguide"),
        ("/no/such/page", "not-found"),
    ] {
        at(desk, looks, path, name).await;
    }
    desk.open("/sign-in").await;
    desk.fill("Email", "nobody@acme.example").await;
    desk.fill("Password", "wrong").await;
    desk.press("Sign in").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "sign-in-problem").await;
    desk.open("/register").await;
    desk.press("Send the link").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "register-problems").await;
}

pub async fn purchases(desk: &Desk, looks: &mut impl Looks) {
    desk.sign_in_anew("buyer@globex.example").await;
    at(desk, looks, "/marketplace/subscriptions", "subscriptions-empty").await;
    at(desk, looks, "/console", "console-without-a-part").await;
    desk.sign_in_anew("buyer@initech.example").await;
    desk.open("/account").await;
    desk.press("Switch to Initech (payment declined)").await;
    desk.expect_heading("Products").await;
    contract(desk, "100").await;
    desk.press("Pay now").await;
    desk.expect_text("declined").await;
    looks.look(desk, "payment-declined").await;
    desk.open("/account").await;
    desk.press("Switch to Initech (payment approved later)").await;
    desk.expect_heading("Products").await;
    contract(desk, "100").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your payment is pending").await;
    looks.look(desk, "payment-pending").await;
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open(&format!("{LISTING}/contract")).await;
    looks.look(desk, "contract").await;
    desk.fill("Number of credits", "1").await;
    desk.press("Create contract").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "contract-problems").await;
    contract(desk, "10,000").await;
    looks.look(desk, "review").await;
    desk.press("Pay now").await;
    desk.expect_heading("Your purchase is complete").await;
    looks.look(desk, "receipt").await;
}
