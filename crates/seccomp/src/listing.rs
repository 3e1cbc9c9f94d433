//! A program in words, for a person: one line for each instruction, numbered, with the numbers that it jumps to.

use std::fmt::Write;

use crate::graph::{AND, JUMP, LOAD, RETURN, Test};
use crate::program::{ARCHITECTURE, NUMBER};
use crate::{Action, Arch, Instruction};

/// Writes the program of a kernel of this architecture out.
pub fn listing(program: &[Instruction], native: Arch) -> String {
    let mut text = String::new();
    for (at, instruction) in program.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{at:>4}  {}", words(instruction, at, native));
    }
    text
}

fn words(instruction: &Instruction, at: usize, native: Arch) -> String {
    let Instruction { code, jt, jf, k } = *instruction;
    let test = |symbol: &str| {
        let (yes, no) = (at + 1 + usize::from(jt), at + 1 + usize::from(jf));
        format!("if {symbol} {} goto {yes} else {no}", operand(k))
    };
    match code {
        LOAD => format!("load {}", word(k, native)),
        AND => format!("and {k:#x}"),
        JUMP => format!("goto {}", at + 1 + k as usize),
        RETURN => Action::from_return_value(k)
            .map_or_else(|| format!("return {k:#x}"), |action| format!("return {action}")),
        code if code == Test::Equal as u16 => test("=="),
        code if code == Test::AtLeast as u16 => test(">="),
        code if code == Test::AnyBit as u16 => test("has a bit of"),
        _ => format!("{code:#x} {jt} {jf} {k:#x}"),
    }
}

/// The name of an architecture where it is one; else the number.
fn operand(k: u32) -> String {
    match Arch::all().find(|arch| arch.audit() == k) {
        Some(arch) => format!("{k:#x} ({})", arch.name()),
        None => format!("{k:#x}"),
    }
}

/// A word of `struct seccomp_data`.
fn word(offset: u32, native: Arch) -> String {
    match offset {
        NUMBER => "the number of the call".into(),
        ARCHITECTURE => "the architecture".into(),
        _ => {
            let is_first = offset.is_multiple_of(8);
            let half = if is_first == native.is_little_endian() { "lower" } else { "upper" };
            format!("the {half} half of argument {}", (offset - 16) / 8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Condition, Operator, Profile, Rule, compile};

    #[test]
    fn a_program_reads_as_what_it_does() {
        let condition = Condition { index: 1, operator: Operator::MaskedEq, value: 4, value_two: 4 };
        let rule =
            Rule { names: vec!["kill".into()], action: Action::Errno(13), conditions: vec![condition] };
        let profile =
            Profile { default_action: Action::Allow, architectures: vec![], flags: None, rules: vec![rule] };
        let program = compile(&profile, Arch::X86_64).unwrap();
        let text = listing(&program.instructions, Arch::X86_64);
        for line in [
            "load the architecture",
            "if == 0xc000003e (SCMP_ARCH_X86_64)",
            "load the number of the call",
            "load the lower half of argument 1",
            "if has a bit of 0x4",
            "return SCMP_ACT_ERRNO(13)",
        ] {
            assert!(text.contains(line), "no {line:?} in:\n{text}");
        }
    }
}
