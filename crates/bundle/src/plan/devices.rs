//! The default devices and links of /dev, and `linux.devices`.

use container::plan::{Action, Dev, Device, Mount, MountSource};
use oci_spec::runtime::{LinuxDevice, LinuxDeviceType, Spec};
use sys::fs::{S_IFBLK, S_IFCHR, S_IFIFO};
use sys::mount::{ATTR_RDONLY, Change};
use sys::namespace::NEWUSER;

use super::namespaces::Namespaces;
use super::text::{in_root, path};
use super::{Host, Steps, mounts};

/// runtime-spec config-linux.md "Default Devices": name in /dev, major, minor.
const NODES: &[(&std::ffi::CStr, u32, u32)] = &[
    (c"null", 1, 3),
    (c"zero", 1, 5),
    (c"full", 1, 7),
    (c"random", 1, 8),
    (c"urandom", 1, 9),
    (c"tty", 5, 0),
];

/// runtime-spec runtime-linux.md "Dev symbolic links".
const LINKS: &[(&std::ffi::CStr, &std::ffi::CStr)] = &[
    (c"fd", c"/proc/self/fd"),
    (c"stdin", c"/proc/self/fd/0"),
    (c"stdout", c"/proc/self/fd/1"),
    (c"stderr", c"/proc/self/fd/2"),
];

/// The kernel's memory image, which every runtime links to where there is one.
const KCORE: (&std::ffi::CStr, &std::ffi::CStr) = (c"core", c"/proc/kcore");

/// Read and write for everybody.
const OPEN_TO_ALL: u32 = 0o666;

pub(super) fn plan(steps: &mut Steps, spec: &Spec, host: &Host, namespaces: &Namespaces) {
    // No user namespace but the first may make device nodes (mknod(2)).
    let bind = namespaces.has(NEWUSER) || host.in_user_namespace;
    if !mounts::brings_dev(spec) {
        steps.push("", Action::Dev(defaults(bind, host)));
    }
    let listed = spec.linux().as_ref().and_then(|linux| linux.devices().as_ref());
    for (index, device) in listed.into_iter().flatten().enumerate() {
        if !is_default(device) {
            steps.push_entry(format!("linux.devices[{index}]"), Action::Device(one(device, bind)));
        }
    }
}

/// A read-only /dev becomes so when everything is made in it, the console and what hooks add included.
pub(super) fn lock(steps: &mut Steps, spec: &Spec) {
    if mounts::readonly_dev(spec) {
        let mut remount = Mount::new(c"dev".into(), MountSource::Remount { options: Vec::new() });
        remount.change = Change { set: ATTR_RDONLY, ..Change::default() };
        steps.push("mounts", Action::Mount(remount));
    }
}

fn defaults(bind: bool, host: &Host) -> Dev {
    let node = |(name, major, minor): &(&std::ffi::CStr, u32, u32)| Device {
        path: (*name).into(),
        host: super::text::c([b"/dev/", name.to_bytes()].concat()),
        bind,
        mode: S_IFCHR | OPEN_TO_ALL,
        numbers: (*major, *minor),
        uid: 0,
        gid: 0,
    };
    let links = LINKS.iter().chain(host.has_kcore().then_some(&KCORE));
    Dev {
        nodes: NODES.iter().map(node).collect(),
        links: links.map(|(name, target)| ((*name).into(), (*target).into())).collect(),
    }
}

/// A default device that is listed as well is made once, as the default.
fn is_default(device: &LinuxDevice) -> bool {
    let numbers = (device.major(), device.minor());
    NODES.iter().any(|(name, major, minor)| {
        in_root(device.path()).to_bytes() == [b"dev/", name.to_bytes()].concat()
            && numbers == (i64::from(*major), i64::from(*minor))
            && device.file_mode().is_none_or(|mode| mode & 0o777 == OPEN_TO_ALL)
            && device.uid().unwrap_or(0) == 0
            && device.gid().unwrap_or(0) == 0
    })
}

fn one(device: &LinuxDevice, bind: bool) -> Device {
    let number = |number: i64| u32::try_from(number).unwrap_or(0);
    let kind = match device.typ() {
        LinuxDeviceType::B => S_IFBLK,
        LinuxDeviceType::P => S_IFIFO,
        LinuxDeviceType::A | LinuxDeviceType::C | LinuxDeviceType::U => S_IFCHR,
    };
    Device {
        path: in_root(device.path()),
        host: path(device.path()),
        bind: bind && kind != S_IFIFO,
        mode: kind | device.file_mode().unwrap_or(OPEN_TO_ALL) & 0o7777,
        numbers: (number(device.major()), number(device.minor())),
        uid: device.uid().unwrap_or(0),
        gid: device.gid().unwrap_or(0),
    }
}
