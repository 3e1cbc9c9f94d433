//! One engine with one runtime, as the first process of its sandbox.

use crate::args;
use crate::case::Outcome;
use crate::engines::lab::Lab;
use crate::engines::sandbox::{self, ROWS};
use crate::engines::scenario::Row;
use crate::engines::{containerd, cri, docker, load, nested, podman};
use crate::leak;
use serde_json::Value;
use std::fs;
use std::process::ExitCode;
use std::time::Duration;

/// An engine, what it needs, and its scenarios.
pub(crate) struct Pass {
    pub(crate) engine: &'static str,
    /// Without these programs it cannot run.
    pub(crate) programs: &'static [&'static str],
    pub(crate) deadline: Duration,
    play: fn(Lab, &[String]) -> Outcome<Vec<Row>>,
}

/// All engines.
pub(crate) const ALL: &[Pass] = &[
    Pass {
        engine: "containerd",
        programs: &["/usr/bin/containerd", "/usr/bin/ctr"],
        deadline: Duration::from_secs(240),
        play: containerd::play,
    },
    Pass {
        engine: "cri",
        programs: &["/usr/bin/containerd", "/usr/bin/ctr", "/usr/bin/curl", "/usr/lib/cni/bridge"],
        deadline: Duration::from_secs(240),
        play: cri::play,
    },
    Pass {
        engine: "docker",
        programs: &["/usr/sbin/dockerd", "/usr/bin/docker", "/usr/bin/containerd", "/usr/sbin/iptables"],
        deadline: Duration::from_secs(300),
        play: docker::play,
    },
    Pass {
        engine: "podman",
        programs: &["/usr/bin/podman", "/usr/bin/conmon", "/usr/sbin/iptables"],
        deadline: Duration::from_secs(240),
        play: podman::play,
    },
    Pass {
        engine: "rootless",
        programs: &["/usr/bin/podman", "/usr/bin/conmon", "/usr/bin/newuidmap"],
        deadline: Duration::from_secs(240),
        play: podman::rootless::play,
    },
    Pass { engine: "nested", programs: &[], deadline: Duration::from_secs(60), play: nested::play },
    Pass {
        engine: "load",
        programs: &["/usr/bin/containerd", "/usr/bin/ctr"],
        deadline: Duration::from_secs(300),
        play: load::play,
    },
];

/// Plays the pass that the command line names and writes its rows.
pub(crate) fn main(job: &args::Pass) -> ExitCode {
    let Some(pass) = ALL.iter().find(|pass| pass.engine == job.engine) else { return ExitCode::from(2) };
    let mut rows = Vec::new();
    let set_up = Row::play("the engine comes up and goes down", || {
        sandbox::furnish(&job.dir)?;
        rows = (pass.play)(Lab::new(&job.dir, &job.tag, &job.runtime), &job.filter)?;
        Ok(String::new())
    });
    rows.push(Row { seconds: 0.0, ..set_up });
    // On cgroup v1 a process that is left frozen would keep this sandbox from ending.
    leak::remove_cgroups(&job.tag);
    let rows: Vec<Value> = rows.iter().map(Row::json).collect();
    fs::write(job.dir.join(ROWS), Value::from(rows).to_string()).expect("write the rows");
    ExitCode::SUCCESS
}
