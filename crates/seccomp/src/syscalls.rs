//! Names and numbers of system calls on every architecture of a profile.

use crate::Arch;

pub(crate) mod table;

use table::{NAMES, NONE, NUMBERS};

/// Where the numbers of ARM's private calls begin (`__ARM_NR_BASE`), and how the table writes them.
pub(crate) const ARM_PRIVATE: u32 = 0x0f_0000;
const ARM_PRIVATE_IN_TABLE: u16 = 0xf000;

/// A system call that this build knows, on whatever architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Syscall(u16);

impl Syscall {
    /// The call of a name; `None` for one that no architecture has.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let mut slot = hash(name.as_bytes());
        loop {
            let index = SLOTS[slot % SLOTS.len()];
            if index == EMPTY {
                return None;
            }
            if NAMES[usize::from(index)] == name {
                return Some(Self(index));
            }
            slot += 1;
        }
    }

    /// The call of a number on one architecture.
    pub(crate) fn from_number(arch: Arch, number: u32) -> Option<Self> {
        (0..NAMES.len() as u16).map(Self).find(|call| call.number(arch) == Some(number))
    }

    /// The name.
    pub(crate) fn name(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// The number on one architecture as the kernel shows it in `seccomp_data.nr`; `None` where it has no
    /// such call.
    pub(crate) fn number(self, arch: Arch) -> Option<u32> {
        match NUMBERS[usize::from(self.0)][arch.column()] {
            NONE => None,
            number if number >= ARM_PRIVATE_IN_TABLE => {
                Some(ARM_PRIVATE + u32::from(number - ARM_PRIVATE_IN_TABLE))
            }
            number => Some(arch.base() + u32::from(number)),
        }
    }
}

/// The number of a system call on an architecture, as `seccomp_data.nr` shows it.
pub fn number(arch: Arch, name: &str) -> Option<u32> {
    Syscall::from_name(name)?.number(arch)
}

/// The name of a system call by its number in `seccomp_data.nr`.
pub fn name(arch: Arch, number: u32) -> Option<&'static str> {
    Syscall::from_number(arch, number).map(Syscall::name)
}

/// An open hash table over [`NAMES`], laid out by the compiler: a profile asks for some 400 names, and
/// a binary search costs nine comparisons of strings for each.
static SLOTS: [u16; 2048] = slots();
const EMPTY: u16 = u16::MAX;

const fn slots() -> [u16; 2048] {
    let mut slots = [EMPTY; 2048];
    let mut index = 0;
    while index < NAMES.len() {
        let mut slot = hash(NAMES[index].as_bytes()) % slots.len();
        while slots[slot] != EMPTY {
            slot = (slot + 1) % slots.len();
        }
        slots[slot] = index as u16;
        index += 1;
    }
    slots
}

/// FNV-1a, 32 bits wide.
const fn hash(bytes: &[u8]) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u32).wrapping_mul(0x0100_0193);
        index += 1;
    }
    hash as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found() {
        assert!(NAMES.iter().all(|name| Syscall::from_name(name).map(Syscall::name) == Some(name)));
    }

    #[test]
    fn an_unknown_name_is_not_found() {
        assert_eq!(Syscall::from_name("make_coffee"), None);
    }

    #[test]
    fn x86_64_counts_from_zero() {
        assert_eq!(number(Arch::X86_64, "read"), Some(0));
    }

    #[test]
    fn x32_numbers_carry_their_bit() {
        assert_eq!(number(Arch::X32, "read"), Some(0x4000_0000));
    }

    #[test]
    fn mips_numbers_count_from_their_base() {
        assert_eq!(number(Arch::Mipsel64N32, "read"), Some(6000));
    }

    #[test]
    fn arm_has_private_calls() {
        assert_eq!(number(Arch::Arm, "set_tls"), Some(0x0f_0005));
    }

    #[test]
    fn a_call_of_another_architecture_has_no_number() {
        assert_eq!(number(Arch::X86_64, "socketcall"), None);
    }

    #[test]
    fn a_number_has_a_name() {
        assert_eq!(name(Arch::Aarch64, 63), Some("read"));
    }

    #[test]
    fn no_architecture_gives_one_number_to_calls_other_than_aliases() {
        for arch in Arch::all() {
            let mut numbers: Vec<_> =
                (0..NAMES.len() as u16).filter_map(|i| Some((Syscall(i).number(arch)?, i))).collect();
            numbers.sort_unstable();
            for pair in numbers.windows(2) {
                let names = [NAMES[usize::from(pair[0].1)], NAMES[usize::from(pair[1].1)]];
                assert!(
                    pair[0].0 != pair[1].0 || names == ["arm_sync_file_range", "sync_file_range2"],
                    "{names:?}"
                );
            }
        }
    }
}
