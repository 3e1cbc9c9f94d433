//! The wire format ("Marshaling"): each value is aligned to its size, counted from the start of the message.

use crate::Error;
use crate::value::{Value, split_type};

/// An array is at most 64 MiB, and no message of systemd's comes near that.
const LONGEST: usize = 1 << 26;

/// Appends values in the byte order of this machine; the buffer begins where a message or a body does.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn align(&mut self, size: usize) {
        self.0.resize(self.0.len().next_multiple_of(size), 0);
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_ne_bytes());
    }

    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Byte(number) => self.0.push(*number),
            Value::Bool(flag) => self.u32((*flag).into()),
            Value::I16(number) => self.number(number.to_ne_bytes()),
            Value::U16(number) => self.number(number.to_ne_bytes()),
            Value::I32(number) => self.number(number.to_ne_bytes()),
            Value::U32(number) => self.number(number.to_ne_bytes()),
            Value::I64(number) => self.number(number.to_ne_bytes()),
            Value::U64(number) => self.number(number.to_ne_bytes()),
            Value::Str(text) | Value::Path(text) => self.text(text),
            Value::Signature(signature) => self.signature(signature),
            Value::Array(element, elements) => self.array(element, elements),
            Value::Struct(fields) => {
                self.align(8);
                fields.iter().for_each(|field| self.value(field));
            }
            Value::Entry(key, value) => {
                self.align(8);
                self.value(key);
                self.value(value);
            }
            Value::Variant(value) => {
                self.signature(&value.signature());
                self.value(value);
            }
        }
    }

    fn number<const N: usize>(&mut self, bytes: [u8; N]) {
        self.align(N);
        self.0.extend(bytes);
    }

    fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    fn signature(&mut self, signature: &str) {
        self.0.push(signature.len() as u8);
        self.0.extend(signature.as_bytes());
        self.0.push(0);
    }

    /// The length leaves out the padding before the first element, which is there even if no element is.
    fn array(&mut self, element: &str, elements: &[Value]) {
        self.u32(0);
        let length_at = self.0.len() - 4;
        self.align(alignment(element));
        let start = self.0.len();
        elements.iter().for_each(|element| self.value(element));
        let length = (self.0.len() - start) as u32;
        self.0[length_at..length_at + 4].copy_from_slice(&length.to_ne_bytes());
    }
}

/// Of the first type of a signature.
fn alignment(signature: &str) -> usize {
    match signature.as_bytes().first() {
        Some(b'y' | b'g' | b'v') => 1,
        Some(b'n' | b'q') => 2,
        Some(b'x' | b't' | b'd' | b'(' | b'{') => 8,
        _ => 4,
    }
}

/// Takes values off a message, in the byte order of its sender.
#[derive(Debug)]
pub(crate) struct Reader<'m> {
    bytes: &'m [u8],
    at: usize,
    is_big: bool,
    depth: usize,
}

impl<'m> Reader<'m> {
    pub(crate) fn new(bytes: &'m [u8], is_big: bool) -> Reader<'m> {
        Reader { bytes, at: 0, is_big, depth: 0 }
    }

    /// All values of a body.
    pub(crate) fn values(&mut self, mut signature: &str) -> Result<Vec<Value>, Error> {
        let mut values = Vec::new();
        while !signature.is_empty() {
            let (first, rest) = split_type(signature).ok_or(Error::Malformed)?;
            values.push(self.value(first)?);
            signature = rest;
        }
        Ok(values)
    }

    /// One value of this complete type.
    pub(crate) fn value(&mut self, signature: &str) -> Result<Value, Error> {
        Ok(match signature.as_bytes() {
            [b'y'] => Value::Byte(self.number(u8::from_ne_bytes)?),
            [b'b'] => Value::Bool(self.u32()? != 0),
            [b'n'] => Value::I16(self.number(i16::from_ne_bytes)?),
            [b'q'] => Value::U16(self.number(u16::from_ne_bytes)?),
            [b'i'] => Value::I32(self.number(i32::from_ne_bytes)?),
            // A descriptor is an index into those that came along; nobody sends us any.
            [b'u' | b'h'] => Value::U32(self.u32()?),
            [b'x'] => Value::I64(self.number(i64::from_ne_bytes)?),
            [b't'] => Value::U64(self.number(u64::from_ne_bytes)?),
            [b's'] => Value::Str(self.text()?),
            [b'o'] => Value::Path(self.text()?),
            [b'g'] => Value::Signature(self.signature()?),
            [b'v'] => self.nested(Reader::variant)?,
            [b'a', ..] => self.nested(|reader| reader.array(&signature[1..]))?,
            [b'(', .., b')'] => {
                self.align(8)?;
                Value::Struct(self.values(&signature[1..signature.len() - 1])?)
            }
            [b'{', _, .., b'}'] => {
                self.align(8)?;
                let key = self.value(&signature[1..2])?;
                Value::Entry(key.into(), self.value(&signature[2..signature.len() - 1])?.into())
            }
            _ => return Err(Error::Malformed),
        })
    }

    /// Variants can nest without end where signatures cannot.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Value, Error>) -> Result<Value, Error> {
        const DEEPEST: usize = 64;
        self.depth += 1;
        let value = if self.depth > DEEPEST { Err(Error::Malformed) } else { read(self) };
        self.depth -= 1;
        value
    }

