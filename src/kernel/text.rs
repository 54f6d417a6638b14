//! Text that people type: cleaned before it is kept, folded before it is searched, defused before it is exported.
//!
//! Escaping for HTML is the templates' business. Nothing here depends on a language setting.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// Why a text is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but blanks.
    #[error("the text is empty")]
    Empty,
    /// More characters than the field keeps.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// The most characters the field keeps.
        max: usize,
    },
    /// A control character, a change of writing direction, or something invisible.
    #[error("the text contains a control or invisible character")]
    Forbidden,
}

impl TextError {
    /// The instruction beside the field; `what` is its name in a sentence, such as `business name`.
    pub fn in_words(self, what: &str) -> String {
        match self {
            Self::Empty => format!("Enter the {what}"),
            Self::TooLong { max } => format!("The {what} must be {} characters or fewer", super::show::group_len(max)),
            Self::Forbidden => format!("The {what} contains an invisible or control character. Type it again"),
        }
    }
}

/// One line as it is kept: trimmed, NFC, at most `max` characters, nothing in it that hides or forges text.
pub fn one_line(typed: &str, max: usize) -> Result<String, TextError> {
    kept(typed.trim().nfc().collect(), max, |_| false)
}

/// Several lines as they are kept: like [`one_line`], with tabs and line ends (made `\n`) allowed.
pub fn multi_line(typed: &str, max: usize) -> Result<String, TextError> {
    let text: String = typed.trim().replace("\r\n", "\n").nfc().collect();
    kept(text, max, |c| matches!(c, '\n' | '\t'))
}

fn kept(text: String, max: usize, allowed: fn(char) -> bool) -> Result<String, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    let (mut before, mut length) = (None, 0_usize);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        length += 1;
        if is_deceptive(c) && !allowed(c) && !is_joint(c, before, rest.peek().copied()) {
            return Err(TextError::Forbidden);
        }
        before = Some(c);
    }
    if length > max { Err(TextError::TooLong { max }) } else { Ok(text) }
}

/// Characters that control a terminal, turn the writing direction, cannot be seen, or stand for broken input.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a joiner does its proper work: within an emoji, or between letters of a script that needs it.
fn is_joint(c: char, before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let emoji = |c| matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}');
    let joining = |c| matches!(c, '\u{620}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{900}'..='\u{DFF}');
    match c {
        '\u{200D}' => (emoji(before) && emoji(after)) || (joining(before) && joining(after)),
        '\u{200C}' => joining(before) && joining(after),
        _ => false,
    }
}

/// The form in which text is searched (MKT-1): case, accents, width and runs of blanks make no difference.
///
/// Kept in `search_key` columns; what is typed into a search box is folded the same way.
pub fn search_key(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_accent(*c) && (c.is_whitespace() || !is_deceptive(*c))) {
        match c {
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'þ' | 'Þ' => folded.push_str("th"),
            'ø' | 'Ø' => folded.push('o'),
            'ł' | 'Ł' => folded.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
            'ı' => folded.push('i'),
            'ς' => folded.push('σ'),
            '\u{2018}' | '\u{2019}' => folded.push('\''),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => folded.push('-'),
            other => folded.extend(other.to_lowercase()),
        }
    }
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.join(" ").nfc().collect()
}

