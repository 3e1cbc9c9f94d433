//! The conditions of a rule as one architecture reads them: what they compare, how rules rank, what a call
//! meets.

use std::cmp::{Ordering, Reverse};

use crate::{Arch, Condition, Operator};

/// A condition as an architecture reads it. On 32 bits a value may be larger than any argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Comparison {
    pub(crate) index: u32,
    pub(crate) operator: Operator,
    /// The bits that count; all of them but for [`Operator::MaskedEq`].
    pub(crate) mask: u64,
    pub(crate) value: u64,
}

/// A 64-bit value as an argument of 32 bits: as it is, or as the negative number that it may be.
fn narrow(value: u64) -> u64 {
    let low = value as u32;
    let negative = i64::from(low.cast_signed()).cast_unsigned();
    if value == negative { u64::from(low) } else { value }
}

impl Comparison {
    /// Reads a condition for one architecture.
    pub(crate) fn of(condition: &Condition, arch: Arch) -> Self {
        let Condition { index, operator, value, value_two } = *condition;
        let (mask, value) =
            if operator == Operator::MaskedEq { (value, value & value_two) } else { (u64::MAX, value) };
        if arch.is_64_bit() {
            Self { index, operator, mask, value }
        } else {
            Self { index, operator, mask: mask & u64::from(u32::MAX), value: narrow(value) }
        }
    }

    /// Whether this is a test of no bits at all, which libseccomp takes for no condition.
    pub(crate) fn is_empty(&self) -> bool {
        self.mask == 0 && self.value == 0
    }

    /// Whether the arguments of a call meet the condition.
    pub(crate) fn holds(&self, arguments: &[u64; 6], arch: Arch) -> bool {
        let argument = arguments[self.index as usize];
        let argument = if arch.is_64_bit() { argument } else { argument & u64::from(u32::MAX) };
        match self.operator {
            Operator::Ne => argument != self.value,
            Operator::Lt => argument < self.value,
            Operator::Le => argument <= self.value,
            Operator::Eq => argument == self.value,
            Operator::Ge => argument >= self.value,
            Operator::Gt => argument > self.value,
            Operator::MaskedEq => argument & self.mask == self.value,
        }
    }

    /// A key by which conditions sort in the order in which libseccomp's tree tries them.
    fn rank(&self) -> impl Ord + use<> {
        let (class, value) = match self.operator {
            Operator::Eq | Operator::Ne | Operator::MaskedEq => (0, !self.value),
            Operator::Lt | Operator::Le => (1, self.value),
            Operator::Ge | Operator::Gt => (2, !self.value),
        };
        (Reverse(self.index), class, value)
    }
}

/// Which of two rules is tried first, both sorted by argument: see the crate's documentation, point 5.
pub(crate) fn precedence(a: &[Comparison], b: &[Comparison]) -> Ordering {
    a.iter().map(Comparison::rank).cmp(b.iter().map(Comparison::rank))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(operator: Operator, value: u64, value_two: u64) -> Condition {
        Condition { index: 0, operator, value, value_two }
    }

    fn holds(operator: Operator, value: u64, arch: Arch, argument: u64) -> bool {
        Comparison::of(&condition(operator, value, 0), arch).holds(&[argument; 6], arch)
    }

    #[test]
    fn all_of_an_argument_is_compared_on_64_bits() {
        assert!(!holds(Operator::Eq, 1, Arch::X86_64, 1 << 40 | 1));
    }

    #[test]
    fn the_lower_half_is_compared_on_32_bits() {
        assert!(holds(Operator::Eq, 1, Arch::X32, 1 << 40 | 1));
    }

    #[test]
    fn a_negative_number_narrows_to_32_bits() {
        assert!(holds(Operator::Eq, u64::MAX, Arch::X86, 0xffff_ffff));
    }

    #[test]
    fn a_value_above_32_bits_equals_no_narrow_argument() {
        assert!(!holds(Operator::Eq, 1 << 40 | 1, Arch::X86, 1));
    }

    #[test]
    fn every_narrow_argument_is_below_a_value_above_32_bits() {
        assert!(holds(Operator::Lt, 1 << 40, Arch::X86, 0xffff_ffff));
    }

    #[test]
    fn an_empty_mask_is_no_condition() {
        assert!(Comparison::of(&condition(Operator::MaskedEq, 0, 5), Arch::X86_64).is_empty());
    }

    #[test]
    fn bits_outside_of_the_mask_do_not_count() {
        let comparison = Comparison::of(&condition(Operator::MaskedEq, 0xf0, 0x1f), Arch::X86_64);
        assert_eq!(comparison.value, 0x10);
    }

    fn first(a: (u32, Operator, u64), b: (u32, Operator, u64)) -> Ordering {
        let one = |(index, operator, value)| Comparison { index, operator, mask: u64::MAX, value };
        precedence(&[one(a)], &[one(b)])
    }

    #[test]
    fn a_higher_argument_goes_first() {
        assert_eq!(first((2, Operator::Gt, 1), (0, Operator::Eq, 1)), Ordering::Less);
    }

    #[test]
    fn equality_goes_before_order() {
        assert_eq!(first((0, Operator::Ne, 1), (0, Operator::Lt, 1)), Ordering::Less);
    }

    #[test]
    fn below_goes_before_above() {
        assert_eq!(first((0, Operator::Le, 1), (0, Operator::Gt, 1)), Ordering::Less);
    }

    #[test]
    fn of_equalities_the_larger_value_goes_first() {
        assert_eq!(first((0, Operator::Eq, 40), (0, Operator::Ne, 16)), Ordering::Less);
    }

    #[test]
    fn of_upper_bounds_the_smaller_goes_first() {
        assert_eq!(first((0, Operator::Lt, 16), (0, Operator::Lt, 40)), Ordering::Less);
    }

    #[test]
    fn the_start_of_a_rule_goes_before_the_rule() {
        let one = Comparison { index: 0, operator: Operator::Eq, mask: u64::MAX, value: 1 };
        let two = Comparison { index: 1, ..one };
        assert_eq!(precedence(&[one], &[one, two]), Ordering::Less);
    }
}
