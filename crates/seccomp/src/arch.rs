//! The architectures of a profile: their names, their numbers for the kernel, and how they number system
//! calls.

use crate::syscalls::table;

/// An architecture that a profile can name (config-linux.md, `architectures`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of libseccomp's SCMP_ARCH_*")]
pub enum Arch {
    X86,
    X86_64,
    X32,
    Arm,
    Aarch64,
    Loongarch64,
    M68k,
    Mips,
    Mips64,
    Mips64N32,
    Mipsel,
    Mipsel64,
    Mipsel64N32,
    Ppc,
    Ppc64,
    Ppc64le,
    S390,
    S390x,
    Parisc,
    Parisc64,
    Riscv64,
    /// Little-endian, as libseccomp's `SCMP_ARCH_SH`.
    Sh,
    Sheb,
}

/// What the tables below say of one architecture.
struct Facts {
    name: &'static str,
    arch: Arch,
    /// `AUDIT_ARCH_*` of linux/audit.h: what `seccomp_data.arch` holds.
    audit: u32,
    /// Column of the number table.
    column: usize,
    /// What the kernel adds to the numbers of the table.
    base: u32,
}

/// `__AUDIT_ARCH_64BIT` of linux/audit.h. X32 and MIPS N32 lack it or narrow their arguments in spite of it.
const WIDE: u32 = 0x8000_0000;
/// `__AUDIT_ARCH_LE` of linux/audit.h.
const LITTLE: u32 = 0x4000_0000;
/// `__AUDIT_ARCH_CONVENTION_MIPS64_N32` of linux/audit.h.
const N32: u32 = 0x2000_0000;
/// `__X32_SYSCALL_BIT` of asm/unistd.h: all that tells an x32 call from one of x86_64.
pub(crate) const X32_BIT: u32 = 0x4000_0000;

#[rustfmt::skip]
const ARCHES: &[Facts] = {
    use Arch::*;
    const fn row(name: &'static str, arch: Arch, audit: u32, column: usize, base: u32) -> Facts {
        Facts { name, arch, audit, column, base }
    }
    &[
        row("SCMP_ARCH_X86",         X86,         LITTLE | 3,           table::X86,         0),
        row("SCMP_ARCH_X86_64",      X86_64,      WIDE | LITTLE | 62,   table::X86_64,      0),
        row("SCMP_ARCH_X32",         X32,         WIDE | LITTLE | 62,   table::X32,         X32_BIT),
        row("SCMP_ARCH_ARM",         Arm,         LITTLE | 40,          table::ARM,         0),
        row("SCMP_ARCH_AARCH64",     Aarch64,     WIDE | LITTLE | 183,  table::AARCH64,     0),
        row("SCMP_ARCH_LOONGARCH64", Loongarch64, WIDE | LITTLE | 258,  table::LOONGARCH64, 0),
        row("SCMP_ARCH_M68K",        M68k,        4,                    table::M68K,        0),
        row("SCMP_ARCH_MIPS",        Mips,        8,                    table::MIPS,        4000),
        row("SCMP_ARCH_MIPS64",      Mips64,      WIDE | 8,             table::MIPS64,      5000),
        row("SCMP_ARCH_MIPS64N32",   Mips64N32,   WIDE | N32 | 8,       table::MIPS64N32,   6000),
        row("SCMP_ARCH_MIPSEL",      Mipsel,      LITTLE | 8,           table::MIPS,        4000),
        row("SCMP_ARCH_MIPSEL64",    Mipsel64,    WIDE | LITTLE | 8,    table::MIPS64,      5000),
        row("SCMP_ARCH_MIPSEL64N32", Mipsel64N32, WIDE | LITTLE | N32 | 8, table::MIPS64N32, 6000),
        row("SCMP_ARCH_PPC",         Ppc,         20,                   table::PPC,         0),
        row("SCMP_ARCH_PPC64",       Ppc64,       WIDE | 21,            table::PPC64,       0),
        row("SCMP_ARCH_PPC64LE",     Ppc64le,     WIDE | LITTLE | 21,   table::PPC64,       0),
        row("SCMP_ARCH_S390",        S390,        22,                   table::S390,        0),
        row("SCMP_ARCH_S390X",       S390x,       WIDE | 22,            table::S390X,       0),
        row("SCMP_ARCH_PARISC",      Parisc,      15,                   table::PARISC,      0),
        row("SCMP_ARCH_PARISC64",    Parisc64,    WIDE | 15,            table::PARISC64,    0),
        row("SCMP_ARCH_RISCV64",     Riscv64,     WIDE | LITTLE | 243,  table::RISCV64,     0),
        row("SCMP_ARCH_SH",          Sh,          LITTLE | 42,          table::SH,          0),
        row("SCMP_ARCH_SHEB",        Sheb,        42,                   table::SH,          0),
    ]
};

