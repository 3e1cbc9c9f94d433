//! Podman: conmon calls the runtime for create and exec, podman itself for the rest.

pub(crate) mod rootless;
mod scenarios;

use crate::case::Outcome;
use crate::engines::alive::{Alive, Client};
use crate::engines::image::{self, IMAGE};
use crate::engines::lab::Lab;
use crate::engines::leaks::Before;
use crate::engines::scenario::{self, Row};
use crate::expect::same;
use crate::runtime::Call;
use std::path::Path;

/// Podman's settings. It asks a runtime for errors in JSON only if it knows the runtime's name. Its default limits need
/// CAP_SYS_RESOURCE, which a host may lack.
const SETTINGS: &str = r#"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
runtime_supports_json = ["ociruntime", "runc"]
events_logger = "file"
cgroup_manager = "cgroupfs"
"#;

/// A podman with storage of its own and the image in it.
pub(crate) struct Podman {
    pub(crate) lab: Lab,
    caller: Caller,
}

/// Who calls it.
#[derive(Clone, Copy, PartialEq)]
enum Caller {
    Root,
    User(u32),
}

/// Plays the scenarios and looks at what is left.
pub(crate) fn play(lab: Lab, filter: &[String]) -> Outcome<Vec<Row>> {
    lab.file("containers.conf", SETTINGS)?;
    let podman = Podman { lab, caller: Caller::Root };
    podman.podman(&["load", "--input", &image::archive(&podman.lab)?])?.output()?.ok()?;
    // The first container leaves what podman keeps: its storage is mounted for as long as that is in use.
    podman.sh("", "true")?;
    let before = Before::look().except(podman.lab.path("podman/overlay"));
    let mut rows = scenario::play(&podman, scenarios::EVERYBODY, filter);
    rows.extend(scenario::play(&podman, scenarios::ROOT, filter));
    rows.push(before.row(&podman.lab.tag, &["/run"]));
    Ok(rows)
}

impl Podman {
    /// `podman ARGS...`
    pub(crate) fn podman(&self, args: &[&str]) -> Outcome<Call> {
        let call = self.podman_by(&[], args)?;
        Ok(match self.caller {
            Caller::Root => call,
            Caller::User(id) => call.user(id),
        })
    }

    /// `podman ARGS...` by a user who is in this group as well.
    pub(crate) fn in_group(&self, group: &str, args: &[&str]) -> Outcome<Call> {
        let id = match self.caller {
            Caller::Root => "0".to_owned(),
            Caller::User(id) => id.to_string(),
        };
        self.podman_by(&["/usr/bin/setpriv", "--groups", group, "--reuid", &id, "--regid", &id], args)
    }

    /// `wrapper... podman ARGS...` with the variables of its caller.
    fn podman_by(&self, wrapper: &[&str], args: &[&str]) -> Outcome<Call> {
        let (root, run) = (self.lab.path("podman"), self.lab.path("podman-run"));
        let own = ["/usr/bin/podman", "--root", &root, "--runroot", &run, "--runtime", self.lab.runtime()];
        let call = self.lab.host(&[wrapper, &own, args].concat())?;
        let call = call.env("CONTAINERS_CONF", &self.lab.path("containers.conf"));
        Ok(match self.caller {
            Caller::Root => call,
            Caller::User(_) => call
                .dir(Path::new("/"))
                .env("HOME", &self.lab.path("home"))
                .env("XDG_RUNTIME_DIR", &self.lab.path("xdg"))
                .env("USER", rootless::USER),
        })
    }

    /// What a successful `podman ARGS...` prints, in words parted by spaces.
    pub(crate) fn says(&self, args: &str) -> Outcome<String> {
        let args: Vec<&str> = args.split_whitespace().collect();
        Ok(self.podman(&args)?.output()?.ok()?.stdout)
    }

    /// `podman run --rm FLAGS IMAGE COMMAND...`
    pub(crate) fn run(&self, flags: &str, command: &[&str]) -> Outcome<Call> {
        let parent = self.parent();
        let mut own = vec!["run", "--rm"];
        own.extend(self.place(&parent));
        own.extend(flags.split_whitespace().chain([IMAGE]));
        self.podman(&[&own, command].concat())
    }

    /// The flags that put a container below a cgroup; an ordinary user has none to give.
    fn place<'p>(&self, parent: &'p str) -> Vec<&'p str> {
        if self.caller == Caller::Root { vec!["--cgroup-parent", parent] } else { Vec::new() }
    }

    /// The cgroup that is the parent of all of them.
    pub(crate) fn parent(&self) -> String {
        format!("/{}", self.lab.tag)
    }

    /// What a shell script in a container prints; it must succeed.
    pub(crate) fn sh(&self, flags: &str, script: &str) -> Outcome<String> {
        Ok(self.run(flags, &["/bin/sh", "-c", script])?.output()?.ok()?.stdout)
    }

    /// What two containers of a pod have in common: the host's name and the network.
    pub(crate) fn pod(&self, pod: &str) -> Outcome<String> {
        let script =
            "hostname; readlink /proc/self/ns/net; readlink /proc/self/ns/uts; readlink /proc/self/ns/ipc";
        let flags = format!("--pod {pod}");
        let (one, other) = (self.sh(&flags, script)?, self.sh(&flags, script)?);
        same("what the second sees", one.as_str(), other.as_str())?;
        Ok((one.lines().next() == Some(pod)).to_string())
    }

    /// A container in the background; without a command it runs the image's own.
    pub(crate) fn alive(&self, flags: &str, command: &[&str]) -> Outcome<Alive<'_, Podman>> {
        let alive = Alive::new(self, self.lab.name());
        let parent = self.parent();
        let mut own = vec!["run", "--detach", "--name", &alive.name];
        own.extend(self.place(&parent));
        own.extend(flags.split_whitespace().chain([IMAGE]));
        self.podman(&[&own, command].concat())?.output()?.ok()?;
        Ok(alive)
    }
}

impl Client for Podman {
    const REMOVE: &str = "rm --force --volumes --time 0";

    fn call(&self, words: &[&str]) -> Outcome<Call> {
        self.podman(words)
    }
}
