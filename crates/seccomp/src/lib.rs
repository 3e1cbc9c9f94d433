//! From an OCI seccomp profile to one classic BPF program for seccomp(2).
//!
//! Pure: no input or output, no C library, no global state. [`compile`] turns a [`Profile`] into a
//! [`Program`] that judges the calls of all its architectures; [`explain`] says which rule decides one call.
//! Installing the program, the listener and the moment of loading are the business of other crates.
//!
//! # What a profile means
//! The specification leaves much to "the definitions of libseccomp"; this is what
//! libseccomp and runc make of it, and what [`compile`] and [`explain`] follow. Differences are marked
//! *different*.
//!
//! 1. **Architectures.** The native one is always part. A call of any other that the profile does not name
//!    kills the thread (libseccomp's bad-architecture action). x32 calls carry the audit number of x86_64 and
//!    bit 30 in their number: without `SCMP_ARCH_X32` they are such calls. *Different:* an architecture of
//!    the other byte order is skipped where libseccomp fails: its calls cannot reach this kernel.
//! 2. **Names.** A name that no architecture has is skipped; a name that some architecture lacks has no
//!    effect there.
//! 3. **A rule with the default action** is dropped first: it neither matters nor shadows another.
//! 4. **A rule without conditions decides alone**; of several for one call, the first.
//! 5. **Otherwise the first rule that matches decides**, in this order: rules are compared condition by
//!    condition, sorted by argument. A higher argument goes first; then `EQ`, `NE` and `MASKED_EQ` before
//!    `LT` and `LE` before `GT` and `GE`; then the larger value, for `LT` and `LE` the smaller. A rule whose
//!    conditions begin another's goes before it, and of equals the first in the profile. If none matches, the
//!    default action decides. *Different:* where one rule tests a 64-bit argument by `EQ` or `NE` and another
//!    by `MASKED_EQ`, libseccomp takes them in the order of the profile, but on 32 bits in the order above,
//!    which holds here always. Rules that libseccomp refuses as contradictory are ranked. And libseccomp
//!    (2.5.4, 2.6.1) has faults that are not copied: after a rule that fails on a later argument it can test
//!    the wrong word for the next rule, and of bounds with an upper half in common it can lose one.
//! 6. **Two conditions on one argument** make each condition of that rule a rule of its own, as in runc and
//!    crun.
//! 7. **32-bit architectures** compare the lower half of an argument. A value that is a negative 32-bit
//!    number written in 64 bits means that number; *different:* any other value above 32 bits is larger than
//!    every argument, where libseccomp cuts it off.
//! 8. **Multiplexed calls.** Where an architecture has `socketcall` or `ipc`, a rule for `socket` or `semop`
//!    also covers that way in. Its arguments lie behind a pointer there, and a filter cannot see them.
//!    *Different:* a rule with conditions then holds for every such call if it is stricter than the default
//!    action and for none if it is laxer, where libseccomp drops the condition on the first argument and
//!    reads the others from the wrong place. The call number is compared as the kernel reads it: 32 bits of
//!    it, for `ipc` the lower 16.
//! 9. **New calls.** Unless the default action lets calls through (`ALLOW`, `LOG`, `TRACE`), a call with a
//!    number above the newest one that the profile names fails with ENOSYS on that architecture, so that libc
//!    falls back to an older one. On s390 and s390x so does number 0, by which the kernel shows a number it
//!    does not know. *Different:* ARM's private calls (0x0f0000) are not taken for the newest, which would
//!    leave every new call to the default action; and a rule decides first, even for a multiplexer with a
//!    number above the newest.

mod arch;
mod calls;
mod check;
mod clauses;
mod conditions;
mod explain;
mod graph;
mod listing;
mod profile;
mod program;
mod section;
pub mod syscalls;
mod tree;

pub use arch::Arch;
pub use check::{HAND_OVER, Problem, check_hand_over};
pub use explain::{Call, Explanation, Outcome, Reason, Verdict, explain};
pub use graph::Instruction;
pub use listing::listing;
pub use profile::{Action, ActionError, Condition, Flags, Operator, Profile, Rule};
pub use program::{Program, compile};
