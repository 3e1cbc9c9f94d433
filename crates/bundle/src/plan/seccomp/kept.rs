//! A compiled filter as bytes: kept with the state of a container, so that `exec` need not compile it again.
//!
//! What is kept can only be used by the build that made it, for the config that it was made of, and whole: else it is
//! compiled again. That is no defence against whoever can write to the state directory, who is root anyway.

use container::plan::Filter;
use oci_spec::runtime::Spec;
use sys::seccomp::Instruction;

/// First of all: what this is, and the version of its form.
const MAGIC: &[u8; 8] = b"oci-bpf1";

/// Magic, origin, flags, and the sum of what follows.
const HEADER: usize = 32;

/// The size of an instruction (`struct sock_filter` of linux/filter.h).
const INSTRUCTION: usize = 8;

/// Where a filter comes from: the build of the runtime, and the text of the config.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'o> {
    /// What tells this build from others.
    pub build: &'o str,
    /// The config, to the byte.
    pub config: &'o [u8],
}

impl Origin<'_> {
    fn sum(&self) -> u64 {
        sum(sum(0, self.build.as_bytes()), self.config)
    }
}

/// The bytes of a filter.
pub fn to_bytes(filter: &Filter, origin: Origin<'_>) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    for Instruction { code, jt, jf, k } in &filter.program {
        bytes.extend(code.to_ne_bytes());
        bytes.extend([*jt, *jf]);
        bytes.extend(k.to_ne_bytes());
    }
    let program = sum(filter.flags, &bytes[HEADER..]);
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..16].copy_from_slice(&origin.sum().to_ne_bytes());
    bytes[16..24].copy_from_slice(&filter.flags.to_ne_bytes());
    bytes[24..32].copy_from_slice(&program.to_ne_bytes());
    bytes
}

/// The filter of these bytes, for the container of this spec; `None` if they are not what [`to_bytes`] makes for this
/// origin.
pub fn from_bytes(bytes: &[u8], origin: Origin<'_>, spec: &Spec) -> Option<Filter> {
    let (header, program) = bytes.split_at_checked(HEADER)?;
    let word = |at: usize| header[at..at + 8].try_into().map(u64::from_ne_bytes).ok();
    let flags = word(16)?;
    let is_ours = header.starts_with(MAGIC) && word(8)? == origin.sum() && word(24)? == sum(flags, program);
    if !is_ours || program.is_empty() || !program.len().is_multiple_of(INSTRUCTION) {
        return None;
    }
    Some(Filter { program: instructions(program), flags, agent: super::agent(spec).map(|agent| agent.path) })
}

/// A program as it is in memory.
pub(super) fn instructions(bytes: &[u8]) -> Vec<Instruction> {
    bytes.chunks_exact(INSTRUCTION).map(instruction).collect()
}

fn instruction(bytes: &[u8]) -> Instruction {
    Instruction {
        code: u16::from_ne_bytes([bytes[0], bytes[1]]),
        jt: bytes[2],
        jf: bytes[3],
        k: u32::from_ne_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]),
    }
}

/// A sum over bytes that a change of any of them changes. Not a cryptographic one.
fn sum(start: u64, bytes: &[u8]) -> u64 {
    // An odd number without a pattern: 2^64 divided by the golden ratio.
    let add = |sum: u64, word: u64| (sum.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut words = bytes.chunks_exact(8);
    let whole = words
        .by_ref()
        .fold(start, |sum, word| add(sum, u64::from_ne_bytes(word.try_into().unwrap_or_default())));
    let rest = words.remainder().iter().fold(whole, |sum, byte| add(sum, u64::from(*byte) + 1));
    add(rest, bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: Origin<'_> = Origin { build: "1.0 abc", config: b"{\"ociVersion\": \"1.3.0\"}" };

    fn filter() -> Filter {
        let load = Instruction { code: 0x20, jt: 0, jf: 0, k: 4 };
        let end = Instruction { code: 0x06, jt: 0, jf: 0, k: 0x7fff_0000 };
        Filter { program: vec![load, end], flags: 4, agent: None }
    }

    fn read(bytes: &[u8], origin: Origin<'_>) -> Option<String> {
        from_bytes(bytes, origin, &Spec::default()).map(|filter| written(&filter))
    }

    fn written(filter: &Filter) -> String {
        let program: Vec<_> = filter.program.iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect();
        format!("{program:?} {}", filter.flags)
    }

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        assert_eq!(read(&to_bytes(&filter(), ORIGIN), ORIGIN), Some(written(&filter())));
    }

    #[test]
    fn another_build_reads_nothing() {
        let other = Origin { build: "1.1 abc", ..ORIGIN };
        assert_eq!(read(&to_bytes(&filter(), ORIGIN), other), None);
    }

    #[test]
    fn another_config_reads_nothing() {
        let other = Origin { config: b"{\"ociVersion\": \"1.2.0\"}", ..ORIGIN };
        assert_eq!(read(&to_bytes(&filter(), ORIGIN), other), None);
    }

    #[test]
    fn a_changed_bit_anywhere_is_noticed() {
        let bytes = to_bytes(&filter(), ORIGIN);
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&changed, ORIGIN), None, "bit {bit}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_is_noticed() {
        let bytes = to_bytes(&filter(), ORIGIN);
        for length in 0..bytes.len() {
            assert_eq!(read(&bytes[..length], ORIGIN), None, "{length} bytes");
        }
    }
}
