//! The calls that share an audit number: which architectures they are of, and what happens to those no rule
//! names.

use crate::arch::X32_BIT;
use crate::calls::Calls;
use crate::syscalls::ARM_PRIVATE;
use crate::{Action, Arch, Profile};

/// The architectures of one audit number: a single one, but for x86_64 and x32.
pub(crate) struct Section {
    pub(crate) audit: u32,
    pub(crate) members: Vec<Member>,
}

/// An architecture of the profile.
pub(crate) struct Member {
    pub(crate) arch: Arch,
    /// The number above which calls are too new; None if new calls are left to the default action.
    pub(crate) newest: Option<u32>,
}

/// What happens to a call that no rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    Default,
    /// It is newer than this, the newest call that the profile names.
    TooNew(u32),
    /// It is of an architecture that the profile does not have.
    BadArchitecture,
}

impl Unnamed {
    /// What the filter answers.
    pub(crate) fn action(self, profile: &Profile) -> Action {
        match self {
            Self::Default => profile.default_action,
            // What the kernel itself says of a call that it does not know: ENOSYS.
            Self::TooNew(_) => Action::Errno(38),
            // The default of libseccomp, which runc keeps.
            Self::BadArchitecture => Action::KillThread,
        }
    }
}

/// One past ARM's private calls.
const ARM_PRIVATE_END: u32 = ARM_PRIVATE + 0x1_0000;

/// Numbers at which [`Section::unnamed`] can change for reasons other than the profile.
const EDGES: [u32; 8] = [0, 1, ARM_PRIVATE, ARM_PRIVATE_END, X32_BIT, 0x8000_0000, 0xc000_0000, u32::MAX];

impl Section {
    /// The sections of a profile, the native one first.
    pub(crate) fn all(profile: &Profile, native: Arch, calls: &Calls<'_>) -> Vec<Self> {
        let mut sections: Vec<Self> = Vec::new();
        for arch in architectures(profile, native) {
            let newest = calls.newest(arch).filter(|_| !lets_new_calls_through(profile.default_action));
            let member = Member { arch, newest };
            match sections.iter_mut().find(|section| section.audit == arch.audit()) {
                Some(section) => section.members.push(member),
                None => sections.push(Self { audit: arch.audit(), members: vec![member] }),
            }
        }
        sections
    }

    /// What happens to a number that no rule names.
    pub(crate) fn unnamed(&self, number: u32) -> Unnamed {
        if let Some(newest) = self.members.iter().find_map(|member| member.exceeded_by(number)) {
            return Unnamed::TooNew(newest);
        }
        let is_foreign = match &self.members[..] {
            // A tracer skips a call by number -1, which is not to be taken for an x32 call.
            [Member { arch: Arch::X86_64, .. }] => number >= X32_BIT && number != u32::MAX,
            [Member { arch: Arch::X32, .. }] => number < X32_BIT,
            _ => false,
        };
        if is_foreign { Unnamed::BadArchitecture } else { Unnamed::Default }
    }

    /// All numbers at which [`Section::unnamed`] can change.
    pub(crate) fn edges(&self) -> impl Iterator<Item = u32> {
        EDGES.into_iter().chain(self.members.iter().filter_map(|member| member.newest?.checked_add(1)))
    }
}

impl Member {
    /// The newest number, if this one is of the same architecture and beyond it.
    fn exceeded_by(&self, number: u32) -> Option<u32> {
        self.newest.filter(|newest| match self.arch {
            Arch::X86_64 => number & X32_BIT == 0 && number > *newest,
            Arch::X32 => number & X32_BIT != 0 && number > *newest,
            // The kernel shows a number that it does not know, passed by way of svc 0, as 0.
            Arch::S390 | Arch::S390x => number == 0 || number > *newest,
            Arch::Arm => number > *newest && !(ARM_PRIVATE..ARM_PRIVATE_END).contains(&number),
            _ => number > *newest,
        })
    }
}

/// Whether new calls are left to the default action, as runc does for these: a tracer knows how to deal with
/// them.
fn lets_new_calls_through(default: Action) -> bool {
    matches!(default, Action::Allow | Action::Log | Action::Trace(_))
}

/// The architectures of a profile, the native one first. Calls of one with the other byte order cannot get
/// here.
fn architectures(profile: &Profile, native: Arch) -> Vec<Arch> {
    let mut arches = vec![native];
    for arch in &profile.architectures {
        if arch.is_little_endian() == native.is_little_endian() && !arches.contains(arch) {
            arches.push(*arch);
        }
    }
    arches
}
