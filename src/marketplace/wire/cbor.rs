//! Smithy RPC v2 CBOR: the body is one map, of definite or indefinite length, as are the lists and maps in it. Answers are
//! written in the definite form. Pure.

use super::value::{Members, Value, epoch_seconds, instant};
use ciborium::Value as Cbor;

/// Tag of an instant: seconds since the epoch (RFC 8949, section 3.4.2).
const EPOCH_TAG: u64 = 1;
/// Deeper than any request of the models; bounds what a hostile body costs.
const DEPTH_MAX: usize = 32;

/// Reads a body; an empty one is an empty structure.
///
/// # Errors
/// When it is no CBOR map, or has what the models have no shape for.
pub fn read(body: &[u8]) -> Result<Members, String> {
    let mut rest = body;
    if rest.is_empty() {
        return Ok(Members::new());
    }
    let value: Cbor =
        ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH_MAX).map_err(|_| "the body is not CBOR".to_owned())?;
    if !rest.is_empty() {
        return Err("the body goes on behind its CBOR map".to_owned());
    }
    match value {
        Cbor::Map(members) => members_of(members),
        _ => Err("the body is not a CBOR map".to_owned()),
    }
}

fn members_of(members: Vec<(Cbor, Cbor)>) -> Result<Members, String> {
    let mut read = Members::with_capacity(members.len().min(64));
    for (name, value) in members {
        let Cbor::Text(name) = name else { return Err("a map has a key that is no text".to_owned()) };
        if let Some(value) = value_of(value)? {
            read.push((name, value));
        }
    }
    Ok(read)
}

fn value_of(value: Cbor) -> Result<Option<Value>, String> {
    Ok(Some(match value {
        Cbor::Null => return Ok(None),
        Cbor::Bool(flag) => Value::Flag(flag),
        Cbor::Integer(number) => i64::try_from(number).map_or_else(|_| Value::Number(i128::from(number).to_string()), Value::Whole),
        Cbor::Float(number) => Value::Number(number.to_string()),
        Cbor::Text(text) => Value::Text(text),
        Cbor::Array(list) => {
            let list: Result<Vec<_>, _> = list.into_iter().map(value_of).collect();
            Value::List(list?.into_iter().flatten().collect())
        }
        Cbor::Map(members) => Value::Map(members_of(members)?),
        Cbor::Tag(EPOCH_TAG, seconds) => Value::Time(time_of(&seconds).ok_or("a timestamp is out of range")?),
        _ => return Err("the body has a value of a kind that no member has".to_owned()),
    }))
}

fn time_of(seconds: &Cbor) -> Option<crate::kernel::clock::Timestamp> {
    match seconds {
        Cbor::Integer(number) => instant(&i128::from(*number).to_string()),
        Cbor::Float(number) => instant(&number.to_string()),
        _ => None,
    }
}

/// Writes a body.
#[must_use]
pub fn write(members: Members) -> Vec<u8> {
    let mut body = Vec::new();
    // Writing to memory does not fail.
    ciborium::into_writer(&cbor_of(Value::Map(members)), &mut body).ok();
    body
}

fn cbor_of(value: Value) -> Cbor {
    match value {
        Value::Text(text) => Cbor::Text(text),
        Value::Whole(whole) => Cbor::Integer(whole.into()),
        Value::Number(text) => text.parse().map_or(Cbor::Text(text), Cbor::Float),
        Value::Flag(flag) => Cbor::Bool(flag),
        // A bare number fails in the Rust SDK: it has to be tagged (rule 3 of the protocol).
        Value::Time(at) => Cbor::Tag(EPOCH_TAG, Box::new(Cbor::Float(epoch_seconds(at).parse().unwrap_or_default()))),
        Value::List(list) => Cbor::Array(list.into_iter().map(cbor_of).collect()),
        Value::Map(members) => Cbor::Map(members.into_iter().map(|(name, value)| (Cbor::Text(name), cbor_of(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Structure;
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hex")).collect()
    }

    /// The bytes that the Rust SDK sends (section 2.2 of the protocol): maps and lists of indefinite length.
    #[test]
    fn a_request_of_the_rust_sdk_is_read() {
        let body = [
            bytes("bf 6b"),
            b"ProductCode".to_vec(),
            bytes("66"),
            b"abc123".to_vec(),
            bytes("66"),
            b"Filter".to_vec(),
            bytes("bf 77"),
            b"CUSTOMER_AWS_ACCOUNT_ID".to_vec(),
            bytes("9f 6c"),
            b"111122223333".to_vec(),
            bytes("ff ff 6a"),
            b"MaxResults".to_vec(),
            bytes("18 19 ff"),
        ]
        .concat();
        let filter = Structure::new().with("CUSTOMER_AWS_ACCOUNT_ID", vec!["111122223333"]);
        let expected = Structure::new().with("ProductCode", "abc123").with("Filter", filter).with("MaxResults", 25);
        assert_eq!(read(&body), Ok(expected.0));
    }

    /// The answer of section 2.2 of the protocol, byte by byte: a timestamp is tag 1 around a number.
    #[test]
    fn an_answer_has_the_bytes_that_the_sdks_read() {
        let expires: crate::kernel::clock::Timestamp = "2027-11-10T00:00:00Z".parse().expect("an instant");
        let value = Structure::new().with("IntegerValue", 100);
        let row = Structure::new().with("Dimension", "credits").with("Value", value).with("ExpirationDate", expires);
        let written = write(Structure::new().with("Entitlements", vec![row]).0);
        let head = [bytes("a1 6c"), b"Entitlements".to_vec(), bytes("81 a3 69"), b"Dimension".to_vec(), bytes("67"), b"credits".to_vec()];
        let value =
            [bytes("65"), b"Value".to_vec(), bytes("a1 6c"), b"IntegerValue".to_vec(), bytes("1864 6e"), b"ExpirationDate".to_vec()];
        let (head, value) = (head.concat(), value.concat());
        assert!(written.starts_with(&[head, value, bytes("c1")].concat()), "{written:02x?}");
        let (_, read) = read(&written).expect("a map").remove(0);
        let Value::List(rows) = read else { panic!("a list") };
        let Value::Map(row) = &rows[0] else { panic!("a map") };
        assert_eq!(row[2].1, Value::Time(expires));
    }

    #[test]
    fn what_is_no_map_is_refused_and_nothing_is_an_empty_one() {
        assert_eq!(read(b""), Ok(Members::new()));
        assert_eq!(read(&bytes("a1 61 61 f6")), Ok(Members::new()), "null is absent");
        for hex in ["80", "01", "bf", "a1 01 01", "a0 a0", "a1 61 61 41 00", "a1 61 61 c5 01", "ff"] {
            assert!(read(&bytes(hex)).is_err(), "{hex}");
        }
        assert!(read(&[0x9f; 5_000]).is_err(), "nested too deep");
    }

    #[test]
    fn whatever_is_written_reads_the_same() {
        let at: crate::kernel::clock::Timestamp = "2026-05-01T10:00:00.013Z".parse().expect("an instant");
        let inner = Structure::new().with("whole", i64::MIN).with("at", at).with("flag", false);
        let members = Structure::new().with("list", vec![inner]).with("text", "ü").0;
        assert_eq!(read(&write(members.clone())), Ok(members));
    }
}
