//! As much of Protocol Buffers as the CRI's messages need: they are put together field by field, and answers are looked
//! into by the numbers of fields. <https://protobuf.dev/programming-guides/encoding/>

/// A message being put together; the numbers are those of the fields in the `.proto` file.
#[derive(Default)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    /// An empty message.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a string.
    pub(crate) fn text(mut self, field: u32, text: &str) -> Self {
        self.bytes(field, text.as_bytes());
        self
    }

    /// Adds several strings in a repeated field.
    pub(crate) fn texts(self, field: u32, texts: &[&str]) -> Self {
        texts.iter().fold(self, |message, text| message.text(field, text))
    }

    /// Adds an integer or a member of an enumeration.
    pub(crate) fn number(mut self, field: u32, number: u64) -> Self {
        varint(&mut self.0, u64::from(field) << 3);
        varint(&mut self.0, number);
        self
    }

    /// Adds a message.
    pub(crate) fn message(mut self, field: u32, message: &Message) -> Self {
        self.bytes(field, &message.0);
        self
    }

    /// The message as it is sent.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.0
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        varint(&mut self.0, (u64::from(field) << 3) | 2);
        varint(&mut self.0, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

/// The value of a field.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The bytes, a string or a message, at the end of a path of field numbers; empty if there are none.
pub(crate) fn bytes<'a>(message: &'a [u8], path: &[u32]) -> &'a [u8] {
    path.iter().fold(message, |message, field| match find(message, *field) {
        Some(Value::Bytes(bytes)) => bytes,
        _ => &[],
    })
}

/// The string at the end of a path of field numbers.
pub(crate) fn text(message: &[u8], path: &[u32]) -> String {
    String::from_utf8_lossy(bytes(message, path)).into_owned()
}

/// The number at the end of a path of field numbers; 0, the default, is not sent.
pub(crate) fn number(message: &[u8], path: &[u32]) -> u64 {
    let Some((last, above)) = path.split_last() else { return 0 };
    match find(bytes(message, above), *last) {
        Some(Value::Number(number)) => number,
        _ => 0,
    }
}

fn find(message: &[u8], wanted: u32) -> Option<Value<'_>> {
    let mut rest = message;
    while !rest.is_empty() {
        let (field, value) = next(&mut rest)?;
        if field == wanted {
            return Some(value);
        }
    }
    None
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let key = take_varint(rest)?;
    let value = match key & 7 {
        0 => Value::Number(take_varint(rest)?),
        1 => Value::Bytes(rest.split_off(..8)?),
        2 => {
            let length = usize::try_from(take_varint(rest)?).ok()?;
            Value::Bytes(rest.split_off(..length)?)
        }
        5 => Value::Bytes(rest.split_off(..4)?),
        _ => return None,
    };
    Some((u32::try_from(key >> 3).ok()?, value))
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Message, number, text};

    #[test]
    fn a_field_is_found_again() {
        let inner = Message::new().number(1, 300).text(2, "word");
        let message = Message::new().text(1, "first").message(3, &inner);
        assert_eq!(
            (number(message.encoded(), &[3, 1]), text(message.encoded(), &[3, 2])),
            (300, "word".into())
        );
    }

    #[test]
    fn a_field_that_is_not_there_is_empty() {
        assert_eq!(text(Message::new().number(1, 1).encoded(), &[2, 3]), "");
    }

    #[test]
    fn a_number_is_written_as_in_the_manual() {
        assert_eq!(Message::new().number(1, 150).encoded(), [0x08, 0x96, 0x01]);
    }

    #[test]
    fn a_message_that_breaks_off_is_no_loop() {
        assert_eq!(text(&[0x0a, 0x05, b'a'], &[1]), "");
    }
}
