//! Finding a call by its number: a balanced tree over the stretches of numbers that share their fate.

use crate::graph::{Graph, Id, Test};

/// The numbers from `start` up to the next span, and the node that decides them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) node: Id,
}

/// How many single numbers are tested for one after the other before it pays to halve the numbers once more:
/// three tests are as deep as the halving of the seven spans that they tell apart, but half as long.
const POINTS: usize = 3;

/// The node that finds the span of the number in the accumulator. The spans are sorted, none equals its
/// neighbour, and the first one starts at or below every number that gets here.
pub(crate) fn node(graph: &mut Graph, spans: &[Span]) -> Id {
    if let Some((base, points)) = points(spans) {
        return points
            .into_iter()
            .flatten()
            .fold(base, |no, point| graph.test(Test::Equal, point.start, point.node, no));
    }
    let (below, above) = spans.split_at(spans.len() / 2);
    let start = above[0].start;
    let yes = node(graph, above);
    let no = node(graph, below);
    graph.test(Test::AtLeast, start, yes, no)
}

/// A few single numbers within one stretch, if the spans are no more than that.
fn points(spans: &[Span]) -> Option<(Id, [Option<Span>; POINTS])> {
    if spans.len() > 2 * POINTS + 1 {
        return None;
    }
    let is_single = |at: usize| spans.get(at + 1).is_some_and(|next| next.start == spans[at].start + 1);
    let base = (0..spans.len()).rev().find(|at| !is_single(*at)).map(|at| spans[at].node)?;
    let mut points = [None; POINTS];
    let mut free = points.iter_mut();
    for (at, span) in spans.iter().enumerate().filter(|(_, span)| span.node != base) {
        *free.next().filter(|_| is_single(at))? = Some(*span);
    }
    Some((base, points))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many instructions it takes to tell apart spans that start at these numbers, with two fates in
    /// turn.
    fn length(starts: &[u32]) -> usize {
        let mut graph = Graph::default();
        let ends = [graph.end(0), graph.end(1)];
        let spans: Vec<_> =
            starts.iter().enumerate().map(|(i, start)| Span { start: *start, node: ends[i % 2] }).collect();
        let root = node(&mut graph, &spans);
        graph.assemble(root).len()
    }

    #[test]
    fn one_span_takes_no_test() {
        assert_eq!(length(&[0]), 1);
    }

    #[test]
    fn a_single_number_takes_one_test() {
        assert_eq!(length(&[0, 5, 6]), 3);
    }

    #[test]
    fn a_stretch_takes_two_tests() {
        assert_eq!(length(&[0, 5, 7]), 4);
    }

    #[test]
    fn three_single_numbers_take_three_tests() {
        assert_eq!(length(&[0, 5, 6, 8, 9, 20, 21]), 5);
    }
}
