//! Keeps the host's binary out of reach of containers (CVE-2019-5736).
//!
//! A container's init begins as a clone of the runtime, so its /proc/PID/exe is the runtime's executable, and a
//! process that joins a container can be looked at from inside. Whoever opened the host's file through that link
//! could write to it once it is no longer executed. So the commands that enter a container first execute themselves
//! again from a file that can never be written to:
//!
//! 1. the binary as seen through an overlay of read-only layers that is mounted nowhere: no copy, but needs rights
//!    over mounts (overlayfs, "Multiple lower layers");
//! 2. a sealed copy in memory (memfd_create(2));
//! 3. where executable memfds are forbidden (vm.memfd_noexec=2): a copy in an unlinked file, which is not the host's.
//!
//! docs/ARCHITECTURE.md has the measurements behind this order.

use std::env;
use std::ffi::{CString, OsString};
use std::fs::{self, File, OpenOptions};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use sys::process::Strings;
use sys::{Call, Errno, Error, Named, Result, fd, memfd, mount};

/// Tells the second execution which file it must find itself in: device and inode.
const MARK: &str = "_OCIRUNTIME_SEAL";

/// This process's own executable.
const EXE: &str = "/proc/self/exe";

/// The commands that clone a process into a container.
const ENTERING: &[&str] = &["create", "run", "exec"];

/// Executes the runtime again from a sealed file, if the command line is of a command that needs it and this is not
/// done yet. Looks at the words only: one that is not meant as a command costs an execve, no more.
pub(crate) fn reenter(args: &[OsString]) -> Result<()> {
    if !args.iter().any(|arg| ENTERING.iter().any(|command| arg == command)) || is_sealed() {
        return Ok(());
    }
    // To make the file is not all: some security modules let no program run from where it lies.
    let mut failed = Error { call: Call::Execve, errno: Errno::ENOEXEC };
    for make in [overlay, copy_in_memory, unlinked_copy] {
        failed = make().map_or_else(|error| error, |file| execute(&file));
    }
    Err(failed)
}

fn is_sealed() -> bool {
    let Some(mark) = env::var_os(MARK) else { return false };
    fs::metadata(EXE).is_ok_and(|exe| mark.as_bytes() == self::mark(&exe).as_bytes())
}

fn mark(file: &fs::Metadata) -> String {
    format!("{}:{}", file.dev(), file.ino())
}

fn execute(file: &OwnedFd) -> Error {
    match identity(file) {
        Ok(mark) => {
            let arguments = env::args_os().map(c_string).collect();
            let inherited = env::vars_os().filter(|(name, _)| name != MARK);
            let variable = |(name, value): (OsString, OsString)| c_string([name, value].join("=".as_ref()));
            let environment =
                inherited.map(variable).chain([c_string(format!("{MARK}={mark}").into())]).collect();
            sys::process::execute_file(file, &Strings::new(arguments), &Strings::new(environment))
        }
        Err(error) => error,
    }
}

fn identity(file: &OwnedFd) -> Result<String> {
    let stat = sys::fs::stat(file)?;
    Ok(format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// The arguments and variables of a process have no NUL bytes in them.
fn c_string(text: OsString) -> CString {
    CString::new(text.into_vec()).unwrap_or_default()
}

/// The binary through an overlay whose superblock has no upper layer and so can never be writable.
fn overlay() -> Result<OwnedFd> {
    let path = fs::read_link(EXE).named(Call::ReadLink)?;
    let unusable = Error { call: Call::Open, errno: Errno::EINVAL };
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else { return Err(unusable) };
    if directory.as_os_str().as_bytes().iter().any(|byte| b":,\\\"".contains(byte)) {
        return Err(unusable);
    }
    let context = mount::open_file_system(c"overlay")?;
    // Overlayfs without an upper layer wants two lower ones, neither inside the other.
    let layers = [directory.as_os_str().as_bytes(), b":", second_layer(directory)].concat();
    mount::set_string(&context, c"lowerdir", &CString::new(layers).map_err(|_| unusable)?)?;
    mount::create_file_system(&context)?;
    let root = mount::mount_file_system(&context, mount::ATTR_RDONLY | mount::ATTR_NODEV)?;
    let file = fd::open(&root, &CString::new(name.as_bytes()).map_err(|_| unusable)?, fd::O_RDONLY, 0)?;
    same_file(&file, &path)?;
    Ok(file)
}

/// A directory that every Linux has and nobody installs a runtime in.
fn second_layer(first: &Path) -> &'static [u8] {
    if first.starts_with("/sys") || Path::new("/sys").starts_with(first) { b"/proc" } else { b"/sys" }
}

/// The link named the path of our executable once; make sure that what is there now is no other program.
fn same_file(file: &OwnedFd, path: &Path) -> Result<()> {
    let sealed = sys::fs::stat(file)?;
    let exe = fs::metadata(EXE).named(Call::Stat)?;
    let there = fs::metadata(path).named(Call::Stat)?;
    let is_same = (exe.dev(), exe.ino()) == (there.dev(), there.ino()) && sealed.st_size as u64 == exe.size();
    if is_same { Ok(()) } else { Err(Error { call: Call::Stat, errno: Errno::ESTALE }) }
}

fn copy_in_memory() -> Result<OwnedFd> {
    let copy = memfd::executable(c"ociruntime")?;
    let exe = File::open(EXE).named(Call::Open)?;
    memfd::copy(&exe, &copy, exe.metadata().named(Call::Stat)?.len())?;
    memfd::seal(&copy)?;
    Ok(copy)
}

/// A private copy without a name: whoever writes to it writes to nothing that anybody will execute again.
fn unlinked_copy() -> Result<OwnedFd> {
    let exe = File::open(EXE).named(Call::Open)?;
    let copy = OpenOptions::new()
        .write(true)
        .custom_flags(fd::O_TMPFILE)
        .mode(0o500)
        .open("/tmp")
        .named(Call::Open)?;
    memfd::copy(&exe, &copy, exe.metadata().named(Call::Stat)?.len())?;
    // A file that is open for writing cannot be executed.
    let readable = fd::open(fd::cwd(), fd::ProcPath::new(copy.as_fd()).as_c_str(), fd::O_RDONLY, 0)?;
    drop(copy);
    Ok(readable)
}
