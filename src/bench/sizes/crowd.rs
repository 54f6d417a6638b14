//! Businesses with licenses by the thousand, written as rows: use cases would take hours for a million. Every row keeps
//! every constraint, and its figures add up as those of the use cases do: a contract with its licenses, a credit entry a
//! license, and allocation as double entry.

use super::charged::Charged;
use crate::db::{Db, Engine, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{AllocationEntryId, BusinessId, ContractId, CreditEntryId, LicenseId, PersonId};
use crate::kernel::random;
use crate::kernel::text::search_key;
use chrono::TimeDelta;

/// Licenses of every business of the crowd.
pub const LICENSES_EACH: usize = 100;

/// Businesses of a transaction.
const BUSINESSES_AT_ONCE: usize = 50;
/// Contracts of a statement.
const CONTRACTS_AT_ONCE: usize = 50;
/// Rows of allocation a statement.
const ENTRIES_AT_ONCE: usize = 100;
/// Since when licenses were activated and features allocated.
const SPAN: TimeDelta = TimeDelta::days(700);
/// Every third contract had one year and is over; the others go on for longer than warnings look ahead.
const ONE_YEAR: TimeDelta = TimeDelta::days(365);
const THREE_YEARS: TimeDelta = TimeDelta::days(1_095);
const PRODUCT: &str = "Tidemark Credits";

const PERSON: &str = "INSERT INTO people (id, email, email_key, name, search_key, password_hash, created_at) SELECT $1, $2, $2, $2, $2, p.password_hash, $3 FROM people p WHERE p.email_key = 'admin@acme.example'";
const MEMBER: &str = "INSERT INTO memberships (business_id, person_id, role, created_at) VALUES ($1, $2, 'administrator', $3)";
const BUSINESS: &str = "INSERT INTO businesses (id, name, search_key, created_at) VALUES ($1, $2, $3, $4)";
const CONTRACTS: &str = "INSERT INTO contracts (id, business_id, license_arn, agreement_id, initial_agreement_id, granted, expires_at, activated_at, reported_at, ended_at, activated_by, source, product_code, product_name, seller_name, dimension, buyer_account_id, auto_renew) VALUES ";
const LICENSES: &str = "INSERT INTO licenses (id, contract_id, business_id, agreement_id, item_number, kind, credits, starts_at, expires_at, activated_at, activated_by, search_key, product_name, source) VALUES ";
const GRANTS: &str =
    "INSERT INTO credit_entries (id, business_id, contract_id, license_id, credits, effective_at, recorded_at, expires_at, kind) VALUES ";
const ENTRIES: &str = "INSERT INTO allocation_entries (id, business_id, account, number, units_before, units, credits, credits_after, recorded_at, reason, explanation, recorded_by) VALUES ";
const ACCOUNT: &str =
    "INSERT INTO allocation_accounts (business_id, account, entries, units, credits, changed_at) VALUES ($1, $2, $3, $4, $5, $6)";

/// A business and the administrator who works in it alone.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The business.
    pub business: BusinessId,
    /// The administrator's address; the password is the demonstration's.
    pub email: String,
    /// How many licenses the business has.
    pub licenses: usize,
}

/// Writes rows as of one instant.
#[derive(Debug)]
pub struct Crowd<'a> {
    /// Where.
    pub db: &'a Db,
    /// Everything is before it.
    pub now: Timestamp,
    /// Features with what their units reserve.
    pub charged: &'a Charged,
}

/// A contract about to be written, with an original and an upgrade, or the original alone.
struct Contract {
    id: ContractId,
    agreement: String,
    expires_at: Timestamp,
    activated_at: Vec<Timestamp>,
}

impl Contract {
    const CREDITS: [i64; 2] = [1_000, 100];

    fn granted(&self) -> i64 {
        Self::CREDITS[..self.activated_at.len()].iter().sum()
    }

    /// Number, kind, credits and activation of each item.
    fn items(&self) -> impl Iterator<Item = (i64, &'static str, i64, Timestamp)> {
        let kinds = [(1, "new"), (2, "upgrade")];
        self.activated_at.iter().zip(kinds).zip(Self::CREDITS).map(|((at, (number, kind)), credits)| (number, kind, credits, *at))
    }
}

