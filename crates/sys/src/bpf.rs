//! Device programs of cgroup v2 (bpf(2), BPF_PROG_TYPE_CGROUP_DEVICE): loading, attaching, and finding those that are
//! attached.
//!
//! A device is granted only if every program attached to the cgroup and to its ancestors grants it. All is attached
//! with BPF_F_ALLOW_MULTI, so that a container within the container may attach its own.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::{Call, Errno, Error, Result, checked, fd};

/// Commands (linux/bpf.h, `enum bpf_cmd`).
const PROG_LOAD: i32 = 5;
const PROG_ATTACH: i32 = 8;
const PROG_DETACH: i32 = 9;
const PROG_GET_FD_BY_ID: i32 = 13;
const OBJ_GET_INFO_BY_FD: i32 = 15;
const PROG_QUERY: i32 = 16;

/// BPF_PROG_TYPE_CGROUP_DEVICE.
const TYPE_CGROUP_DEVICE: u32 = 15;
/// BPF_CGROUP_DEVICE, of `enum bpf_attach_type`.
const AT_CGROUP_DEVICE: u32 = 6;
/// BPF_F_ALLOW_MULTI and BPF_F_REPLACE.
const ALLOW_MULTI: u32 = 1 << 1;
const REPLACE: u32 = 1 << 2;

/// What our programs are called, so that they can be told from those of others (systemd attaches one of its own).
const NAME: [u8; 16] = *b"ociruntime_dev\0\0";

/// How many programs one cgroup takes (BPF_CGROUP_MAX_PROGS).
const MOST: usize = 64;

/// The parts of `union bpf_attr` that are used: the kernel takes a shorter one as filled up with zeroes.
#[repr(C)]
struct Load {
    kind: u32,
    length: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
}

#[repr(C)]
struct Attach {
    cgroup: u32,
    program: u32,
    at: u32,
    flags: u32,
    replaced: u32,
}

#[repr(C)]
struct Query {
    cgroup: u32,
    at: u32,
    query_flags: u32,
    attach_flags: u32,
    ids: u64,
    count: u32,
}

#[repr(C)]
struct InfoOf {
    program: u32,
    length: u32,
    info: u64,
}

/// The beginning of `struct bpf_prog_info`, of which the kernel writes as much as it is given room for.
#[repr(C)]
#[derive(Default)]
struct Info {
    before: [u64; 8],
    name: [u8; 16],
}

#[repr(C)]
struct ById {
    id: u32,
    next: u32,
    flags: u32,
}

/// Loads a device program, given as instructions (`struct bpf_insn`) in the byte order of this machine.
///
/// # Errors
/// EINVAL or EACCES if the verifier refuses it, E2BIG if it is too long. EPERM without CAP_BPF (CAP_SYS_ADMIN before
/// Linux 5.8), which nobody has in a user namespace but the first.
pub fn load_device_program(instructions: &[[u8; 8]]) -> Result<OwnedFd> {
    match load(instructions) {
        Err(Error { errno: Errno::EPERM, .. }) => with_locked_memory(|| load(instructions)),
        result => result,
    }
}

fn load(instructions: &[[u8; 8]]) -> Result<OwnedFd> {
    let mut load = Load {
        kind: TYPE_CGROUP_DEVICE,
        length: u32::try_from(instructions.len())
            .map_err(|_| Error { call: Call::Bpf, errno: Errno::E2BIG })?,
        instructions: instructions.as_ptr() as u64,
        // Decides which functions of the kernel a program may call; this one calls none.
        license: c"Apache-2.0".as_ptr() as u64,
        log_level: 0,
        log_size: 0,
        log: 0,
        kernel_version: 0,
        flags: 0,
        name: NAME,
    };
    // SAFETY: BPF_PROG_LOAD reads `length` instructions of eight bytes, a terminated license and a terminated name, all
    // of which outlive the call; there is no log to write to.
    fd::owned(Call::Bpf, unsafe { bpf(PROG_LOAD, &mut load) })
}

/// Before Linux 5.11 programs count as locked memory of the user who loads them, and a machine full of containers
/// reaches the customary limit.
fn with_locked_memory(load: impl Fn() -> Result<OwnedFd>) -> Result<OwnedFd> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_MEMLOCK).map_err(limits)?;
    let raised = setrlimit(Resource::RLIMIT_MEMLOCK, libc::RLIM_INFINITY, libc::RLIM_INFINITY);
    raised.or_else(|_| setrlimit(Resource::RLIMIT_MEMLOCK, hard, hard)).map_err(limits)?;
    let loaded = load();
    setrlimit(Resource::RLIMIT_MEMLOCK, soft, hard).map_err(limits)?;
    loaded
}

