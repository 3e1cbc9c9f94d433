//! What is in /dev.

use std::ffi::CString;

use sys::tty::Size;

/// The defaults of runtime-spec config-linux.md "Default Devices" and runtime-linux.md "Dev symbolic links".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dev {
    /// Device nodes by name in /dev.
    pub nodes: Vec<Device>,
    /// Symbolic links: name in /dev and target.
    pub links: Vec<(CString, CString)>,
}

/// A device node to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where, relative to the root file system (of [`Dev`]: to /dev).
    pub path: CString,
    /// The host's node, for when none may be made.
    pub host: CString,
    /// Bind the host's node at once: a user namespace may make none.
    pub bind: bool,
    /// Type (`S_IF*`) and permissions.
    pub mode: u32,
    /// Major and minor number.
    pub numbers: (u32, u32),
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// The pseudoterminal of the container.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Its first size, if one is configured.
    pub size: Option<Size>,
    /// Whether /dev/console shows it: for the init, not for an exec.
    pub mount: bool,
    /// Who owns it.
    pub uid: u32,
}

impl PartialEq for Console {
    fn eq(&self, other: &Console) -> bool {
        let cells = |console: &Console| console.size.map(|size| (size.ws_row, size.ws_col));
        (self.mount, self.uid, cells(self)) == (other.mount, other.uid, cells(other))
    }
}
