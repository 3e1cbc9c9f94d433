//! `mounts`, in their order; a `cgroup` mount becomes one for each hierarchy of the host.

mod ids;

use std::ffi::CString;
use std::path::Path;

use cgroup::Cgroup;
use container::plan::{Action, Content, DestinationLink, Links, Mount, MountSource, On, Proc};
use oci_spec::runtime::{Mount as Wanted, Spec};
use sys::mount::{ATTR_RDONLY, Change, Depth};
use sys::namespace::{NEWCGROUP, NEWIPC, NEWNET, NEWNS, NEWPID, NEWUSER};

use super::namespaces::Namespaces;
use super::options::Options;
use super::text::{c, in_root, path};
use super::{Error, Host, Steps};
use crate::problem::Problem;

/// Types of which every mount shows the same thing, so that read-only is a matter of the mount alone.
const KERNEL_TYPES: &[&str] = &["proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts"];

pub(super) fn plan(
    steps: &mut Steps,
    spec: &Spec,
    host: &Host,
    cgroup: &Cgroup,
    namespaces: &Namespaces,
    bundle: &Path,
) -> Result<(), Error> {
    let wanted = spec.mounts().as_deref().unwrap_or_default();
    if !wanted.is_empty() && !namespaces.has(NEWNS) {
        return Err(Error::Problems(vec![Problem {
            pointer: "/mounts".into(),
            found: format!("{} mounts without a mount namespace", wanted.len()),
            allowed: "none: they would be made on the host".into(),
        }]));
    }
    for (index, wanted) in wanted.iter().enumerate() {
        let field = format!("mounts[{index}]");
        if wanted.typ().as_deref() == Some("cgroup") && options(wanted).bind.is_none() {
            refuse_mapped(index, wanted)?;
            let mounts = cgroup_mounts(wanted, host, cgroup, namespaces);
            mounts.into_iter().for_each(|mount| steps.push_entry(field.clone(), mount));
        } else {
            let mut mount = one(wanted, namespaces, bundle);
            let options = options(wanted);
            refuse_copy_up(index, &mount, &options)?;
            mount.ids = ids::view(index, wanted, &mount, &options, &ids::Users { spec, host, namespaces })?;
            steps.push_entry(field, Action::Mount(mount));
        }
    }
    Ok(())
}

/// Read-only has to wait for /dev: the default devices are made in it first.
pub(super) fn readonly_dev(spec: &Spec) -> bool {
    let is_dev = |wanted: &&Wanted| is_plain_dev(wanted) && options(wanted).change.set & ATTR_RDONLY != 0;
    spec.mounts().iter().flatten().any(|wanted| is_dev(&wanted))
}

/// Whether a bind mount brings its own /dev, which is left as it is.
pub(super) fn brings_dev(spec: &Spec) -> bool {
    let binds = |wanted: &Wanted| options(wanted).bind.is_some();
    spec.mounts()
        .iter()
        .flatten()
        .any(|wanted| in_root(wanted.destination()).as_c_str() == c"dev" && binds(wanted))
}

fn is_plain_dev(wanted: &Wanted) -> bool {
    in_root(wanted.destination()).as_c_str() == c"dev"
}

/// The options, with the bind mount that some tools only ask for by the type.
fn options(wanted: &Wanted) -> Options {
    let mut options = Options::parse(wanted.options().as_deref().unwrap_or_default());
    if wanted.typ().as_deref() == Some("bind") && !options.remount {
        options.bind = options.bind.or(Some(Depth::One));
    }
    options
}

/// `tmpcopyup` says what becomes of a tmpfs and of nothing else.
fn refuse_copy_up(index: usize, mount: &Mount, options: &Options) -> Result<(), Error> {
    let is_tmpfs =
        matches!(&mount.source, MountSource::FileSystem { kind, .. } if kind.as_c_str() == c"tmpfs");
    if !options.copy_up || is_tmpfs {
        return Ok(());
    }
    Err(Error::Problems(vec![Problem {
        pointer: format!("/mounts/{index}/options"),
        found: "tmpcopyup".into(),
        allowed: "tmpcopyup only with the type tmpfs".into(),
    }]))
}

/// The kernel maps no ids of a cgroup file system.
fn refuse_mapped(index: usize, wanted: &Wanted) -> Result<(), Error> {
    if options(wanted).idmap.is_none() && wanted.uid_mappings().as_ref().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    Err(Error::Problems(vec![Problem {
        pointer: format!("/mounts/{index}"),
        found: "an id map".into(),
        allowed: "none for the type cgroup".into(),
    }]))
}

