//! containerd, driven by its own ctr: the runtime is called by the shim `io.containerd.runc.v2` through go-runc.

mod scenarios;

use crate::case::{Doing, Outcome, fail};
use crate::engines::daemon::Daemon;
use crate::engines::image::{self, IMAGE};
use crate::engines::lab::Lab;
use crate::engines::leaks::Before;
use crate::engines::scenario::{self, Row, Scenario};
use crate::expect::until;
use crate::runtime::{Call, Output};

/// A containerd with the image, and nothing else, in it.
pub(crate) struct Containerd {
    pub(crate) lab: Lab,
    pub(crate) socket: String,
}

/// Starts containerd with directories of its own. `more` goes to the end of its configuration.
pub(crate) fn start(lab: &Lab, more: &str) -> Outcome<(Daemon, String)> {
    let socket = lab.path("containerd.sock");
    let config = format!(
        "version = 2\nroot = \"{}\"\nstate = \"{}\"\n[grpc]\naddress = \"{socket}\"\n\
         [plugins.\"io.containerd.internal.v1.opt\"]\npath = \"{}\"\n{more}",
        lab.path("containerd"),
        lab.path("containerd-state"),
        lab.path("containerd-opt"),
    );
    let config = lab.file("containerd.toml", &config)?;
    let call = lab.host(&["/usr/bin/containerd", "--config", &config])?;
    let daemon = Daemon::start("containerd", call, || {
        let version = lab.host(&["/usr/bin/ctr", "--address", &socket, "version"]);
        version.and_then(Call::output).is_ok_and(|output| output.code == 0)
    })?;
    Ok((daemon, socket))
}

/// Starts containerd, plays the scenarios, looks at what is left, and stops it.
pub(crate) fn play(lab: Lab, filter: &[String]) -> Outcome<Vec<Row>> {
    play_these(lab, filter, scenarios::ALL)
}

/// The same with other scenarios.
pub(crate) fn play_these(lab: Lab, filter: &[String], all: &[Scenario<Containerd>]) -> Outcome<Vec<Row>> {
    let (daemon, socket) = start(&lab, "")?;
    let containerd = Containerd { lab, socket };
    let lab = &containerd.lab;
    containerd.ctr(&["images", "import", &image::archive(lab)?])?.output()?.ok()?;
    let before = Before::look();
    let mut rows = scenario::play(&containerd, all, filter);
    rows.push(before.row(&lab.tag, &["/run", &lab.path("containerd-state")]));
    daemon.stop()?;
    Ok(rows)
}

impl Containerd {
    /// `ctr` in a namespace of this run, whose name is in the path of every cgroup.
    pub(crate) fn ctr(&self, args: &[&str]) -> Outcome<Call> {
        let words = ["/usr/bin/ctr", "--address", &self.socket, "--namespace", &self.lab.tag];
        self.lab.host(&[&words, args].concat())
    }

    /// `ctr run` with further flags, of a container that is removed when it ends.
    pub(crate) fn run(&self, flags: &str, command: &[&str]) -> Outcome<Call> {
        let name = self.lab.name();
        self.ctr(&self.words(&format!("--rm {flags}"), &name, command))
    }

    /// What a shell script in a container prints; it must succeed.
    pub(crate) fn sh(&self, flags: &str, script: &str) -> Outcome<String> {
        Ok(self.run(flags, &["/bin/sh", "-c", script])?.output()?.ok()?.stdout)
    }

    /// A container that runs until it is told to end.
    pub(crate) fn alive(&self, flags: &str, command: &[&str]) -> Outcome<Alive<'_>> {
        let alive = Alive { containerd: self, name: self.lab.name() };
        self.ctr(&self.words(&format!("--detach {flags}"), &alive.name, command))?.output()?.ok()?;
        Ok(alive)
    }

    fn words<'w>(&'w self, flags: &'w str, name: &'w str, command: &[&'w str]) -> Vec<&'w str> {
        let mut words = vec!["run", "--runc-binary", self.lab.runtime()];
        words.extend(flags.split_whitespace());
        words.extend([IMAGE, name]);
        words.extend(command);
        words
    }
}

/// A container in the background; it is removed when dropped.
pub(crate) struct Alive<'a> {
    containerd: &'a Containerd,
    pub(crate) name: String,
}

impl Alive<'_> {
    /// `ctr tasks VERB ... NAME ...`
    pub(crate) fn task(&self, before: &[&str], after: &[&str]) -> Outcome<Output> {
        self.containerd.ctr(&[&["tasks"], before, &[&self.name], after].concat())?.output()
    }

    /// `ctr tasks exec` of a command.
    pub(crate) fn exec(&self, flags: &str, command: &[&str]) -> Outcome<Output> {
        self.exec_call(flags, command)?.output()
    }

    /// The same, not yet run.
    pub(crate) fn exec_call(&self, flags: &str, command: &[&str]) -> Outcome<Call> {
        let id = self.containerd.lab.name();
        let mut words = vec!["tasks", "exec", "--exec-id", &id];
        words.extend(flags.split_whitespace());
        words.push(&self.name);
        self.containerd.ctr(&[&words, command].concat())
    }

    /// The pid and the status that `ctr tasks ls` tells.
    pub(crate) fn listed(&self) -> Outcome<(i32, String)> {
        let text = self.containerd.ctr(&["tasks", "ls"])?.output()?.ok()?.stdout;
        let line = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let found = line.into_iter().find(|words| words.first() == Some(&&*self.name));
        let Some([_, pid, status]) = found.as_deref() else {
            return fail(format!("not in the list: {text}"));
        };
        Ok((pid.parse().doing("parse the pid")?, (*status).to_owned()))
    }

    /// Waits until it has this status.
    pub(crate) fn becomes(&self, status: &str) -> Outcome {
        until(&format!("the task is {status}"), || {
            self.listed().ok().filter(|(_, found)| found == status).map(drop)
        })
    }

    /// Removes task and container now; both must work.
    pub(crate) fn remove(&self) -> Outcome {
        self.task(&["delete", "--force"], &[])?.ok()?;
        self.containerd.ctr(&["containers", "delete", &self.name])?.output()?.ok().map(drop)
    }
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        // Whatever does not work here is found by the look at what is left.
        let _ = self.task(&["delete", "--force"], &[]);
        let _ = self.containerd.ctr(&["containers", "delete", &self.name]).and_then(Call::output);
    }
}
