//! The catalog file: sellers, products and the price terms they are offered at. Reads `catalog.toml` and reports every
//! problem of it at once, each with the place. It does not touch the database; [`super::publish`] does.

mod fields;

use super::ids::{ProductId, Prodview};
use crate::kernel::credits::Credits;
use crate::kernel::money::{Currency, Money};
use crate::kernel::text::search_key;
use crate::text_enum;
use fields::Fields;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The catalog that the program brings along.
pub const EMBEDDED: &str = include_str!("../../catalog.toml");

/// The dimension of products that are charged by use: their one unit says that there is a contract, and is no credit.
pub const PAY_AS_YOU_GO: &str = "pay_as_you_go";

/// A whole catalog, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    /// Who sells, by account number.
    pub sellers: Vec<Seller>,
    /// What is offered, in the order of the file.
    pub products: Vec<Product>,
}

/// A seller of the marketplace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seller {
    /// Account number, 12 digits.
    pub id: String,
    /// As shown.
    pub name: String,
    /// Where buyers write to.
    pub support_email: String,
    /// Where buyers read on.
    pub support_url: String,
}

/// A product with its listing texts and its present price terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its place on the web.
    pub prodview: Prodview,
    /// Its key in the entitlement API.
    pub product_code: String,
    /// Account number of its seller.
    pub seller_id: String,
    /// As shown.
    pub name: String,
    /// One of the marketplace's shelves.
    pub category: String,
    /// One or two sentences for lists.
    pub summary: String,
    /// Paragraphs, parted by empty lines.
    pub description: String,
    /// Points, one a line.
    pub highlights: String,
    /// What a credit is (MKT-2).
    pub credit_meaning: String,
    /// Paragraphs, parted by empty lines.
    pub license_terms: String,
    /// One paragraph.
    pub refund_policy: String,
    /// The entitlement's dimension; [`PAY_AS_YOU_GO`] for what is charged by use.
    pub dimension: String,
    /// Where set-up is handed over to; the program's own set-up page when there is none.
    pub fulfilment_url: Option<String>,
    /// Whether a renewal keeps the license ARN; marketplaces do either.
    pub renewal_license_arn: RenewalArn,
    /// How its customers are named to its seller.
    pub customer_identity: CustomerIdentity,
    /// What it may be charged for by use, one a line; empty for nothing, and for anything if it is charged by use alone.
    pub usage_dimensions: String,
    /// What search looks in: seller, name and category, folded (MKT-1).
    pub search_key: String,
    /// The price terms.
    pub terms: Terms,
}

text_enum! {
    /// Which license ARN a renewed contract has (REN-1).
    pub enum RenewalArn {
        /// The one it had.
        Same = "same",
        /// One of its own.
        New = "new",
    }
}

text_enum! {
    /// How a product's customers are named to its seller.
    pub enum CustomerIdentity {
        /// Also by an identifier of the customer, as listings from before June 2026 have it.
        Legacy = "legacy",
        /// By account and license ARN only: an account may have several agreements side by side.
        Concurrent = "concurrent",
    }
}

text_enum! {
    /// What is sold.
    pub enum Kind {
        /// Credits, paid in advance.
        Contract = "contract",
        /// The right to use now and pay afterwards (CRD-9).
        PayAsYouGo = "pay_as_you_go",
    }
}

/// Price terms as the file states them; [`super::publish`] makes an offer of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Price of one credit for the whole term.
    pub price: Money,
    /// Calendar months in a term.
    pub duration_months: i64,
    /// The fewest credits.
    pub credits_min: i64,
    /// The most credits.
    pub credits_max: i64,
    /// The step between two numbers of credits.
    pub credits_step: i64,
}

/// Everything that is wrong with a catalog file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalog cannot be used:\n- {}", .0.join("\n- "))]
pub struct Problems(pub Vec<String>);

impl Catalog {
    /// Reads a catalog.
    ///
    /// # Errors
    /// Every problem at once. A file that is no TOML has one: its syntax error.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let root: Table = text.parse().map_err(|error: toml::de::Error| Problems(vec![error.to_string().trim().to_owned()]))?;
        let mut problems = Vec::new();
        for key in root.keys().filter(|key| *key != "seller" && *key != "product") {
            problems.push(format!("{key}: not a part of a catalog"));
        }
        let sellers = tables(&root, "seller", &mut problems);
        let sellers: Vec<_> = sellers.into_iter().map(|(at, table)| seller(at, table, &mut problems)).collect();
        let products = tables(&root, "product", &mut problems);
        let products: Vec<_> = products.into_iter().map(|(at, table)| product(at, table, &sellers, &mut problems)).collect();
        let catalog = Self { sellers: sellers.into_iter().flatten().collect(), products: products.into_iter().flatten().collect() };
        catalog.report_duplicates(&mut problems);
        if problems.is_empty() { Ok(catalog) } else { Err(Problems(problems)) }
    }

    fn report_duplicates(&self, problems: &mut Vec<String>) {
        report_twice("seller.id", self.sellers.iter().map(|seller| seller.id.as_str()), problems);
        report_twice("product.id", self.products.iter().map(|product| product.id.as_str()), problems);
        report_twice("product.prodview", self.products.iter().map(|product| product.prodview.as_str()), problems);
        report_twice("product.code", self.products.iter().map(|product| product.product_code.as_str()), problems);
    }
}

fn report_twice<'c>(what: &str, values: impl Iterator<Item = &'c str>, problems: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for value in values {
        if !seen.insert(value) {
            problems.push(format!("{what}: {value:?} is there twice"));
        }
    }
}

