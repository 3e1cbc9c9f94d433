//! Argument checks: clauses in their order become a graph of tests on 32-bit words.
//!
//! What the outcome of a test says of the conditions after it is worked into them at once. After "the upper
//! half is 0" every other condition on that argument needs its lower half only, and no word is asked for the
//! same thing twice.

use crate::Arch;
use crate::calls::Clause;
use crate::graph::{Graph, Id, Interner, Test};

mod condition;

use condition::{Ask, Condition, Fact, Question, State};

/// Turns clauses into nodes.
pub(crate) struct Checks {
    little_endian: bool,
    /// Where a call goes that meets no clause.
    default: Id,
    conditions: Interner<Vec<Condition>>,
    lists: Interner<Link>,
    /// The node of each list for a program that has loaded the word of its first test.
    nodes: Vec<Option<Id>>,
    /// Which clauses an outcome is worked into.
    scope: Scope,
    /// How many more lists may be looked at.
    budget: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    First,
}

/// The clauses still open: the first one and, as another list, the rest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Link {
    /// What is left of its conditions, as a number in [`Checks::conditions`].
    conditions: Id,
    end: Id,
    rest: List,
}

/// A number in [`Checks::lists`], or no clause at all.
type List = Option<Id>;

impl Checks {
    pub(crate) fn new(little_endian: bool, default: Id) -> Self {
        let (conditions, lists) = Default::default();
        Self { little_endian, default, conditions, lists, nodes: Vec::new(), scope: Scope::All, budget: 0 }
    }

    /// The node that decides by these clauses.
    pub(crate) fn node(&mut self, graph: &mut Graph, clauses: &[Clause], arch: Arch) -> Id {
        let list = self.list(graph, clauses, arch);
        let conditions: usize = clauses.iter().map(|clause| clause.comparisons.len()).sum();
        // Clauses that cross each other can multiply what there is to know. Beyond the three tests that a
        // condition takes on its own, knowing more is no gain.
        self.scope = Scope::All;
        self.budget = 3 * conditions;
        if let Some(node) = self.build(graph, list, None) {
            return node;
        }
        self.scope = Scope::First;
        self.budget = usize::MAX;
        self.build(graph, list, None).unwrap_or(self.default)
    }

    fn list(&mut self, graph: &mut Graph, clauses: &[Clause], arch: Arch) -> List {
        let mut list = None;
        for clause in clauses.iter().rev() {
            let states = clause.comparisons.iter().map(|comparison| Condition::of(comparison, arch));
            if let Some(conditions) = open(states) {
                let end = graph.end(clause.action.return_value());
                list = Some(self.link(conditions, end, list));
            }
        }
        list
    }

    /// A clause before others. Those behind one without conditions are never reached.
    fn link(&mut self, conditions: Vec<Condition>, end: Id, rest: List) -> Id {
        let rest = rest.filter(|_| !conditions.is_empty());
        let conditions = self.conditions.id(conditions);
        self.lists.id(Link { conditions, end, rest })
    }

    /// The node for a list, given the word in the accumulator. None when the budget is spent.
    fn build(&mut self, graph: &mut Graph, list: List, loaded: Option<u8>) -> Option<Id> {
        let Some(list) = list else { return Some(self.default) };
        let link = *self.lists.get(list);
        let Some(first) = self.conditions.get(link.conditions).first() else { return Some(link.end) };
        let question = first.question();
        let node = match self.nodes.get(list as usize).copied().flatten() {
            Some(node) => node,
            None => self.ask(graph, list, question)?,
        };
        let offset = self.offset(question.word);
        Some(if loaded == Some(question.word) { node } else { graph.load(offset, node) })
    }

    /// The node that asks a question and goes on by the answer.
    fn ask(&mut self, graph: &mut Graph, list: Id, question: Question) -> Option<Id> {
        self.budget = self.budget.checked_sub(1)?;
        let yes = self.after(list, Fact { question, answer: true });
        let no = self.after(list, Fact { question, answer: false });
        let loaded = (!question.spoils_the_accumulator()).then_some(question.word);
        let yes = self.build(graph, yes, loaded)?;
        let no = self.build(graph, no, loaded)?;
        let node = question.node(graph, yes, no);
        self.nodes.resize(self.lists.len(), None);
        self.nodes[list as usize] = Some(node);
        Some(node)
    }

    /// What is left of a list once a fact is known.
    fn after(&mut self, list: Id, fact: Fact) -> List {
        let first = *self.lists.get(list);
        let mut links = vec![first];
        let mut rest = first.rest;
        while let (Scope::All, Some(id)) = (self.scope, rest) {
            let link = *self.lists.get(id);
            links.push(link);
            rest = link.rest;
        }
        for link in links.iter().rev() {
            let states = self.conditions.get(link.conditions).iter().map(|condition| condition.after(&fact));
            if let Some(conditions) = open(states) {
                rest = Some(self.link(conditions, link.end, rest));
            }
        }
        rest
    }

    /// Where a word stands in `struct seccomp_data`: the arguments begin at byte 16.
    fn offset(&self, word: u8) -> u32 {
        let word = if self.little_endian { word } else { word ^ 1 };
        16 + 4 * u32::from(word)
    }
}

/// The conditions of a clause that are still open; None if the clause is lost.
fn open(states: impl Iterator<Item = State>) -> Option<Vec<Condition>> {
    let mut conditions = Vec::new();
    for state in states {
        match state {
            State::Open(condition) => conditions.push(condition),
            State::Settled(true) => {}
            State::Settled(false) => return None,
        }
    }
    Some(conditions)
}

impl Question {
    /// Whether the test leaves less than the word in the accumulator.
    fn spoils_the_accumulator(&self) -> bool {
        match self.ask {
            Ask::Equal { mask, value } => mask != u32::MAX && value != 0 && !is_one_bit(mask, value),
            Ask::AtLeast(_) => false,
        }
    }

    fn node(&self, graph: &mut Graph, yes: Id, no: Id) -> Id {
        match self.ask {
            Ask::AtLeast(value) => graph.test(Test::AtLeast, value, yes, no),
            Ask::Equal { mask: u32::MAX, value } => graph.test(Test::Equal, value, yes, no),
            Ask::Equal { mask, value: 0 } => graph.test(Test::AnyBit, mask, no, yes),
            Ask::Equal { mask, value } if is_one_bit(mask, value) => graph.test(Test::AnyBit, mask, yes, no),
            Ask::Equal { mask, value } => {
                let test = graph.test(Test::Equal, value, yes, no);
                graph.and(mask, test)
            }
        }
    }
}

/// Whether the question is just whether one bit is set, which takes no masking.
fn is_one_bit(mask: u32, value: u32) -> bool {
    mask == value && mask.is_power_of_two()
}
