//! What only a browser can measure: where the one button stands, how large things are to touch, that nothing moves for
//! people who asked for that, and that a second press or a reload buys nothing twice.

use crate::support::{Desk, Hands, visit};

const LISTING: &str = "/marketplace/pp/prodview-u2in6sa3igl7c";

async fn review(desk: &Desk) {
    desk.sign_in_anew("buyer@acme.example").await;
    desk.open(&format!("{LISTING}/contract")).await;
    desk.fill("Number of credits", "12,000").await;
    desk.press("Create contract").await;
    desk.expect_heading("Review and pay").await;
}

/// MKT-6: *Pay now* names the amount and is seen without scrolling, on a desk and on a phone (points 33 and 34).
#[test]
fn pay_now_is_in_view_and_names_the_amount() {
    visit(Hands::Mouse, async |_, desk| {
        review(desk).await;
        for (width, height) in [(1280, 720), (390, 844)] {
            desk.chromium.show_as(width, height, "light").await;
            desk.reload().await;
            let bottom: f64 = desk
                .evaluate("return [...document.querySelectorAll('button')].find((button) => button.textContent.startsWith('Pay')).getBoundingClientRect().bottom")
                .await;
            assert!(bottom <= f64::from(height), "{bottom} of {height}");
        }
        let name = desk.text_of("//button[starts-with(normalize-space(), 'Pay')]").await;
        assert!(name.contains("USD 12,000.00"), "{name}");
    });
}

/// Targets are large enough to hit: 24 px for everything that stands alone, 44 px for the main button (point 7).
#[test]
fn everything_that_is_pressed_is_large_enough() {
    visit(Hands::Mouse, async |_, desk| {
        review(desk).await;
        for path in
            [LISTING.to_owned(), desk.address().await, "/marketplace/subscriptions".to_owned(), "/account".to_owned(), "/help".to_owned()]
        {
            desk.open(&path).await;
            desk.chromium.show_as(390, 844, "light").await;
            let small: Vec<String> = desk
                .evaluate(
                    "const shown = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.skip, .hidden-visually');
                     return [...document.querySelectorAll('button, input, select, a')]
                         .filter((element) => shown(element) && getComputedStyle(element).display !== 'inline' && element.type !== 'hidden')
                         .map((element) => [element, element.getBoundingClientRect()])
                         .filter(([element, box]) => box.width > 1 && (box.height < 23.5 || box.width < 23.5) && !['checkbox', 'radio'].includes(element.type))
                         .map(([element, box]) => `${element.tagName} ${element.textContent.trim().slice(0, 30)} ${box.width} x ${box.height}`)",
                )
                .await;
            assert!(small.is_empty(), "{path}: {small:#?}");
            let main: Vec<f64> = desk
                .evaluate(
                    "return [...document.querySelectorAll('main .button-primary')].map((button) => button.getBoundingClientRect().height)",
                )
                .await;
            assert!(main.iter().all(|height| *height >= 43.5), "{path}: {main:?}");
        }
    });
}

/// Point 14: nothing moves for people who asked their system for that.
#[test]
fn nothing_moves_for_people_who_asked_for_that() {
    visit(Hands::Mouse, async |_, desk| {
        desk.chromium.calm().await;
        for path in ["/styleguide", "/marketplace", "/sign-in"] {
            desk.open(path).await;
            let moving: Vec<String> = desk
                .evaluate(
                    "return [...document.querySelectorAll('*')]
                         .filter((element) => { const style = getComputedStyle(element); return [style.transitionDuration, style.animationDuration].some((times) => times.split(',').some((time) => parseFloat(time) > 0.011)); })
                         .map((element) => `${element.tagName}.${element.className}`).slice(0, 10)",
                )
                .await;
            assert!(moving.is_empty(), "{path}: {moving:?}");
        }
    });
}

/// MKT-7: a double click, a reload and the way back after paying lead to the same receipt and buy nothing twice
/// (point 35).
#[test]
fn pressing_twice_reloading_and_going_back_buy_once() {
    visit(Hands::Mouse, async |portal, desk| {
        review(desk).await;
        let review_page = desk.address().await;
        let _: i64 = desk
            .evaluate("const button = [...document.querySelectorAll('button')].find((button) => button.textContent.startsWith('Pay')); button.click(); button.click(); return 1")
            .await;
        desk.expect_heading("Your purchase is complete").await;
        let receipt = desk.address().await;
        desk.reload().await;
        desk.expect_heading("Your purchase is complete").await;
        desk.back().await;
        desk.open(&review_page).await;
        desk.expect_heading("Your purchase is complete").await;
        assert_eq!(desk.address().await, receipt);
        assert_eq!(portal.agreements().await, 1);
    });
}

/// Points 18 and 19: after a mistake the summary has the focus, and its link leads to the field.
#[test]
fn a_mistake_is_announced_and_leads_to_its_field() {
    visit(Hands::Mouse, async |_, desk| {
        desk.sign_in_anew("buyer@acme.example").await;
        desk.open(&format!("{LISTING}/contract")).await;
        desk.fill("Number of credits", "lots").await;
        desk.press("Create contract").await;
        desk.expect_text("There is a problem").await;
        let focused: String = desk.evaluate("return document.activeElement.className").await;
        assert!(focused.contains("error-summary"), "{focused}");
        let title: String = desk.evaluate("return document.title").await;
        assert!(title.starts_with("Error: "), "{title}");
        let kept: String = desk.evaluate("return document.getElementById('f-credits').value").await;
        assert_eq!(kept, "lots");
        let described: bool = desk
            .evaluate("const field = document.getElementById('f-credits'); return field.getAttribute('aria-invalid') === 'true' && field.getAttribute('aria-describedby').split(' ').every((id) => document.getElementById(id) !== null)")
            .await;
        assert!(described);
        let _: i64 = desk.evaluate("document.querySelector('.error-summary a').click(); return 1").await;
        let focused: String = desk.evaluate("return document.activeElement.id").await;
        assert_eq!(focused, "f-credits");
    });
}