fn limits(errno: Errno) -> Error {
    Error { call: Call::Prlimit, errno }
}

/// Attaches a device program to a cgroup (its directory), in one step instead of another one if that is named.
///
/// # Errors
/// EINVAL for a replacement before Linux 5.6, or if the kernel has no CONFIG_CGROUP_BPF; ENOENT if the one to be
/// replaced is not attached; EPERM if a program above forbids more, or without the capabilities.
pub fn attach_device_program(
    cgroup: impl AsFd,
    program: impl AsFd,
    replaced: Option<BorrowedFd<'_>>,
) -> Result<()> {
    let flags = ALLOW_MULTI | if replaced.is_some() { REPLACE } else { 0 };
    let mut attach = Attach {
        flags,
        replaced: replaced.map_or(0, |program| program.as_raw_fd() as u32),
        ..Attach::of(&cgroup, &program)
    };
    // SAFETY: BPF_PROG_ATTACH takes numbers only.
    checked(Call::Bpf, unsafe { bpf(PROG_ATTACH, &mut attach) }).map(drop)
}

/// Detaches a device program from a cgroup.
pub fn detach_device_program(cgroup: impl AsFd, program: impl AsFd) -> Result<()> {
    // SAFETY: BPF_PROG_DETACH takes numbers only.
    checked(Call::Bpf, unsafe { bpf(PROG_DETACH, &mut Attach::of(&cgroup, &program)) }).map(drop)
}

impl Attach {
    fn of(cgroup: &impl AsFd, program: &impl AsFd) -> Attach {
        let number = |fd: BorrowedFd<'_>| fd.as_raw_fd() as u32;
        let (cgroup, program) = (number(cgroup.as_fd()), number(program.as_fd()));
        Attach { cgroup, program, at: AT_CGROUP_DEVICE, flags: 0, replaced: 0 }
    }
}

/// The device programs of ours that are attached to a cgroup itself, not to its ancestors.
pub fn device_programs(cgroup: impl AsFd) -> Result<Vec<OwnedFd>> {
    let mut ids = [0_u32; MOST];
    let mut query = Query {
        cgroup: cgroup.as_fd().as_raw_fd() as u32,
        at: AT_CGROUP_DEVICE,
        query_flags: 0,
        attach_flags: 0,
        ids: ids.as_mut_ptr() as u64,
        count: MOST as u32,
    };
    // SAFETY: BPF_PROG_QUERY writes at most `count` ids to the array, which has room for as many and outlives the call.
    checked(Call::Bpf, unsafe { bpf(PROG_QUERY, &mut query) })?;
    let programs = ids.iter().take(query.count as usize).map(|id| by_id(*id));
    // One that somebody has detached meanwhile is not attached.
    let attached = programs.filter(|found| !matches!(found, Err(Error { errno: Errno::ENOENT, .. })));
    let mut own = Vec::new();
    for program in attached {
        let program = program?;
        if name(&program)? == NAME {
            own.push(program);
        }
    }
    Ok(own)
}

fn name(program: &OwnedFd) -> Result<[u8; 16]> {
    let mut info = Info::default();
    let length = size_of::<Info>() as u32;
    let mut of = InfoOf { program: program.as_raw_fd() as u32, length, info: (&raw mut info) as u64 };
    // SAFETY: BPF_OBJ_GET_INFO_BY_FD writes at most `length` bytes to info, which outlives the call and of which all bits
    // may be anything.
    checked(Call::Bpf, unsafe { bpf(OBJ_GET_INFO_BY_FD, &mut of) })?;
    Ok(info.name)
}

fn by_id(id: u32) -> Result<OwnedFd> {
    // SAFETY: BPF_PROG_GET_FD_BY_ID takes numbers only.
    fd::owned(Call::Bpf, unsafe { bpf(PROG_GET_FD_BY_ID, &mut ById { id, next: 0, flags: 0 }) })
}

/// # Safety
/// What the addresses in `attributes` point to must be as the command demands.
unsafe fn bpf<T>(command: i32, attributes: &mut T) -> libc::c_long {
    // SAFETY: attributes outlives the call, its size is passed, and all of its bits may be anything: some commands
    // answer in it. The rest is the caller's promise.
    unsafe { libc::syscall(libc::SYS_bpf, command, &raw mut *attributes, size_of::<T>()) }
}
