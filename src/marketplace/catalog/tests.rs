//! Catalogs that are sound, and every problem of those that are not.

use super::*;

#[test]
fn the_catalog_that_the_program_brings_along_is_sound() {
    let catalog = Catalog::parse(EMBEDDED).expect("a sound catalog");
    let listing = catalog.products.iter().find(|product| product.prodview.as_str() == "prodview-u2in6sa3igl7c").expect("Trend Vision One");
    assert_eq!(listing.name, "Trend Vision One");
    let seller = catalog.sellers.iter().find(|seller| seller.id == listing.seller_id).expect("its seller");
    assert_eq!(seller.name, "Trend Micro");
    let terms =
        Terms { price: Money::new(100, Currency::USD), duration_months: 12, credits_min: 100, credits_max: 10_000_000, credits_step: 1 };
    assert_eq!(listing.terms, terms);
    assert_eq!(listing.dimension, "credits");
    assert!(catalog.products.len() >= 4, "search needs more than one listing to mean something");
}

#[test]
fn all_problems_are_reported_at_once_with_their_place() {
    let text = r#"
        colour = "red"
        [[seller]]
        id = "12"
        name = "  "
        support_email = "help@example.com"
        support_url = "ftp://example.com"
        [[product]]
        id = "prod-x"
        prodview = "view-x"
        code = "x y"
        seller = "000000000000"
        name = "Thing"
        category = "Tools"
        summary = "A thing."
        description = "Long."
        highlights = []
        credit_meaning = "One."
        license_terms = "Terms."
        refund_policy = "None."
        dimension = "credits"
        extra = 1
        [product.offer]
        price = 1.5
        currency = "XXX"
        months = 0
        min = 10
        step = 1
        max = 5
    "#;
    let Err(Problems(problems)) = Catalog::parse(text) else { panic!("the catalog must be refused") };
    let named = [
        "colour",
        "seller 1, id",
        "seller 1, name",
        "seller 1, support_url",
        "product 1, prodview",
        "product 1, code",
        "product 1, seller",
    ];
    let offers = ["product 1, highlights", "product 1, extra", "offer, price", "offer, currency", "offer, months", "offer, max"];
    for place in named.into_iter().chain(offers) {
        assert!(problems.iter().any(|problem| problem.contains(place)), "{place} is not in {problems:#?}");
    }
    assert_eq!(problems.len(), 13, "{problems:#?}");
}

/// CRD-9: what is charged by use has no price and no number; a dimension of that name is nothing else.
#[test]
fn a_product_that_is_charged_by_use_has_no_price() {
    let catalog = Catalog::parse(EMBEDDED).expect("a sound catalog");
    let metered: Vec<_> = catalog.products.iter().filter(|product| product.dimension == PAY_AS_YOU_GO).collect();
    let [product] = metered.as_slice() else { panic!("one product is charged by use") };
    assert_eq!((product.terms.price.minor, product.terms.credits_min, product.terms.credits_max), (0, 1, 1));
    let priced =
        EMBEDDED.replace("[product.offer]\ncurrency = \"USD\"\nmonths", "[product.offer]\nprice = \"1.00\"\ncurrency = \"USD\"\nmonths");
    let unknown = EMBEDDED.replace("kind = \"pay_as_you_go\"", "kind = \"free\"");
    let credits = EMBEDDED.replacen("dimension = \"credits\"", "dimension = \"pay_as_you_go\"", 1);
    for (text, place) in
        [(priced, "offer, price: nothing of this name"), (unknown, "kind: contract or pay_as_you_go"), (credits, "product 1, dimension")]
    {
        let Err(Problems(problems)) = Catalog::parse(&text) else { panic!("refused: {place}") };
        assert!(problems.iter().any(|problem| problem.contains(place)), "{place} is not in {problems:#?}");
    }
}

#[test]
fn a_price_is_text_in_the_currencys_own_decimals() {
    let yen: Currency = "JPY".parse().expect("yen");
    for (text, currency, minor) in [
        ("1.00", Currency::USD, 100),
        ("1", Currency::USD, 100),
        ("0.05", Currency::EUR, 5),
        ("2.4", Currency::EUR, 240),
        ("120", yen, 120),
    ] {
        assert_eq!(minor_units(text, currency), Some(minor), "{text}");
    }
    for (text, currency) in [
        ("", Currency::USD),
        ("0", Currency::USD),
        ("1.005", Currency::USD),
        ("-1", Currency::USD),
        ("1,00", Currency::EUR),
        (".5", Currency::USD),
        ("1.5", yen),
    ] {
        assert_eq!(minor_units(text, currency), None, "{text}");
    }
}
