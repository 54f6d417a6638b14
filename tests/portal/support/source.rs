//! The program's own text, for tests about how it is written. Knows only as much of Rust as rustfmt makes easy: where a
//! comment starts, and that a block ends at its own indentation.

use std::path::{Path, PathBuf};

/// A file of the repository.
pub struct Source {
    /// Path from the top of the repository, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// A function or method: where it is and how long it is from its signature to its closing brace.
pub struct Function<'s> {
    /// Its name.
    pub name: &'s str,
    /// Everything before the body, on one line.
    pub signature: String,
    /// Lines from the one that starts the signature to the one that closes the body.
    pub lines: usize,
}

/// All files under these places whose names end so. Each call reads the disk.
pub fn files(places: &[&str], endings: &[&str]) -> Vec<Source> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for place in places {
        collect(&top.join(place), &mut found);
    }
    found.sort();
    let wanted = found.into_iter().filter(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    wanted.map(|path| read(top, &path)).collect()
}

fn collect(place: &Path, found: &mut Vec<PathBuf>) {
    if place.is_file() {
        found.push(place.to_owned());
    } else if place.is_dir() {
        for entry in std::fs::read_dir(place).expect("a readable folder") {
            collect(&entry.expect("a readable entry").path(), found);
        }
    }
}

fn read(top: &Path, path: &Path) -> Source {
    let inside = path.strip_prefix(top).expect("a path inside the repository");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Source { path: inside.to_string_lossy().into_owned(), text }
}

impl Source {
    /// The file without the unit tests at its end.
    pub fn without_tests(mut self) -> Self {
        if let Some(at) = self.text.find("\n#[cfg(test)]\nmod tests {") {
            self.text.truncate(at + 1);
        }
        self
    }

    /// Lines with their numbers, comments left out.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The lines of code that hold one of these words, as `path:line: text`.
    pub fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let hits = self.code().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        hits.map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim())).collect()
    }

    /// The room this file belongs to: its folder under `src`, or its own name at the top of it.
    pub fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    /// Every function that has a body.
    pub fn functions(&self) -> Vec<Function<'_>> {
        let lines: Vec<&str> = self.text.lines().collect();
        let starts = lines.iter().enumerate().filter_map(|(index, line)| Some((index, function_name(line)?)));
        starts.filter_map(|(index, name)| measure(&lines, index, name)).collect()
    }

    /// What stands between the parentheses of each call of this macro.
    pub fn macro_bodies(&self, call: &str) -> Vec<&str> {
        let starts = self.text.match_indices(call).map(|(at, _)| at + call.len());
        starts.map(|start| up_to_closing(&self.text[start..])).collect()
    }
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let rest = rest.strip_prefix("fn ")?;
    rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()
}

fn measure<'s>(lines: &[&'s str], start: usize, name: &'s str) -> Option<Function<'s>> {
    let indent = &lines[start][..lines[start].len() - lines[start].trim_start().len()];
    let ends_signature = |line: &str| line.ends_with('{') || line.ends_with('}') || line.ends_with(';');
    let body = (start..lines.len()).find(|index| ends_signature(lines[*index]))?;
    let signature = lines[start..=body].iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    if lines[body].ends_with(';') {
        return None;
    }
    let closing = format!("{indent}}}");
    let end = if lines[body].ends_with('}') { body } else { (body..lines.len()).find(|index| lines[*index] == closing)? };
    Some(Function { name, signature, lines: end - start + 1 })
}

/// Text up to the parenthesis that closes one opened just before it. Strings with lone parentheses would mislead it.
fn up_to_closing(text: &str) -> &str {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[..at];
        }
    }
    text
}
