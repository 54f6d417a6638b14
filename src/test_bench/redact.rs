//! Takes secrets out of what the inspector keeps: whatever stands under a name that secrets have. Pure.

use serde_json::Value;

/// What stands where a secret stood.
pub const REMOVED: &str = "(removed)";
/// The longest text that is kept, in characters; what is longer is cut off.
pub const TEXT_MAX: usize = 16_000;

/// Parts of names of secrets, in lower case.
const SECRET: [&str; 6] = ["token", "secret", "password", "signature", "authorization", "cookie"];
/// Names that sound so and hold none: where a list goes on, and what makes a request repeatable.
const OPEN: [&str; 2] = ["nexttoken", "clienttoken"];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !OPEN.contains(&name.as_str()) && SECRET.iter().any(|part| name.contains(part))
}

/// The same without secrets.
pub fn redacted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().map(|(name, value)| {
                let value = if is_secret(&name) { Value::from(REMOVED) } else { redacted(value) };
                (name, value)
            });
            Value::Object(kept.collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(redacted).collect()),
        other => other,
    }
}

/// An `Authorization` header without its signature.
#[must_use]
pub fn unsigned(authorization: &str) -> String {
    match authorization.split_once("Signature=") {
        Some((before, _)) => format!("{before}Signature={REMOVED}"),
        None => REMOVED.to_owned(),
    }
}

/// Without secrets, indented, and not longer than is kept.
pub fn text(value: Value) -> String {
    let text = format!("{:#}", redacted(value));
    match text.char_indices().nth(TEXT_MAX) {
        None => text,
        Some((end, _)) => format!("{}\n… cut off after {TEXT_MAX} of {} characters", &text[..end], text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_taken_out_wherever_they_stand() {
        let said = json!({
            "RegistrationToken": "p7Qk",
            "NextToken": "page 2",
            "clientToken": "once",
            "agreementEntitlements": [{ "registrationToken": "p7Qk", "status": "PROVISIONED" }],
            "fields": { "x-amzn-marketplace-token": "p7Qk", "Password1": { "deep": "p7Qk" } },
        });
        let kept = text(said);
        assert!(!kept.contains("p7Qk"), "{kept}");
        assert!(kept.contains("page 2") && kept.contains("once") && kept.contains("PROVISIONED"), "{kept}");
        assert_eq!(kept.matches(REMOVED).count(), 4);
    }

    #[test]
    fn a_signature_goes_and_the_rest_of_its_header_stays() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIA/20261122/us-east-1/aws-marketplace/aws4_request, SignedHeaders=host, Signature=abc";
        let kept = unsigned(header);
        assert!(kept.contains("Credential=AKIA/") && kept.ends_with("Signature=(removed)") && !kept.contains("abc"), "{kept}");
        assert_eq!(unsigned("Bearer abc"), REMOVED);
    }

    #[test]
    fn what_is_too_long_is_cut_off_and_says_so() {
        let kept = text(json!("ü".repeat(20_000)));
        assert!(kept.chars().count() < 16_100 && kept.ends_with("cut off after 16000 of 20002 characters"));
    }
}
