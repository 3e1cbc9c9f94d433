//! Runs the cases, several at a time, each in a worker process with a deadline.

use crate::args::{Caller, Options, Way};
use crate::case::Case;
use crate::cases;
use crate::leak;
use crate::patience;
use crate::report::{Report, Result};
use crate::worker::VERDICT;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

/// Runs everything that was asked for and reports it.
pub(crate) fn main(options: &Options) -> ExitCode {
    patience::set(options.way.patience);
    // A worker that is killed leaves its children to this process.
    nix::sys::prctl::set_child_subreaper(true).expect("become a subreaper");
    let scratch = match Scratch::new(&options.tmp) {
        Ok(scratch) => scratch,
        Err(problem) => {
            eprintln!("integration-tests: {problem}");
            return ExitCode::from(2);
        }
    };
    let runtime = run(&options.runtime, options, &scratch, "a");
    let Some(path) = &options.reference else { return runtime.finish() };
    let reference = run(path, options, &scratch, "b");
    runtime.finish_beside(&reference)
}

/// Runs the chosen cases against one runtime.
fn run(runtime: &Path, options: &Options, scratch: &Scratch, pass: &str) -> Report {
    let chosen: Vec<usize> = cases::chosen(&options.filter).collect();
    let report = Report::new(&engine(runtime, scratch), options.reference.is_some());
    let next = AtomicUsize::new(0);
    scope(|threads| {
        for _ in 0..options.jobs {
            threads.spawn(|| {
                while let Some(&index) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    report.add(index, one(index, runtime, scratch, pass, options.way));
                }
            });
        }
    });
    report
}

/// The name a runtime gives itself: the first word of `--version`.
fn engine(runtime: &Path, scratch: &Scratch) -> String {
    let file = scratch.path.join("version");
    let text = version(runtime, &file).and_then(|()| fs::read_to_string(&file)).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// Lets the runtime write its version to a file; one that hangs is ended.
fn version(runtime: &Path, file: &Path) -> std::io::Result<()> {
    let mut command = Command::new(runtime);
    command.arg("--version").stdin(Stdio::null()).stdout(File::create(file)?).stderr(Stdio::null());
    let mut child = command.spawn()?;
    if ended(&mut child, Duration::from_secs(10)).is_none() {
        leak::end_processes(Pid::from_raw(child.id().cast_signed()));
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}

/// The status of a child that ends within this time.
fn ended(child: &mut Child, deadline: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + deadline;
    while Instant::now() < end {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        sleep(Duration::from_millis(1));
    }
    None
}

/// Runs one case.
fn one(index: usize, runtime: &Path, scratch: &Scratch, pass: &str, way: Way) -> Result {
    let (topic, case) = cases::all().nth(index).expect("chosen from the list");
    if let (Caller::User, Some(why)) = (way.caller, cases::needs_root(topic, case)) {
        return Result::Skipped(format!("needs root: {why}"));
    }
    // The letter at its end keeps a tag from being the beginning of another.
    let tag = format!("it{:x}{pass}{index}x", std::process::id());
    let dir = scratch.path.join(&tag);
    let result = fs::create_dir(&dir).map_err(|error| error.to_string()).and_then(|()| {
        let worker = spawn(index, runtime, &dir, &tag, way).map_err(|error| error.to_string())?;
        Ok(verdict(&wait(worker, case, &tag), &dir))
    });
    // Mounts of the case are gone with its namespace; what else keeps the directory is not worth failing the run.
    let _ = fs::remove_dir_all(&dir);
    result.unwrap_or_else(Result::Failed)
}

fn spawn(index: usize, runtime: &Path, dir: &Path, tag: &str, way: Way) -> std::io::Result<Child> {
    let mut command = Command::new("/proc/self/exe");
    command.arg("--worker").arg(runtime).arg(index.to_string()).arg(dir).arg(tag);
    command.args(way.flags());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(dir.join("stderr"))?);
    command.current_dir(dir).spawn()
}

/// Waits for a worker; one past its deadline is ended with everything below it.
fn wait(mut worker: Child, case: &Case, tag: &str) -> Option<ExitStatus> {
    if let Some(status) = ended(&mut worker, patience::of(case.deadline)) {
        return Some(status);
    }
    let pid = Pid::from_raw(worker.id().cast_signed());
    // Stopped first, so that it starts nothing new while its children are ended.
    let _ = kill(pid, Signal::SIGSTOP);
    leak::end_processes(pid);
    leak::remove_cgroups(tag);
    let _ = worker.kill();
    let _ = worker.wait();
    None
}

fn verdict(status: &Option<ExitStatus>, dir: &Path) -> Result {
    let Some(status) = status else { return Result::Failed("deadline passed".into()) };
    let text = fs::read_to_string(dir.join(VERDICT)).unwrap_or_default();
    let Ok(verdict) = serde_json::from_str::<Value>(&text) else {
        let stderr = fs::read_to_string(dir.join("stderr")).unwrap_or_default();
        return Result::Failed(format!(
            "the case died ({:?}, signal {:?}): {stderr}",
            status.code(),
            status.signal()
        ));
    };
    let reason = verdict["reason"].as_str().unwrap_or_default().to_owned();
    match verdict["verdict"].as_str() {
        Some("ok") => Result::Passed,
        Some("skipped") => Result::Skipped(reason),
        _ => Result::Failed(reason),
    }
}

/// The run's directory, removed at the end.
struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes the directory and puts a static busybox into it.
    fn new(tmp: &Path) -> std::result::Result<Self, String> {
        let path = tmp.join(format!("integration-tests-{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| format!("make {}: {error}", path.display()))?;
        let scratch = Self { path };
        let busybox = find_busybox().ok_or("no static busybox in PATH (Debian: busybox-static)")?;
        fs::copy(busybox, scratch.path.join("busybox")).map_err(|error| format!("copy busybox: {error}"))?;
        Ok(scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next run uses another directory.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn find_busybox() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("busybox")).find(|file| file.is_file())
}
