//! Device rules as an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, for v2 (Documentation/bpf,
//! linux/bpf.h).
//!
//! The program walks the rules from the last to the first and keeps the kinds of access that are still to be
//! decided: the first rule it meets decides. A denial of any of them ends it, and so does the grant of the
//! last one.

use crate::Error;
use crate::devices::{DeviceKind, DeviceRule, FIELD};

/// A `struct bpf_insn` in the byte order of this machine.
pub(super) type Instruction = [u8; 8];

/// Opcodes (Documentation/bpf/standardization/instruction-set.rst).
const LOAD_WORD: u8 = 0x61;
const MOVE: u8 = 0xb7;
const COPY: u8 = 0xbf;
const AND: u8 = 0x57;
const SHIFT_RIGHT: u8 = 0x77;
const JUMP_IF_NOT_EQUAL: u8 = 0x55;
const JUMP_IF_EQUAL: u8 = 0x15;
const JUMP_IF_ANY_BIT: u8 = 0x45;
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

/// BPF_DEVCG_DEV_BLOCK and BPF_DEVCG_DEV_CHAR.
const BLOCK: i32 = 1;
const CHAR: i32 = 2;

/// Builds the program. Pure; what no rule speaks of is denied.
///
/// # Errors
/// If there are more rules than a jump of the program can reach over, some thousands.
pub(super) fn device_program(rules: &[DeviceRule]) -> Result<Vec<Instruction>, Error> {
    let start = rules.iter().rposition(DeviceRule::decides_all);
    let default_allow = start.is_some_and(|index| rules[index].allow);
    let deciding = without_overridden(&rules[start.map_or(0, |index| index + 1)..]);
    let mut code = prologue();
    code.extend(deciding.iter().flat_map(block));
    // The verifier refuses instructions that nothing reaches: so the other answer is there only if a rule
    // gives it.
    let other = !default_allow;
    let given = code.iter().any(|op| matches!(op, Op::End(_, _, answer) if *answer == other));
    code.push(Op::Answer(default_allow));
    code.extend(given.then_some(Op::Answer(other)));
    assemble(&code)
}

/// The rules from the last to the first, each with only that access on which no later one has the last word.
fn without_overridden(rules: &[DeviceRule]) -> Vec<DeviceRule> {
    let mut kept: Vec<DeviceRule> = Vec::with_capacity(rules.len());
    for rule in rules.iter().rev() {
        let later = kept.iter().filter(|later| later.covers(rule));
        let access = later.fold(rule.access, |access, later| access.without(later.access));
        if !access.is_empty() {
            kept.push(DeviceRule { access, ..*rule });
        }
    }
    kept
}

/// An instruction whose jump has no distance yet.
enum Op {
    Plain(Instruction),
    /// Jumps over the rest of the rule's block, of which this many instructions follow.
    Skip(u8, i32, i16),
    /// Jumps to one of the answers at the end of the program.
    End(u8, i32, bool),
    /// Two instructions: the answer and the exit.
    Answer(bool),
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

/// Is it the rule's device? Then its access is decided.
fn block(rule: &DeviceRule) -> Vec<Op> {
    let access = i32::from(rule.access.bits());
    let mut verdict = match rule.allow {
        true => vec![Op::Plain(encode(AND, WANTED, 0, 0, !access)), Op::End(JUMP_IF_EQUAL, 0, true)],
        false => vec![Op::End(JUMP_IF_ANY_BIT, access, false)],
    };
    let kind = match rule.kind {
        DeviceKind::All => None,
        DeviceKind::Block => Some((KIND, BLOCK)),
        DeviceKind::Char => Some((KIND, CHAR)),
    };
    // Numbers are compared as the 64-bit extension of the immediate: device numbers are far below the sign
    // bit.
    let number = |register, value: Option<u32>| value.map(|value| (register, value as i32));
    let tests = [kind, number(MAJOR, rule.major), number(MINOR, rule.minor)].into_iter().flatten();
    for (register, value) in tests.collect::<Vec<_>>().into_iter().rev() {
        verdict.insert(0, Op::Skip(register, value, verdict.len() as i16));
    }
    verdict
}

/// Fills in the distances of the jumps.
fn assemble(code: &[Op]) -> Result<Vec<Instruction>, Error> {
    let mut out = Vec::with_capacity(code.len() + 2);
    for op in code {
        match *op {
            Op::Plain(instruction) => out.push(instruction),
            Op::Skip(register, value, rest) => out.push(encode(JUMP_IF_NOT_EQUAL, register, 0, rest, value)),
            Op::End(jump, value, answer) => {
                // A jump counts from the instruction after it.
                let distance = i16::try_from(position(code, answer) - out.len() - 1);
                let distance = distance.map_err(|_| Error::rule("too many rules").of(FIELD))?;
                out.push(encode(jump, WANTED, 0, distance, value));
            }
            Op::Answer(allow) => {
                out.extend([encode(MOVE, ANSWER, 0, 0, i32::from(allow)), encode(EXIT, 0, 0, 0, 0)]);
            }
        }
    }
    Ok(out)
}

/// Where an answer stands: the answers are the last operations, and all before them are one instruction long.
fn position(code: &[Op], answer: bool) -> usize {
    let last_two = code.len() - 2;
    match &code[last_two..] {
        [Op::Answer(first), Op::Answer(_)] if *first == answer => last_two,
        [Op::Answer(_), Op::Answer(_)] => last_two + 2,
        _ => code.len() - 1,
    }
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
