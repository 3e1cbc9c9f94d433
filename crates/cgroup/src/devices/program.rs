//! Device rules as an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, for v2 (Documentation/bpf,
//! linux/bpf.h).
//!
//! The rules become a decision tree: by kind, then by major, then by minor number, to a leaf that knows which
//! kinds of access are granted. Every device takes one way that never meets another before the leaf. That is
//! for the kernel's verifier, which walks every way: one rule after the other would be shorter for it to
//! read, and take it many times as long.

use std::collections::BTreeSet;

use crate::Error;
use crate::devices::{Access, DeviceKind, DeviceRule, FIELD};

/// A `struct bpf_insn` in the byte order of this machine.
pub(super) type Instruction = [u8; 8];

/// Opcodes (Documentation/bpf/standardization/instruction-set.rst).
const LOAD_WORD: u8 = 0x61;
const MOVE: u8 = 0xb7;
const COPY: u8 = 0xbf;
const AND: u8 = 0x57;
const SHIFT_RIGHT: u8 = 0x77;
const JUMP: u8 = 0x05;
const JUMP_IF_EQUAL: u8 = 0x15;
const JUMP_IF_NOT_EQUAL: u8 = 0x55;
const EXIT: u8 = 0x95;

/// Registers. The kernel hands over the context in R1 and takes the answer from R0.
const ANSWER: u8 = 0;
const CONTEXT: u8 = 1;
const KIND: u8 = 2;
const WANTED: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// Offsets in `struct bpf_cgroup_dev_ctx`.
const ACCESS_TYPE: i16 = 0;
const MAJOR_OFFSET: i16 = 4;
const MINOR_OFFSET: i16 = 8;

/// BPF_DEVCG_DEV_CHAR; what is none is a block device.
const CHAR: u32 = 2;

/// Builds the program. Pure; what no rule speaks of is denied.
///
/// # Errors
/// If the tree is larger than a jump can reach over, which takes thousands of rules.
pub(super) fn device_program(rules: &[DeviceRule]) -> Result<Vec<Instruction>, Error> {
    let of_kind =
        |kind| rules.iter().filter(|rule| rule.kind == DeviceKind::All || rule.kind == kind).collect();
    let (char, block) = (Majors::of(of_kind(DeviceKind::Char)), Majors::of(of_kind(DeviceKind::Block)));
    let mut tree = Vec::new();
    if char != block {
        let code = char.code()?;
        tree.push(Op::Skip(KIND, CHAR, distance(code.len())?));
        tree.extend(code);
    }
    tree.extend(block.code()?);
    assemble(tree, block.rest.rest)
}

/// What is granted, by major number. What is the same as for the rest is not named.
#[derive(PartialEq, Eq)]
struct Majors {
    named: Vec<(u32, Minors)>,
    rest: Minors,
}

/// What is granted of one major number, by minor number.
#[derive(PartialEq, Eq)]
struct Minors {
    named: Vec<(u32, Access)>,
    rest: Access,
}

impl Majors {
    fn of(rules: Vec<&DeviceRule>) -> Majors {
        let speaks = |rule: &&&DeviceRule, major| rule.major.is_none() || rule.major == major;
        let minors = |major| Minors::of(rules.iter().filter(|rule| speaks(rule, major)).copied().collect());
        let rest = minors(None);
        let majors: BTreeSet<u32> = rules.iter().filter_map(|rule| rule.major).collect();
        let named = majors.into_iter().map(|major| (major, minors(Some(major))));
        Majors { named: named.filter(|(_, minors)| *minors != rest).collect(), rest }
    }

    fn code(&self) -> Result<Vec<Op>, Error> {
        let mut code = Vec::new();
        for (major, minors) in &self.named {
            match minors.named.is_empty() {
                true => code.push(Op::Leaf(Some((MAJOR, *major)), minors.rest)),
                false => {
                    let minors = minors.code();
                    code.push(Op::Skip(MAJOR, *major, distance(minors.len())?));
                    code.extend(minors);
                }
            }
        }
        code.extend(self.rest.code());
        Ok(code)
    }
}

impl Minors {
    fn of(rules: Vec<&DeviceRule>) -> Minors {
        let speaks = |rule: &&&DeviceRule, minor| rule.minor.is_none() || rule.minor == minor;
        let granted = |minor| granted(rules.iter().filter(|rule| speaks(rule, minor)).copied());
        let rest = granted(None);
        let minors: BTreeSet<u32> = rules.iter().filter_map(|rule| rule.minor).collect();
        let named = minors.into_iter().map(|minor| (minor, granted(Some(minor))));
        Minors { named: named.filter(|(_, access)| *access != rest).collect(), rest }
    }

