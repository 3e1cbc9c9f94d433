//! Values as people write them: the text format of GVariant ("GVariant Text Format"), which busctl(1) and the other
//! runtimes take, as far as D-Bus has the types.

use crate::value::{Value, split_type};

impl Value {
    /// Reads a value: `true`, `-7`, `uint64 7`, `@t 7`, `'text'`, `['a', 'b']`, `[byte 1, 2]`, `('a', 7)`,
    /// `{'key': 7}`, `<7>`. A bare number is an `i`; there are no fractions.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Value, String> {
        let mut parser = Parser { rest: text.trim_start() };
        let parsed = parser.item(0)?;
        match parser.rest {
            "" => parsed.typed_as(&parsed.guess()?),
            rest => Err(format!("{rest:?} follows the value")),
        }
    }
}

/// Keywords for types, as in `uint64 7`.
const KEYWORDS: &[(&str, &str)] = &[
    ("boolean", "b"),
    ("byte", "y"),
    ("int16", "n"),
    ("int32", "i"),
    ("int64", "x"),
    ("objectpath", "o"),
    ("signature", "g"),
    ("string", "s"),
    ("uint16", "q"),
    ("uint32", "u"),
    ("uint64", "t"),
];

/// What stands there, before its type is known: that may be said by a neighbour in an array.
enum Item {
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Item>),
    Tuple(Vec<Item>),
    Entry(Box<Item>, Box<Item>),
    Variant(Box<Item>),
    Typed(String, Box<Item>),
}

impl Item {
    /// Whether the type is said outright, somewhere in it.
    fn is_definite(&self) -> bool {
        match self {
            Item::Typed(..) => true,
            Item::Bool(_) | Item::Text(_) | Item::Number(_) | Item::Variant(_) => false,
            Item::List(items) | Item::Tuple(items) => items.iter().any(Item::is_definite),
            Item::Entry(key, value) => key.is_definite() || value.is_definite(),
        }
    }

    fn guess(&self) -> Result<String, String> {
        Ok(match self {
            Item::Bool(_) => "b".into(),
            Item::Number(_) => "i".into(),
            Item::Text(_) => "s".into(),
            Item::List(items) => {
                let definite = items.iter().find(|item| item.is_definite());
                let speaks = definite.or(items.first());
                format!("a{}", speaks.ok_or("an empty array needs a type, as in @as []")?.guess()?)
            }
            Item::Tuple(items) => {
                format!("({})", items.iter().map(Item::guess).collect::<Result<String, _>>()?)
            }
            Item::Entry(key, value) => format!("{{{}{}}}", key.guess()?, value.guess()?),
            Item::Variant(_) => "v".into(),
            Item::Typed(signature, _) => signature.clone(),
        })
    }

    fn typed_as(&self, signature: &str) -> Result<Value, String> {
        let inner = &signature[1..signature.len() - usize::from(signature.len() > 1)];
        match (self, signature.as_bytes()) {
            (Item::Typed(own, item), _) if own == signature => item.typed_as(signature),
            (Item::Bool(flag), b"b") => Ok(Value::Bool(*flag)),
            (Item::Number(digits), _) => number(digits, signature),
            (Item::Text(text), b"s") => Ok(Value::str(text)),
            (Item::Text(text), b"o") if is_object_path(text) => Ok(Value::Path(text.clone())),
            (Item::Text(text), b"g") if is_signature(text) => Ok(Value::Signature(text.clone())),
            (Item::List(items), [b'a', ..]) => {
                let element = &signature[1..];
                let values = items.iter().map(|item| item.typed_as(element)).collect::<Result<_, _>>()?;
                Ok(Value::Array(element.into(), values))
            }
            (Item::Tuple(items), [b'(', ..]) => tuple(items, inner),
            (Item::Entry(key, value), [b'{', ..]) => {
                let (first, second) = split_type(inner).ok_or_else(|| unfit(signature))?;
                Ok(Value::Entry(key.typed_as(first)?.into(), value.typed_as(second)?.into()))
            }
            (Item::Variant(item), b"v") => Ok(Value::variant(item.typed_as(&item.guess()?)?)),
            _ => Err(unfit(signature)),
        }
    }
}

fn tuple(items: &[Item], mut signature: &str) -> Result<Value, String> {
    let mut fields = Vec::new();
    for item in items {
        let (first, rest) = split_type(signature).ok_or("more values than the type has")?;
        fields.push(item.typed_as(first)?);
        signature = rest;
    }
    if signature.is_empty() {
        Ok(Value::Struct(fields))
    } else {
        Err("fewer values than the type has".into())
    }
}

