//! Docker: dockerd calls the runtime through a containerd, and by itself for `features` and `--version`.

mod exec;
mod isolation;
mod lifecycle;
mod network;
mod resources;
mod volumes;

use crate::case::Outcome;
use crate::engines::alive::{Alive, Client};
use crate::engines::containerd;
use crate::engines::daemon::Daemon;
use crate::engines::image::{self, IMAGE};
use crate::engines::lab::Lab;
use crate::engines::leaks::Before;
use crate::engines::scenario::{self, Row};
use crate::runtime::Call;
use std::cell::RefCell;

/// Why the reference comes to something else with all capabilities.
const CAPABILITIES: &str =
    "it fails where the host cannot grant each of them; the specification asks for a warning";

/// A dockerd whose default runtime is the one under test, with the image in it.
pub(crate) struct Docker {
    pub(crate) lab: Lab,
    containerd: String,
    daemon: RefCell<Option<Daemon>>,
}

/// Starts containerd and dockerd, plays the scenarios, looks at what is left, and stops them.
pub(crate) fn play(lab: Lab, filter: &[String]) -> Outcome<Vec<Row>> {
    let (below, containerd) =
        containerd::start(&lab, "disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n")?;
    let docker = Docker { lab, containerd, daemon: RefCell::default() };
    docker.start()?;
    docker.docker(&["load", "--input", &image::archive(&docker.lab)?])?.output()?.ok()?;
    // The first container on the host's network leaves a mount that the engine keeps.
    docker.sh("--network host", "true")?;
    let before = Before::look();
    let mut rows = Vec::new();
    for scenarios in [lifecycle::ALL, exec::ALL, resources::ALL, isolation::ALL, volumes::ALL, network::ALL] {
        rows.extend(scenario::play(&docker, scenarios, filter));
    }
    rows.push(before.row(&docker.lab.tag, &["/run", &docker.lab.path("exec")]));
    docker.stop()?;
    below.stop()?;
    Ok(rows)
}

impl Docker {
    fn start(&self) -> Outcome {
        let lab = &self.lab;
        let words = [
            "/usr/sbin/dockerd",
            "--containerd",
            &self.containerd,
            "--host",
            &self.host(),
            "--data-root",
            &lab.path("docker"),
            "--exec-root",
            &lab.path("exec"),
            "--pidfile",
            &lab.path("docker.pid"),
            "--cgroup-parent",
            &format!("/{}", lab.tag),
            "--exec-opt",
            "native.cgroupdriver=cgroupfs",
            "--add-runtime",
            &format!("tested={}", lab.runtime()),
            "--default-runtime",
            "tested",
            "--live-restore",
        ];
        let daemon = Daemon::start("dockerd", lab.host(&words)?, || {
            self.docker(&["version"]).and_then(Call::output).is_ok_and(|output| output.code == 0)
        })?;
        self.daemon.replace(Some(daemon));
        Ok(())
    }

    fn stop(&self) -> Outcome {
        self.daemon.take().map_or(Ok(()), Daemon::stop)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.lab.path("docker.sock"))
    }

    /// `docker ARGS...`
    pub(crate) fn docker(&self, args: &[&str]) -> Outcome<Call> {
        let host = self.host();
        let config = self.lab.path("docker-client");
        self.lab.host(&[&["/usr/bin/docker", "--config", &config, "--host", &host], args].concat())
    }

    /// What a successful `docker ARGS...` prints, in words parted by spaces.
    pub(crate) fn says(&self, args: &str) -> Outcome<String> {
        let args: Vec<&str> = args.split_whitespace().collect();
        Ok(self.docker(&args)?.output()?.ok()?.stdout)
    }

    /// `docker run --rm FLAGS IMAGE COMMAND...`
    pub(crate) fn run(&self, flags: &str, command: &[&str]) -> Outcome<Call> {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        self.docker(&[&["run", "--rm"], &flags[..], &[IMAGE], command].concat())
    }

    /// What a shell script in a container prints; it must succeed.
    pub(crate) fn sh(&self, flags: &str, script: &str) -> Outcome<String> {
        Ok(self.run(flags, &["/bin/sh", "-c", script])?.output()?.ok()?.stdout)
    }

    /// A container in the background that runs the image's own command.
    pub(crate) fn alive(&self, flags: &str) -> Outcome<Alive<'_, Docker>> {
        self.alive_with(flags, &[])
    }

    /// A container in the background.
    pub(crate) fn alive_with(&self, flags: &str, command: &[&str]) -> Outcome<Alive<'_, Docker>> {
        let alive = Alive::new(self, self.lab.name());
        let flags: Vec<&str> = flags.split_whitespace().collect();
        let words = [&["run", "--detach", "--name", &alive.name], &flags[..], &[IMAGE], command].concat();
        self.docker(&words)?.output()?.ok()?;
        Ok(alive)
    }
}

impl Client for Docker {
    const REMOVE: &str = "rm --force --volumes";

    fn call(&self, words: &[&str]) -> Outcome<Call> {
        self.docker(words)
    }
}
