//! Intel RDT and its like: the group of a container in the resctrl file system (the kernel's
//! Documentation/filesystems/resctrl.rst; runtime-spec config-linux.md "IntelRdt").
//!
//! A directory below the mount point is a class of service: shares of caches and memory bandwidth (`schemata`), and
//! who has them (`tasks`). In its `mon_groups` there may be groups that are only counted.

mod error;
mod group;
mod schema;
mod stats;

use std::path::PathBuf;

pub use error::Error;
pub use group::{Group, Made, Schemata};
pub use stats::Stats;

/// Where resctrl is mounted, by the text of /proc/self/mountinfo (proc(5)).
pub fn mount_point(mountinfo: &str) -> Option<PathBuf> {
    let place = mountinfo.lines().find_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let is_resctrl = file_system.split(' ').next() == Some("resctrl");
        mount.split(' ').nth(4).filter(|_| is_resctrl)
    })?;
    Some(unescape(place).into())
}

/// Blanks, tabs, line breaks and backslashes are written in octal.
fn unescape(path: &str) -> String {
    let escapes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    escapes.iter().fold(path.to_owned(), |path, (code, meaning)| path.replace(code, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mountinfo: &str, expected: Option<&str>) {
        assert_eq!(mount_point(mountinfo), expected.map(PathBuf::from));
    }

    #[test]
    fn resctrl_is_found_among_the_mounts() {
        check(
            "22 1 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
             40 22 0:30 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl rw\n",
            Some("/sys/fs/resctrl"),
        );
    }

    #[test]
    fn a_source_of_that_name_is_no_resctrl() {
        check("40 22 0:30 / /mnt rw - tmpfs resctrl rw\n", None);
    }

    #[test]
    fn a_blank_in_the_path_is_read() {
        check("40 22 0:30 / /my\\040rdt rw - resctrl resctrl rw\n", Some("/my rdt"));
    }
}
