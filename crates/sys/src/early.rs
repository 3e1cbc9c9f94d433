//! What runs first, before libc: the runtime moves into a file that can never be written to.
//!
//! The commands that enter a container do so (CVE-2019-5736, see `seal.rs` of the command line). Here it can be done
//! without a second execution, since nobody has written to a variable yet: see [`exchange`]. Where that is not allowed, at
//! least libc is not started twice. So the executable's entry point is [`ociruntime_entry`], which calls [`seal`] and then
//! goes on to libc's `_start`.
//!
//! Nothing of libc may be used here, not even what the compiler likes to call behind one's back: in a static
//! executable `memcpy` and its like have no address yet. Hence the raw calls and the volatile loops below.
//!
//! Whatever goes wrong here is no error: the command then finds itself unsealed and seals itself by other means.

mod exchange;
mod memory;
mod raw;

use std::ffi::CStr;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicI32};

use memory::{Environment, Stack, Text};
use raw::{Argument, Descriptor, call};

use crate::mount::{ATTR_NODEV, ATTR_RDONLY};

const FSOPEN_CLOEXEC: usize = 1;
const FSMOUNT_CLOEXEC: usize = 1;
const FSCONFIG_SET_STRING: usize = 1;
const FSCONFIG_CMD_CREATE: usize = 6;

/// The commands that clone a process into a container.
pub const ENTERING: &[&CStr] = &[c"create", c"run", c"exec"];

/// The variable that tells the second execution which file it must find itself in: see [`mark`].
pub const MARK: &CStr = c"_OCIRUNTIME_SEAL";

/// This process's own executable.
const EXE: &CStr = c"/proc/self/exe";

/// A directory that every Linux has and nobody installs a runtime in: overlayfs without an upper layer wants two
/// lower ones, neither inside the other.
const SECOND_LAYER: &CStr = c"/sys";

/// How a file is told to the second execution: device and inode.
pub fn mark(device: u64, inode: u64) -> String {
    format!("{device:x}:{inode:x}")
}

#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(
    ".globl ociruntime_entry",
    "ociruntime_entry:",
    "xor ebp, ebp",
    "mov r12, rdx",
    "mov rdi, rsp",
    "call {seal}",
    "mov rdx, r12",
    "jmp _start",
    seal = sym seal,
);

#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(
    ".globl ociruntime_entry",
    "ociruntime_entry:",
    "mov x29, xzr",
    "mov x19, x0",
    "mov x0, sp",
    "bl {seal}",
    "mov x0, x19",
    "b _start",
    seal = sym seal,
);

/// Whether [`seal`] has done its work in this very process.
static SEALED: AtomicBool = AtomicBool::new(false);

/// The mount that is left of it, see [`mount`]; negative if there is none.
static MOUNT: AtomicI32 = AtomicI32::new(-1);

/// Whether this process runs from a sealed file although nobody has executed it from there.
pub fn is_sealed() -> bool {
    SEALED.load(Relaxed)
}

/// The mount that the sealed file was opened in; once. Nobody needs it any more, but to close it makes the kernel wait
/// until every CPU has noticed: that is for whoever has time to spare.
pub fn mount() -> Option<OwnedFd> {
    let number = MOUNT.swap(-1, Relaxed);
    // SAFETY: a descriptor of ours that only this variable knew.
    (number >= 0).then(|| unsafe { OwnedFd::from_raw_fd(number) })
}

/// Has the runtime run from a file that nobody can write to, if the command line is of a command that needs it and this
/// is not done yet. Looks at the words only: one that is not meant as a command costs a little time, no more.
///
/// # Safety
///
/// `stack` must be the stack pointer of a new process, in which nobody has written to a variable yet.
unsafe extern "C" fn seal(stack: *const usize) {
    // SAFETY: the caller's promise.
    let stack = unsafe { Stack::at(stack) };
    let enters = stack.arguments.iter().skip(1).any(|word| ENTERING.iter().any(|command| word.is(command)));
    if !enters || stack.environment.iter().any(|variable| variable.is_named(MARK)) {
        return;
    }
    let Some(Sealed { file, mount }) = overlay() else { return };
    // SAFETY: the file is our own, and nobody has written to a variable.
    if unsafe { exchange::executable(&file, stack) }.is_some() {
        SEALED.store(true, Relaxed);
        // A number that the caller left free is soon taken for a standard descriptor: that one is closed right away.
        MOUNT.store(mount.into_number_above(libc::STDERR_FILENO).unwrap_or(-1), Relaxed);
    } else {
        drop(mount);
        execute(&file, stack);
    }
}

