//! A container that tells the service manager when it is ready (sd_notify(3)): the runtime stands in between, as the
//! manager's own socket is not to be reached from the container.

use std::ffi::{CStr, CString};
use std::path::Path;

use container::plan::{Action, Links, Mount, MountSource};
use oci_spec::runtime::Spec;
use sys::mount::{ATTR_NODEV, ATTR_NOEXEC, ATTR_NOSUID, ATTR_RDONLY, Change, Depth};
use sys::namespace::NEWNS;

use super::namespaces::Namespaces;
use super::text::{in_root, path};
use super::{Request, Steps};

/// The name of the socket in the directory that is shared.
pub const SOCKET: &str = "notify.sock";

/// Where the container finds it: the same place as with runc.
const DIRECTORY: &str = "/run/notify";
const VARIABLE: &CStr = c"NOTIFY_SOCKET=/run/notify/notify.sock";

/// The directory to be shared, if the caller is a service and the config leaves the matter open.
pub(super) fn directory<'r>(spec: &Spec, namespaces: &Namespaces, request: &Request<'r>) -> Option<&'r Path> {
    let process = spec.process().as_ref()?;
    let mut environment = process.env().iter().flatten();
    let is_settled = environment.any(|entry| entry.starts_with("NOTIFY_SOCKET="));
    request.notify.filter(|_| !is_settled && namespaces.makes(NEWNS))
}

/// Shows the directory to the container.
pub(super) fn mount(steps: &mut Steps, directory: &Path) {
    let source = MountSource::Bind { source: path(directory), depth: Depth::One, links: Links::default() };
    let set = ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC;
    let change = Change { set, ..Change::default() };
    let mount = Mount { change, ..Mount::new(in_root(DIRECTORY), source) };
    steps.push("NOTIFY_SOCKET", Action::Mount(mount));
}

/// What the program is told.
pub(super) fn variable() -> CString {
    VARIABLE.into()
}
