//! An ordinary user of the host, made up for one case: it has a name and ranges of ids in files that only the case sees.

use crate::bundle::chown;
use crate::case::{Doing, Outcome};
use crate::console::arg;
use crate::runtime::Call;
use crate::test::{HostMount, Test};
use std::fs;
use std::path::PathBuf;

/// The user's number on the host, which is that of its group too.
pub(crate) const UID: u32 = 54_321;

/// The first of the ids that /etc/subuid and /etc/subgid give to the user, and how many.
pub(crate) const RANGE: (u32, u32) = (1_054_321, 65_536);

const NAME: &str = "it-user";

/// The user, as long as it exists.
pub(crate) struct User {
    /// XDG_RUNTIME_DIR.
    runtime_dir: PathBuf,
    home: PathBuf,
    _files: Vec<HostMount>,
}

impl User {
    /// Makes the user, and gives it the case's scratch directory.
    pub(crate) fn new(test: &Test) -> Outcome<Self> {
        let (first, count) = RANGE;
        let range = format!("{NAME}:{first}:{count}\n");
        let passwd = format!("{NAME}:x:{UID}:{UID}::{}:/bin/sh\n", test.dir.display());
        let files = vec![
            extended(test, "/etc/passwd", &passwd)?,
            extended(test, "/etc/group", &format!("{NAME}:x:{UID}:\n"))?,
            extended(test, "/etc/subuid", &range)?,
            extended(test, "/etc/subgid", &range)?,
        ];
        let user = Self { runtime_dir: test.path("run"), home: test.dir.clone(), _files: files };
        fs::create_dir_all(&user.runtime_dir).doing("make a directory for the user")?;
        chown(&user.runtime_dir, UID)?;
        chown(&test.dir, UID)?;
        Ok(user)
    }

    /// Gives a call the variables that the user's log-in would.
    pub(crate) fn environment(&self, call: Call) -> Call {
        call.env("XDG_RUNTIME_DIR", arg(&self.runtime_dir)).env("HOME", arg(&self.home))
    }
}

/// Adds a line to one of the host's files, for this case alone.
fn extended(test: &Test, path: &str, line: &str) -> Outcome<HostMount> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let text = fs::read_to_string(path).unwrap_or_default();
    test.over(path, &test.file(name, &format!("{text}{line}"))?)
}
