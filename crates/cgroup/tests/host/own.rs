//! A cgroup of a test's own, and processes in it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cgroup::{Cgroup, Cpu, Layout, Memory, Mode, Resources, Unified, Version, Write, writes};

/// A cgroup of a test's own, gone with all its processes at the end.
pub(crate) struct Own {
    pub(crate) cgroup: Cgroup,
}

impl Own {
    /// Names a cgroup without making it; `None` where these tests cannot run.
    pub(crate) fn locate(name: &str) -> Option<Own> {
        let layout = usable_host()?;
        let path = format!("/ociruntime-test-{}/{name}", std::process::id());
        Some(Own { cgroup: Cgroup::locate(&layout, Some(&path), name).unwrap() })
    }

    pub(crate) fn create(name: &str) -> Option<Own> {
        let own = Own::locate(name)?;
        own.cgroup.create().unwrap();
        Some(own)
    }

    /// A cgroup in the unified hierarchy alone, as it is on a host with v2; a hybrid host has the core of it
    /// too.
    pub(crate) fn create_unified(name: &str) -> Option<Own> {
        let unified = Unified { controllers: String::new(), ..Own::locate(name)?.cgroup.unified()?.clone() };
        let own = Own { cgroup: Cgroup::V2(unified) };
        own.cgroup.create().unwrap();
        Some(own)
    }

    pub(crate) fn directories(&self) -> Vec<String> {
        self.cgroup.paths().into_iter().map(|(_, path)| path).collect()
    }

    /// A cgroup below, removed with this one.
    pub(crate) fn create_below(&self, name: &str) -> Cgroup {
        let below = |path: &mut String| path.extend(["/", name]);
        let mut cgroup = self.cgroup.clone();
        match &mut cgroup {
            Cgroup::V1 { hierarchies, unified } => {
                hierarchies.iter_mut().for_each(|hierarchy| below(&mut hierarchy.path));
                unified.iter_mut().for_each(|unified| below(&mut unified.path));
            }
            Cgroup::V2(unified) => below(&mut unified.path),
            Cgroup::Systemd(_) | Cgroup::Unmanaged => {}
        }
        cgroup.create().unwrap();
        cgroup
    }

    pub(crate) fn sleeper(&self) -> Sleeper {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        self.cgroup.place(child.id() as i32).unwrap();
        Sleeper(child)
    }

    /// Runs a shell in the cgroup, and says how it ended.
    pub(crate) fn run(&self, script: &str) -> bool {
        let mut shell = Command::new("sh");
        let mut shell =
            shell.args(["-c", &format!("read _; {script}")]).stdin(Stdio::piped()).spawn().unwrap();
        self.cgroup.place(shell.id() as i32).unwrap();
        shell.stdin.take().unwrap().write_all(b"go\n").unwrap();
        shell.wait().unwrap().success()
    }

    pub(crate) fn set(&self, resources: &Resources) -> Result<(), cgroup::Error> {
        self.cgroup.apply(&self.plan(resources))
    }

    pub(crate) fn plan(&self, resources: &Resources) -> Vec<Write> {
        writes(resources, &self.cgroup.controllers()).unwrap()
    }

    /// What a control file of a v1 or v2 controller holds now.
    pub(crate) fn value(&self, controller: &str, file: &str) -> String {
        let paths = self.cgroup.paths();
        let has = |names: &str| names.split(',').any(|name| name == controller);
        let (_, directory) = paths.iter().find(|(names, _)| has(names)).or(paths.last()).unwrap();
        fs::read_to_string(format!("{directory}/{file}")).unwrap().trim().to_string()
    }

    pub(crate) fn has_v1(&self, controller: &str) -> bool {
        self.cgroup.controllers().has(Version::V1, controller)
    }

    pub(crate) fn has_v2(&self, controller: &str) -> bool {
        self.cgroup.controllers().has(Version::V2, controller)
    }

    pub(crate) fn has(&self, controller: &str) -> bool {
        self.has_v1(controller) || self.has_v2(controller)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.cgroup.kill().unwrap();
        self.cgroup.remove().unwrap();
        for directory in self.directories() {
            // Other tests may still be in the common parent; the last one removes it.
            let _ = fs::remove_dir(Path::new(&directory).parent().unwrap());
        }
    }
}

/// A process that does nothing until it is killed, and is reaped then.
pub(crate) struct Sleeper(pub(crate) Child);

impl Sleeper {
    pub(crate) fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

pub(crate) fn usable_host() -> Option<Layout> {
    let layout = Layout::read().unwrap();
    let probe = Cgroup::locate(
        &layout,
        Some(&format!("/ociruntime-test-probe-{:?}", std::thread::current().id())),
        "x",
    );
    let made = probe.and_then(|probe| probe.create());
    let usable = layout.mode() != Mode::None && made.as_ref().is_ok_and(|made| !made.directories.is_empty());
    made.iter().for_each(|made| made.undo());
    if !usable {
        println!("skipped: needs root and cgroups");
    }
    usable.then_some(layout)
}

pub(crate) fn memory(memory: Memory) -> Resources {
    Resources { memory, ..Resources::default() }
}

pub(crate) fn cpu(cpu: Cpu) -> Resources {
    Resources { cpu, ..Resources::default() }
}

/// The first disk of the machine.
pub(crate) fn disk() -> Option<(i64, i64)> {
    let disks = fs::read_dir("/sys/block").ok()?;
    let number = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("dev")).ok();
    let number = disks.filter_map(|entry| number(entry.ok()?)).next()?;
    let (major, minor) = number.trim().split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
