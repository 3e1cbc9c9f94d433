//! What a task is carried out with: a list, in which what is not wanted does not stand (`criu_opts` of rpc.proto).

use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::wire::Writer;

/// One thing that CRIU is told.
#[derive(Clone, Debug)]
pub enum Setting<'s> {
    /// Something to be done that is else not done.
    On(Switch),
    /// The directory of the images.
    Images(BorrowedFd<'s>),
    /// The directory of the log and of whatever else is not an image.
    Work(BorrowedFd<'s>),
    /// The name of the log in it, which tells all.
    Log(&'s str),
    /// The first of the processes to be frozen.
    Pid(i32),
    /// The root directory of the processes, as it is on the host.
    Root(&'s Path),
    /// The images of an earlier dump, relative to those of this one: what has not changed since is not written again.
    ParentImages(&'s Path),
    /// Where memory is sent instead of into images.
    PageServer {
        /// The server's address.
        address: &'s str,
        /// Its port.
        port: u16,
    },
    /// A mount of the host's. For a dump: its place in the mount namespace, and a name for it; for a restore: that name,
    /// and where it is on the host.
    Mount {
        /// The place, or the name.
        key: &'s Path,
        /// The name, or the source.
        value: &'s Path,
    },
    /// In which cgroup the processes are brought back, instead of the one that they were in.
    CgroupRoot {
        /// A controller of v1, `name=NAME`, or nothing for the unified hierarchy.
        controller: String,
        /// The cgroup, below the root of its hierarchy.
        path: String,
    },
    /// What is made of cgroups.
    Cgroups(CgroupMode),
    /// The cgroup by whose freezer the processes are held still.
    Freezer(String),
    /// A descriptor of CRIU's own process in place of what the images call by this name.
    Inherit {
        /// The name: `pipe:[INODE]`, `file[MOUNT:INODE]` or that of an external namespace.
        key: String,
        /// The number of the descriptor.
        number: i32,
    },
    /// Something outside that the processes hold: `net[INODE]:NAME`, `file[MOUNT:INODE]`.
    External(String),
    /// An existing namespace for the processes.
    Join {
        /// Its kind: `ipc`, `uts`...
        kind: &'static str,
        /// Its file.
        path: &'s Path,
    },
    /// Namespaces (`CLONE_NEW*`) that are brought back empty.
    EmptyNamespaces(u32),
    /// A file of settings that go before all others.
    ConfigFile(&'s str),
    /// The security label that the processes get instead of their own: `apparmor:PROFILE`, `selinux:LABEL`.
    LsmProfile(&'s str),
    /// The SELinux context of mounts that had another one.
    LsmMountContext(&'s str),
}

/// What is on or off. The values are the numbers of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// The processes go on after the dump.
    LeaveRunning = 3,
    /// Sockets of which the other end is outside.
    ExternalUnixSockets = 4,
    /// Established TCP connections.
    TcpEstablished = 5,
    /// Device files that are reached by another path than before.
    EvasiveDevices = 6,
    /// Processes of a session whose leader is not among them.
    ShellJob = 7,
    /// File locks.
    FileLocks = 8,
    /// Tell of the stages of the task.
    Notices = 12,
    /// Keep track of which memory changes from here on.
    TrackMemory = 15,
    /// Memory that is in newer images is punched out of older ones.
    AutoDedup = 16,
    /// Names for open files that have none.
    LinkRemap = 18,
    /// Cgroups are looked after at all.
    Cgroups = 24,
    /// The first process becomes a child of CRIU's parent.
    Sibling = 26,
    /// TCP connections that are being made are left out.
    TcpSkipInFlight = 46,
    /// Memory is served to the processes when they need it.
    LazyPages = 48,
    /// The master of a terminal may be outside.
    OrphanPtsMaster = 50,
    /// Established TCP connections come back closed.
    TcpClose = 52,
}

/// `criu_cg_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CgroupMode {
    /// Cgroups are none of CRIU's business.
    Ignore = 0,
    /// Limits come back where CRIU made the cgroup.
    Soft = 3,
    /// Limits always come back.
    Full = 4,
    /// A cgroup that is there already is an error.
    Strict = 5,
}

/// Everything, since a log is read when something went wrong.
const LOG_LEVEL: i64 = 4;

impl Setting<'_> {
    /// Adds the field to a `criu_opts`.
    pub(crate) fn write(&self, to: Writer) -> Writer {
        let pair = |key: &[u8], value: &[u8]| Writer::default().bytes(1, key).bytes(2, value);
        match self {
            Setting::On(switch) => to.number(*switch as u32, 1),
            Setting::Images(directory) => to.number(1, directory.as_raw_fd().into()),
            Setting::Pid(pid) => to.number(2, (*pid).into()),
            Setting::Log(name) => to.number(9, LOG_LEVEL).bytes(10, name),
            Setting::PageServer { address, port } => {
                to.message(11, Writer::default().bytes(1, address).number(2, (*port).into()))
            }
            Setting::Root(path) => to.bytes(13, bytes(path)),
            Setting::ParentImages(path) => to.bytes(14, bytes(path)),
            Setting::Work(directory) => to.number(17, directory.as_raw_fd().into()),
            Setting::Mount { key, value } => to.message(23, pair(bytes(key), bytes(value))),
            Setting::CgroupRoot { controller, path } => {
                to.message(25, pair(controller.as_bytes(), path.as_bytes()))
            }
            Setting::Inherit { key, number } => {
                to.message(27, Writer::default().bytes(1, key).number(2, (*number).into()))
            }
            Setting::Cgroups(mode) => to.number(34, *mode as i64),
            Setting::External(text) => to.bytes(37, text),
            Setting::EmptyNamespaces(bits) => to.number(38, (*bits).into()),
            Setting::Join { kind, path } => to.message(39, pair(kind.as_bytes(), bytes(path))),
            Setting::Freezer(path) => to.bytes(44, path),
            Setting::ConfigFile(path) => to.bytes(51, path),
            Setting::LsmProfile(text) => to.bytes(53, text),
            Setting::LsmMountContext(text) => to.bytes(63, text),
        }
    }
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Value, fields};

    #[track_caller]
    fn check(setting: &Setting<'_>, field: u32, value: Value<'_>) {
        let written = setting.write(Writer::default()).into_bytes();
        assert_eq!(fields(&written).unwrap(), [(field, value)]);
    }

    #[test]
    fn a_switch_is_a_field_that_is_true() {
        check(&Setting::On(Switch::LazyPages), 48, Value::Number(1));
    }

    #[test]
    fn a_descriptor_is_its_number() {
        check(&Setting::Images(sys::fd::standard(2)), 1, Value::Number(2));
    }

    #[test]
    fn to_ignore_cgroups_is_said_though_it_is_zero() {
        check(&Setting::Cgroups(CgroupMode::Ignore), 34, Value::Number(0));
    }

    #[test]
    fn a_mount_is_a_key_and_a_value() {
        let written = Setting::Mount { key: Path::new("/data"), value: Path::new("/srv") };
        check(&written, 23, Value::Bytes(b"\x0a\x05/data\x12\x04/srv"));
    }

    #[test]
    fn the_unified_hierarchy_has_a_name_of_no_letters() {
        let root = Setting::CgroupRoot { controller: String::new(), path: "/x".into() };
        check(&root, 25, Value::Bytes(b"\x0a\x00\x12\x02/x"));
    }
}