fn unfit(signature: &str) -> String {
    format!("a value that is not of the type {signature}")
}

fn number(digits: &str, signature: &str) -> Result<Value, String> {
    let wrong = || format!("{digits} is not a number of the type {signature}");
    let whole = whole(digits).ok_or_else(wrong)?;
    let value = match signature {
        "y" => whole.try_into().map(Value::Byte),
        "n" => whole.try_into().map(Value::I16),
        "q" => whole.try_into().map(Value::U16),
        "i" => whole.try_into().map(Value::I32),
        "u" => whole.try_into().map(Value::U32),
        "x" => whole.try_into().map(Value::I64),
        "t" => whole.try_into().map(Value::U64),
        _ => return Err(unfit(signature)),
    };
    value.map_err(|_| wrong())
}

/// Decimal, `0x…`, or octal behind a zero, as strtoll(3) has it.
fn whole(digits: &str) -> Option<i128> {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let value = match (digits.strip_prefix("0x"), digits.strip_prefix('0')) {
        (Some(digits), _) => i128::from(u64::from_str_radix(digits, 16).ok()?),
        (None, Some(digits)) if !digits.is_empty() => i128::from(u64::from_str_radix(digits, 8).ok()?),
        _ => i128::from(digits.parse::<u64>().ok()?),
    };
    Some(sign * value)
}

/// "Valid Object Paths".
fn is_object_path(text: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    text == "/" || text.strip_prefix('/').is_some_and(|names| names.split('/').all(is_name))
}

fn is_signature(mut text: &str) -> bool {
    while let Some((_, rest)) = split_type(text) {
        text = rest;
    }
    text.is_empty()
}

/// Reads from the front; `rest` never begins with a blank.
struct Parser<'t> {
    rest: &'t str,
}

impl<'t> Parser<'t> {
    /// One value. `depth` bounds the recursion.
    fn item(&mut self, depth: usize) -> Result<Item, String> {
        const DEEPEST: usize = 32;
        if depth > DEEPEST {
            return Err("values nested too deep".into());
        }
        match self.rest.chars().next() {
            None => Err("nothing where a value is due".into()),
            Some('[') => Ok(Item::List(self.list("[", "]", depth)?)),
            Some('(') => Ok(Item::Tuple(self.list("(", ")", depth)?)),
            Some('{') => Ok(Item::List(self.entries(depth)?)),
            Some('<') => {
                let mut only = self.list("<", ">", depth)?;
                match (only.pop(), only.is_empty()) {
                    (Some(item), true) => Ok(Item::Variant(item.into())),
                    _ => Err("a variant holds one value".into()),
                }
            }
            Some(quote @ ('\'' | '"')) => self.text(quote).map(Item::Text),
            Some('@') => {
                let signature = self.word()[1..].to_owned();
                match split_type(&signature) {
                    Some((_, "")) => Ok(Item::Typed(signature, self.item(depth + 1)?.into())),
                    _ => Err(format!("{signature:?} is not a type")),
                }
            }
            Some(_) => self.bare(depth),
        }
    }

    /// A word without quotes: a flag, a number, or a type before a value.
    fn bare(&mut self, depth: usize) -> Result<Item, String> {
        let word = self.word();
        match word {
            "true" => return Ok(Item::Bool(true)),
            "false" => return Ok(Item::Bool(false)),
            _ => {}
        }
        if let Some((_, signature)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == word) {
            return Ok(Item::Typed((*signature).into(), self.item(depth + 1)?.into()));
        }
        match whole(word) {
            Some(_) => Ok(Item::Number(word.into())),
            None => Err(format!("{word:?}, which is no value")),
        }
    }

    fn list(&mut self, open: &str, close: &str, depth: usize) -> Result<Vec<Item>, String> {
        self.separated(open, close, |parser| parser.item(depth + 1))
    }

    fn entries(&mut self, depth: usize) -> Result<Vec<Item>, String> {
        self.separated("{", "}", |parser| {
            let key = parser.item(depth + 1)?;
            parser.expect(":")?;
            Ok(Item::Entry(key.into(), parser.item(depth + 1)?.into()))
        })
    }

    fn separated(
        &mut self,
        open: &str,
        close: &str,
        mut one: impl FnMut(&mut Self) -> Result<Item, String>,
    ) -> Result<Vec<Item>, String> {
        self.expect(open)?;
        let mut items = Vec::new();
        while !self.skip(close) {
            if !items.is_empty() {
                self.expect(",")?;
                // As in Python, `(7,)` is a tuple of one.
                if self.skip(close) {
                    break;
                }
            }
            items.push(one(self)?);
        }
        Ok(items)
    }

