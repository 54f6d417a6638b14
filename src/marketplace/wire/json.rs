//! awsJson 1.0 and 1.1: the body is one JSON object. Pure.

use super::value::{Members, Value, epoch_seconds};
use serde_json::{Map, Number, Value as Json};

/// Reads a body; an empty one is an empty structure.
///
/// # Errors
/// When it is no JSON object.
pub fn read(body: &[u8]) -> Result<Members, String> {
    if body.is_empty() {
        return Ok(Members::new());
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(members)) => Ok(members_of(members)),
        Ok(_) => Err("the body is not a JSON object".to_owned()),
        Err(error) => Err(format!("the body is not JSON: {error}")),
    }
}

fn members_of(members: Map<String, Json>) -> Members {
    members.into_iter().filter_map(|(name, value)| Some((name, value_of(value)?))).collect()
}

fn value_of(value: Json) -> Option<Value> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(flag) => Value::Flag(flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Number(number.to_string()), Value::Whole),
        Json::String(text) => Value::Text(text),
        Json::Array(list) => Value::List(list.into_iter().filter_map(value_of).collect()),
        Json::Object(members) => Value::Map(members_of(members)),
    })
}

/// Writes a body.
#[must_use]
pub fn write(members: Members) -> Vec<u8> {
    json_of(Value::Map(members)).to_string().into_bytes()
}

fn json_of(value: Value) -> Json {
    let number = |text: String| text.parse::<Number>().map_or(Json::String(text), Json::Number);
    match value {
        Value::Text(text) => Json::String(text),
        Value::Whole(whole) => Json::from(whole),
        Value::Number(text) => number(text),
        Value::Flag(flag) => Json::Bool(flag),
        Value::Time(at) => number(epoch_seconds(at)),
        Value::List(list) => Json::Array(list.into_iter().map(json_of).collect()),
        Value::Map(members) => Json::Object(members.into_iter().map(|(name, value)| (name, json_of(value))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Structure;
    use super::*;

    #[test]
    fn what_is_null_is_absent_and_numbers_keep_their_form() {
        let read = read(br#"{"a":null,"b":[1,null,2.5],"c":{"d":"x","e":null},"f":true}"#).expect("an object");
        let list = Value::List(vec![Value::Whole(1), Value::Number("2.5".to_owned())]);
        let expected = Structure::new().with("b", list).with("c", Structure::new().with("d", "x")).with("f", true);
        assert_eq!(read, expected.0);
    }

    /// Rule 3 of the protocol: an instant is a number, not a text.
    #[test]
    fn instants_are_written_as_numbers() {
        let at = "2026-05-01T10:00:00.013Z".parse::<crate::kernel::clock::Timestamp>().expect("an instant");
        assert_eq!(write(Structure::new().with("T", at).0), br#"{"T":1777629600.013}"#);
    }

    #[test]
    fn what_is_no_object_is_refused_and_nothing_is_an_empty_one() {
        assert_eq!(read(b""), Ok(Members::new()));
        for body in ["[]", "1", "{", "{\"a\":}", "\u{feff}{}", &"[".repeat(100_000)] {
            assert!(read(body.as_bytes()).is_err(), "{}", &body[..body.len().min(20)]);
        }
    }
}
