//! Messages: a header with the addresses, and a body of values ("Message Format").

use crate::Error;
use crate::value::Value;
use crate::wire::{Reader, Writer};

/// A method to be called.
#[derive(Clone, Copy, Debug)]
pub struct Call<'c> {
    /// The bus name of who has it.
    pub destination: &'c str,
    /// The object.
    pub path: &'c str,
    /// The interface.
    pub interface: &'c str,
    /// The method.
    pub member: &'c str,
    /// Its arguments.
    pub arguments: &'c [Value],
}

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named in the sentence of their variant")]
pub enum Kind {
    /// The answer to the call of this serial.
    Reply { to: u32 },
    /// The refusal of the call of this serial, by the name of an error.
    Refusal { to: u32, name: String },
    /// A signal: `member` of `interface`.
    Signal { interface: String, member: String },
    /// A call of a method of ours, which there is none of, or what a later version of D-Bus adds.
    Other,
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// Its values.
    pub body: Vec<Value>,
}

/// Numbers of the header fields ("Header Fields").
mod field {
    pub(super) const PATH: u8 = 1;
    pub(super) const INTERFACE: u8 = 2;
    pub(super) const MEMBER: u8 = 3;
    pub(super) const ERROR_NAME: u8 = 4;
    pub(super) const REPLY_SERIAL: u8 = 5;
    pub(super) const DESTINATION: u8 = 6;
    pub(super) const SIGNATURE: u8 = 8;
}

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const SIGNAL: u8 = 4;
const VERSION: u8 = 1;
/// The flags, lengths and serial before the header fields.
const FIXED: usize = 16;
/// "The maximum length of a message […] is 2 to the 27th power".
const LONGEST: usize = 1 << 27;

impl Call<'_> {
    /// The bytes of the message.
    pub(crate) fn encode(&self, serial: u32) -> Vec<u8> {
        let mut body = Writer::default();
        self.arguments.iter().for_each(|argument| body.value(argument));
        let mut message = Writer::default();
        let order = if cfg!(target_endian = "big") { b'B' } else { b'l' };
        message.0.extend([order, METHOD_CALL, 0, VERSION]);
        message.u32(body.0.len() as u32);
        message.u32(serial);
        message.value(&Value::Array("(yv)".into(), self.fields()));
        message.align(8);
        message.0.extend(body.0);
        message.0
    }

    fn fields(&self) -> Vec<Value> {
        let signature: String = self.arguments.iter().map(Value::signature).collect();
        let mut fields = vec![
            field(field::PATH, Value::Path(self.path.into())),
            field(field::INTERFACE, Value::str(self.interface)),
            field(field::MEMBER, Value::str(self.member)),
            field(field::DESTINATION, Value::str(self.destination)),
        ];
        if !signature.is_empty() {
            fields.push(field(field::SIGNATURE, Value::Signature(signature)));
        }
        fields
    }
}

fn field(number: u8, value: Value) -> Value {
    Value::Struct(vec![Value::Byte(number), Value::variant(value)])
}

impl Message {
    /// The length of the message that the bytes begin with; `None` if they do not tell yet.
    pub(crate) fn length(bytes: &[u8]) -> Result<Option<usize>, Error> {
        let Some(fixed) = bytes.get(..FIXED) else { return Ok(None) };
        let mut reader = Reader::new(fixed, is_big(fixed)?);
        reader.take(4)?;
        let body = reader.u32()? as usize;
        reader.u32()?;
        let fields = reader.u32()? as usize;
        let length = (FIXED + fields).next_multiple_of(8) + body;
        if length > LONGEST { Err(Error::Malformed) } else { Ok(Some(length)) }
    }

    /// Reads a message of which all bytes are there.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Message, Error> {
        let is_big = is_big(bytes)?;
        let mut header = Reader::new(bytes, is_big);
        let [_, kind, _, version] = *header.take(4)? else { return Err(Error::Malformed) };
        let body_length = header.u32()? as usize;
        header.u32()?;
        let fields = Fields::of(header.value("a(yv)")?);
        if version != VERSION {
            return Err(Error::Malformed);
        }
        // The body begins at a multiple of eight, so that its alignment can be counted from there.
        header.align(8)?;
        let body = Reader::new(header.take(body_length)?, is_big).values(&fields.signature)?;
        Ok(Message { kind: fields.kind(kind)?, body })
    }

    /// The text of the n-th value.
    pub fn text(&self, index: usize) -> Option<&str> {
        self.body.get(index)?.as_str()
    }
}

fn is_big(bytes: &[u8]) -> Result<bool, Error> {
    match bytes.first() {
        Some(b'l') => Ok(false),
        Some(b'B') => Ok(true),
        _ => Err(Error::Malformed),
    }
}

/// The header fields that matter to a caller.
#[derive(Default)]
struct Fields {
    interface: String,
    member: String,
    error: String,
    reply_to: Option<u32>,
    signature: String,
}

impl Fields {
    fn of(array: Value) -> Fields {
        let mut fields = Fields::default();
        let Value::Array(_, pairs) = array else { return fields };
        for pair in pairs {
            let Value::Struct(pair) = pair else { continue };
            let [Value::Byte(number), Value::Variant(value)] = pair.as_slice() else { continue };
            let text = || value.as_str().unwrap_or_default().to_owned();
            match *number {
                field::INTERFACE => fields.interface = text(),
                field::MEMBER => fields.member = text(),
                field::ERROR_NAME => fields.error = text(),
                field::REPLY_SERIAL => fields.reply_to = value.as_u32(),
                field::SIGNATURE => fields.signature = text(),
                _ => {}
            }
        }
        fields
    }

    fn kind(self, kind: u8) -> Result<Kind, Error> {
        Ok(match (kind, self.reply_to) {
            (METHOD_RETURN, Some(to)) => Kind::Reply { to },
            (ERROR, Some(to)) => Kind::Refusal { to, name: self.error },
            (METHOD_RETURN | ERROR, None) => return Err(Error::Malformed),
            (SIGNAL, _) => Kind::Signal { interface: self.interface, member: self.member },
            _ => Kind::Other,
        })
    }
}

#[cfg(test)]
mod tests;
