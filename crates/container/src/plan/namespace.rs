//! What new namespaces are given.

use std::ffi::CString;

/// The id maps of a user namespace, ready to be written (user_namespaces(7)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdMaps {
    /// Lines of `inside outside count` for uids.
    pub uid: String,
    /// The same for gids.
    pub gid: String,
    /// Deny setgroups(2) first, without which an ordinary user may write no gid map.
    pub deny_setgroups: bool,
    /// An ordinary user with more ids than its own needs newuidmap(1) and newgidmap(1).
    pub by_helpers: bool,
}

/// A network device that changes its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetDevice {
    /// Its name on the host.
    pub host: CString,
    /// Its name in the container; `%d` in it stands for the first number that is free there.
    pub name: CString,
}
