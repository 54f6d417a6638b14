//! Recognises passwords that are guessed first: words of common lists with the usual decorations, runs of keys,
//! repetitions, plain numbers and single short words. It estimates no strength and knows nothing about the person.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words, names and phrases that people use as passwords, one a line, in lower case and without decoration.
static WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("common.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect());

/// Keys and letters in the orders that fingers follow.
const RUNS: [&str; 19] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1a2b3c4d5e6f7g8h9i0j",
    "a1b2c3d4e5f6g7h8i9j0",
    "azsxdcfvgbhnjmkl",
    "12qwaszx34erdfcv",
    "!@#$%^&*()_+",
];

/// Letters that belong to a run at least; two neighbours are found in any word.
const RUN_SHORTEST: usize = 3;
/// Digits and signs around a word that do not make it harder to guess.
const DECORATION_LONGEST: usize = 6;
/// A plain number is a date or a telephone number up to this many digits.
const NUMBER_LONGEST: usize = 11;
/// A number with no more letters than these is hardly better.
const LETTERS_IN_NUMBER: usize = 2;
/// A single word of fewer letters is in every dictionary, whatever digits and signs surround it.
const SINGLE_WORD_SHORTEST: usize = 11;
/// A unit that is only repeated.
const UNIT_LONGEST: usize = 4;

/// Whether somebody who guesses would try this among the first few thousand.
pub(super) fn is_guessable(typed: &str) -> bool {
    let folded: Vec<char> = typed.to_lowercase().chars().collect();
    is_short_number(&folded) || is_repetition(&folded) || is_word(&folded)
}

/// A date, a telephone number, or a number with a letter or two: `01.01.1990`, `a1234567`.
fn is_short_number(text: &[char]) -> bool {
    let letters = text.iter().filter(|letter| !letter.is_ascii_digit() && !matches!(letter, '.' | '-' | '/' | ' ')).count();
    text.len() <= NUMBER_LONGEST && letters <= LETTERS_IN_NUMBER
}

/// The text falls apart into runs of neighbouring keys, or of one key: `qwerty123456`, `abc12345`, `aaaa1111`.
fn is_runs(text: &[char]) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let length = (RUN_SHORTEST..=rest.len()).rev().find(|length| is_run(&rest[..*length]));
        match length {
            Some(length) => rest = &rest[length..],
            None => return false,
        }
    }
    true
}

fn is_run(text: &[char]) -> bool {
    if text.windows(2).all(|pair| pair[0] == pair[1]) {
        return true;
    }
    let forward: String = text.iter().collect();
    let backward: String = text.iter().rev().collect();
    RUNS.iter().any(|run| run.contains(&forward) || run.contains(&backward))
}

/// A short unit, or a common word, over and over: `abcabcabc`, `hellohello`.
fn is_repetition(text: &[char]) -> bool {
    (1..=text.len() / 2).any(|length| {
        let unit = &text[..length];
        let repeats = text.chunks(length).all(|chunk| unit.starts_with(chunk));
        repeats && (length <= UNIT_LONGEST || is_word(unit))
    })
}

/// A listed word, a single short one or a run of keys, bare or with a few digits and signs around it, letters written plainly or with
/// look-alikes.
fn is_word(text: &[char]) -> bool {
    let trailing = text.iter().rev().take_while(|letter| !letter.is_alphabetic()).count();
    let leading = text.iter().take_while(|letter| !letter.is_alphabetic()).count();
    (0..=leading.min(DECORATION_LONGEST)).any(|from| {
        (0..=trailing.min(DECORATION_LONGEST)).any(|cut| {
            let to = text.len().saturating_sub(cut);
            from < to && (is_listed(&text[from..to]) || is_runs(&text[from..to]) || is_single_word(&text[from..to]))
        })
    })
}

fn is_single_word(text: &[char]) -> bool {
    text.len() < SINGLE_WORD_SHORTEST && text.iter().all(|letter| letter.is_alphabetic())
}

fn is_listed(text: &[char]) -> bool {
    let plain: String = text.iter().collect();
    let joined: String = text.iter().filter(|letter| letter.is_alphanumeric()).collect();
    WORDS.contains(plain.as_str())
        || WORDS.contains(joined.as_str())
        || ['l', 'i'].iter().any(|one| WORDS.contains(without_look_alikes(text, *one).as_str()))
}

/// `p@55w0rd` read as `password`; `1` stands for an l or an i.
fn without_look_alikes(text: &[char], one: char) -> String {
    let read = |letter: &char| match letter {
        '0' => 'o',
        '1' | '!' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => *other,
    };
    text.iter().map(read).filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_tries_first_is_guessable() {
        let tried = [
            "password",
            "Password1",
            "P@ssw0rd",
            "passw0rd123",
            "PASSWORD!",
            "12345678",
            "123456789",
            "87654321",
            "11111111",
            "qwertyui",
            "qwerty123",
            "1q2w3e4r",
            "1qaz2wsx",
            "abc12345",
            "abcd1234",
            "iloveyou",
            "ILoveYou2!",
            "sunshine",
            "princess1",
            "Football7",
            "baseball",
            "welcome1",
            "Welcome2026!",
            "letmein!",
            "Summer2026",
            "dragon12",
            "monkey123",
            "asdfghjkl",
            "aaaaaaaa",
            "abcabcabc",
            "hellohello",
            "trustno1",
            "changeme",
            "admin123",
            "superman",
            "19900101",
            "01.01.1990",
            "0612345678",
            "qazwsxedc",
            "zxcvbnm1",
            "!@#$%^&*",
            "passwordpassword",
            "1234qwer",
        ];
        for typed in tried {
            assert!(is_guessable(typed), "{typed}");
        }
    }

    #[test]
    fn an_ordinary_good_password_is_not() {
        for typed in [
            "tall trees by the lake",
            "creditdesk-demo",
            "horse lantern copper sky",
            "mQ7#vu2Lk",
            "grüner Elefant 7",
            "monkeys eat blue paint",
            "8472019384756",
            "x2 password vault y",
        ] {
            assert!(!is_guessable(typed), "{typed}");
        }
    }

    #[test]
    fn the_list_is_in_the_form_it_is_compared_in() {
        assert!(WORDS.len() >= 1_500, "{}", WORDS.len());
        for word in WORDS.iter() {
            assert!(word.chars().all(|letter| letter.is_alphanumeric() && !letter.is_uppercase()), "{word}");
        }
    }
}
