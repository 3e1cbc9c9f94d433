//! A condition while it is being decided, one 32-bit word after the other.

use crate::conditions::Comparison;
use crate::{Arch, Operator};

/// A condition of which not enough is known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Condition {
    /// Both halves of an argument count. The upper one is asked first.
    Whole { argument: u8, relation: Relation, mask: u64, value: u64 },
    /// One word counts.
    Word { word: u8, relation: Relation, mask: u32, value: u32 },
}

/// What an argument has to be to a value. The mask counts for the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    Equal,
    Different,
    AtLeast,
    Below,
}

/// What has become of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open(Condition),
    /// It is known to hold or not to hold.
    Settled(bool),
}

/// What one test can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Twice the argument, plus one for its upper half.
    pub(super) word: u8,
    pub(super) ask: Ask,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Whether the bits of the mask have this value, which has no others.
    Equal {
        mask: u32,
        value: u32,
    },
    AtLeast(u32),
}

/// The answer to a question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) question: Question,
    pub(super) answer: bool,
}

fn low(value: u64) -> u32 {
    value as u32
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}

impl Condition {
    /// Takes up a comparison.
    pub(super) fn of(comparison: &Comparison, arch: Arch) -> State {
        let Comparison { index, operator, mask, value } = *comparison;
        let (relation, value) = match operator {
            Operator::Eq | Operator::MaskedEq => (Relation::Equal, Some(value)),
            Operator::Ne => (Relation::Different, Some(value)),
            Operator::Ge => (Relation::AtLeast, Some(value)),
            Operator::Lt => (Relation::Below, Some(value)),
            Operator::Gt => (Relation::AtLeast, value.checked_add(1)),
            Operator::Le => (Relation::Below, value.checked_add(1)),
        };
        let beyond = State::Settled(matches!(relation, Relation::Different | Relation::Below));
        let Some(value) = value else { return beyond };
        let argument = index as u8;
        if arch.is_64_bit() {
            Self::whole(argument, relation, mask, value)
        } else if high(value) == 0 {
            Self::word(2 * argument, relation, low(mask), low(value))
        } else {
            beyond
        }
    }

    /// A condition on both halves, unless one of them does not matter.
    fn whole(argument: u8, relation: Relation, mask: u64, value: u64) -> State {
        let ordered = matches!(relation, Relation::AtLeast | Relation::Below);
        if ordered && low(value) == 0 || !ordered && low(mask) == 0 {
            Self::word(2 * argument + 1, relation, high(mask), high(value))
        } else if !ordered && high(mask) == 0 {
            Self::word(2 * argument, relation, low(mask), low(value))
        } else {
            State::Open(Self::Whole { argument, relation, mask, value })
        }
    }

    fn word(word: u8, relation: Relation, mask: u32, value: u32) -> State {
        match relation {
            Relation::AtLeast if value == 0 => State::Settled(true),
            Relation::Below if value == 0 => State::Settled(false),
            _ => State::Open(Self::Word { word, relation, mask, value }),
        }
    }

    /// What to ask next.
    pub(super) fn question(&self) -> Question {
        match *self {
            Self::Whole { argument, mask, value, relation } => {
                let mask = if matches!(relation, Relation::AtLeast | Relation::Below) {
                    u32::MAX
                } else {
                    high(mask)
                };
                Question { word: 2 * argument + 1, ask: Ask::Equal { mask, value: high(value) } }
            }
            Self::Word { word, relation: Relation::Equal | Relation::Different, mask, value } => {
                Question { word, ask: Ask::Equal { mask, value } }
            }
            Self::Word { word, value, .. } => Question { word, ask: Ask::AtLeast(value) },
        }
    }

    /// What is left once a fact is known.
    pub(super) fn after(self, fact: &Fact) -> State {
        match fact.settles(&self.question()).map(|answer| self.answered(answer)) {
            None => State::Open(self),
            Some(State::Open(condition)) => condition.after(fact),
            Some(settled) => settled,
        }
    }

    /// What is left once the next question is answered.
    fn answered(self, answer: bool) -> State {
        match (self, answer) {
            (Self::Whole { argument, relation, mask, value }, true) => {
                Self::word(2 * argument, relation, low(mask), low(value))
            }
            (Self::Whole { relation: Relation::Equal, .. }, false) => State::Settled(false),
            (Self::Whole { relation: Relation::Different, .. }, false) => State::Settled(true),
            (Self::Whole { argument, relation, mask, value }, false) => {
                Self::word(2 * argument + 1, relation, high(mask), high(value))
            }
            (Self::Word { relation, .. }, _) => {
                State::Settled(answer == matches!(relation, Relation::Equal | Relation::AtLeast))
            }
        }
    }
}

impl Fact {
    /// The answer to another question, as far as this one tells.
    fn settles(&self, other: &Question) -> Option<bool> {
        if self.question.word != other.word {
            return None;
        }
        let (least, most) = self.range();
        match other.ask {
            Ask::AtLeast(value) if value <= least => Some(true),
            Ask::AtLeast(value) if value > most => Some(false),
            Ask::AtLeast(_) => None,
            Ask::Equal { mask, value } if value > most || value | !mask < least => Some(false),
            Ask::Equal { mask, value } => self.settles_equal(mask, value),
        }
    }

    fn settles_equal(&self, mask: u32, value: u32) -> Option<bool> {
        let Ask::Equal { mask: known, value: known_value } = self.question.ask else { return None };
        if self.answer {
            let conflict = (value ^ known_value) & mask & known != 0;
            let covered = mask & !known == 0;
            (conflict || covered).then_some(!conflict)
        } else {
            // To be equal here would take the equality that has been ruled out.
            (known & !mask == 0 && value & known == known_value).then_some(false)
        }
    }

    /// The least and the greatest value that the word can have.
    fn range(&self) -> (u32, u32) {
        match (self.question.ask, self.answer) {
            (Ask::AtLeast(value), true) => (value, u32::MAX),
            (Ask::AtLeast(value), false) => (0, value - 1),
            (Ask::Equal { mask, value }, true) => (value, value | !mask),
            (Ask::Equal { mask: u32::MAX, value: 0 }, false) => (1, u32::MAX),
            (Ask::Equal { mask: u32::MAX, value: u32::MAX }, false) => (0, u32::MAX - 1),
            (Ask::Equal { .. }, false) => (0, u32::MAX),
        }
    }
}
