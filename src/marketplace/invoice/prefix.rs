//! What a seller's numbers begin with: the first letters of its name's words, `TM` for *Trend Micro*; of a single word its
//! first two letters, `QU` for *Quillmark*. A second seller of the same letters gets a digit. Given once and kept.

use crate::db::{Error, Tx};
use crate::kernel::text::search_key;
use crate::marketplace::store::invoices as store;

const WORDS_MAX: usize = 4;

/// The letters of a name; `S` where it has none that are Latin.
fn letters(name: &str) -> String {
    let folded = search_key(name).to_ascii_uppercase();
    let words: Vec<&str> = folded.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let letters: String = match words.as_slice() {
        [only] => only.chars().take(2).collect(),
        several => several.iter().take(WORDS_MAX).filter_map(|word| word.chars().next()).collect(),
    };
    if letters.starts_with(|letter: char| letter.is_ascii_alphabetic()) { letters } else { format!("S{letters}") }
}

/// The seller's prefix, given now if it has none yet.
pub(super) async fn of_seller(tx: &mut Tx, seller_id: &str, seller_name: &str) -> Result<String, Error> {
    if let Some(prefix) = store::find_prefix(tx, seller_id).await? {
        return Ok(prefix);
    }
    let letters = letters(seller_name);
    let mut candidate = letters.clone();
    for next in 2_u32.. {
        store::insert_prefix(tx, seller_id, &candidate).await?;
        // Another seller may have the letters, another process may have been faster: what is stored counts.
        if let Some(prefix) = store::find_prefix(tx, seller_id).await? {
            return Ok(prefix);
        }
        candidate = format!("{letters}{next}");
    }
    Err(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn a_prefix_is_made_of_the_name() {
        let names = ["Trend Micro", "Ångström Systems", "Quillmark", "A-B & C of the D", "3M", "日本電気"];
        assert_eq!(names.map(letters), ["TM", "AS", "QU", "ABCO", "S3M", "S"]);
    }
}