impl Arch {
    /// All architectures, in the order of the specification.
    pub fn all() -> impl Iterator<Item = Self> {
        ARCHES.iter().map(|facts| facts.arch)
    }

    /// The architecture of a name such as `SCMP_ARCH_X86_64`.
    pub fn from_name(name: &str) -> Option<Self> {
        ARCHES.iter().find(|facts| facts.name == name).map(|facts| facts.arch)
    }

    /// The architecture this program was built for, where a profile can name it.
    pub const fn native() -> Option<Self> {
        let little = cfg!(target_endian = "little");
        let arch = if cfg!(target_arch = "x86_64") {
            Self::X86_64
        } else if cfg!(target_arch = "x86") {
            Self::X86
        } else if cfg!(target_arch = "aarch64") && little {
            Self::Aarch64
        } else if cfg!(target_arch = "arm") && little {
            Self::Arm
        } else if cfg!(target_arch = "riscv64") {
            Self::Riscv64
        } else if cfg!(target_arch = "s390x") {
            Self::S390x
        } else if cfg!(target_arch = "powerpc64") {
            if little { Self::Ppc64le } else { Self::Ppc64 }
        } else if cfg!(target_arch = "powerpc") && !little {
            Self::Ppc
        } else if cfg!(target_arch = "loongarch64") {
            Self::Loongarch64
        } else if cfg!(target_arch = "mips64") {
            if little { Self::Mipsel64 } else { Self::Mips64 }
        } else if cfg!(target_arch = "mips") {
            if little { Self::Mipsel } else { Self::Mips }
        } else if cfg!(target_arch = "m68k") {
            Self::M68k
        } else {
            return None;
        };
        Some(arch)
    }

    /// The name in a profile, such as `SCMP_ARCH_X86_64`.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// `AUDIT_ARCH_*` of linux/audit.h, as the kernel puts it into `seccomp_data.arch`. X32 has that of
    /// x86_64.
    pub fn audit(self) -> u32 {
        self.facts().audit
    }

    /// Whether an argument is read as 64 bits. X32 and MIPS N32 have 64-bit registers but 32-bit values, the
    /// upper half of which says nothing: libseccomp ignores it too.
    pub fn is_64_bit(self) -> bool {
        self.audit() & WIDE != 0 && self.audit() & N32 == 0 && self != Self::X32
    }

    /// Whether the lower half of an argument comes first in memory.
    pub fn is_little_endian(self) -> bool {
        self.audit() & LITTLE != 0
    }

    /// What the kernel adds to every number of this architecture's table.
    pub(crate) fn base(self) -> u32 {
        self.facts().base
    }

    /// Column of the number table.
    pub(crate) fn column(self) -> usize {
        self.facts().column
    }

    fn facts(self) -> &'static Facts {
        &ARCHES[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        assert!(ARCHES.iter().enumerate().all(|(index, facts)| facts.arch as usize == index));
    }

    #[test]
    fn a_name_leads_back_to_its_architecture() {
        assert!(Arch::all().all(|arch| Arch::from_name(arch.name()) == Some(arch)));
    }

    #[test]
    fn an_unknown_name_is_no_architecture() {
        assert_eq!(Arch::from_name("SCMP_ARCH_PDP11"), None);
    }

    #[test]
    fn x32_shares_the_audit_number_of_x86_64() {
        assert_eq!(Arch::X32.audit(), Arch::X86_64.audit());
    }

    #[test]
    fn the_32_bit_architectures_are_those_of_libseccomp() {
        let narrow: Vec<_> = Arch::all().filter(|arch| !arch.is_64_bit()).collect();
        use Arch::*;
        assert_eq!(
            narrow,
            [X86, X32, Arm, M68k, Mips, Mips64N32, Mipsel, Mipsel64N32, Ppc, S390, Parisc, Sh, Sheb]
        );
    }
}
