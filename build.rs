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
    let raw = fs::read(path).expect("a readable file");
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
    let constant = name.to_uppercase().replace(['.', '-'], "_");
    let full = fs::canonicalize(path).expect("a path that exists");
    writeln!(constants, "/// Address of `static/{name}`.\npub const {constant}: &str = {url:?};").expect("a String takes everything");
    writeln!(
        table,
        "    Asset {{ url: {url:?}, mime: {mime:?}, etag: \"\\\"{hash}\\\"\", raw: include_bytes!({:?}), brotli: {brotli} }},",
        full.display().to_string()
    )
    .expect("a String takes everything");
}
