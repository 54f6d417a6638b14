//! Embeds static/: a content-hashed address, a brotli copy, and a constant for each file that templates name.

#![expect(clippy::expect_used, reason = "a build that cannot embed its files has to stop, with the reason")]

use sha2::{Digest, Sha256};
use std::{env, fmt::Write, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=static");
    // sqlx::migrate! does not see new files by itself.
    println!("cargo::rerun-if-changed=migrations");
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let mut files: Vec<_> =
        fs::read_dir("static").expect("static/ exists").map(|entry| entry.expect("static/ is readable").path()).collect();
    files.sort();
    let (mut constants, mut table) = (String::new(), String::new());
    for path in files {
        embed(&path, Path::new(&out), release, &mut constants, &mut table);
    }
    let code = format!("{constants}\n/// Every embedded file.\npub static ASSETS: &[Asset] = &[\n{table}];\n");
    fs::write(Path::new(&out).join("assets.rs"), code).expect("OUT_DIR is writable");
}

fn embed(path: &Path, out: &Path, release: bool, constants: &mut String, table: &mut String) {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a file name in UTF-8");
    let (stem, extension) = name.rsplit_once('.').expect("a file name with an extension");
    let raw = match extension {
        "css" | "js" => without_comments(&fs::read_to_string(path).expect("a readable text"), extension),
        _ => fs::read(path).expect("a readable file"),
    };
    let hash = Sha256::digest(&raw).iter().take(8).fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes everything");
        hex
    });
    let mime = match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        other => panic!("no MIME type for .{other}: add it here"),
    };
    let brotli = if matches!(extension, "css" | "js" | "svg") {
        let quality = if release { 11 } else { 4 };
        let parameters = brotli::enc::BrotliEncoderParams { quality, ..Default::default() };
        let mut packed = Vec::new();
        brotli::BrotliCompress(&mut &raw[..], &mut packed, &parameters).expect("brotli packs into memory");
        let file = out.join(format!("{name}.br"));
        fs::write(&file, packed).expect("OUT_DIR is writable");
        format!("Some(include_bytes!({:?}))", file.display().to_string())
    } else {
        "None".to_owned()
    };
    let url = format!("/static/{stem}.{hash}.{extension}");
    let served = out.join(name);
    fs::write(&served, &raw).expect("OUT_DIR is writable");
    let constant = name.to_uppercase().replace(['.', '-'], "_");
    writeln!(constants, "/// Address of `static/{name}`.\npub const {constant}: &str = {url:?};").expect("a String takes everything");
    writeln!(
        table,
        "    Asset {{ url: {url:?}, mime: {mime:?}, etag: \"\\\"{hash}\\\"\", raw: include_bytes!({:?}), brotli: {brotli} }},",
        served.display().to_string()
    )
    .expect("a String takes everything");
}

/// What is written for people stays here: comments, indentation and empty lines are not served. In scripts only lines
/// that are nothing but a comment go, because a `//` elsewhere may stand in a text.
fn without_comments(text: &str, extension: &str) -> Vec<u8> {
    let mut rest = text;
    let mut code = String::new();
    if extension == "css" {
        while let Some((before, comment)) = rest.split_once("/*") {
            code.push_str(before);
            rest = comment.split_once("*/").expect("every comment of a style sheet ends").1;
        }
    }
    code.push_str(rest);
    let lines = code.lines().map(str::trim).filter(|line| !(line.is_empty() || extension == "js" && line.starts_with("//")));
    lines.fold(String::new(), |served, line| served + line + "\n").into_bytes()
}
