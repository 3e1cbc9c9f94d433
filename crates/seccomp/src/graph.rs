//! The program as a graph of decisions, where equal parts are one, and its way into a line of instructions.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// An instruction of classic BPF, laid out as `struct sock_filter` of linux/filter.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions a conditional jump skips if its test holds.
    pub jt: u8,
    /// How many it skips otherwise.
    pub jf: u8,
    /// The operand.
    pub k: u32,
}

// The codes of linux/bpf_common.h that a filter needs. The kernel's bitmap of calls that are allowed whatever
// their arguments (5.11) is filled by running the filter, and knows just these; it gives up at the first load
// of an argument.
pub(crate) const LOAD: u16 = 0x20;
pub(crate) const AND: u16 = 0x54;
pub(crate) const JUMP: u16 = 0x05;
pub(crate) const RETURN: u16 = 0x06;

/// The farthest that a conditional jump reaches.
const REACH: usize = 255;

/// A node of the graph.
pub(crate) type Id = u32;

/// A step of the decision. The accumulator holds whatever the last load on the way here put into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// The end: what the filter returns.
    Return(u32),
    /// Loads the 32 bits at this offset of `struct seccomp_data`.
    Load { offset: u32, next: Id },
    /// Keeps these bits of the accumulator.
    And { mask: u32, next: Id },
    /// Compares the accumulator.
    Test { test: Test, k: u32, yes: Id, no: Id },
}

/// How the accumulator is compared with an operand; the values are those of linux/bpf_common.h.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Test {
    Equal = 0x15,
    AtLeast = 0x35,
    AnyBit = 0x45,
}

/// The decision graph. Nodes are made from the leaves up, and asking for an equal node again gives the same
/// one.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: Interner<Node>,
}

impl Graph {
    pub(crate) fn end(&mut self, value: u32) -> Id {
        self.nodes.id(Node::Return(value))
    }

    /// A load, unless what follows does not look at the accumulator.
    pub(crate) fn load(&mut self, offset: u32, next: Id) -> Id {
        if self.reads_the_accumulator(next) { self.nodes.id(Node::Load { offset, next }) } else { next }
    }

    /// A mask, unless what follows does not look at the accumulator.
    pub(crate) fn and(&mut self, mask: u32, next: Id) -> Id {
        if self.reads_the_accumulator(next) { self.nodes.id(Node::And { mask, next }) } else { next }
    }

    fn reads_the_accumulator(&self, id: Id) -> bool {
        matches!(self.nodes.get(id), Node::And { .. } | Node::Test { .. })
    }

    /// A test, unless its outcome makes no difference.
    pub(crate) fn test(&mut self, test: Test, k: u32, yes: Id, no: Id) -> Id {
        if yes == no { yes } else { self.nodes.id(Node::Test { test, k, yes, no }) }
    }

    /// The instructions that start at `root`.
    pub(crate) fn assemble(&self, root: Id) -> Vec<Instruction> {
        let mut assembler = Assembler { graph: self, code: Vec::new(), places: vec![None; self.nodes.len()] };
        assembler.visit(root);
        if matches!(self.nodes.get(root), Node::Return(_)) {
            assembler.place(root);
        }
        assembler.code.reverse();
        assembler.code
    }
}

/// Writes the program from its end to its start, so that the targets of a jump have their place before it
/// does.
struct Assembler<'g> {
    graph: &'g Graph,
    /// The instructions so far, last one first.
    code: Vec<Instruction>,
    /// Where in `code` the nearest copy of a node stands, or of a jump to it.
    places: Vec<Option<usize>>,
}

