//! A value with its type.

use std::fmt;

/// A value of a message ("Type system"), but for fractions, of which systemd has none. Arrays carry the signature of their elements, since they may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the types are those of the specification, by their names")]
pub enum Value {
    Byte(u8),
    Bool(bool),
    I16(i16),
    U16(u16),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    Str(String),
    Path(String),
    Signature(String),
    Array(String, Vec<Value>),
    Struct(Vec<Value>),
    Entry(Box<Value>, Box<Value>),
    Variant(Box<Value>),
}

impl Value {
    /// A string.
    pub fn str(text: impl Into<String>) -> Value {
        Value::Str(text.into())
    }

    /// A value in a variant.
    pub fn variant(value: Value) -> Value {
        Value::Variant(Box::new(value))
    }

    /// An array of bytes.
    pub fn bytes(bytes: &[u8]) -> Value {
        Value::Array("y".into(), bytes.iter().map(|byte| Value::Byte(*byte)).collect())
    }

    /// Its type, as a signature.
    pub fn signature(&self) -> String {
        match self {
            Value::Byte(_) => "y".into(),
            Value::Bool(_) => "b".into(),
            Value::I16(_) => "n".into(),
            Value::U16(_) => "q".into(),
            Value::I32(_) => "i".into(),
            Value::U32(_) => "u".into(),
            Value::I64(_) => "x".into(),
            Value::U64(_) => "t".into(),
            Value::Str(_) => "s".into(),
            Value::Path(_) => "o".into(),
            Value::Signature(_) => "g".into(),
            Value::Array(element, _) => format!("a{element}"),
            Value::Struct(fields) => {
                format!("({})", fields.iter().map(Value::signature).collect::<String>())
            }
            Value::Entry(key, value) => format!("{{{}{}}}", key.signature(), value.signature()),
            Value::Variant(_) => "v".into(),
        }
    }

    /// The text of a string, object path or signature.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) | Value::Path(text) | Value::Signature(text) => Some(text),
            Value::Variant(value) => value.as_str(),
            _ => None,
        }
    }

    pub(crate) fn as_u32(&self) -> Option<u32> {
        match self {
            Value::U32(number) => Some(*number),
            _ => None,
        }
    }
}

/// For plans and errors: short and without types.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Byte(number) => number.fmt(f),
            Value::Bool(flag) => flag.fmt(f),
            Value::I16(number) => number.fmt(f),
            Value::U16(number) => number.fmt(f),
            Value::I32(number) => number.fmt(f),
            Value::U32(number) => number.fmt(f),
            Value::I64(number) => number.fmt(f),
            Value::U64(u64::MAX) => f.write_str("infinity"),
            Value::U64(number) => number.fmt(f),
            Value::Str(text) | Value::Path(text) | Value::Signature(text) => f.write_str(text),
            Value::Array(_, elements) => list(f, "[", elements, "]"),
            Value::Struct(fields) => list(f, "(", fields, ")"),
            Value::Entry(key, value) => write!(f, "{key}: {value}"),
            Value::Variant(value) => value.fmt(f),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, open: &str, values: &[Value], close: &str) -> fmt::Result {
    f.write_str(open)?;
    for (index, value) in values.iter().enumerate() {
        write!(f, "{}{value}", if index == 0 { "" } else { ", " })?;
    }
    f.write_str(close)
}

/// The first complete type of a signature, and what is left of it; `None` if there is none.
pub(crate) fn split_type(signature: &str) -> Option<(&str, &str)> {
    let length = type_length(signature.as_bytes(), 0)?;
    Some(signature.split_at(length))
}

/// How deep arrays and structs may be nested ("Valid signatures").
const MOST_NESTED: usize = 32;

fn type_length(signature: &[u8], depth: usize) -> Option<usize> {
    if depth > MOST_NESTED {
        return None;
    }
    match signature.first()? {
        b'y' | b'b' | b'n' | b'q' | b'i' | b'u' | b'x' | b't' | b'd' | b's' | b'o' | b'g' | b'v' | b'h' => {
            Some(1)
        }
        b'a' if signature.get(1) == Some(&b'{') => Some(1 + entry_length(&signature[1..], depth + 1)?),
        b'a' => Some(1 + type_length(&signature[1..], depth + 1)?),
        b'(' => {
            let mut length = 1;
            while *signature.get(length)? != b')' {
                length += type_length(&signature[length..], depth + 1)?;
            }
            (length > 1).then_some(length + 1)
        }
        _ => None,
    }
}

/// `{`, a basic type, any type, `}`.
fn entry_length(signature: &[u8], depth: usize) -> Option<usize> {
    let key = signature.get(1).filter(|key| b"ybnqiuxtdsog".contains(key))?;
    let value = type_length(signature.get(1 + size_of_val(key)..)?, depth)?;
    (*signature.get(2 + value)? == b'}').then_some(3 + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(signature: &str, first: &str) {
        assert_eq!(split_type(signature).map(|(first, _)| first), Some(first));
    }

    #[test]
    fn a_signature_falls_into_complete_types() {
        check("ssa(sv)", "s");
        check("a(sv)a(sa(sv))", "a(sv)");
        check("(st)u", "(st)");
        check("a{sv}", "a{sv}");
        check("aay", "aay");
    }

    #[test]
    fn what_is_no_type_is_none() {
        for wrong in ["", "a", "(", "()", "(s", "z", "{sv}", "a{vs}", "a{s}", ")"] {
            assert_eq!(split_type(wrong), None, "{wrong}");
        }
        assert_eq!(split_type(&"a".repeat(100)), None);
    }

    #[test]
    fn a_value_knows_its_signature() {
        let property = Value::Struct(vec![Value::str("x"), Value::variant(Value::bytes(&[1]))]);
        assert_eq!(property.signature(), "(sv)");
        assert_eq!(Value::bytes(&[]).signature(), "ay");
    }

    #[test]
    fn a_value_is_shown_without_its_type() {
        let pair = Value::Struct(vec![Value::str("char-*"), Value::str("m")]);
        assert_eq!(Value::Array("(ss)".into(), vec![pair]).to_string(), "[(char-*, m)]");
        assert_eq!(Value::U64(u64::MAX).to_string(), "infinity");
    }
}
