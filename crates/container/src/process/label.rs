//! The security label of the program: written where the kernel keeps it for the next execve.
//!
//! It is inherited by forks, and so is written after the last hook. By then /proc is the container's, which may show
//! anything (CVE-2019-16884): the file is opened before. Only the task that opened it can write it, whoever else
//! gets hold of the descriptor.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use sys::{Errno, Error, Result, fd};

use crate::packet::Reason;
use crate::plan::SecurityModule;
use crate::procfs::Procfs;

/// The files that labels will be written to.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    apparmor: Option<OwnedFd>,
    selinux: Option<OwnedFd>,
}

impl Labels {
    /// Opens the file of a module.
    /// What is open.
    pub(crate) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.apparmor.iter().chain(&self.selinux).map(AsFd::as_fd)
    }

    pub(crate) fn open(&mut self, proc: &Procfs, module: SecurityModule) -> Result<()> {
        let file = match module {
            SecurityModule::AppArmor => own_or_shared(proc)?,
            SecurityModule::Selinux => proc.open_to_write(SHARED)?,
        };
        *self.of(module) = Some(file);
        Ok(())
    }

    /// Writes the label: `exec PROFILE` for AppArmor, the bare context for SELinux.
    pub(crate) fn write(&mut self, module: SecurityModule, label: &CStr) -> Result<(), Reason> {
        let file = self.of(module).take().ok_or(Reason::Panicked)?;
        fd::write_all(file, label.to_bytes()).map_err(|error| match (module, error.errno) {
            (SecurityModule::AppArmor, Errno::ENOENT) => Reason::UnknownLabel,
            (SecurityModule::Selinux, Errno::EINVAL) => Reason::UnknownLabel,
            _ => Reason::Call(error),
        })
    }

    fn of(&mut self, module: SecurityModule) -> &mut Option<OwnedFd> {
        match module {
            SecurityModule::AppArmor => &mut self.apparmor,
            SecurityModule::Selinux => &mut self.selinux,
        }
    }
}

/// The file of whichever module comes first.
const SHARED: &CStr = c"thread-self/attr/exec";

/// AppArmor has had a file of its own since Linux 5.8, beside which there may be other modules.
fn own_or_shared(proc: &Procfs) -> Result<OwnedFd> {
    match proc.open_to_write(c"thread-self/attr/apparmor/exec") {
        Err(Error { errno: Errno::ENOENT, .. }) => proc.open_to_write(SHARED),
        result => result,
    }
}
