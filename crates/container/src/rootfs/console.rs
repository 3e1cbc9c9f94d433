//! The container's terminal: from its own devpts, without trusting any name in it (CVE-2025-52565).

use std::os::fd::OwnedFd;

use sys::{fd, fs, tty};

use super::{Root, bind};
use crate::packet::Reason;
use crate::plan::Console;

/// Major and minor of a ptmx node.
const PTMX: (u32, u32) = (5, 2);

/// Makes a pseudoterminal, puts its slave on the standard streams as the controlling terminal, and on
/// /dev/console. Answers the master.
pub(crate) fn make(root: &Root, console: &Console) -> Result<OwnedFd, Reason> {
    let master = open_ptmx(root)?;
    tty::unlock(&master)?;
    if let Some(size) = &console.size {
        tty::set_size(&master, size)?;
    }
    let slave = tty::peer(&master)?;
    if console.uid != 0 {
        fs::set_owner(&slave, c"", console.uid, u32::MAX)?;
    }
    if console.mount {
        show(root, &slave)?;
    }
    for stream in 0..=2 {
        fd::place_at(&slave, stream)?;
    }
    tty::control(fd::standard(0))?;
    Ok(master)
}

/// Opens the multiplexer, and makes sure that what was opened is one, on a devpts. To open anything else in its
/// place does no harm: for reading and writing not even a FIFO waits.
fn open_ptmx(root: &Root) -> Result<OwnedFd, Reason> {
    let master = root.open(c"dev/pts/ptmx", fd::O_RDWR | fd::O_NOCTTY)?;
    let on_devpts = fs::file_system(&master)? == fs::DEVPTS_SUPER_MAGIC;
    if on_devpts && fs::device_numbers(&fs::stat(&master)?) == PTMX {
        Ok(master)
    } else {
        Err(Reason::Mismatch)
    }
}

fn show(root: &Root, slave: &OwnedFd) -> Result<(), Reason> {
    let target = root.make_file(c"dev/console")?;
    Ok(bind::onto(slave, &target)?)
}

/// Gives the standard streams to the container's user, so that it can reopen them by /dev/stdout. What belongs to
/// everybody (/dev/null) or cannot change hands (a read-only or foreign file system) stays as it is.
pub(crate) fn own_streams(uid: u32) -> Result<(), Reason> {
    use sys::Errno::{EACCES, EINVAL, EPERM, EROFS};
    const NULL: (u32, u32) = (1, 3);
    for stream in 0..=2 {
        let stream = fd::standard(stream);
        let stat = fs::stat(stream)?;
        let is_null = stat.st_mode & fs::S_IFMT == fs::S_IFCHR && fs::device_numbers(&stat) == NULL;
        if stat.st_uid == uid || is_null {
            continue;
        }
        match fs::set_owner(stream, c"", uid, u32::MAX) {
            Err(error) if !matches!(error.errno, EINVAL | EPERM | EROFS | EACCES) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}