/// The words of a search, folded, each once; a row matches when its `search_key` contains them all (MKT-1).
pub fn search_words(typed: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in search_key(typed).split(' ').filter(|word| !word.is_empty()) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// The pattern of `LIKE … ESCAPE '\'` that finds a folded word anywhere in a `search_key`.
pub fn like_pattern(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Marks that change a Latin, Greek or Cyrillic letter without making another one; marks that are letters in their
/// own script (Japanese, Indic, Thai) stay.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}')
}

/// A buyer account with all but its last four digits hidden: `•••• •••• 3333` (ACT-1).
pub fn mask_account(account: &str) -> String {
    const SHOWN: usize = 4;
    let length = account.chars().count();
    // Showing four of five would hide next to nothing.
    let hidden = if length >= 2 * SHOWN { length - SHOWN } else { length };
    let mut masked = String::new();
    for (place, c) in account.chars().enumerate() {
        if place > 0 && place % SHOWN == 0 {
            masked.push(' ');
        }
        masked.push(if place < hidden { '•' } else { c });
    }
    masked
}

/// A text cell of a CSV file that no spreadsheet takes for a formula. Not for numbers: a negative number stays one.
pub fn csv_safe(cell: &str) -> Cow<'_, str> {
    const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.starts_with(FORMULA) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// MKT-1: case and accents make no difference.
    #[test]
    fn texts_that_differ_in_case_accents_width_or_blanks_have_one_search_key() {
        for (text, key) in [
            ("Trénd", "trend"),
            ("Tre\u{301}nd", "trend"),
            ("TREND  Micro\u{A0}\t", "trend micro"),
            ("Ｔｒｅｎｄ", "trend"),
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("ŁÓDŹ", "lodz"),
            ("Ørsted Æther", "orsted aether"),
            ("İstanbul", "istanbul"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("Οδυσσεύς", "οδυσσευσ"),
            ("L\u{2019}Oréal", "l'oreal"),
            ("Micro\u{200B}soft", "microsoft"),
            ("がぎ", "がぎ"),
            ("ﬁle ²", "file 2"),
            ("", ""),
        ] {
            assert_eq!(search_key(text), key, "{text:?}");
        }
        assert_ne!(search_key("が"), search_key("か"));
    }

    /// MKT-1: all words count, each once, and a wildcard typed is a letter like any other.
    #[test]
    fn a_search_is_taken_word_by_word_and_wildcards_are_escaped() {
        assert_eq!(search_words("  Trend MICRO trénd "), ["trend", "micro"]);
        assert!(search_words(" \t ").is_empty());
        assert_eq!(like_pattern("trend"), "%trend%");
        assert_eq!(like_pattern(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn one_line_is_trimmed_composed_and_measured_in_characters() {
        assert_eq!(one_line("  Ame\u{301}lie GmbH \n", 12), Ok("Amélie GmbH".to_owned()));
        assert_eq!(one_line("éé", 2), Ok("éé".to_owned()));
        assert_eq!(one_line("ééé", 2), Err(TextError::TooLong { max: 2 }));
        assert_eq!(one_line(" \t\u{A0}\u{3000}", 10), Err(TextError::Empty));
        assert_eq!(one_line("<b>O'Brien & Söhne</b> 日本 \u{645}\u{631}", 100).unwrap(), "<b>O'Brien & Söhne</b> 日本 \u{645}\u{631}");
        assert_eq!(one_line(&"x".repeat(1_000_000), 200), Err(TextError::TooLong { max: 200 }));
    }

    #[test]
    fn characters_that_hide_or_forge_text_are_refused() {
        for c in [
            '\0',
            '\u{1B}',
            '\u{7F}',
            '\u{85}',
            '\u{9B}',
            '\n',
            '\r',
            '\t',
            '\u{AD}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{200E}',
            '\u{200F}',
            '\u{2028}',
            '\u{2029}',
            '\u{202A}',
            '\u{202B}',
            '\u{202C}',
            '\u{202D}',
            '\u{202E}',
            '\u{2060}',
            '\u{2066}',
            '\u{2067}',
            '\u{2068}',
            '\u{2069}',
            '\u{3164}',
            '\u{FEFF}',
            '\u{FFFD}',
            '\u{E0041}',
        ] {
            assert_eq!(one_line(&format!("ab{c}cd"), 100), Err(TextError::Forbidden), "{c:?}");
        }
        for good in ["👩\u{200D}💻", "❤\u{FE0F}\u{200D}🔥", "👩🏽\u{200D}🚀", "می\u{200C}خواهم", "क्\u{200D}ष"] {
            assert_eq!(one_line(good, 20), Ok(good.to_owned()));
        }
        assert_eq!(one_line("\u{200B}", 20), Err(TextError::Forbidden));
    }

    #[test]
    fn several_lines_keep_their_line_ends_and_nothing_worse() {
        assert_eq!(multi_line(" a\r\nb\n\tc \n", 20), Ok("a\nb\n\tc".to_owned()));
        assert_eq!(multi_line("a\rb", 20), Err(TextError::Forbidden));
        assert_eq!(multi_line("a\n\u{1B}[31m", 20), Err(TextError::Forbidden));
        assert_eq!(multi_line("\r\n \n", 20), Err(TextError::Empty));
        assert_eq!(multi_line("a\r\nb", 3), Ok("a\nb".to_owned()));
        assert_eq!(multi_line("a\r\nbc", 3), Err(TextError::TooLong { max: 3 }));
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        assert_eq!(TextError::Empty.in_words("reason"), "Enter the reason");
        assert_eq!(TextError::TooLong { max: 1_000 }.in_words("reason"), "The reason must be 1,000 characters or fewer");
        assert!(TextError::Forbidden.in_words("reason").ends_with("Type it again"));
    }

    /// ACT-1: the buyer account is masked.
    #[test]
    fn a_masked_account_shows_its_last_four_digits_and_no_others() {
        assert_eq!(mask_account("111122223333"), "•••• •••• 3333");
        assert_eq!(mask_account("123456789"), "•••• •678 9");
        assert_eq!(mask_account("1234"), "••••");
        assert_eq!(mask_account(""), "");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_made_text() {
        for bad in ["=cmd", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1"] {
            assert_eq!(csv_safe(bad), format!("'{bad}"));
        }
        for good in ["", "Acme", "a=b", " =x", "1,000", "'quoted"] {
            assert_eq!(csv_safe(good), good);
        }
    }

    proptest! {
        #[test]
        fn folding_and_cleaning_twice_is_the_same_as_once(text in "\\PC{0,40}") {
            let key = search_key(&text);
            prop_assert_eq!(search_key(&key), key.clone());
            prop_assert_eq!(search_key(&text.to_uppercase()).is_empty(), key.is_empty());
            if let Ok(line) = one_line(&text, 100) {
                prop_assert_eq!(one_line(&line, 100), Ok(line));
            }
        }

        /// MKT-1: a word of a name finds the name.
        #[test]
        fn every_word_of_a_text_is_found_in_its_key(text in "[\\PC ]{0,40}") {
            let key = search_key(&text);
            prop_assert!(search_words(&text).iter().all(|word| key.contains(word.as_str())));
        }
    }
}
