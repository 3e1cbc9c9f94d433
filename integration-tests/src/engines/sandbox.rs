//! The namespaces in which an engine runs: mounts, network, processes. Its bridges, firewall rules and mounts end with
//! them, and so does every process: the first of the pid namespace is the harness, which unshare(1) kills when it is
//! killed itself.

use crate::case::{Doing, Outcome};
use crate::engines::pass::Pass;
use crate::engines::scenario::Row;
use nix::mount::{MsFlags, mount};
use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Where the pass leaves its rows.
pub(crate) const ROWS: &str = "rows.json";

const UNSHARE: &[&str] =
    &["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private", "--mount-proc"];

/// Why no such namespaces can be made here, if so.
pub(crate) fn obstacle() -> Option<String> {
    let tried =
        Command::new("unshare").args(UNSHARE).args(["mount", "-t", "tmpfs", "tmpfs", "/run"]).output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!(
            "no namespaces for an engine here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )),
        Err(error) => Some(format!("no namespaces for an engine here: unshare: {error}")),
    }
}

/// Runs a pass in a sandbox to its end, or to its deadline.
pub(crate) fn run(
    pass: &Pass,
    runtime: &Path,
    dir: &Path,
    tag: &str,
    filter: &[String],
) -> Result<Vec<Row>, String> {
    let mut command = Command::new("unshare");
    // Not /proc/self/exe: that would be unshare's own.
    let harness = std::env::current_exe().map_err(|error| format!("find the harness: {error}"))?;
    command.args(UNSHARE).arg(harness);
    command.arg("--pass").arg(pass.engine).arg(runtime).arg(dir).arg(tag).args(filter);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let stderr = File::create(dir.join("stderr")).map_err(|error| format!("create a log file: {error}"))?;
    let child = command.stderr(stderr).spawn().map_err(|error| format!("unshare: {error}"))?;
    let ended = wait(child, pass.deadline);
    let rows = fs::read_to_string(dir.join(ROWS)).ok().and_then(|text| Row::parse(&text));
    rows.ok_or_else(|| {
        let stderr = fs::read_to_string(dir.join("stderr")).unwrap_or_default();
        format!("{}: {}", if ended { "it died" } else { "its deadline passed" }, stderr.trim())
    })
}

/// Waits for the sandbox; one past its deadline is ended with everything in it. False if that was necessary.
fn wait(mut child: Child, deadline: Duration) -> bool {
    let end = Instant::now() + deadline;
    while Instant::now() < end {
        if matches!(child.try_wait(), Ok(Some(_))) {
            return true;
        }
        sleep(Duration::from_millis(20));
    }
    // It may have ended by itself in the meantime.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// Furnishes the sandbox from within: an empty /run, /etc and /var that can be written to without a trace, a fast file
/// system for the engine's state in `dir`, and a loopback device.
pub(crate) fn furnish(dir: &Path) -> Outcome {
    tmpfs(Path::new("/run"))?;
    let room = dir.join("room");
    fs::create_dir(&room).doing("make the room")?;
    tmpfs(&room)?;
    for name in ["etc", "var"] {
        cover(name, &room)?;
    }
    let status = Command::new("busybox").args(["ip", "link", "set", "lo", "up"]).status();
    status.doing("start busybox").map(drop)
}

fn tmpfs(at: &Path) -> Outcome {
    mount(Some("tmpfs"), at, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
        .doing(format!("mount a tmpfs on {}", at.display()))
}

/// Mounts an overlay over a directory of the host: what is written goes to the room.
fn cover(name: &str, room: &Path) -> Outcome {
    let (upper, work) = (room.join(format!("{name}-upper")), room.join(format!("{name}-work")));
    for dir in [&upper, &work] {
        fs::DirBuilder::new().mode(0o755).create(dir).doing("make a directory for an overlay")?;
    }
    let options = format!("lowerdir=/{name},upperdir={},workdir={}", upper.display(), work.display());
    mount(Some("overlay"), &*format!("/{name}"), Some("overlay"), MsFlags::empty(), Some(&*options))
        .doing(format!("mount an overlay over /{name}"))
}
