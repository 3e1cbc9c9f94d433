//! How long each step took, on both sides.

use std::time::Duration;

/// One step on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Field and description of the step, or what the parent did.
    pub name: String,
    /// Whether the child did it.
    pub by_child: bool,
    /// From here, on the monotonic clock.
    pub start: Duration,
    /// To here.
    pub end: Duration,
}

/// Collects spans, or does nothing.
#[derive(Debug, Default)]
pub struct Trace(Option<Vec<Span>>);

impl Trace {
    /// A trace that collects, or one that costs nothing.
    pub fn new(collect: bool) -> Trace {
        Trace(collect.then(Vec::new))
    }

    /// Whether spans are collected.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Does something of the parent's and notes how long it took.
    pub fn span<T>(&mut self, name: impl FnOnce() -> String, work: impl FnOnce() -> T) -> T {
        let Some(spans) = &mut self.0 else { return work() };
        let start = sys::time::monotonic();
        let result = work();
        spans.push(Span { name: name(), by_child: false, start, end: sys::time::monotonic() });
        result
    }

    /// Notes something of the parent's that began then and has ended now.
    pub(crate) fn note(&mut self, name: &str, start: Duration) {
        if let Some(spans) = &mut self.0 {
            spans.push(Span { name: name.into(), by_child: false, start, end: sys::time::monotonic() });
        }
    }

    /// Notes a step of the child, in nanoseconds of the monotonic clock.
    pub(crate) fn child(&mut self, name: impl FnOnce() -> String, start: u64, end: u64) {
        if let Some(spans) = &mut self.0 {
            let (start, end) = (Duration::from_nanos(start), Duration::from_nanos(end));
            spans.push(Span { name: name(), by_child: true, start, end });
        }
    }

    /// What was collected.
    pub fn spans(&self) -> &[Span] {
        self.0.as_deref().unwrap_or_default()
    }
}
