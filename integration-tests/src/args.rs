//! The command line of the harness.

use std::path::PathBuf;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
usage: integration-tests --runtime PATH [--filter WORD]... [--reference PATH] [--jobs N] [--tmp DIR]
                         [--as-user] [--systemd-cgroup] [--patience N] [--every-point] [--list]
       integration-tests engines --runtime PATH [--reference PATH] [--engine NAME]... [--filter WORD]... [--tmp DIR]

  --runtime PATH    the runtime to test
  --filter WORD     only the cases whose topic, name or section contains WORD (several: all of them)
  --reference PATH  run the cases against this runtime too and print both results as a table
  --jobs N          cases at a time (default: two per processor)
  --tmp DIR         where bundles and state are kept while testing (default: /tmp)
  --as-user         call the runtime as an ordinary user, who has a range of subordinate ids; cases that need root are
                    skipped
  --systemd-cgroup  give the runtime its flag of that name: systemd makes the cgroups
  --patience N      wait N times as long for everything, on a slow machine (default: 1)
  --every-point     kill or fail the runtime at every system call, not at a spread of them (minutes for each case)
  --list            name the cases and run nothing

With `engines`, container engines of this host drive the runtime (docs/testing.md):
  --engine NAME     only this one: containerd, cri, docker, podman, rootless, nested, load (several: each of them)
";

/// What the command line asks for.
pub(crate) enum Mode {
    Help,
    List(Vec<String>),
    Run(Options),
    Worker(Job),
    Engines(Engines),
    Pass(Pass),
}

/// A whole run.
pub(crate) struct Options {
    pub(crate) runtime: PathBuf,
    pub(crate) reference: Option<PathBuf>,
    pub(crate) filter: Vec<String>,
    pub(crate) jobs: usize,
    pub(crate) tmp: PathBuf,
    pub(crate) way: Way,
}

/// How the runtime is called, in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) caller: Caller,
    pub(crate) driver: Driver,
    /// How often as long as usual things may take.
    pub(crate) patience: u32,
    /// Whether the runtime is interfered with at every system call.
    pub(crate) every_point: bool,
}

impl Way {
    /// As root, the cgroups by the file system, on a machine of usual speed.
    const USUAL: Self =
        Self { caller: Caller::Root, driver: Driver::Cgroupfs, patience: 1, every_point: false };

    /// Takes in a flag of the command line, and its value if it has one; answers whether it is one of these.
    fn take(&mut self, word: &str, value: impl FnOnce() -> Result<String, String>) -> Result<bool, String> {
        match word {
            AS_USER => self.caller = Caller::User,
            SYSTEMD => self.driver = Driver::Systemd,
            EVERY_POINT => self.every_point = true,
            PATIENCE => {
                self.patience = value()?.parse().map_err(|_| format!("{PATIENCE} needs a number"))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The flags that say so, for a worker.
    pub(crate) fn flags(self) -> Vec<String> {
        let mut flags = vec![PATIENCE.to_owned(), self.patience.to_string()];
        flags.extend((self.caller == Caller::User).then(|| AS_USER.to_owned()));
        flags.extend(self.driver.flag().map(str::to_owned));
        flags.extend(self.every_point.then(|| EVERY_POINT.to_owned()));
        flags
    }
}

/// Who makes the containers' cgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    Cgroupfs,
    Systemd,
}

impl Driver {
    /// The global flag that asks a runtime for it.
    pub(crate) fn flag(self) -> Option<&'static str> {
        (self == Self::Systemd).then_some(SYSTEMD)
    }
}

/// Who calls the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Root,
    /// A user that is made up for each case.
    User,
}

/// A whole run of the engines.
pub(crate) struct Engines {
    pub(crate) runtime: PathBuf,
    pub(crate) reference: Option<PathBuf>,
    /// Their names; all of them if there is none.
    pub(crate) engines: Vec<String>,
    pub(crate) filter: Vec<String>,
    pub(crate) tmp: PathBuf,
}

/// One engine with one runtime, in a process of its own (see `engines::pass`).
pub(crate) struct Pass {
    pub(crate) engine: String,
    pub(crate) runtime: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) tag: String,
    pub(crate) filter: Vec<String>,
}

/// One case, run in a process of its own (see `worker`).
pub(crate) struct Job {
    pub(crate) runtime: PathBuf,
    pub(crate) case: usize,
    pub(crate) dir: PathBuf,
    pub(crate) tag: String,
    pub(crate) way: Way,
}

const AS_USER: &str = "--as-user";
const SYSTEMD: &str = "--systemd-cgroup";
const PATIENCE: &str = "--patience";
const EVERY_POINT: &str = "--every-point";