    fn code(&self) -> Vec<Op> {
        let named = self.named.iter().map(|(minor, access)| Op::Leaf(Some((MINOR, *minor)), *access));
        named.chain([Op::Leaf(None, self.rest)]).collect()
    }
}

/// The access that is left when every rule has spoken: the last word counts.
fn granted<'r>(rules: impl Iterator<Item = &'r DeviceRule>) -> Access {
    rules.fold(Access::NONE, |granted, rule| match rule.allow {
        true => granted.with(rule.access),
        false => granted.without(rule.access),
    })
}

/// One instruction, whose jump may have no distance yet.
enum Op {
    Plain(Instruction),
    /// Jumps over the next instructions, so many, unless the register has this value.
    Skip(u8, u32, i16),
    /// Jumps to the leaf of an access: if the register has this value, or always.
    Leaf(Option<(u8, u32)>, Access),
}

/// The tree with its leaves behind it. The one that the tree ends with comes first and needs no jump.
fn assemble(mut tree: Vec<Op>, last: Access) -> Result<Vec<Instruction>, Error> {
    tree.pop();
    let mut code = if tree.is_empty() && !is_partial(last) { Vec::new() } else { prologue() };
    let others: BTreeSet<Access> =
        tree.iter().filter_map(Op::leaf).filter(|access| *access != last).collect();
    code.extend(tree);
    let mut starts = Vec::new();
    for access in std::iter::once(last).chain(others) {
        starts.push((access, code.len()));
        code.extend(leaf(access));
    }
    code.iter().enumerate().map(|(at, op)| op.encode(at, &starts)).collect()
}

/// Takes the context apart.
fn prologue() -> Vec<Op> {
    [
        encode(LOAD_WORD, KIND, CONTEXT, ACCESS_TYPE, 0),
        encode(COPY, WANTED, KIND, 0, 0),
        encode(AND, KIND, 0, 0, 0xffff),
        encode(SHIFT_RIGHT, WANTED, 0, 0, 16),
        encode(LOAD_WORD, MAJOR, CONTEXT, MAJOR_OFFSET, 0),
        encode(LOAD_WORD, MINOR, CONTEXT, MINOR_OFFSET, 0),
    ]
    .map(Op::Plain)
    .into()
}

/// Answers whether all that is wanted is granted.
fn leaf(access: Access) -> Vec<Op> {
    let answer =
        |allow| [encode(MOVE, ANSWER, 0, 0, i32::from(allow)), encode(EXIT, 0, 0, 0, 0)].map(Op::Plain);
    if !is_partial(access) {
        return answer(access == Access::ALL).into();
    }
    let mut code =
        vec![Op::Plain(encode(AND, WANTED, 0, 0, !i32::from(access.bits()))), Op::Skip(WANTED, 0, 2)];
    code.extend(answer(true));
    code.extend(answer(false));
    code
}

/// Grants some kinds of access and not others.
fn is_partial(access: Access) -> bool {
    access != Access::ALL && access != Access::NONE
}

impl Op {
    fn leaf(&self) -> Option<Access> {
        match self {
            Op::Leaf(_, access) => Some(*access),
            Op::Plain(_) | Op::Skip(..) => None,
        }
    }

    /// Numbers are compared as the 64-bit extension of the immediate: device numbers are far below the sign bit.
    fn encode(&self, at: usize, starts: &[(Access, usize)]) -> Result<Instruction, Error> {
        // A jump counts from the instruction after it.
        let reach = |leaf| {
            let start = starts.iter().find(|(access, _)| *access == leaf).map_or(at + 1, |(_, start)| *start);
            distance(start - at - 1)
        };
        Ok(match *self {
            Op::Plain(instruction) => instruction,
            Op::Skip(register, value, over) => encode(JUMP_IF_NOT_EQUAL, register, 0, over, value as i32),
            Op::Leaf(Some((register, value)), leaf) => {
                encode(JUMP_IF_EQUAL, register, 0, reach(leaf)?, value as i32)
            }
            Op::Leaf(None, leaf) => encode(JUMP, 0, 0, reach(leaf)?, 0),
        })
    }
}

fn distance(instructions: usize) -> Result<i16, Error> {
    i16::try_from(instructions).map_err(|_| Error::rule("too many rules").of(FIELD))
}

/// One `struct bpf_insn`: opcode, two registers of four bits, a signed offset, an immediate value.
fn encode(code: u8, destination: u8, source: u8, offset: i16, immediate: i32) -> Instruction {
    let registers = match cfg!(target_endian = "little") {
        true => destination | source << 4,
        false => destination << 4 | source,
    };
    let [o0, o1] = offset.to_ne_bytes();
    let [i0, i1, i2, i3] = immediate.to_ne_bytes();
    [code, registers, o0, o1, i0, i1, i2, i3]
}
