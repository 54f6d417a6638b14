//! Where to go after sign-in, when the browser says so: a page of this program and nothing else (quality D10).

use crate::web::paths;
use url::Url;

/// Longer addresses are none of ours.
const BYTES_MAX: usize = 2_000;
/// Encodings of encodings are undone this often before the answer is no.
const DECODINGS_MAX: usize = 4;

/// A path with its query on this origin, safe to stand in a `Location` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPath(String);

impl NextPath {
    /// From what came in; everything doubtful is nothing.
    pub fn parse(typed: &str) -> Option<Self> {
        let plain =
            typed.len() <= BYTES_MAX && typed.starts_with('/') && typed.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let (path, _) = typed.split_once('?').unwrap_or((typed, ""));
        let ours = plain && !typed.contains('#') && is_clean(path) && stays_here(typed, path) && !is_a_way_in_or_out(path);
        ours.then(|| Self(typed.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// However often it is decoded, the path has no empty or dotted segments, no backslashes and no control characters.
fn is_clean(path: &str) -> bool {
    let mut decoded = path.to_owned();
    for _ in 0..DECODINGS_MAX {
        let bad_segment = decoded.split('/').skip(1).any(|segment| matches!(segment, "." | ".."));
        if decoded.contains("//") || bad_segment || decoded.chars().any(|letter| letter == '\\' || letter.is_control()) {
            return false;
        }
        let Some(once_more) = percent_decoded(&decoded) else { return false };
        if once_more == decoded {
            return true;
        }
        decoded = once_more;
    }
    false
}

fn percent_decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                bytes.push(u8::try_from(hex(high)? * 16 + hex(low)?).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, after) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// A browser that resolves it stays on the origin and on the very path.
fn stays_here(typed: &str, path: &str) -> bool {
    let Ok(origin) = Url::parse("https://origin.invalid/sign-in") else { return false };
    origin.join(typed).is_ok_and(|joined| joined.origin() == origin.origin() && joined.path() == path)
}

fn is_a_way_in_or_out(path: &str) -> bool {
    [paths::SIGN_IN, paths::SIGN_OUT].contains(&path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What must not lead anywhere: other origins in every disguise, and the ways in and out themselves.
    const REFUSED: [&str; 98] = [
        "",
        " ",
        "console",
        "evil.example",
        "//",
        "//evil.example",
        "///evil.example",
        "////evil.example",
        "//evil.example/%2f..",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\\/evil.example",
        "/\\\\evil.example",
        "//\\evil.example",
        "/%5cevil.example",
        "/%5Cevil.example",
        "/%5c%5cevil.example",
        "/%255cevil.example",
        "/%2f%2fevil.example",
        "/%2Fevil.example",
        "/%2f/evil.example",
        "%2f%2fevil.example",
        "/%252f%252fevil.example",
        "/%25252fevil.example",
        "/%2525252525252fevil.example",
        "http://evil.example",
        "https://evil.example",
        "HTTPS://EVIL.EXAMPLE",
        "https:evil.example",
        "https:/evil.example",
        "https:///evil.example",
        "http:\\\\evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://evil.example",
        "mailto:a@evil.example",
        "about:blank",
        "blob:https://evil.example/x",
        "\t//evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\n/console",
        " /console",
        "/console ",
        "/ /evil.example",
        "/\u{0}/evil.example",
        "/console\r\nLocation: https://evil.example",
        "/%0d%0aLocation:%20https://evil.example",
        "/%0aSet-Cookie:a=b",
        "/%00/evil.example",
        "/%09/evil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/console/..//evil.example",
        "/console/../..//evil.example",
        "/./console",
        "/console/../admin",
        "/%2e%2e/%2e%2e//evil.example",
        "/%2e%2e%2fevil.example",
        "/%2e/console",
        "/%252e%252e/console",
        "/console//x",
        "/console#//evil.example",
        "/%",
        "/%4",
        "/%zz",
        "/%ff",
        "/\u{2f}\u{2f}evil.example",
        "/\u{ff0f}evil.example",
        "\u{ff0f}\u{ff0f}evil.example",
        "/\u{2044}evil.example",
        "/\u{202e}evil.example",
        "/caf\u{e9}",
        "@evil.example",
        "//user@evil.example",
        "//user:pass@evil.example:443/",
        "//[::1]/",
        "//127.0.0.1",
        "?next=//evil.example",
        "#/console",
        ".",
        "..",
        "./console",
        "../console",
        "/sign-in",
        "/sign-in/",
        "/sign-in?next=/console",
        "/sign-out",
        "/sign-out?x=1",
        "://evil.example",
        ":/evil.example",
        "/\u{85}/x",
        "/\u{7f}/x",
    ];

    #[test]
    fn addresses_of_this_program_are_taken() {
        for ours in [
            "/",
            "/console",
            "/console/activation",
            "/console/licenses?status=active&after=AbC-_",
            "/marketplace?q=Trend%20Micro",
            "/marketplace/pp/prodview-u2in6sa3igl7c/contract",
            "/admin/licenses/lic_01hxyz/transfer",
            "/console/audit?subject=https://elsewhere.example//x",
            "/invitations/Zm9vYmFy_-1",
        ] {
            assert_eq!(NextPath::parse(ours).as_ref().map(NextPath::as_str), Some(ours));
        }
    }

    /// IDN-1: sign-in leads nowhere but to this program's own pages.
    #[test]
    fn everything_that_could_lead_elsewhere_is_refused() {
        for elsewhere in REFUSED {
            assert_eq!(NextPath::parse(elsewhere), None, "{elsewhere:?}");
        }
        assert_eq!(NextPath::parse(&format!("/{}", "a".repeat(BYTES_MAX))), None, "too long");
    }

    proptest! {
        #[test]
        fn whatever_is_taken_stays_on_the_origin(typed in "[/\\\\%2fF5cC.:@?#a-z0-9\\t\\n ]{0,24}") {
            if let Some(next) = NextPath::parse(&typed) {
                for origin in ["https://desk.example/sign-in", "http://127.0.0.1:8080/sign-in?next=x"] {
                    let origin = Url::parse(origin).unwrap();
                    prop_assert_eq!(origin.join(next.as_str()).unwrap().origin(), origin.origin());
                }
            }
        }
    }
}