impl Crowd<'_> {
    /// Businesses of these sizes, each with an administrator of its own.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn tenants(&self, sizes: &[usize]) -> Result<Vec<Tenant>, Error> {
        let mut tenants = Vec::with_capacity(sizes.len());
        for licenses in sizes {
            let (person, email) = (PersonId::generate(), format!("size{licenses}@bench.example"));
            let mut tx = self.db.begin().await?;
            tx.q(PERSON).bind(person).bind(&email).bind(self.now).exec_one().await?;
            let business = self.business(&mut tx, *licenses, person).await?;
            tx.q(MEMBER).bind(business).bind(person).bind(self.now).exec_one().await?;
            tx.commit().await?;
            tenants.push(Tenant { business, email, licenses: *licenses });
        }
        Ok(tenants)
    }

    /// So many businesses of [`LICENSES_EACH`] licenses, activated by one of the tenants' people.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn grow(&self, businesses: usize) -> Result<(), Error> {
        if self.db.engine() == Engine::Sqlite {
            // A quarter of a gigabyte for the writer alone: the index pages that a row touches are all over the file.
            self.db.write("PRAGMA cache_size = -262144").exec().await?;
        }
        let mut left = businesses;
        while left > 0 {
            let at_once = left.min(BUSINESSES_AT_ONCE);
            let mut tx = self.db.begin().await?;
            let (person,): (PersonId,) = tx.q("SELECT id FROM people WHERE email_key = 'admin@acme.example'").one().await?;
            for _ in 0..at_once {
                self.business(&mut tx, LICENSES_EACH, person).await?;
            }
            tx.commit().await?;
            left -= at_once;
        }
        Ok(())
    }

    /// Brings the planner's statistics up to date, as Postgres does by itself after a while.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn settle(&self) -> Result<(), Error> {
        if self.db.engine() == Engine::Postgres {
            self.db
                .write("VACUUM ANALYZE people, memberships, businesses, contracts, licenses, credit_entries, allocation_entries, allocation_accounts")
                .exec()
                .await?;
        }
        Ok(())
    }

    async fn business(&self, tx: &mut Tx, licenses: usize, person: PersonId) -> Result<BusinessId, Error> {
        let (business, name) = (BusinessId::generate(), format!("Bench {}", random::word(8)));
        tx.q(BUSINESS).bind(business).bind(&name).bind(search_key(&name)).bind(self.now).exec_one().await?;
        let contracts: Vec<Contract> = (0..licenses).step_by(2).map(|first| self.contract(first, licenses)).collect();
        for contracts in contracts.chunks(CONTRACTS_AT_ONCE) {
            write_contracts(tx, (business, person), contracts, self.now).await?;
            write_licenses(tx, (business, person), contracts).await?;
        }
        self.allocate(tx, business, licenses).await?;
        Ok(business)
    }

    /// The contract of a business's licenses `first` and the one after it, the oldest license being number 0.
    fn contract(&self, first: usize, licenses: usize) -> Contract {
        let id = ContractId::generate();
        let activated_at: Vec<Timestamp> = (first..licenses.min(first + 2)).map(|license| self.moment(license, licenses)).collect();
        let began = activated_at.first().copied().unwrap_or(self.now);
        let is_over = first.is_multiple_of(3) && began + ONE_YEAR < self.now;
        Contract {
            agreement: format!("agmt-{}", &id.uuid().simple().to_string()[7..]),
            id,
            expires_at: began + if is_over { ONE_YEAR } else { THREE_YEARS },
            activated_at,
        }
    }

    /// The instant of event `number` of so many, evenly over the span.
    fn moment(&self, number: usize, of: usize) -> Timestamp {
        let part = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let ago = SPAN.num_microseconds().unwrap_or(i64::MAX) / (2 * part(of)).max(1) * (2 * part(of - number) - 1);
        self.now - TimeDelta::microseconds(ago)
    }

    async fn allocate(&self, tx: &mut Tx, business: BusinessId, licenses: usize) -> Result<(), Error> {
        let features = self.charged.features.len();
        let entries: Vec<Allocation> = (0..features * (1 + licenses / 100)).map(|event| Allocation::of(event, features)).collect();
        for (part, of_statement) in entries.chunks(ENTRIES_AT_ONCE).enumerate() {
            let mut rows = tx.q(ENTRIES);
            for (place, entry) in of_statement.iter().enumerate() {
                let at = self.moment(part * ENTRIES_AT_ONCE + place, entries.len());
                let (account, credits_after) = self.charged.reserved(entry.feature, entry.number);
                let (_, credits_before) = self.charged.reserved(entry.feature, entry.number - 1);
                rows = rows.push_bind(begin(place), AllocationEntryId::generate()).push_bind(", ", business);
                rows = rows.push_bind(", ", account).push_bind(", ", entry.number).push_bind(", ", entry.number - 1);
                rows = rows.push_bind(", ", entry.number).push_bind(", ", credits_after - credits_before).push_bind(", ", credits_after);
                rows = rows.push_bind(", ", at).push(", 'set', 'Set for the benchmark.', 'bench')");
            }
            expect_rows(rows.exec().await?, of_statement.len())?;
        }
        let (mut all, each) = (0, entries.last().map_or(0, |last| last.number));
        for feature in 0..features {
            let (account, credits) = self.charged.reserved(feature, each);
            all += credits;
            insert_account(tx, business, account, (each, each, credits), self.now).await?;
        }
        insert_account(tx, business, "available", (i64::try_from(entries.len()).unwrap_or(i64::MAX), 0, -all), self.now).await
    }
}

