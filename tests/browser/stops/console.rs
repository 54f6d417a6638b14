//! Stops in the console of a business with licenses, seen by people of each role.

use super::{Looks, at};
use crate::support::Desk;
use crate::support::portal::Portal;
use chrono::TimeDelta;

const PLAN: &str =
    "/console/credits/planner?months=36&a=units.endpoint-security.core.400.20270101T000000Z&a=added.500.20270601T000000Z.once";

pub async fn console(portal: &Portal, desk: &Desk, looks: &mut impl Looks) {
    portal.clock.advance(TimeDelta::days(40));
    desk.sign_in_anew("admin@acme.example").await;
    for (path, name) in [
        ("/console", "console"),
        ("/console/licenses", "licenses"),
        ("/console/licenses?q=nothing", "licenses-no-match"),
        ("/console/credits", "credits"),
        ("/console/credits/calculator", "calculator"),
        ("/console/credits/calculator?years=3&endpoint-security_core=100&endpoint-security_core_pro=10", "calculator-result"),
        ("/console/credits/calculator?years=9&endpoint-security_core=x", "calculator-problems"),
        ("/console/credits/scenarios", "scenarios-empty"),
        ("/console/credits/planner?months=36", "planner"),
        ("/console/credits/planner?months=12&add=credits&credits=0", "planner-problems"),
        (PLAN, "planner-negative"),
        ("/console/credits?month=2026-03", "credits-month"),
        ("/console/credits?tab=solutions&q=nothing", "credits-solutions-no-match"),
        ("/console/credits/allocation", "allocation"),
        ("/console/credits/allocation/endpoint-security/core", "allocation-feature"),
        ("/console/credits/allocation/endpoint-security/core?units=1,000", "allocation-preview"),
        ("/console/credits/allocation/endpoint-security/core?units=many", "allocation-problem"),
        ("/console/credits/allocation/endpoint-security/core/entries", "allocation-entries-empty"),
        ("/console/team", "team"),
        ("/console/team/invitations", "team-invite"),
        ("/console/audit", "audit"),
        ("/account", "account"),
        ("/account/password", "account-password"),
    ] {
        at(desk, looks, path, name).await;
    }
    scenarios(desk, looks).await;
    desk.open("/console/licenses").await;
    desk.click("Trend Vision One").await;
    looks.look(desk, "license").await;
    desk.open("/console/credits").await;
    desk.tab("All available solutions").await;
    looks.look(desk, "credits-solutions").await;
    desk.open("/console/team/invitations").await;
    desk.press("Send the invitation").await;
    desk.expect_text("There is a problem").await;
    looks.look(desk, "team-invite-problems").await;
    desk.sign_in_anew("member@acme.example").await;
    at(desk, looks, "/console", "console-of-a-member").await;
    at(desk, looks, "/console/licenses", "no-permission").await;
    desk.sign_in_anew("admin@globex.example").await;
    at(desk, looks, "/console", "console-empty").await;
    at(desk, looks, "/console/licenses", "licenses-empty").await;
}

async fn scenarios(desk: &Desk, looks: &mut impl Looks) {
    for (name, units) in [("Offices", "100"), ("Offices and plants", "1200")] {
        desk.open(&format!("/console/credits/new-scenario?years=2&endpoint-security_core={units}&endpoint-security_xdr=100")).await;
        looks.look(desk, "scenario-keep").await;
        desk.fill("Name", name).await;
        desk.press("Keep the scenario").await;
        desk.expect_heading(name).await;
    }
    looks.look(desk, "scenario").await;
    at(desk, looks, "/console/credits/scenarios", "scenarios").await;
    let ids = ["Offices", "Offices and plants"].map(|name| format!("//a[text()='{name}']"));
    let mut chosen = Vec::new();
    for id in ids {
        chosen.push(desk.attribute_of(&id, "href").await.rsplit('/').next().unwrap_or_default().to_owned());
    }
    at(desk, looks, &format!("/console/credits/compare?a={}&b={}", chosen[0], chosen[1]), "scenario-compare").await;
}