    fn text(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.rest[1..].chars();
        while let Some(char) = chars.next() {
            match char {
                '\\' => text.push(escaped(&mut chars)?),
                char if char == quote => {
                    self.rest = chars.as_str().trim_start();
                    return Ok(text);
                }
                char => text.push(char),
            }
        }
        Err("a text without its closing quote".into())
    }

    /// Up to a blank or a separator.
    fn word(&mut self) -> &'t str {
        let is_end = |c: char| c.is_whitespace() || ",:]>'\"[<".contains(c);
        // The signature of a type may hold brackets of its own.
        let end = match self.rest.starts_with('@') {
            true => self.rest.find(char::is_whitespace),
            false => self.rest.find(|c| is_end(c) || "(){}".contains(c)),
        };
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.trim_start();
        word
    }

    fn skip(&mut self, wanted: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(wanted) else { return false };
        self.rest = rest.trim_start();
        true
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        if self.skip(wanted) { Ok(()) } else { Err(format!("no {wanted:?} where one is due")) }
    }
}

fn escaped(chars: &mut std::str::Chars<'_>) -> Result<char, String> {
    let code = |chars: &mut std::str::Chars<'_>, length| {
        let digits: String = chars.take(length).collect();
        u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
    };
    let wrong = || "a backslash that escapes nothing".to_owned();
    match chars.next().ok_or_else(wrong)? {
        'a' => Ok('\x07'),
        'b' => Ok('\x08'),
        'f' => Ok('\x0c'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        'v' => Ok('\x0b'),
        'u' => code(chars, 4).ok_or_else(wrong),
        'U' => code(chars, 8).ok_or_else(wrong),
        char => Ok(char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, signature: &str, shown: &str) {
        let value = Value::parse(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        assert_eq!((value.signature().as_str(), value.to_string().as_str()), (signature, shown), "{text}");
    }

    #[track_caller]
    fn check_problem(text: &str, expected: &str) {
        assert_eq!(Value::parse(text), Err(expected.to_owned()), "{text}");
    }

    #[test]
    fn bare_words_have_the_customary_types() {
        check("true", "b", "true");
        check("-7", "i", "-7");
        check("'inactive-or-failed'", "s", "inactive-or-failed");
        check("\"a 'b'\"", "s", "a 'b'");
    }

    #[test]
    fn a_type_may_be_said_by_word_or_signature() {
        check("uint64 30000000", "t", "30000000");
        check("@t 7", "t", "7");
        check("byte 0xff", "y", "255");
        check("objectpath '/a/b'", "o", "/a/b");
        check("@as []", "as", "[]");
        check("@a(ss) [('a', 'b')]", "a(ss)", "[(a, b)]");
    }

    #[test]
    fn numbers_have_the_bases_of_c() {
        check("0x10", "i", "16");
        check("010", "i", "8");
        check("0", "i", "0");
    }

    #[test]
    fn an_array_has_the_type_of_the_element_that_says_it() {
        check("['a', 'b']", "as", "[a, b]");
        check("[1, uint64 2]", "at", "[1, 2]");
        check("[byte 1, 2]", "ay", "[1, 2]");
    }

    #[test]
    fn structures_are_of_any_depth_that_matters() {
        check("[('/dev/null', 'rw'), ('char-pts', 'm')]", "a(ss)", "[(/dev/null, rw), (char-pts, m)]");
        check("[(2, [byte 10, 0, 0, 0], uint32 8)]", "a(iayu)", "[(2, [10, 0, 0, 0], 8)]");
        check("{'a': <7>}", "a{sv}", "[a: 7]");
        check("(7,)", "(i)", "(7)");
    }

    #[test]
    fn blanks_are_free() {
        check("  [ 1 ,2 ]  ", "ai", "[1, 2]");
    }

    #[test]
    fn escapes_are_those_of_c_and_unicode() {
        check(r"'a\tb\'\u00e4'", "s", "a\tb'ä");
    }

    #[test]
    fn what_is_no_value_is_told() {
        check_problem("", "nothing where a value is due");
        check_problem("yes", "\"yes\", which is no value");
        check_problem("0.5", "\"0.5\", which is no value");
        check_problem("'open", "a text without its closing quote");
        check_problem("7 8", "\"8\" follows the value");
        check_problem("[]", "an empty array needs a type, as in @as []");
        check_problem("[1, 'a']", "a value that is not of the type i");
        check_problem("byte 256", "256 is not a number of the type y");
        check_problem("3000000000", "3000000000 is not a number of the type i");
        check_problem("@z 7", "\"z\" is not a type");
        check_problem(&"[".repeat(100), "values nested too deep");
    }
}
