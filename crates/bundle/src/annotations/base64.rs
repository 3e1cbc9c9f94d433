//! Reads base64 (RFC 4648, section 4).

/// The bytes of a text, whose padding may be left out; `None` if it is no base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let padding = text.len() - digits.len();
    if padding > 2 || padding > 0 && !text.len().is_multiple_of(4) {
        return None;
    }
    digits.chunks(4).try_fold(Vec::new(), |mut bytes, group| {
        let bits = group.iter().try_fold(0u32, |bits, digit| Some(bits << 6 | value(*digit)?))?;
        // Two digits are a byte and three are two; of one there is nothing to be had.
        let (count, unused) = match group.len() {
            4 => (3, 0),
            3 => (2, 2),
            2 => (1, 4),
            _ => return None,
        };
        bytes.extend(&(bits >> unused).to_be_bytes()[4 - count..]);
        Some(bytes)
    })
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(decode(text).as_deref(), expected.map(str::as_bytes));
    }

    #[test]
    fn the_vectors_of_the_rfc_are_read() {
        check("", Some(""));
        check("Zg==", Some("f"));
        check("Zm8=", Some("fo"));
        check("Zm9v", Some("foo"));
        check("Zm9vYg==", Some("foob"));
        check("Zm9vYmE=", Some("fooba"));
        check("Zm9vYmFy", Some("foobar"));
    }

    #[test]
    fn padding_may_be_left_out() {
        check("Zm8", Some("fo"));
    }

    #[test]
    fn one_digit_alone_is_none() {
        check("Zm9vY", None);
    }

    #[test]
    fn padding_fills_a_group_of_four() {
        check("Zm8==", None);
        check("=", None);
    }

    #[test]
    fn other_characters_are_none() {
        check("Zm9v Zm9v", None);
        check("Zm_v", None);
    }

    #[test]
    fn all_bits_come_out() {
        assert_eq!(decode("/+8A"), Some(vec![0xff, 0xef, 0x00]));
    }
}
