//! What is mounted in a container, for `checkpoint`, which finds it mounted, and for `restore`, which has it mounted.

use std::path::Path;

use cgroup::Cgroup;
use container::tree::Place;
use oci_spec::runtime::Spec;

use super::namespaces::Namespaces;
use super::{Error, Host, Steps, devices, mounts, notify, rootfs};

/// The places in the file tree of the container that [`create`](super::create) mounts on, in its order. `notify` is the
/// directory of its readiness, if it was given one.
///
/// # Errors
/// As `create`.
pub fn tree(
    spec: &Spec,
    host: &Host,
    cgroup: &Cgroup,
    bundle: &Path,
    notify: Option<&Path>,
) -> Result<Vec<Place>, Error> {
    let namespaces = Namespaces::of(spec);
    let mut steps = Steps::default();
    mounts::plan(&mut steps, spec, host, cgroup, &namespaces, bundle)?;
    if let Some(directory) = notify {
        notify::mount(&mut steps, directory);
    }
    devices::plan(&mut steps, spec, host, &namespaces);
    rootfs::mask(&mut steps, spec);
    Ok(steps.0.iter().flat_map(Place::of).collect())
}
