//! Protocol buffers as bytes: a field is its number and kind, then a number or a length and that many bytes
//! (<https://protobuf.dev/programming-guides/encoding>).

use crate::{Error, Result};

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

/// A message being written.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// A number, or a boolean as 0 or 1. Negative ones are written in all 64 bits.
    pub(crate) fn number(mut self, field: u32, value: i64) -> Writer {
        self.varint(u64::from(field) << 3 | VARINT);
        self.varint(value.cast_unsigned());
        self
    }

    /// A text, or bytes.
    pub(crate) fn bytes(mut self, field: u32, bytes: impl AsRef<[u8]>) -> Writer {
        let bytes = bytes.as_ref();
        self.varint(u64::from(field) << 3 | BYTES);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// A message inside this one.
    pub(crate) fn message(self, field: u32, inner: Writer) -> Writer {
        self.bytes(field, inner.0)
    }

    /// The bytes.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// The value of a field that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'b> {
    Number(i64),
    Bytes(&'b [u8]),
}

impl<'b> Value<'b> {
    /// As a number; 0 for what is none.
    pub(crate) fn number(self) -> i64 {
        match self {
            Value::Number(number) => number,
            Value::Bytes(_) => 0,
        }
    }

    /// As bytes; none for what is a number.
    pub(crate) fn bytes(self) -> &'b [u8] {
        match self {
            Value::Number(_) => &[],
            Value::Bytes(bytes) => bytes,
        }
    }

    /// As a text.
    pub(crate) fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

/// The fields of a message, in the order in which they stand there.
///
/// # Errors
/// If the bytes are no message.
pub(crate) fn fields(mut bytes: &[u8]) -> Result<Vec<(u32, Value<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        fields.push(field(&mut bytes).ok_or(Error::Garbled)?);
    }
    Ok(fields)
}

/// Takes one field from the front.
fn field<'b>(bytes: &mut &'b [u8]) -> Option<(u32, Value<'b>)> {
    let key = varint(bytes)?;
    let value = match key & 7 {
        VARINT => Value::Number(varint(bytes)?.cast_signed()),
        BYTES => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            Value::Bytes(take(bytes, length)?)
        }
        FIXED64 => Value::Bytes(take(bytes, 8)?),
        FIXED32 => Value::Bytes(take(bytes, 4)?),
        _ => return None,
    };
    Some((u32::try_from(key >> 3).ok()?, value))
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

/// Seven bits in each byte, the lowest first; the eighth says that more follow.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_number(value: i64, bytes: &[u8]) {
        let written = Writer::default().number(1, value).into_bytes();
        assert_eq!(written, bytes);
        assert_eq!(fields(&written).unwrap(), [(1, Value::Number(value))]);
    }

    #[test]
    fn a_small_number_is_one_byte() {
        check_number(5, &[8, 5]);
    }

    #[test]
    fn a_large_number_has_its_lowest_bits_first() {
        check_number(300, &[8, 0xac, 2]);
    }

    #[test]
    fn a_negative_number_takes_ten_bytes() {
        check_number(-1, &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    }

    #[test]
    fn a_text_has_its_length_before_it() {
        assert_eq!(Writer::default().bytes(2, "abc").into_bytes(), [0x12, 3, b'a', b'b', b'c']);
    }

    #[test]
    fn a_high_field_has_a_number_of_two_bytes() {
        assert_eq!(Writer::default().number(16, 1).into_bytes(), [0x80, 1, 1]);
    }

    #[test]
    fn a_message_in_a_message_is_bytes() {
        let inner = Writer::default().number(1, 7);
        let written = Writer::default().message(3, inner).into_bytes();
        let [(3, value)] = fields(&written).unwrap()[..] else { panic!("{written:?}") };
        assert_eq!(fields(value.bytes()).unwrap(), [(1, Value::Number(7))]);
    }

    #[test]
    fn fields_of_a_fixed_length_are_passed_over() {
        let bytes = [1 << 3 | 5, 1, 2, 3, 4, 2 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8, 3 << 3, 9];
        assert_eq!(fields(&bytes).unwrap()[2], (3, Value::Number(9)));
    }

    #[test]
    fn what_ends_too_early_is_no_message() {
        for bytes in [&[8][..], &[8, 0x80], &[0x12, 3, b'a'], &[0x0f]] {
            assert!(matches!(fields(bytes), Err(Error::Garbled)), "{bytes:?}");
        }
    }
}