    fn variant(&mut self) -> Result<Value, Error> {
        let signature = self.signature()?;
        match split_type(&signature) {
            Some((only, "")) => Ok(Value::variant(self.value(only)?)),
            _ => Err(Error::Malformed),
        }
    }

    fn array(&mut self, element: &str) -> Result<Value, Error> {
        let length = self.u32()? as usize;
        self.align(alignment(element))?;
        let end = self.at + length;
        if length > LONGEST || end > self.bytes.len() {
            return Err(Error::Malformed);
        }
        let mut elements = Vec::new();
        while self.at < end {
            elements.push(self.value(element)?);
        }
        if self.at == end { Ok(Value::Array(element.into(), elements)) } else { Err(Error::Malformed) }
    }

    fn text(&mut self) -> Result<String, Error> {
        let length = self.u32()? as usize;
        self.terminated(length)
    }

    fn signature(&mut self) -> Result<String, Error> {
        let length = self.number(u8::from_ne_bytes)?.into();
        self.terminated(length)
    }

    fn terminated(&mut self, length: usize) -> Result<String, Error> {
        let text = self.take(length)?;
        self.take(1)?;
        String::from_utf8(text.to_vec()).map_err(|_| Error::Malformed)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        self.number(u32::from_ne_bytes)
    }

    fn number<T, const N: usize>(&mut self, from: impl FnOnce([u8; N]) -> T) -> Result<T, Error> {
        self.align(N)?;
        let mut bytes: [u8; N] = self.take(N)?.try_into().map_err(|_| Error::Malformed)?;
        if self.is_big != cfg!(target_endian = "big") {
            bytes.reverse();
        }
        Ok(from(bytes))
    }

    pub(crate) fn align(&mut self, size: usize) -> Result<(), Error> {
        let padding = self.at.next_multiple_of(size) - self.at;
        self.take(padding).map(drop)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'m [u8], Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(Error::Malformed)?;
        self.at += length;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: &[u8]) {
        let mut writer = Writer::default();
        writer.value(value);
        if cfg!(target_endian = "little") {
            assert_eq!(writer.0, expected);
        }
        let read = Reader::new(&writer.0, cfg!(target_endian = "big")).value(&value.signature());
        assert_eq!(read.as_ref(), Ok(value));
    }

    #[test]
    fn numbers_are_aligned_to_their_size() {
        let values = Value::Struct(vec![Value::Byte(1), Value::U16(2), Value::U32(3), Value::U64(4)]);
        check(&values, &[1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_string_has_its_length_before_it_and_a_zero_behind() {
        check(&Value::str("abc"), &[3, 0, 0, 0, b'a', b'b', b'c', 0]);
    }

    #[test]
    fn an_empty_array_of_structs_is_padded() {
        check(&Value::Array("(sv)".into(), Vec::new()), &[0; 8]);
    }

    #[test]
    fn a_variant_carries_its_signature() {
        check(&Value::variant(Value::Bool(true)), &[1, b'b', 0, 0, 1, 0, 0, 0]);
    }

    #[test]
    fn a_dictionary_is_an_array_of_entries() {
        let entry = Value::Entry(Value::Byte(1).into(), Value::Byte(2).into());
        check(&Value::Array("{yy}".into(), vec![entry]), &[2, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }

    #[test]
    fn the_order_of_bytes_is_the_senders() {
        assert_eq!(Reader::new(&[0, 0, 1, 2], true).u32(), Ok(258));
        assert_eq!(Reader::new(&[2, 1, 0, 0], false).u32(), Ok(258));
    }

    #[test]
    fn what_ends_early_is_refused() {
        for (signature, bytes) in
            [("s", &b"\x09\0\0\0ab\0"[..]), ("u", b"\0"), ("ay", b"\xff\xff\xff\xff"), ("v", b"\x01")]
        {
            assert_eq!(Reader::new(bytes, false).value(signature), Err(Error::Malformed), "{signature}");
        }
    }

    #[test]
    fn variants_do_not_nest_without_end() {
        let bytes = b"\x01v\0".repeat(100_000);
        assert_eq!(Reader::new(&bytes, false).value("v"), Err(Error::Malformed));
    }
}
