#!/usr/bin/env python3
"""Writes src/syscalls/table.rs from the kernel's own headers.

Debian's linux-libc-dev carries the unistd headers of every architecture since 6.8. Unpack
one or more versions of it (`dpkg -x linux-libc-dev_*.deb DIR`) and name the newest first:

    tables/generate.py DIR_OF_NEWEST [DIR_OF_OLDER...] > src/syscalls/table.rs

A name that only an older version has (s390's 31-bit calls left in 7.0, a few calls were dropped)
keeps its number there, unless a newer version has given that number to another call.
"""

import re
import sys
from pathlib import Path

# Column in the table, header below usr/include/TRIPLET/asm or usr/lib/linux/uapi/ARCH/asm.
COLUMNS = [
    ("X86", "i386-linux-gnu", "unistd_32.h"),
    ("X86_64", "x86_64-linux-gnu", "unistd_64.h"),
    ("X32", "x86_64-linux-gnux32", "unistd_x32.h"),
    ("ARM", "arm-linux-gnueabihf", "unistd-eabi.h"),
    ("AARCH64", "aarch64-linux-gnu", "unistd_64.h"),
    ("LOONGARCH64", "loongarch64-linux-gnu", "unistd_64.h"),
    ("M68K", "m68k-linux-gnu", "unistd_32.h"),
    ("MIPS", "mips-linux-gnu", "unistd_o32.h"),
    ("MIPS64", "mips64-linux-gnuabi64", "unistd_n64.h"),
    ("MIPS64N32", "mips64-linux-gnuabi64", "unistd_n32.h"),
    ("PPC", "powerpc-linux-gnu", "unistd_32.h"),
    ("PPC64", "powerpc64-linux-gnu", "unistd_64.h"),
    ("S390", "s390x-linux-gnu", "unistd_32.h"),
    ("S390X", "s390x-linux-gnu", "unistd_64.h"),
    ("PARISC", "hppa-linux-gnu", "unistd_32.h"),
    ("PARISC64", "hppa-linux-gnu", "unistd_64.h"),
    ("RISCV64", "riscv64-linux-gnu", "unistd_64.h"),
    ("SH", "sh4-linux-gnu", "unistd_32.h"),
]
# ARM's private calls sit at 0x0f0000 and are written here as 0xf000 + n (see `number`).
ARM_PRIVATE = 0xF000
DEFINE = re.compile(r"#define\s+__NR_(\w+)\s+(?:\(\s*\w+\s*\+\s*)?(\d+)\)?\s*$")
ARM_DEFINE = re.compile(r"#define\s+__ARM_NR_(\w+)\s+\(__ARM_NR_BASE\+(\d+)\)")
NO_CALL = re.compile(r"(reserved|unused)\d+|Linux|syscalls|syscall_count|Linux_syscalls|\w+_Linux\w*")


def read(root, triplet, header):
    """The calls of one architecture: name -> number, below the architecture's base number."""
    folder = Path(root) / "usr/include" / triplet / "asm"
    path = folder / header
    if not path.exists():
        return {}
    calls = {name: int(number) for name, number in matches(DEFINE, path) if not NO_CALL.fullmatch(name)}
    if header == "unistd-eabi.h":
        calls["sync_file_range2"] = calls["arm_sync_file_range"]
        calls |= {name: ARM_PRIVATE + int(n) for name, n in matches(ARM_DEFINE, folder / "unistd.h")}
    return calls


def matches(pattern, path):
    return [m.groups() for line in path.read_text().splitlines() if (m := pattern.match(line))]


def column(roots, triplet, header):
    calls = {}
    for root in roots:
        taken = set(calls.values())
        older = read(root, triplet, header)
        calls |= {name: n for name, n in older.items() if name not in calls and n not in taken}
    if not calls:
        sys.exit(f"no {header} for {triplet} in {roots}")
    return calls


def version(root):
    text = (Path(root) / "usr/include/linux/version.h").read_text()
    return ".".join(re.search(rf"LINUX_VERSION_{part}\s+(\d+)", text)[1] for part in ("MAJOR", "PATCHLEVEL", "SUBLEVEL"))


def main(roots):
    columns = [column(roots, triplet, header) for _, triplet, header in COLUMNS]
    names = sorted(set().union(*columns))
    newest, *older = map(version, roots)
    print("//! The numbers of all system calls; written by tables/generate.py, not by hand.")
    print("//!")
    print(f"//! From the headers of Linux {newest}; what they lack from {', '.join(older) or 'none'}.")
    print()
    print("/// How many columns a row of [`NUMBERS`] has.")
    print(f"pub(super) const COLUMNS: usize = {len(COLUMNS)};")
    for i, (name, _, _) in enumerate(COLUMNS):
        print(f"pub(crate) const {name}: usize = {i};")
    print()
    print("/// Marks a call that an architecture does not have.")
    print("pub(super) const NONE: u16 = u16::MAX;")
    print("const X: u16 = NONE;")
    print()
    print("/// Sorted names; the row of the same index in [`NUMBERS`] holds the numbers.")
    print("#[rustfmt::skip]")
    print(f"pub(super) static NAMES: [&str; {len(names)}] = [")
    for name in names:
        print(f'    "{name}",')
    print("];")
    print()
    print("/// The numbers by architecture, counted from the architecture's base number.")
    print("#[rustfmt::skip]")
    print(f"pub(super) static NUMBERS: [[u16; COLUMNS]; {len(names)}] = [")
    for name in names:
        row = ", ".join(str(c[name]) if name in c else "X" for c in columns)
        print(f"    [{row}], // {name}")
    print("];")


main(sys.argv[1:])
