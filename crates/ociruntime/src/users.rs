//! Names of users. The static C library cannot load name services, so /etc/passwd is read as it is.

use std::cell::OnceCell;
use std::fs;

/// The host's users, read when first asked for.
#[derive(Debug, Default)]
pub(crate) struct Users(OnceCell<String>);

impl Users {
    /// The name of a user; `#UID` if it has none.
    pub(crate) fn name(&self, uid: u32) -> String {
        let passwd = self.0.get_or_init(|| fs::read_to_string("/etc/passwd").unwrap_or_default());
        find(passwd, uid).map_or_else(|| format!("#{uid}"), str::to_owned)
    }
}

/// passwd(5): name, password, uid.
fn find(passwd: &str, uid: u32) -> Option<&str> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n# note\nme:x:1000:1000::/home/me:/bin/sh\n";

    #[test]
    fn a_user_is_found_by_number() {
        assert_eq!(find(PASSWD, 1000), Some("me"));
    }

    #[test]
    fn a_number_without_a_line_has_no_name() {
        assert_eq!(find(PASSWD, 7), None);
    }
}