/// Reads the command line (without the program's name).
pub(crate) fn parse(args: impl Iterator<Item = String>) -> Result<Mode, String> {
    let words: Vec<String> = args.collect();
    match words.first().map(String::as_str) {
        Some("--worker") => {
            worker(&words[1..]).ok_or("--worker is for the harness itself".into()).map(Mode::Worker)
        }
        Some("--pass") => pass(&words[1..]).ok_or("--pass is for the harness itself".into()).map(Mode::Pass),
        Some("engines") => engines(words[1..].to_vec()),
        _ => options(words),
    }
}

fn worker(words: &[String]) -> Option<Job> {
    let ([runtime, case, dir, tag], flags) = words.split_first_chunk()?;
    let (mut way, mut flags) = (Way::USUAL, flags.iter().cloned());
    while let Some(flag) = flags.next() {
        way.take(&flag, || flags.next().ok_or(String::new())).ok().filter(|is_one| *is_one)?;
    }
    Some(Job { runtime: runtime.into(), case: case.parse().ok()?, dir: dir.into(), tag: tag.clone(), way })
}

fn pass(words: &[String]) -> Option<Pass> {
    let [engine, runtime, dir, tag, filter @ ..] = words else { return None };
    Some(Pass {
        engine: engine.clone(),
        runtime: runtime.into(),
        dir: dir.into(),
        tag: tag.clone(),
        filter: filter.to_vec(),
    })
}

fn engines(words: Vec<String>) -> Result<Mode, String> {
    let (mut runtime, mut reference, mut engines, mut filter) = (None, None, Vec::new(), Vec::new());
    let mut tmp = PathBuf::from("/tmp");
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(Mode::Help),
            "--runtime" => runtime = Some(existing(&value()?)?),
            "--reference" => reference = Some(existing(&value()?)?),
            "--engine" => engines.push(value()?),
            "--filter" => filter.push(value()?),
            "--tmp" => tmp = existing(&value()?)?,
            _ => return Err(format!("unknown argument {word}")),
        }
    }
    let runtime = runtime.ok_or("--runtime PATH is missing")?;
    Ok(Mode::Engines(Engines { runtime, reference, engines, filter, tmp }))
}

fn options(words: Vec<String>) -> Result<Mode, String> {
    let (mut runtime, mut reference, mut filter, mut list) = (None, None, Vec::new(), false);
    let (mut jobs, mut tmp) = (2 * processors(), PathBuf::from("/tmp"));
    let mut way = Way::USUAL;
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--help" | "-h" => return Ok(Mode::Help),
            "--list" => list = true,
            "--runtime" => runtime = Some(existing(&value()?)?),
            "--reference" => reference = Some(existing(&value()?)?),
            "--filter" => filter.push(value()?),
            "--jobs" => jobs = value()?.parse().map_err(|_| "--jobs needs a number".to_owned())?,
            "--tmp" => tmp = existing(&value()?)?,
            _ if way.take(&word, value)? => {}
            _ => return Err(format!("unknown argument {word}")),
        }
    }
    if list {
        return Ok(Mode::List(filter));
    }
    let runtime = runtime.ok_or("--runtime PATH is missing")?;
    Ok(Mode::Run(Options { runtime, reference, filter, jobs: jobs.max(1), tmp, way }))
}

fn existing(path: &str) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|error| format!("{path}: {error}"))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::{Caller, Driver, Mode, Way, parse};

    fn words(text: &str) -> Result<Mode, String> {
        parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_run_needs_a_runtime() {
        assert!(words("--filter x").is_err());
    }

    #[test]
    fn the_list_needs_no_runtime() {
        assert!(matches!(words("--list --filter x"), Ok(Mode::List(filter)) if filter == ["x"]));
    }

    #[test]
    fn a_runtime_that_is_not_there_is_an_error() {
        assert!(words("--runtime /nowhere/runtime").is_err());
    }

    #[test]
    fn engines_are_chosen_by_name() {
        assert!(
            matches!(words("engines --runtime /bin/sh --engine cri"), Ok(Mode::Engines(run)) if run.engines == ["cri"])
        );
    }

    #[test]
    fn filters_add_up() {
        assert!(
            matches!(words("--runtime /bin/sh --filter a --filter b"), Ok(Mode::Run(run)) if run.filter == ["a", "b"])
        );
    }

    #[test]
    fn a_worker_is_told_the_way() {
        let way = Way { caller: Caller::User, driver: Driver::Systemd, patience: 3, every_point: true };
        let line = format!("--worker /bin/sh 1 /dir tag {}", way.flags().join(" "));
        assert!(matches!(words(&line), Ok(Mode::Worker(job)) if job.way == way));
    }

    #[test]
    fn an_unknown_argument_is_an_error() {
        assert!(words("--runtime /bin/sh --nonsense").is_err());
    }
}
