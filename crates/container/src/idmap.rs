//! Writes the id maps of a child's new user namespace, from outside it (user_namespaces(7)).

use std::process::Command;

use sys::{Call, Errno, Named};

use crate::error::{Error, Result};
use crate::plan::IdMaps;

/// Writes setgroups, uid_map and gid_map of the process.
pub(crate) fn write(maps: &IdMaps, pid: i32) -> Result<()> {
    if maps.deny_setgroups {
        write_file(pid, "setgroups", "deny")?;
    }
    if maps.by_helpers {
        run_helper("newuidmap", pid, &maps.uid)?;
        return run_helper("newgidmap", pid, &maps.gid);
    }
    write_file(pid, "uid_map", &maps.uid)?;
    write_file(pid, "gid_map", &maps.gid)
}

fn write_file(pid: i32, name: &str, content: &str) -> Result<()> {
    let written = std::fs::write(format!("/proc/{pid}/{name}"), content).named(Call::Write);
    written.map_err(Error::doing(format!("write {} to {name}", content.trim_end().replace('\n', ", "))))
}

/// The set-user-id programs of the shadow suite write more than the caller's own id, as /etc/subuid allows.
fn run_helper(program: &str, pid: i32, map: &str) -> Result<()> {
    let output = Command::new(program).arg(pid.to_string()).args(map.split_whitespace()).output();
    let output = output.named(Call::Execve).map_err(|error| match error.errno {
        Errno::ENOENT => {
            Error::Plain(format!("{program}: not installed, and needed to map more than one's own id"))
        }
        _ => Error::Host { doing: program.into(), error },
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Plain(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
