//! The short way to a layout: everything is where systemd and the kernel's documentation put it.
//!
//! The mount table is long on a busy host, and the kernel takes a lock of all mounts to print it.

use std::fs;

use super::{CUSTOMARY, Layout, Mounted, own_unified, v1_lines};
use crate::{control, locate};

/// A file that only the top of a v1 hierarchy has. It tells that the hierarchy is mounted, and from its top.
const ON_TOP: &str = "cgroup.sane_behavior";

/// The layout of a host that is as is customary.
pub(super) fn look(membership: &[u8]) -> Option<Layout> {
    match unified(CUSTOMARY, membership) {
        Some(v2) => Some(Layout { v1: Vec::new(), v2: Some(v2) }),
        None => beside_each_other(membership),
    }
}

/// Each v1 hierarchy in a directory of its name, and perhaps a unified one.
fn beside_each_other(membership: &[u8]) -> Option<Layout> {
    let v1: Vec<Mounted> =
        v1_lines(membership).map(|(names, own)| hierarchy(names, own)).collect::<Option<_>>()?;
    let point = format!("{CUSTOMARY}/unified");
    (!v1.is_empty()).then(|| Layout { v1, v2: unified(&point, membership) })
}

fn hierarchy(names: &[u8], own: &[u8]) -> Option<Mounted> {
    let controllers = String::from_utf8(names.to_vec()).ok()?;
    let mount = format!("{CUSTOMARY}/{}", controllers.strip_prefix("name=").unwrap_or(&controllers));
    let is_top = fs::exists(format!("{mount}/{ON_TOP}")).unwrap_or(false);
    is_top.then(|| Mounted { controllers, mount, own: locate::clean(&String::from_utf8_lossy(own)) })
}

/// The unified hierarchy at `point`. Where only a part of it is mounted, the caller's path is not found
/// below.
fn unified(point: &str, membership: &[u8]) -> Option<Mounted> {
    let controllers = control::read_short(&format!("{point}/cgroup.controllers")).ok()?;
    let own = own_unified(membership)?;
    let whole = own == "/" || fs::exists([point, &own].concat()).unwrap_or(false);
    whole.then(|| Mounted { controllers: controllers.trim().to_string(), mount: point.to_string(), own })
}
