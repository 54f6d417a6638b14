//! What a browser sends for a form: the values that are in it, changed by what a person typed, ticked and chose.

use super::page::{selector, text_of};
use scraper::{ElementRef, Html};
use std::collections::BTreeMap;

/// What a person did to a control, by the control's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    Text(String),
    On,
    Off,
}

/// A form that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Submission {
    /// `get` or `post`.
    pub method: String,
    /// Where it goes; empty is the page itself.
    pub action: String,
    /// Names and values in the order of the page.
    pub fields: Vec<(String, String)>,
}

/// The form of the button with this name, or whose name starts with it (*Pay now: USD 1,000.00*).
pub fn submission(document: &Html, button: &str, typed: &BTreeMap<String, Typed>) -> Option<Submission> {
    let buttons = selector("form button[type=submit]");
    let exact = document.select(&buttons).find(|found| text_of(*found) == button);
    let pressed = exact.or_else(|| document.select(&buttons).find(|found| text_of(*found).starts_with(button)))?;
    let form = pressed.ancestors().filter_map(ElementRef::wrap).find(|element| element.value().name() == "form")?;
    let mut fields = fields(form, typed);
    if let Some(name) = pressed.attr("name") {
        fields.push((name.to_owned(), pressed.attr("value").unwrap_or_default().to_owned()));
    }
    let attribute = |name: &str| form.attr(name).unwrap_or_default().to_owned();
    let method = attribute("method").to_lowercase();
    Some(Submission { method: if method.is_empty() { "get".to_owned() } else { method }, action: attribute("action"), fields })
}

/// Everything that a form sends but its button.
pub fn fields(form: ElementRef<'_>, typed: &BTreeMap<String, Typed>) -> Vec<(String, String)> {
    let chosen_radios: Vec<&str> = form
        .select(&selector("input[type=radio]"))
        .filter(|radio| radio.attr("id").and_then(|id| typed.get(id)) == Some(&Typed::On))
        .filter_map(|radio| radio.attr("name"))
        .collect();
    let controls = selector("input[name], select[name], textarea[name]");
    form.select(&controls).filter_map(|control| field(control, typed, &chosen_radios)).collect()
}

fn field(control: ElementRef<'_>, typed: &BTreeMap<String, Typed>, chosen_radios: &[&str]) -> Option<(String, String)> {
    let name = control.attr("name")?;
    if control.attr("disabled").is_some() {
        return None;
    }
    let done = control.attr("id").and_then(|id| typed.get(id));
    if let Some(Typed::Text(text)) = done {
        return Some((name.to_owned(), text.clone()));
    }
    let own = control.attr("value").unwrap_or_default();
    let value = match (control.value().name(), control.attr("type").unwrap_or("text")) {
        ("textarea", _) => control.text().collect::<String>().trim_start_matches('\n').to_owned(),
        ("select", _) => chosen_option(control),
        (_, "checkbox" | "radio") => {
            let replaced = chosen_radios.contains(&name) && done != Some(&Typed::On);
            let on = done == Some(&Typed::On) || (control.attr("checked").is_some() && done != Some(&Typed::Off) && !replaced);
            return on.then(|| (name.to_owned(), if own.is_empty() { "on".to_owned() } else { own.to_owned() }));
        }
        (_, "submit" | "button" | "image" | "reset") => return None,
        _ => own.to_owned(),
    };
    Some((name.to_owned(), value))
}

fn chosen_option(select: ElementRef<'_>) -> String {
    let chosen = select.select(&selector("option[selected]")).next().or_else(|| select.select(&selector("option")).next());
    chosen.map(|option| option.attr("value").map_or_else(|| text_of(option), str::to_owned)).unwrap_or_default()
}
