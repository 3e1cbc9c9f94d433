//! Limits as flags: they become the same JSON that `--resources` takes, and errors about it name them.

use bundle::config::LoadError;
use bundle::update::{Change, UpdateError};
use serde_json::{Value, json};

use crate::args;
use crate::error::{Error, Result};

/// What errors call the flags as a whole.
pub(super) const NAME: &str = "flags";

/// The flags that were given, each with its place in `linux.resources`.
pub(super) struct Flags {
    given: Vec<(&'static str, &'static str, Value)>,
    ignored: Vec<&'static str>,
}

impl Flags {
    /// Reads the command line; `--resources` makes the others say nothing.
    pub(super) fn of(args: &args::Update) -> Flags {
        let flags: [(_, _, Option<Value>); 14] = [
            ("--blkio-weight", "/blockIO/weight", args.blkio_weight.map(Value::from)),
            ("--cpu-period", "/cpu/period", args.cpu_period.map(Value::from)),
            ("--cpu-quota", "/cpu/quota", args.cpu_quota.map(Value::from)),
            ("--cpu-burst", "/cpu/burst", args.cpu_burst.map(Value::from)),
            ("--cpu-share", "/cpu/shares", args.cpu_share.map(Value::from)),
            ("--cpu-rt-period", "/cpu/realtimePeriod", args.cpu_rt_period.map(Value::from)),
            ("--cpu-rt-runtime", "/cpu/realtimeRuntime", args.cpu_rt_runtime.map(Value::from)),
            ("--cpuset-cpus", "/cpu/cpus", args.cpuset_cpus.as_deref().map(Value::from)),
            ("--cpuset-mems", "/cpu/mems", args.cpuset_mems.as_deref().map(Value::from)),
            ("--cpu-idle", "/cpu/idle", args.cpu_idle.map(Value::from)),
            ("--memory", "/memory/limit", args.memory.map(Value::from)),
            ("--memory-reservation", "/memory/reservation", args.memory_reservation.map(Value::from)),
            ("--memory-swap", "/memory/swap", args.memory_swap.map(Value::from)),
            ("--pids-limit", "/pids/limit", args.pids_limit.map(Value::from)),
        ];
        let ignored =
            [("--kernel-memory", &args.kernel_memory), ("--kernel-memory-tcp", &args.kernel_memory_tcp)];
        if args.resources.is_some() {
            return Flags { given: Vec::new(), ignored: Vec::new() };
        }
        let given = flags.into_iter().filter_map(|(flag, place, value)| Some((flag, place, value?)));
        let ignored = ignored.into_iter().filter(|(_, value)| value.is_some()).map(|(flag, _)| flag);
        Flags { given: given.collect(), ignored: ignored.collect() }
    }

    /// Those that have no effect.
    pub(super) fn ignored(&self) -> impl Iterator<Item = &'static str> {
        self.ignored.iter().copied()
    }

    /// The change that they ask for.
    pub(super) fn change(&self) -> Result<Change> {
        let mut limits = json!({});
        for (_, place, value) in &self.given {
            if let Some((group, field)) = place[1..].split_once('/') {
                limits[group][field] = value.clone();
            }
        }
        Change::of(NAME, limits).map_err(|error| self.named(error.into()))
    }

    /// The error with the flags in it instead of the fields that they stand for.
    pub(super) fn named(&self, error: UpdateError) -> Error {
        match error {
            UpdateError::Limits(LoadError::Problems { mut problems, file }) => {
                for problem in &mut problems {
                    problem.pointer = self.flag(&problem.pointer).unwrap_or(&problem.pointer).to_owned();
                }
                match problems.as_slice() {
                    [problem] if file == NAME => Error::other(problem),
                    _ => Error::other(LoadError::Problems { problems, file }),
                }
            }
            UpdateError::Cgroup(mut error) => {
                let place = error.field.as_deref().and_then(|field| field.strip_prefix("linux.resources"));
                let flag = place.and_then(|place| self.flag(&place.replace('.', "/")));
                error.field = flag.map(Into::into).or(error.field);
                Error::other(error)
            }
            error => Error::other(error),
        }
    }

    fn flag(&self, place: &str) -> Option<&'static str> {
        self.given.iter().find(|(_, known, _)| *known == place).map(|(flag, ..)| *flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags() -> Flags {
        let given =
            vec![("--memory", "/memory/limit", json!(4096)), ("--cpu-period", "/cpu/period", json!(7))];
        Flags { given, ignored: Vec::new() }
    }

    #[test]
    fn a_wrong_value_names_its_flag() {
        let error = flags().change().unwrap_err().to_string();
        assert_eq!(error, "--cpu-period: found 7, allowed: 1000 to 1000000 microseconds");
    }

    #[test]
    fn a_refused_write_names_its_flag() {
        let error = cgroup::Error {
            field: Some("linux.resources.memory.limit".into()),
            operation: "write 4096 to memory.max".into(),
            errno: Some(sys::Errno::EBUSY),
        };
        let expected = "--memory: write 4096 to memory.max: device or resource busy (EBUSY)";
        assert_eq!(flags().named(error.into()).to_string(), expected);
    }

    #[test]
    fn a_field_without_a_flag_keeps_its_name() {
        let error =
            cgroup::Error { field: Some("linux.resources.x".into()), operation: "no".into(), errno: None };
        assert_eq!(flags().named(error.into()).to_string(), "linux.resources.x: no");
    }
}