/// File systems that a user namespace can only mount for a namespace of its own kind, and where the host has its own.
const HOST_VIEWS: &[(&str, u64, &std::ffi::CStr)] =
    &[("proc", NEWPID, c"/proc"), ("sysfs", NEWNET, c"/sys"), ("mqueue", NEWIPC, c"/dev/mqueue")];

/// What stands in for a file system that the container cannot mount (user_namespaces(7)): the host's, whose namespace
/// it shares.
fn host_view(kind: &str, namespaces: &Namespaces) -> Option<MountSource> {
    let (.., path) = HOST_VIEWS
        .iter()
        .find(|(known, own, _)| *known == kind && namespaces.has(NEWUSER) && !namespaces.has(*own))?;
    let links = Links { destination: DestinationLink::Refused, ..Links::default() };
    Some(MountSource::Bind { source: (*path).into(), depth: Depth::Tree, links })
}

fn one(wanted: &Wanted, namespaces: &Namespaces, bundle: &Path) -> Mount {
    let mut options = options(wanted);
    let kind = wanted.typ().as_deref().unwrap_or_default();
    if is_plain_dev(wanted) && options.bind.is_none() {
        options.change.set &= !ATTR_RDONLY;
    }
    // mount(2): a remount with bind changes the flags of what is mounted there.
    let shown = host_view(kind, namespaces).filter(|_| options.bind.is_none() && !options.remount);
    if shown.is_some() {
        // The host's tree comes with what is mounted in it, to which the flags apply as well (CVE-2023-25809).
        options.recursive.set |= options.change.set;
    }
    let source = match options.bind.filter(|_| !options.remount) {
        Some(depth) => MountSource::Bind { source: bind_source(wanted, bundle), depth, links: options.links },
        None if options.remount => MountSource::Remount { options: own_options(&options).collect() },
        None => shown.unwrap_or_else(|| file_system(wanted, kind, &options)),
    };
    mount(wanted.destination(), source, &options)
}

fn mount(destination: &Path, source: MountSource, options: &Options) -> Mount {
    let mut mount = Mount { proc: proc(destination), ..Mount::new(in_root(destination), source) };
    options.dress(&mut mount);
    mount
}

/// Files of /proc that show and do not rule: what lxcfs and its like replace.
const HARMLESS: &[&[u8]] = &[
    b"proc/cpuinfo",
    b"proc/diskstats",
    b"proc/loadavg",
    b"proc/meminfo",
    b"proc/net/dev",
    b"proc/slabinfo",
    b"proc/stat",
    b"proc/swaps",
    b"proc/sys/crypto/fips_enabled",
    b"proc/sys/kernel/ns_last_pid",
    b"proc/uptime",
];

fn proc(destination: &Path) -> Proc {
    let destination = in_root(destination);
    match destination.to_bytes() {
        b"proc" => Proc::Itself,
        file if HARMLESS.contains(&file) => Proc::Harmless,
        _ => Proc::Outside,
    }
}

fn bind_source(wanted: &Wanted, bundle: &Path) -> CString {
    wanted.source().as_ref().map_or_else(|| path(bundle), |source| path(bundle.join(source)))
}

fn file_system(wanted: &Wanted, kind: &str, options: &Options) -> MountSource {
    let source = wanted.source().as_ref().map(|source| (c"source".into(), Some(path(source))));
    let content = content(kind, options);
    let readonly = options.change.set & ATTR_RDONLY != 0 && !KERNEL_TYPES.contains(&kind);
    // One that is filled first, or given a mode, only becomes a read-only mount.
    let readonly = (readonly && content == Content::Fresh).then(|| (c"ro".into(), None));
    let on = if matches!(kind, "proc" | "sysfs") { On::PlainDirectory } else { On::Directory };
    let all = source.into_iter().chain(readonly).chain(own_options(options)).collect();
    MountSource::FileSystem { kind: c(kind), options: all, on, content }
}

/// The options of the file system itself.
fn own_options(options: &Options) -> impl Iterator<Item = (CString, Option<CString>)> {
    let flags = options.flags.iter().map(|flag| (c(flag), None));
    flags.chain(options.data.iter().cloned())
}

/// A tmpfs without a mode of its own takes that of the directory in the image, as runc has it.
fn content(kind: &str, options: &Options) -> Content {
    let has_mode = options.data.iter().any(|(key, _)| key.as_c_str() == c"mode");
    match (kind, options.copy_up, has_mode) {
        ("tmpfs", true, _) => Content::Copied,
        ("tmpfs", false, false) => Content::Alike,
        _ => Content::Fresh,
    }
}