/// The tables of a list with the place of each, such as `product 3`.
fn tables<'c>(root: &'c Table, name: &str, problems: &mut Vec<String>) -> Vec<(String, &'c Table)> {
    let list = root.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let tables: Vec<_> =
        list.iter().filter_map(Value::as_table).enumerate().map(|(index, table)| (format!("{name} {}", index + 1), table)).collect();
    if tables.is_empty() || tables.len() < list.len() {
        problems.push(format!("{name}: one or more [[{name}]] and nothing else is needed"));
    }
    tables
}

fn seller(at: String, table: &Table, problems: &mut Vec<String>) -> Option<Seller> {
    let mut fields = Fields::of(at, table, problems);
    let id = fields.account("id");
    let name = fields.line("name", 80);
    let support_email = fields.line("support_email", 254);
    let support_url = fields.url("support_url");
    fields.finish();
    Some(Seller { id: id?, name: name?, support_email: support_email?, support_url: support_url? })
}

fn product(at: String, table: &Table, sellers: &[Option<Seller>], problems: &mut Vec<String>) -> Option<Product> {
    let is_metered = table.get("kind").and_then(Value::as_str).and_then(Kind::parse) == Some(Kind::PayAsYouGo);
    let terms = terms(format!("{at}, offer"), table.get("offer"), is_metered, problems);
    let mut fields = Fields::of(at, table, problems);
    fields.skip("offer");
    let kind = fields.optional_word("kind", Kind::Contract, Kind::parse, "contract or pay_as_you_go is needed");
    let id = fields.id("id", ProductId::parse);
    let prodview = fields.id("prodview", Prodview::parse);
    let product_code = fields.code("code");
    let seller_id = fields.account("seller");
    let seller = sellers.iter().flatten().find(|seller| Some(&seller.id) == seller_id.as_ref());
    if seller_id.is_some() && seller.is_none() {
        fields.problem("seller", "no [[seller]] has this id");
    }
    let (name, category) = (fields.line("name", 80), fields.line("category", 60));
    let (summary, description) = (fields.line("summary", 240), fields.paragraphs("description"));
    let highlights = fields.points("highlights");
    let (credit_meaning, license_terms) = (fields.paragraphs("credit_meaning"), fields.paragraphs("license_terms"));
    let refund_policy = fields.paragraphs("refund_policy");
    let dimension = if is_metered { Some(PAY_AS_YOU_GO.to_owned()) } else { fields.code("dimension") };
    if !is_metered && dimension.as_deref() == Some(PAY_AS_YOU_GO) {
        fields.problem("dimension", "a product that is charged by use has kind = \"pay_as_you_go\" and no dimension");
    }
    let fulfilment_url = fields.optional_url("fulfilment_url");
    let renewal_license_arn = fields.optional_word("renewal_license_arn", RenewalArn::Same, RenewalArn::parse, "same or new is needed");
    let identity = CustomerIdentity::Concurrent;
    let customer_identity = fields.optional_word("customer_identity", identity, CustomerIdentity::parse, "legacy or concurrent is needed");
    let usage_dimensions = fields.names("usage_dimensions");
    fields.finish();
    let (name, category, _) = (name?, category?, kind?);
    let search_key = search_key(&format!("{} {name} {category}", seller?.name));
    Some(Product {
        id: id?,
        prodview: prodview?,
        product_code: product_code?,
        seller_id: seller_id?,
        name,
        category,
        summary: summary?,
        description: description?,
        highlights: highlights?,
        credit_meaning: credit_meaning?,
        license_terms: license_terms?,
        refund_policy: refund_policy?,
        dimension: dimension?,
        fulfilment_url,
        renewal_license_arn: renewal_license_arn?,
        customer_identity: customer_identity?,
        usage_dimensions: usage_dimensions?,
        search_key,
        terms: terms?,
    })
}

fn terms(at: String, value: Option<&Value>, is_metered: bool, problems: &mut Vec<String>) -> Option<Terms> {
    let Some(table) = value.and_then(Value::as_table) else {
        problems.push(format!("{at}: a table [product.offer] is needed"));
        return None;
    };
    let mut fields = Fields::of(at, table, problems);
    let currency = fields.currency("currency");
    let duration_months = fields.whole("months", 1, 120);
    if is_metered {
        // Nothing is due before something is used, and there is one of it.
        fields.finish();
        let price = Money::new(0, currency?);
        return Some(Terms { price, duration_months: duration_months?, credits_min: 1, credits_max: 1, credits_step: 1 });
    }
    let price = fields.price("price", currency);
    let credits_min = fields.whole("min", 1, Credits::MAX.get());
    let credits_step = fields.whole("step", 1, Credits::MAX.get());
    let credits_max = fields.whole("max", 1, Credits::MAX.get());
    if credits_max < credits_min && credits_max.is_some() {
        fields.problem("max", "must not be less than min");
    }
    let dearest = price.zip(credits_max.and_then(|max| Credits::new(max).ok()));
    if dearest.is_some_and(|(price, most)| price.times(most).is_err()) {
        fields.problem("max", "so many credits would cost more than can be counted");
    }
    fields.finish();
    Some(Terms {
        price: price?,
        duration_months: duration_months?,
        credits_min: credits_min?,
        credits_max: credits_max?,
        credits_step: credits_step?,
    })
}

/// A price such as `"1.00"` in the currency's minor units; written as text so that no fraction is ever rounded.
fn minor_units(text: &str, currency: Currency) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = usize::try_from(currency.minor_digits()).ok()?;
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > digits {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse().ok().filter(|minor| *minor > 0)
}

#[cfg(test)]
mod tests;
