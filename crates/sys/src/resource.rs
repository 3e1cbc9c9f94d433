//! Limits and scheduling of a process, and the CPUs and memory nodes that it may use.

use std::fmt;

use libc::c_ulong;

use crate::{Call, Result, checked};

/// One resource limit: `RLIMIT_*`, soft and hard (`u64::MAX` = unlimited).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The `RLIMIT_*` number.
    pub resource: u32,
    /// What is enforced.
    pub soft: u64,
    /// How far the process may raise `soft` by itself.
    pub hard: u64,
}

/// Sets a limit of another process (prlimit(2)). Raising `hard` needs CAP_SYS_RESOURCE in the initial user namespace.
pub fn set_limit(pid: i32, limit: Limit) -> Result<()> {
    let new = libc::rlimit64 { rlim_cur: limit.soft, rlim_max: limit.hard };
    let old = std::ptr::null_mut::<libc::rlimit64>();
    // SAFETY: new outlives the call; a null old asks for nothing back.
    let result = unsafe { libc::syscall(libc::SYS_prlimit64, pid, limit.resource, &raw const new, old) };
    checked(Call::Prlimit, result).map(drop)
}

/// What sched_setattr(2) sets; all zero is the default policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// The `SCHED_*` number.
    pub policy: u32,
    /// `SCHED_FLAG_*` bits.
    pub flags: u64,
    /// From -20 to 19, for the policies without priorities.
    pub nice: i32,
    /// From 1 to 99, for the real-time policies.
    pub priority: u32,
    /// Nanoseconds of each period, for `SCHED_DEADLINE`.
    pub runtime: u64,
    /// Nanoseconds until they must have passed.
    pub deadline: u64,
    /// Nanoseconds; 0 for as long as the deadline.
    pub period: u64,
}

/// `struct sched_attr` in its second version (56 bytes, Linux 5.3). Older kernels take it too, as the part that they do
/// not know is zero.
#[repr(C)]
#[derive(Default)]
struct SchedAttr {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
    util_min: u32,
    util_max: u32,
}

/// Sets how a process is scheduled. More than it has needs CAP_SYS_NICE in the initial user namespace (sched(7)).
pub fn set_scheduling(pid: i32, scheduling: &Scheduling) -> Result<()> {
    let attributes = SchedAttr {
        size: size_of::<SchedAttr>() as u32,
        policy: scheduling.policy,
        flags: scheduling.flags,
        nice: scheduling.nice,
        priority: scheduling.priority,
        runtime: scheduling.runtime,
        deadline: scheduling.deadline,
        period: scheduling.period,
        ..SchedAttr::default()
    };
    // SAFETY: the attributes outlive the call and carry their size.
    let result = unsafe { libc::syscall(libc::SYS_sched_setattr, pid, &raw const attributes, 0) };
    checked(Call::SchedSetattr, result).map(drop)
}

/// The I/O priority of processes (ioprio_set(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoPriority {
    /// 1 real-time, 2 best effort, 3 idle.
    pub class: u8,
    /// From 0, the highest, to 7.
    pub level: u8,
}

/// Sets the I/O priority of all processes of a process group. Real-time needs CAP_SYS_NICE in the initial user namespace.
pub fn set_io_priority(group: i32, priority: IoPriority) -> Result<()> {
    const WHO_PGRP: libc::c_int = 2;
    const CLASS_SHIFT: i32 = 13;
    let value = i32::from(priority.class) << CLASS_SHIFT | i32::from(priority.level);
    // SAFETY: no pointers.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PGRP, group, value) };
    checked(Call::Ioprio, result).map(drop)
}

/// A set of CPUs or of memory nodes as the kernel takes it: one bit for each. Prints as `0-3,7`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberSet(Vec<c_ulong>);

impl NumberSet {
    /// The kernel's own lists are shorter; a set that could hold any u32 would take half a gigabyte.
    pub const LARGEST: u32 = 0x3fff;

    /// Adds the numbers from `first` to `last`; none of them may be larger than [`NumberSet::LARGEST`].
    pub fn insert(&mut self, first: u32, last: u32) {
        for number in first..=last.min(Self::LARGEST) {
            let (word, bit) = (number / c_ulong::BITS, number % c_ulong::BITS);
            self.0.resize(self.0.len().max(word as usize + 1), 0);
            self.0[word as usize] |= 1 << bit;
        }
    }

