//! The policy printed in full and compared with the table that was reviewed. A change of the policy is a change of
//! `tests/portal/golden/policy.txt`, which `CREDITDESK_ACCEPT=1 cargo test policy` writes.

use super::{Action, Actor, BusinessRole, BuyerRole, BuyerSeat, Lengths, Membership, Phase, Refused, StaffRole, allows, phase};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId, SessionReference};
use std::fmt::Write;
use std::path::Path;

fn nobody() -> Actor {
    Actor {
        person: PersonId::generate(),
        name: "Nobody".to_owned(),
        email: "nobody@acme.example".to_owned(),
        time_zone: None,
        session: SessionReference::generate(),
        memberships: Vec::new(),
        seats: Vec::new(),
        staff: Vec::new(),
        business: None,
        buyer: None,
    }
}

fn member(role: BusinessRole) -> Actor {
    let business = BusinessId::generate();
    Actor {
        memberships: vec![Membership { business, name: "Acme".to_owned(), role, phase: Phase::Active }],
        business: Some(business),
        ..nobody()
    }
}

fn buyer(role: BuyerRole) -> Actor {
    let account = "111122223333".to_owned();
    Actor { seats: vec![BuyerSeat { account: account.clone(), name: "Acme".to_owned(), role }], buyer: Some(account), ..nobody() }
}

fn staff(role: StaffRole) -> Actor {
    Actor { staff: vec![role], ..nobody() }
}

/// Everybody whom the policy tells apart.
fn actors() -> Vec<(String, Actor)> {
    let mut actors = vec![("no role".to_owned(), nobody())];
    actors.extend(BuyerRole::ALL.iter().map(|role| (role.label().to_owned(), buyer(*role))));
    actors.extend(BusinessRole::ALL.iter().map(|role| (role.label().to_owned(), member(*role))));
    actors.extend(StaffRole::ALL.iter().map(|role| (role.label().to_owned(), staff(*role))));
    actors
}

/// Every business role in every phase, at its first instant.
fn actors_by_phase() -> Vec<(String, Actor)> {
    let ended: Timestamp = "2027-03-02T09:00:00Z".parse().expect("an instant");
    let mut actors = Vec::new();
    for (days, name) in [(0, "grace"), (30, "locked"), (60, "closed")] {
        let phase = phase(Some(ended), ended + chrono::TimeDelta::days(days), Lengths::default());
        for role in BusinessRole::ALL {
            let mut actor = member(*role);
            actor.memberships[0].phase = phase;
            actors.push((format!("{} {name}", role.label()), actor));
        }
    }
    actors
}

fn printed() -> String {
    let mut table = String::from("Who may do what. yes: may; role: has a part in it, but not the role; -: has no part in it.\n\n");
    print(&mut table, &actors());
    table.push_str("\nThe same in a business whose last license ended (EXP-2). locked, closed: would be told so.\n\n");
    print(&mut table, &actors_by_phase());
    table
}

fn print(table: &mut String, actors: &[(String, Actor)]) {
    let wide = Action::ALL.iter().map(|action| action.as_str().len()).max().unwrap_or(0);
    write!(table, "{:wide$}", "").expect("a string");
    for (name, _) in actors {
        write!(table, " | {name}").expect("a string");
    }
    table.push('\n');
    for action in Action::ALL {
        write!(table, "{:wide$}", action.as_str()).expect("a string");
        for (name, actor) in actors {
            let cell = match allows(actor, *action) {
                Ok(()) => "yes",
                Err(Refused::NeedsRole(_)) => "role",
                Err(Refused::NoPart) => "-",
                Err(Refused::Locked { .. }) => "locked",
                Err(Refused::Closed { .. }) => "closed",
            };
            write!(table, " | {cell:width$}", width = name.len()).expect("a string");
        }
        let trimmed = table.trim_end().len();
        table.truncate(trimmed);
        table.push('\n');
    }
}

/// IDN-2, IDN-3, IDN-4, EXP-2: who may do what, in which phase of the business, is one table, and it is the one that was reviewed.
#[test]
fn the_policy_is_the_reviewed_table() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/portal/golden/policy.txt");
    if std::env::var_os("CREDITDESK_ACCEPT").is_some() {
        std::fs::write(&golden, printed()).expect("the golden table can be written");
    }
    let reviewed = std::fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(printed(), reviewed, "run with CREDITDESK_ACCEPT=1 and review the difference");
}

/// IDN-3: the three kinds of role are independent; somebody with one of each may do what any of them may, and no more.
#[test]
fn roles_of_the_three_kinds_add_up_and_do_not_mix() {
    for (staff_role, business_role, buyer_role) in StaffRole::ALL.iter().flat_map(|staff| {
        BusinessRole::ALL.iter().flat_map(move |business| BuyerRole::ALL.iter().map(move |buyer| (*staff, *business, *buyer)))
    }) {
        let (seated, employed) = (buyer(buyer_role), member(business_role));
        let all = Actor { seats: seated.seats.clone(), buyer: seated.buyer.clone(), staff: vec![staff_role], ..employed.clone() };
        for action in Action::ALL {
            let any = [&seated, &employed, &staff(staff_role)].iter().any(|one| allows(one, *action).is_ok());
            assert_eq!(allows(&all, *action).is_ok(), any, "{action} as {staff_role}, {business_role}, {buyer_role}");
        }
    }
}

/// IDN-4: a role in one business is none in another, and staff are members of no business by their role.
#[test]
fn a_role_counts_only_where_it_was_given() {
    let mut elsewhere = member(BusinessRole::Administrator);
    elsewhere.business = Some(BusinessId::generate());
    let mut other_account = buyer(BuyerRole::Purchaser);
    other_account.buyer = Some("999999999999".to_owned());
    for action in Action::ALL.iter().filter(|action| **action != Action::UseAccount) {
        assert_eq!(allows(&elsewhere, *action), Err(Refused::NoPart), "{action}");
        assert_eq!(allows(&other_account, *action), Err(Refused::NoPart), "{action}");
    }
    for role in StaffRole::ALL {
        assert_eq!(allows(&staff(*role), Action::SeeLicenses), Err(Refused::NoPart));
        assert_eq!(allows(&staff(*role), Action::SeePurchases), Err(Refused::NoPart));
    }
}
