//! The standard streams of a container: the other end of a pipe, or a file of the host's, is not in its images. They are
//! known there by names, which are kept beside them, and come back as the standard streams of who restores.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use criu::Setting;
use sys::Errno;

use crate::error::{Error, Result};

/// Beside the images, as runc has it: a list of names for descriptors 0, 1 and 2.
const FILE: &str = "descriptors.json";

/// The names of a process's standard streams; nothing for one that is closed.
pub(crate) fn names(process: i32) -> Vec<String> {
    (0..3).map(|number| name(process, number).unwrap_or_default()).collect()
}

fn name(process: i32, number: u32) -> Option<String> {
    let path = format!("/proc/{process}/fd/{number}");
    let link = fs::read_link(&path).ok()?.to_string_lossy().into_owned();
    if !link.starts_with('/') {
        return Some(link);
    }
    let inode = fs::metadata(&path).ok()?.ino();
    let mount = mount_id(&fs::read_to_string(format!("/proc/{process}/fdinfo/{number}")).ok()?)?;
    let mounts = fs::read_to_string(format!("/proc/{process}/mountinfo")).ok()?;
    Some(if has(&mounts, mount) { link } else { format!("file[{mount:x}:{inode:x}]") })
}

/// proc_pid_fdinfo(5).
fn mount_id(info: &str) -> Option<u64> {
    info.lines().find_map(|line| line.strip_prefix("mnt_id:")?.trim().parse().ok())
}

/// Whether the process sees the mount: each line begins with the number of one (proc_pid_mountinfo(5)).
fn has(mounts: &str, wanted: u64) -> bool {
    mounts.lines().any(|line| line.split(' ').next().and_then(|id| id.parse().ok()) == Some(wanted))
}

/// For a checkpoint: the files of the host's among them.
pub(crate) fn external(names: &[String]) -> impl Iterator<Item = Setting<'_>> {
    names.iter().filter(|name| name.starts_with("file[")).map(|name| Setting::External(name.clone()))
}

/// For a restore: our own streams in the place of pipes and files of the host's.
pub(crate) fn inherited(names: &[String]) -> impl Iterator<Item = Setting<'_>> {
    let numbered = (0..).zip(names);
    let ours = numbered.filter(|(_, name)| name.starts_with("pipe:") || name.starts_with("file["));
    ours.map(|(number, name)| Setting::Inherit { key: name.clone(), number })
}

/// Keeps the names beside the images.
pub(crate) fn write(images: impl AsFd, names: &[String]) -> Result<()> {
    let bytes = serde_json::to_vec(names).map_err(Error::other)?;
    sys::file::create_at(images, Path::new(FILE), 0o600)
        .and_then(|file| sys::fd::write_all(file, &bytes))
        .map_err(Error::file("write", FILE))
}

/// Reads the names; there are none in images of an engine that keeps none.
pub(crate) fn read(images: impl AsFd) -> Result<Vec<String>> {
    let text = match sys::file::open_at(images, Path::new(FILE)) {
        Err(error) if error.errno == Errno::ENOENT => return Ok(Vec::new()),
        file => std::io::read_to_string(file.map_err(Error::file("open", FILE))?),
    };
    let text = text.map_err(Error::io("read", FILE))?;
    let names: Vec<String> =
        serde_json::from_str(&text).map_err(|error| Error::Other(format!("parse {FILE}: {error}")))?;
    Ok(names.into_iter().take(3).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_known_by_its_number() {
        let mounts = "21 1 0:20 / /proc rw - proc proc rw\n22 1 0:21 / /sys rw - sysfs sysfs rw\n";
        assert!(has(mounts, 22));
        assert!(!has(mounts, 2));
    }

    #[test]
    fn the_mount_of_a_descriptor_is_in_its_info() {
        assert_eq!(mount_id("pos:\t0\nflags:\t0100000\nmnt_id:\t29\nino:\t3\n"), Some(29));
    }

    #[test]
    fn only_what_is_outside_is_replaced() {
        let names = ["/dev/null".into(), "pipe:[7]".into(), "file[1d:3]".into()];
        let numbers: Vec<i32> = inherited(&names)
            .map(|setting| match setting {
                Setting::Inherit { number, .. } => number,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(numbers, [1, 2]);
    }

    #[test]
    fn a_stream_of_ours_has_a_name() {
        assert_eq!(names(std::process::id() as i32).len(), 3);
    }
}