    fn contains(&self, number: u32) -> bool {
        let word = self.0.get((number / c_ulong::BITS) as usize);
        word.is_some_and(|word| word & (1 << (number % c_ulong::BITS)) != 0)
    }

    fn bits(&self) -> u32 {
        self.0.len() as u32 * c_ulong::BITS
    }

    /// The first range whose numbers are all at `from` or above.
    fn range(&self, from: u32) -> Option<(u32, u32)> {
        let first = (from..self.bits()).find(|number| self.contains(*number))?;
        let last = (first..self.bits()).take_while(|number| self.contains(*number)).last()?;
        Some((first, last))
    }
}

impl fmt::Display for NumberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        while let Some((first, last)) = self.range(from) {
            let comma = if from == 0 { "" } else { "," };
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
            from = last + 1;
        }
        Ok(())
    }
}

/// Lets the caller run on these CPUs alone, as far as its cpuset has them; EINVAL if it has none of them.
pub fn set_affinity(cpus: &NumberSet) -> Result<()> {
    set_affinity_words(&cpus.0)
}

/// Lets the caller run on every CPU that its cpuset has.
pub fn clear_affinity() -> Result<()> {
    /// More CPUs than any kernel is built for; the kernel ignores what is too much.
    const ALL: [c_ulong; 8192 / c_ulong::BITS as usize] = [c_ulong::MAX; 8192 / c_ulong::BITS as usize];
    set_affinity_words(&ALL)
}

fn set_affinity_words(words: &[c_ulong]) -> Result<()> {
    // SAFETY: the slice outlives the call and its length in bytes is passed.
    let result = unsafe { libc::syscall(libc::SYS_sched_setaffinity, 0, size_of_val(words), words.as_ptr()) };
    checked(Call::SchedSetaffinity, result).map(drop)
}

/// From which memory nodes the caller gets its memory (set_mempolicy(2)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryPolicy {
    /// The `MPOL_*` number with its `MPOL_F_*` bits.
    pub mode: i32,
    /// The nodes; empty for the modes that take none.
    pub nodes: NumberSet,
}

/// Sets the memory policy of the caller, which execve(2) keeps. EINVAL if its cpuset has none of the nodes.
pub fn set_memory_policy(policy: &MemoryPolicy) -> Result<()> {
    let words = &policy.nodes.0;
    // The kernel takes one off this count of bits, and no set at all for a count of 0.
    let (nodes, count) = match words.is_empty() {
        true => (std::ptr::null(), 0),
        false => (words.as_ptr(), policy.nodes.bits() + 1),
    };
    // SAFETY: the words outlive the call and the count of their bits is passed.
    let result = unsafe { libc::syscall(libc::SYS_set_mempolicy, policy.mode, nodes, c_ulong::from(count)) };
    checked(Call::SetMempolicy, result).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u32, u32)]) -> NumberSet {
        let mut set = NumberSet::default();
        ranges.iter().for_each(|(first, last)| set.insert(*first, *last));
        set
    }

    #[track_caller]
    fn check(ranges: &[(u32, u32)], expected: &str) {
        assert_eq!(set(ranges).to_string(), expected);
    }

    #[test]
    fn a_set_prints_as_ranges() {
        check(&[], "");
        check(&[(0, 3), (7, 7)], "0-3,7");
        check(&[(5, 5), (0, 0), (6, 6)], "0,5-6");
        check(&[(63, 64), (127, 127)], "63-64,127");
    }

    #[test]
    fn a_set_has_one_bit_for_each_number() {
        assert_eq!(set(&[(0, 1), (c_ulong::BITS, c_ulong::BITS)]).0, [3, 1]);
    }

    #[test]
    fn a_set_stays_small_whatever_is_added() {
        assert_eq!(set(&[(0, u32::MAX)]).bits(), NumberSet::LARGEST + 1);
    }

    #[test]
    fn the_attributes_have_the_size_of_their_second_version() {
        assert_eq!(size_of::<SchedAttr>(), 56);
    }

    #[test]
    fn a_policy_without_nodes_is_taken() {
        assert_eq!(set_memory_policy(&MemoryPolicy::default()), Ok(()));
    }
}