/// An entry of allocation: each feature gets one unit more in turn.
struct Allocation {
    feature: usize,
    number: i64,
}

impl Allocation {
    fn of(event: usize, features: usize) -> Self {
        Self { feature: event % features, number: i64::try_from(event / features).unwrap_or(i64::MAX) + 1 }
    }
}

async fn insert_account(
    tx: &mut Tx,
    business: BusinessId,
    account: &str,
    (entries, units, credits): (i64, i64, i64),
    now: Timestamp,
) -> Result<(), Error> {
    tx.q(ACCOUNT).bind(business).bind(account).bind(entries).bind(units).bind(credits).bind(now).exec_one().await
}

async fn write_contracts(
    tx: &mut Tx,
    (business, person): (BusinessId, PersonId),
    contracts: &[Contract],
    now: Timestamp,
) -> Result<(), Error> {
    let mut rows = tx.q(CONTRACTS);
    for (place, contract) in contracts.iter().enumerate() {
        let arn = format!("arn:aws:license-manager::294406891311:license:l-{}", contract.id.uuid().simple());
        rows = rows.push_bind(begin(place), contract.id).push_bind(", ", business).push_bind(", ", arn);
        rows = rows.push_bind(", ", &contract.agreement).push_bind(", ", &contract.agreement).push_bind(", ", contract.granted());
        rows = rows.push_bind(", ", contract.expires_at).push_bind(", ", contract.activated_at.first().copied().unwrap_or(now));
        rows = rows.push_bind(", ", now).push_bind(", ", (contract.expires_at < now).then_some(now)).push_bind(", ", person);
        rows = rows.push(", 'embedded', 'bench', 'Tidemark Credits', 'Tidemark', 'credits', '000000000000', TRUE)");
    }
    expect_rows(rows.exec().await?, contracts.len())
}

async fn write_licenses(tx: &mut Tx, (business, person): (BusinessId, PersonId), contracts: &[Contract]) -> Result<(), Error> {
    let (mut rows, mut place, mut written) = (tx.q(LICENSES), 0, Vec::new());
    for contract in contracts {
        let key = search_key(&format!("{PRODUCT} {}", contract.agreement));
        for (number, kind, credits, at) in contract.items() {
            let license = LicenseId::generate();
            rows = rows.push_bind(begin(place), license).push_bind(", ", contract.id).push_bind(", ", business);
            rows = rows.push_bind(", ", &contract.agreement).push_bind(", ", number).push_bind(", ", kind).push_bind(", ", credits);
            rows = rows.push_bind(", ", at).push_bind(", ", contract.expires_at).push_bind(", ", at);
            rows = rows.push_bind(", ", (kind == "new").then_some(person)).push_bind(", ", key.clone());
            rows = rows.push(", 'Tidemark Credits', 'embedded')");
            written.push((contract, license, credits, at));
            place += 1;
        }
    }
    expect_rows(rows.exec().await?, place)?;
    let mut rows = tx.q(GRANTS);
    for (place, (contract, license, credits, at)) in written.iter().enumerate() {
        rows = rows.push_bind(begin(place), CreditEntryId::generate()).push_bind(", ", business).push_bind(", ", contract.id);
        rows = rows.push_bind(", ", *license).push_bind(", ", *credits).push_bind(", ", *at).push_bind(", ", *at);
        rows = rows.push_bind(", ", contract.expires_at).push(", 'granted')");
    }
    expect_rows(rows.exec().await?, place)
}

/// How the row of a place begins in a list of values.
const fn begin(place: usize) -> &'static str {
    if place == 0 { "(" } else { ", (" }
}

fn expect_rows(changed: u64, rows: usize) -> Result<(), Error> {
    let expected = u64::try_from(rows).unwrap_or(u64::MAX);
    if changed == expected { Ok(()) } else { Err(Error::RowCount { expected, changed }) }
}
