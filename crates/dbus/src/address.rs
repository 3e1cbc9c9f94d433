//! Addresses of buses: `unix:path=/run/user/1000/bus,guid=…;unix:…` ("Server Addresses").

/// The path of the first Unix socket of an address; `None` if it names none by path.
pub fn socket_path(address: &str) -> Option<String> {
    address.split(';').filter_map(|one| one.strip_prefix("unix:")).find_map(|keys| {
        let value = keys.split(',').find_map(|key| key.strip_prefix("path="))?;
        unescape(value)
    })
}

/// Undoes `%2f`.
fn unescape(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match first {
            b'%' => {
                let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &tail[2..];
            }
            byte => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<&str>) {
        assert_eq!(socket_path(address).as_deref(), expected);
    }

    #[test]
    fn a_path_stands_among_other_keys() {
        check("unix:path=/run/user/1000/bus,guid=0123", Some("/run/user/1000/bus"));
    }

    #[test]
    fn the_first_that_can_be_used_is_taken() {
        check("tcp:host=localhost;unix:abstract=/tmp/x;unix:path=/bus", Some("/bus"));
    }

    #[test]
    fn odd_bytes_are_escaped() {
        check("unix:path=/a%20b", Some("/a b"));
        check("unix:path=/a%2", None);
    }

    #[test]
    fn an_address_without_a_path_is_none() {
        check("autolaunch:", None);
        check("", None);
    }
}
