//! The namespaces that a container shares with others: they are not in its images, and must be there when it comes back.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use criu::Setting;
use sys::namespace::{NEWCGROUP, NEWIPC, NEWNET, NEWNS, NEWPID, NEWTIME, NEWUSER, NEWUTS};

use crate::error::{Error, Result};

/// Those that CRIU leaves alone, with the names that they have in images: runc's, so that its images serve too.
const EXTERNAL: &[(u64, &str, &str)] = &[(NEWNET, "net", "extRootNetNS"), (NEWPID, "pid", "extRootPidNS")];

/// Those that it enters, by its names for the kinds.
const ENTERED: &[(u64, &str)] =
    &[(NEWIPC, "ipc"), (NEWUTS, "uts"), (NEWUSER, "user"), (NEWNS, "mnt"), (NEWTIME, "time")];

/// For a checkpoint: which namespaces of the container are not to be written.
pub(crate) fn external(joined: &[(u64, PathBuf)], init: i32) -> Result<Vec<Setting<'static>>> {
    let shared = EXTERNAL.iter().filter(|(kind, ..)| joined.iter().any(|(joined, _)| joined == kind));
    let setting = |(_, file, name): &(u64, &str, &str)| {
        let path = format!("/proc/{init}/ns/{file}");
        let inode = std::fs::metadata(&path).map_err(Error::io("stat", &path))?.ino();
        Ok(Setting::External(format!("{file}[{inode}]:{name}")))
    };
    shared.map(setting).collect()
}

/// For a restore: the namespaces to come back into, open.
#[derive(Debug)]
pub(crate) struct Shared<'j> {
    open: Vec<(OwnedFd, &'static str)>,
    entered: Vec<(&'static str, &'j Path)>,
}

impl<'j> Shared<'j> {
    /// Opens what CRIU takes as a descriptor.
    pub(crate) fn open(joined: &'j [(u64, PathBuf)]) -> Result<Shared<'j>> {
        let mut shared = Shared { open: Vec::new(), entered: Vec::new() };
        for (kind, path) in joined {
            if let Some((.., name)) = EXTERNAL.iter().find(|(external, ..)| external == kind) {
                let file = File::open(path).map_err(Error::io("open", path))?;
                shared.open.push((file.into(), name));
            } else if let Some((_, name)) = ENTERED.iter().find(|(entered, _)| entered == kind) {
                shared.entered.push((name, path));
            } else {
                debug_assert_eq!(*kind, NEWCGROUP);
                return Err(Error::Other(format!(
                    "linux.namespaces: CRIU brings nothing back into the cgroup namespace {}",
                    path.display()
                )));
            }
        }
        Ok(shared)
    }

    /// What CRIU is told of them.
    pub(crate) fn settings(&self) -> impl Iterator<Item = Setting<'_>> {
        let external = self
            .open
            .iter()
            .map(|(file, name)| Setting::Inherit { key: (*name).into(), number: file.as_raw_fd() });
        let entered = self.entered.iter().map(|(kind, path)| Setting::Join { kind, path });
        external.chain(entered)
    }

    /// What CRIU inherits.
    pub(crate) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        self.open.iter().map(|(file, _)| file.as_fd()).collect()
    }
}