/// A `cgroup` mount: the unified hierarchy alone, or a tmpfs with a mount for each hierarchy of v1 (and the unified
/// one of a hybrid host). With a cgroup namespace they are mounted afresh, and the namespace makes the container's
/// cgroup their root; without, the container's own part of each is bound.
fn cgroup_mounts(wanted: &Wanted, host: &Host, cgroup: &Cgroup, namespaces: &Namespaces) -> Vec<Action> {
    let options = options(wanted);
    let fresh = namespaces.has(NEWCGROUP);
    if host.cgroups.mode() == cgroup::Mode::V2 {
        let source = match cgroup.unified() {
            Some(unified) if !fresh => bind(&unified.directory()),
            _ => file_system(wanted, "cgroup2", &without_data(&options)),
        };
        return vec![Action::Mount(mount(wanted.destination(), source, &options))];
    }
    let mut mounts = vec![Action::Mount(shell(wanted, &options))];
    for hierarchy in cgroup.hierarchies() {
        let place = wanted.destination().join(Path::new(&hierarchy.mount).file_name().unwrap_or_default());
        let source = if fresh { v1(&hierarchy.controllers) } else { bind(&hierarchy.directory()) };
        mounts.push(Action::Mount(mount(&place, source, &options)));
        mounts.extend(controller_links(&place, &hierarchy.controllers));
    }
    if let Some(unified) = cgroup.unified() {
        let place = wanted.destination().join("unified");
        let source = if fresh {
            file_system(wanted, "cgroup2", &without_data(&options))
        } else {
            bind(&unified.directory())
        };
        mounts.push(Action::Mount(mount(&place, source, &options)));
    }
    if options.change.set & ATTR_RDONLY != 0 {
        let readonly =
            Options { change: Change { set: ATTR_RDONLY, ..Change::default() }, ..Options::default() };
        let source = MountSource::Remount { options: Vec::new() };
        mounts.push(Action::Mount(mount(wanted.destination(), source, &readonly)));
    }
    mounts
}

/// Controllers that are mounted together, as in `cpu,cpuacct`, can be found by each of their names.
fn controller_links(place: &Path, controllers: &str) -> Vec<Action> {
    let name = place.file_name().unwrap_or_default();
    let others = controllers.split(',').filter(|other| !other.contains('=') && *other != name);
    let link =
        |other| Mount::new(in_root(place.with_file_name(other)), MountSource::Link { target: path(name) });
    others.map(|other| Action::Mount(link(other))).collect()
}

/// The tmpfs around the hierarchies of v1, writable until they are mounted.
fn shell(wanted: &Wanted, options: &Options) -> Mount {
    let mut options = without_data(options);
    options.change.set &= !ATTR_RDONLY;
    options.data.push((c"mode".into(), Some(c"755".into())));
    mount(wanted.destination(), file_system(wanted, "tmpfs", &options), &options)
}

fn without_data(options: &Options) -> Options {
    Options { data: Vec::new(), flags: Vec::new(), ..options.clone() }
}

/// A fresh mount of a v1 hierarchy: its controllers are the options.
fn v1(controllers: &str) -> MountSource {
    let options = controllers.split(',').map(|name| match name.split_once('=') {
        Some((key, value)) => (c(key), Some(c(value))),
        None => (c(name), None),
    });
    let source = (c"source".into(), Some(c"cgroup".into()));
    MountSource::FileSystem {
        kind: c"cgroup".into(),
        options: std::iter::once(source).chain(options).collect(),
        on: On::Directory,
        content: Content::Fresh,
    }
}

fn bind(directory: &str) -> MountSource {
    MountSource::Bind { source: c(directory), depth: Depth::Tree, links: Links::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_links(place: &str, controllers: &str, expected: &[&str]) {
        let links: Vec<String> =
            controller_links(place.as_ref(), controllers).iter().map(ToString::to_string).collect();
        assert_eq!(links, expected);
    }

    #[test]
    fn controllers_that_are_mounted_together_get_links() {
        check_links(
            "/c/cpu,cpuacct",
            "cpu,cpuacct",
            &["link /c/cpu to cpu,cpuacct", "link /c/cpuacct to cpu,cpuacct"],
        );
    }

    #[test]
    fn a_controller_alone_gets_none() {
        check_links("/c/memory", "memory", &[]);
        check_links("/c/systemd", "name=systemd", &[]);
    }
}