impl Assembler<'_> {
    /// Places a node behind all that it leads to. Ends are left out: they go where they are needed.
    fn visit(&mut self, id: Id) {
        if self.places[id as usize].is_some() {
            return;
        }
        match *self.graph.nodes.get(id) {
            Node::Return(_) => return,
            Node::Load { next, .. } | Node::And { next, .. } => self.visit(next),
            Node::Test { yes, no, .. } => {
                self.visit(no);
                self.visit(yes);
            }
        }
        self.place(id);
    }

    /// Writes a node, all targets of which are written.
    fn place(&mut self, id: Id) {
        let instruction = match *self.graph.nodes.get(id) {
            Node::Return(value) => Instruction { code: RETURN, jt: 0, jf: 0, k: value },
            Node::Load { offset, next } => {
                self.adjoin(next);
                Instruction { code: LOAD, jt: 0, jf: 0, k: offset }
            }
            Node::And { mask, next } => {
                self.adjoin(next);
                Instruction { code: AND, jt: 0, jf: 0, k: mask }
            }
            Node::Test { test, k, yes, no } => {
                // What is put in for the second target moves the first one away by one.
                self.bring_within(REACH - 1, yes);
                self.bring_within(REACH, no);
                Instruction {
                    code: test as u16,
                    jt: self.distance(yes) as u8,
                    jf: self.distance(no) as u8,
                    k,
                }
            }
        };
        self.places[id as usize] = Some(self.code.len());
        self.code.push(instruction);
    }

    /// Makes a node the next instruction. One that stands elsewhere is written once more rather than jumped
    /// to.
    fn adjoin(&mut self, id: Id) {
        if self.places[id as usize].is_none_or(|place| place + 1 != self.code.len()) {
            self.place(id);
        }
    }

    /// Sees to it that a jump written next can reach a node: by a copy of an end or by a long jump.
    fn bring_within(&mut self, reach: usize, id: Id) {
        if self.places[id as usize].is_some_and(|_| self.distance(id) <= reach) {
            return;
        }
        if matches!(self.graph.nodes.get(id), Node::Return(_)) {
            self.place(id);
        } else {
            let k = self.distance(id) as u32;
            self.places[id as usize] = Some(self.code.len());
            self.code.push(Instruction { code: JUMP, jt: 0, jf: 0, k });
        }
    }

    /// How many instructions a jump written next has to skip. For a node without a place: out of reach.
    fn distance(&self, id: Id) -> usize {
        self.places[id as usize].map_or(usize::MAX, |place| self.code.len() - place - 1)
    }
}

/// Gives equal values equal numbers.
pub(crate) struct Interner<T> {
    values: Vec<T>,
    ids: HashMap<T, Id, BuildHasherDefault<Mixer>>,
}

/// A hash for a few hundred small values that come from a trusted profile. The standard one takes a quarter
/// of the time of a compilation, and a system call for its key.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        // An odd number without a pattern: 2^64 divided by the golden ratio.
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        // The table takes its slot from the lower bits, the product has its best ones on top.
        self.0.rotate_left(32)
    }
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Vec::new(), ids: HashMap::default() }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    pub(crate) fn id(&mut self, value: T) -> Id {
        *self.ids.entry(value).or_insert_with_key(|value| {
            self.values.push(value.clone());
            (self.values.len() - 1) as Id
        })
    }

    pub(crate) fn get(&self, id: Id) -> &T {
        &self.values[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_one_instruction() {
        let mut graph = Graph::default();
        let root = graph.end(7);
        assert_eq!(graph.assemble(root), [Instruction { code: RETURN, jt: 0, jf: 0, k: 7 }]);
    }

    #[test]
    fn a_load_that_nothing_reads_is_left_out() {
        let mut graph = Graph::default();
        let end = graph.end(7);
        assert_eq!(graph.load(0, end), end);
    }

    #[test]
    fn a_test_that_decides_nothing_is_left_out() {
        let mut graph = Graph::default();
        let end = graph.end(7);
        assert_eq!(graph.test(Test::Equal, 1, end, end), end);
    }

    #[test]
    fn equal_nodes_are_one() {
        let mut graph = Graph::default();
        assert_eq!(graph.end(7), graph.end(7));
    }

    #[test]
    fn what_two_loads_lead_to_follows_both() {
        let mut graph = Graph::default();
        let ends = [graph.end(1), graph.end(2)];
        let shared = graph.test(Test::Equal, 5, ends[0], ends[1]);
        let loads = [graph.load(16, shared), graph.load(24, shared)];
        let root = graph.test(Test::Equal, 7, loads[0], loads[1]);
        let code = graph.assemble(root);
        let follows = |at: usize| code[at].code != LOAD || code[at + 1].k == 5;
        assert!((0..code.len()).all(follows), "{code:?}");
    }

    /// A chain of `length` comparisons, each of which may lead to the last one's far end.
    fn chain(length: u32) -> Vec<Instruction> {
        let mut graph = Graph::default();
        let last = graph.end(1);
        let far = graph.end(2);
        let target = graph.test(Test::Equal, 9999, last, far);
        let mut next = target;
        for k in 0..length {
            let end = graph.end(100 + k);
            let inner = graph.test(Test::AtLeast, k, end, target);
            next = graph.test(Test::Equal, k, inner, next);
        }
        graph.assemble(next)
    }

    #[test]
    fn no_jump_leads_outside_of_a_long_program() {
        let code = chain(400);
        for (at, instruction) in code.iter().enumerate() {
            let farthest = match instruction.code {
                RETURN => continue,
                JUMP => instruction.k as usize,
                _ => usize::from(instruction.jt.max(instruction.jf)),
            };
            assert!(at + 1 + farthest < code.len());
        }
    }

    #[test]
    fn a_far_target_is_reached_by_long_jumps() {
        assert!(chain(400).iter().any(|instruction| instruction.code == JUMP));
    }
}
