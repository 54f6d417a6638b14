//! How a record's quantity is split by tags: the parts make up the whole, in the same form of number. Kept as it was sent;
//! nothing is charged by it. Pure.

use super::invalid;
use super::record::{self, Quantity};
use crate::marketplace::used::Used;
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::input::Input;
use crate::marketplace::wire::json;
use crate::marketplace::wire::value::{Structure, Value};
use std::collections::BTreeSet;

const PARTS_MAX: usize = 2_500;
const TAGS_MAX: usize = 5;
const KEY_CHARS_MAX: usize = 100;
const VALUE_CHARS_MAX: usize = 256;

/// The parts of a quantity.
#[derive(Clone, Debug)]
pub(super) struct Split {
    /// As they were sent.
    pub echo: Vec<Structure>,
    /// The same as it is stored.
    pub text: String,
}

fn wrong(why: &str) -> Fault {
    Fault::new("InvalidUsageAllocationsException", why)
}

/// The parts of a record, if it has any.
pub(super) fn read(input: Input<'_>, whole: Option<Quantity>) -> Result<Option<Split>, Fault> {
    if input.list("UsageAllocations")?.is_none() {
        return Ok(None);
    }
    let parts = input.structures("UsageAllocations")?;
    if !(1..=PARTS_MAX).contains(&parts.len()) {
        return Err(invalid("usageAllocations", "Member must have length from 1 to 2500"));
    }
    let is_decimal = whole.is_some_and(|whole| whole.is_decimal);
    let (mut sum, mut echo) = (Used::default(), Vec::with_capacity(parts.len()));
    for part in parts {
        let names = ("AllocatedUsageQuantity", "AllocatedUsageQuantityAsDecimal");
        let quantity = record::quantity(part, names)?.ok_or_else(|| wrong("Every allocation needs its quantity."))?;
        if quantity.is_decimal != is_decimal {
            return Err(wrong("Allocations have to be in the same form of number as the quantity."));
        }
        sum = sum.plus(quantity.value);
        let tags = tags(part)?;
        echo.push(
            Structure::new().with_some(names.0, part.whole(names.0)?).with_some(names.1, part.text(names.1)?).with_some("Tags", tags),
        );
    }
    if sum != whole.map(|whole| whole.value).unwrap_or_default() {
        return Err(wrong("The sum of the allocated quantities is not the usage quantity."));
    }
    let list = echo.iter().cloned().map(Value::from).collect();
    let text = String::from_utf8_lossy(&json::write(vec![("UsageAllocations".to_owned(), Value::List(list))])).into_owned();
    Ok(Some(Split { echo, text }))
}

fn tags(part: Input<'_>) -> Result<Option<Vec<Structure>>, Fault> {
    let wrong = |why: &str| Fault::new("InvalidTagException", why);
    if part.list("Tags")?.is_none() {
        return Ok(None);
    }
    let tags = part.structures("Tags")?;
    if !(1..=TAGS_MAX).contains(&tags.len()) {
        return Err(wrong("An allocation has 1 to 5 tags."));
    }
    let (mut known, mut echo) = (BTreeSet::new(), Vec::with_capacity(tags.len()));
    for tag in tags {
        let (key, value) = (tag.text("Key")?.unwrap_or_default(), tag.text("Value")?);
        if !is_plain(key, KEY_CHARS_MAX) || key.is_empty() {
            return Err(wrong("A tag's key has 1 to 100 letters, digits and any of + - = . _ : / @ and space."));
        }
        if !is_plain(value.unwrap_or_default(), VALUE_CHARS_MAX) {
            return Err(wrong("A tag's value has up to 256 letters, digits and any of + - = . _ : / @ and space."));
        }
        if !known.insert(key) {
            return Err(wrong("An allocation has the same tag twice."));
        }
        echo.push(Structure::new().with("Key", key).with_some("Value", value));
    }
    Ok(Some(echo))
}

fn is_plain(text: &str, chars_max: usize) -> bool {
    // The model's pattern has the range from space to =, which the hyphen in it makes.
    text.len() <= chars_max
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || (b' '..=b'=').contains(&byte) || b"._:/@".contains(&byte))
}