/// Only comes back if it fails. Not inlined: each page of its frame would be touched on the way that does without.
#[inline(never)]
fn execute(binary: &Descriptor, stack: Stack) -> Option<()> {
    let file = binary.file()?;
    let mut mark = Text::new();
    mark.push_all(MARK.to_bytes()).push(b'=').push_hex(file.device).push(b':').push_hex(file.inode);
    let mut marked = Environment::new();
    let environment = marked.fill(stack.environment, mark.end()?.as_ptr())?;
    let flags = (libc::AT_EMPTY_PATH as usize).into();
    let (arguments, environment) = (stack.arguments.as_ptr().into(), environment.as_ptr().into());
    let arguments = [binary.number(), c"".into(), arguments, environment, flags];
    // SAFETY: both lists end with a null, and all their strings are terminated.
    unsafe { call(libc::SYS_execveat, arguments) }.map(drop)
}

/// The binary in a file that nobody can write to, and the mount it was opened in.
struct Sealed {
    file: Descriptor,
    mount: Descriptor,
}

/// The binary through an overlay of read-only layers that is mounted nowhere: no copy, and as it has no upper layer
/// it can never become writable (overlayfs, "Multiple lower layers").
fn overlay() -> Option<Sealed> {
    let mut link = Text::new();
    let path = link.read_link(EXE)?;
    let (directory, name) = split(path)?;
    let mut text = Text::new();
    let layers = text.push_all(directory).push(b':').push_all(SECOND_LAYER.to_bytes()).end()?;
    // SAFETY: the strings are terminated and outlive the call.
    let context = unsafe { raw::open(libc::SYS_fsopen, [c"overlay".into(), FSOPEN_CLOEXEC.into()]) }?;
    configure(&context, FSCONFIG_SET_STRING, c"lowerdir".into(), layers.into())?;
    configure(&context, FSCONFIG_CMD_CREATE, 0.into(), 0.into())?;
    let attributes = ((ATTR_RDONLY | ATTR_NODEV) as usize).into();
    // SAFETY: no pointers.
    let mount =
        unsafe { raw::open(libc::SYS_fsmount, [context.number(), FSMOUNT_CLOEXEC.into(), attributes]) }?;
    let flags = ((libc::O_RDONLY | libc::O_CLOEXEC) as usize).into();
    // SAFETY: the name is terminated and outlives the call.
    let file = unsafe { raw::open(libc::SYS_openat, [mount.number(), name.into(), flags]) }?;
    is_same(&file, path).then_some(Sealed { file, mount })
}

/// Directory and name of a path, unless overlayfs would find its own punctuation in the directory, or one layer
/// inside the other.
fn split(path: &CStr) -> Option<(&[u8], &CStr)> {
    let bytes = path.to_bytes();
    let slash = bytes.iter().rposition(|byte| *byte == b'/').filter(|slash| *slash > 0)?;
    let (directory, name) = (bytes.get(..slash)?, path.to_bytes_with_nul().get(slash + 1..)?);
    let second = SECOND_LAYER.to_bytes();
    let is_below = directory.len() >= second.len() && directory.iter().zip(second).all(|(a, b)| a == b);
    if is_below || directory.iter().any(|byte| matches!(byte, b':' | b',' | b'\\' | b'"')) {
        return None;
    }
    // SAFETY: the end of a terminated string is terminated.
    Some((directory, unsafe { CStr::from_bytes_with_nul_unchecked(name) }))
}

fn configure(context: &Descriptor, command: usize, key: Argument, value: Argument) -> Option<()> {
    // SAFETY: key and value are null or terminated, as the command wants them, and outlive the call.
    unsafe { call(libc::SYS_fsconfig, [context.number(), command.into(), key, value]) }.map(drop)
}

/// The link named the path of our executable once; makes sure that what is there now is no other program.
fn is_same(sealed: &Descriptor, path: &CStr) -> bool {
    let files = (sealed.file(), raw::file(EXE), raw::file(path));
    let (Some(sealed), Some(ours), Some(there)) = files else { return false };
    ours.device == there.device && ours.inode == there.inode && ours.size == sealed.size
}
