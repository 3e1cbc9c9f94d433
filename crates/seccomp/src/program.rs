//! From a profile to its program.

use crate::calls::{Calls, Decision};
use crate::clauses::Checks;
use crate::graph::{Graph, Id, Instruction, Test};
use crate::section::{Section, Unnamed};
use crate::tree::{self, Span};
use crate::{Arch, Flags, Problem, Profile, check};

/// Offsets in `struct seccomp_data` of linux/seccomp.h.
pub(crate) const NUMBER: u32 = 0;
pub(crate) const ARCHITECTURE: u32 = 4;

/// `BPF_MAXINSNS` of linux/bpf_common.h: the longest program that the kernel takes.
const LONGEST: usize = 4096;

/// What seccomp(2) takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The filter.
    pub instructions: Vec<Instruction>,
    /// The flags, as [`Flags::bits`]. A kernel may lack some of them, which can be left out but for
    /// [`Flags::NEW_LISTENER`]. TSYNC is left out where there is a listener: the kernel refuses the two
    /// together, and TSYNC means nothing to a process of one thread. WAIT_KILLABLE_RECV is left out where
    /// there is none, with which the kernel refuses it.
    pub flags: u32,
    /// Whether a rule hands calls to a listener, so that seccomp(2) returns its descriptor.
    pub needs_listener: bool,
    /// The names in the profile that no architecture knows.
    pub skipped: Vec<String>,
}

/// Compiles a profile for a kernel of this architecture.
///
/// # Errors
/// All that is wrong with the profile; or that its program would be longer than the kernel takes.
pub fn compile(profile: &Profile, native: Arch) -> Result<Program, Vec<Problem>> {
    check::check(profile)?;
    let calls = Calls::new(profile);
    let instructions = Compiler::new(profile, &calls, native).program();
    if instructions.len() > LONGEST {
        let found = format!("a filter of {} instructions", instructions.len());
        return Err(vec![Problem::new(
            "syscalls",
            found,
            format!("{LONGEST}, which is what the kernel takes"),
        )]);
    }
    let needs_listener = profile.needs_listener();
    let flags = flags(profile, needs_listener).bits();
    Ok(Program { instructions, flags, needs_listener, skipped: calls.unknown })
}

fn flags(profile: &Profile, needs_listener: bool) -> Flags {
    let flags = profile.flags.unwrap_or(Flags::SPEC_ALLOW);
    if needs_listener {
        flags.without(Flags::TSYNC) | Flags::NEW_LISTENER
    } else {
        flags.without(Flags::WAIT_KILLABLE_RECV)
    }
}

struct Compiler<'p> {
    profile: &'p Profile,
    calls: &'p Calls<'p>,
    native: Arch,
    graph: Graph,
    checks: Checks,
}

impl<'p> Compiler<'p> {
    fn new(profile: &'p Profile, calls: &'p Calls<'p>, native: Arch) -> Self {
        let mut graph = Graph::default();
        let default = graph.end(profile.default_action.return_value());
        let checks = Checks::new(native.is_little_endian(), default);
        Self { profile, calls, native, graph, checks }
    }

    /// The program: the section of the call's architecture, or the end of those without one.
    fn program(mut self) -> Vec<Instruction> {
        let mut root = self.unnamed(Unnamed::BadArchitecture);
        for section in Section::all(self.profile, self.native, self.calls).iter().rev() {
            let spans = self.spans(section);
            let tree = tree::node(&mut self.graph, &spans);
            let section_root = self.graph.load(NUMBER, tree);
            root = self.graph.test(Test::Equal, section.audit, section_root, root);
        }
        let root = self.graph.load(ARCHITECTURE, root);
        self.graph.assemble(root)
    }

    /// Who decides which numbers of a section.
    fn spans(&mut self, section: &Section) -> Vec<Span> {
        let decided = self.decided(section);
        let mut starts: Vec<u32> = section.edges().collect();
        starts
            .extend(decided.iter().flat_map(|span| [Some(span.start), span.start.checked_add(1)]).flatten());
        // Almost sorted already, which the stable sort makes use of.
        starts.sort();
        starts.dedup();
        let mut spans: Vec<Span> = Vec::new();
        let mut decided = decided.into_iter().peekable();
        for start in starts {
            let node = match decided.next_if(|span| span.start == start) {
                Some(span) => span.node,
                None => self.unnamed(section.unnamed(start)),
            };
            if spans.last().is_none_or(|last| last.node != node) {
                spans.push(Span { start, node });
            }
        }
        spans
    }

    /// The numbers that rules decide, sorted.
    fn decided(&mut self, section: &Section) -> Vec<Span> {
        let mut spans = Vec::new();
        for member in &section.members {
            for (start, decision) in self.calls.decisions(member.arch) {
                let node = match decision {
                    Decision::Rule(rule) => self.graph.end(self.profile.rules[rule].action.return_value()),
                    Decision::Clauses(clauses) => self.checks.node(&mut self.graph, &clauses, member.arch),
                };
                spans.push(Span { start, node });
            }
        }
        spans.sort_unstable_by_key(|span| span.start);
        spans
    }

    fn unnamed(&mut self, unnamed: Unnamed) -> Id {
        self.graph.end(unnamed.action(self.profile).return_value())
    }
}
