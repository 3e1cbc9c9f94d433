//! Makes a container's cgroup.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sys::{Errno, errno_of};

use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::freeze::{State, state};
use crate::processes::processes_in;
use crate::remove::not_empty;
use crate::{Error, control, locate};

/// How often the way down is walked again when another runtime removes a parent under our feet.
const ATTEMPTS: usize = 8;

/// The directories that a create made, the outermost first: all that its undoing may remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Absolute paths, over all hierarchies.
    pub directories: Vec<String>,
}

impl Created {
    /// Removes what was made, the innermost first. What is in use by others by now stays, and so do its
    /// parents.
    pub fn undo(&self) {
        for directory in self.directories.iter().rev() {
            // Somebody else may be in it, or have removed it: neither is ours to change.
            let _ = fs::remove_dir(directory);
        }
    }

    /// Adds what another create made.
    pub fn extend(&mut self, other: Created) {
        self.directories.extend(other.directories);
    }

    /// The parents alone: what is left to undo once `cgroup` itself is removed.
    pub fn above(&self, cgroup: &Cgroup) -> Created {
        let own: Vec<String> = cgroup.paths().into_iter().map(|(_, path)| path).collect();
        let parents = self.directories.iter().filter(|made| !own.contains(made));
        Created { directories: parents.cloned().collect() }
    }
}

impl Cgroup {
    /// The parents that [`create`](Self::create) would have to make now: for a record of the intention, in case the
    /// caller is killed on the way.
    pub fn missing_parents(&self) -> Created {
        if let Cgroup::Systemd(unit) = self {
            return unit.unmanaged().missing_parents();
        }
        let v1 = self.hierarchies().iter().map(|hierarchy| (&hierarchy.mount, &hierarchy.path));
        let places = v1.chain(self.unified().map(|unified| (&unified.mount, &unified.path)));
        let directories = places.flat_map(|(mount, path)| missing_above(mount, path)).collect();
        Created { directories }
    }

    /// Makes the directories, parents included, in every hierarchy, and readies them for a process: on v2 the
    /// ancestors hand down their controllers, on v1 the cpuset gets the cpus and memory nodes of its parent.
    /// Of a unit it makes those that systemd does not.
    ///
    /// # Errors
    /// If a directory cannot be made; if the cgroup is frozen; if it was there before and has processes
    /// (config-linux, "Control groups"). Nothing that was made is left then.
    pub fn create(&self) -> Result<Created, Error> {
        let mut created = Created::default();
        match self.create_into(&mut created.directories) {
            Ok(()) => Ok(created),
            Err(error) => {
                created.undo();
                Err(error)
            }
        }
    }

    fn create_into(&self, made: &mut Vec<String>) -> Result<(), Error> {
        if let Cgroup::Systemd(unit) = self {
            return unit.beside().create_into(made);
        }
        for hierarchy in self.hierarchies() {
            create_v1(hierarchy, made)?;
        }
        match self {
            Cgroup::V1 { unified: Some(unified), .. } => create_beside_v1(unified, made),
            Cgroup::V2(unified) => create_v2(unified, made),
            Cgroup::V1 { .. } | Cgroup::Systemd(_) | Cgroup::Unmanaged => Ok(()),
        }
    }
}

/// The parents of a cgroup that are not there, the outermost first. The mount point is.
fn missing_above(mount: &str, path: &str) -> impl Iterator<Item = String> {
    let parents = std::iter::successors(Some(locate::parent(path)), |path| Some(locate::parent(path)));
    let parents = parents.take_while(|path| *path != "/").map(|path| [mount, path].concat());
    let missing: Vec<String> = parents.take_while(|parent| !Path::new(parent).exists()).collect();
    missing.into_iter().rev()
}

fn create_v1(hierarchy: &Hierarchy, made: &mut Vec<String>) -> Result<(), Error> {
    let start = made.len();
    let state_before = make(&hierarchy.mount, &hierarchy.path, made)?;
    if state_before == Before::There {
        refuse_processes(&hierarchy.directory())?;
    }
    if hierarchy.has("freezer") && state(hierarchy)? != State::Thawed {
        return Err(frozen());
    }
    match hierarchy.has("cpuset") {
        true => fill_cpusets(hierarchy, &made[start..]),
        false => Ok(()),
    }
}

/// The unified hierarchy of a hybrid host: controllers are handed down only once a limit needs one, see
/// `apply`.
fn create_beside_v1(unified: &Unified, made: &mut Vec<String>) -> Result<(), Error> {
    match make(&unified.mount, &unified.path, made)? {
        Before::There => refuse_state(unified),
        Before::Absent => Ok(()),
    }
}

fn create_v2(unified: &Unified, made: &mut Vec<String>) -> Result<(), Error> {
    make(&unified.mount, &unified.path, made)?;
    refuse_state(unified)?;
    let here = control::read(&unified.file("cgroup.controllers"))?;
    let lacking = |name: &str| !here.split_whitespace().any(|present| present == name);
    if unified.controllers.split_whitespace().any(lacking) {
        hand_down(unified);
        make_joinable(unified)?;
    }
    Ok(())
}

/// Whether the innermost directory was there before.
#[derive(PartialEq, Eq)]
enum Before {
    Absent,
    There,
}

/// Makes the directory, and its parents only when that fails for want of one.
fn make(mount: &str, path: &str, made: &mut Vec<String>) -> Result<Before, Error> {
    let directory = [mount, path].concat();
    for _ in 0..ATTEMPTS {
        match make_one(&directory) {
            Ok(()) => {
                made.push(directory);
                return Ok(Before::Absent);
            }
            Err(Errno::EEXIST) => return Ok(Before::There),
            Err(Errno::ENOENT) => make_parents(mount, path, made)?,
            Err(errno) => return Err(cannot_make(&directory, errno)),
        }
    }
    Err(cannot_make(&directory, Errno::ENOENT))
}

fn make_parents(mount: &str, path: &str, made: &mut Vec<String>) -> Result<(), Error> {
    for (end, _) in path.match_indices('/').skip(1) {
        let directory = [mount, &path[..end]].concat();
        match make_one(&directory) {
            Ok(()) => made.push(directory),
            // ENOENT: the one above was just removed by another; the caller walks again.
            Err(Errno::EEXIST | Errno::ENOENT) => {}
            Err(errno) => return Err(cannot_make(&directory, errno)),
        }
    }
    Ok(())
}

pub(crate) fn make_one(directory: &str) -> Result<(), Errno> {
    DirBuilder::new().mode(0o755).create(directory).map_err(|error| errno_of(&error))
}

pub(crate) fn cannot_make(directory: &str, errno: Errno) -> Error {
    Error::kernel(format!("make cgroup {directory}"), errno)
}

fn refuse_processes(directory: &str) -> Result<(), Error> {
    match processes_in(directory)?.len() {
        0 => Ok(()),
        count => Err(not_empty(count)),
    }
}

/// Refuses a cgroup of v2 that is frozen, by itself or from above, or that has processes: one file tells
/// both.
fn refuse_state(unified: &Unified) -> Result<(), Error> {
    let events = control::read(&unified.file("cgroup.events"))?;
    if control::keyed(&events, "frozen") == Some(1) {
        return Err(frozen());
    }
    match control::keyed(&events, "populated") {
        Some(1) => refuse_processes(&unified.directory()),
        _ => Ok(()),
    }
}

fn frozen() -> Error {
    Error::rule("container's cgroup unexpectedly frozen")
}

const CPUSET_FILES: [&str; 2] = ["cpuset.cpus", "cpuset.mems"];

/// A process cannot join a cpuset of v1 that has no cpus or no memory nodes, and a new one has neither
/// (cpuset(7)).
fn fill_cpusets(hierarchy: &Hierarchy, made: &[String]) -> Result<(), Error> {
    for directory in made {
        for file in CPUSET_FILES {
            let value = control::read(&format!("{}/{file}", locate::parent(directory)))?;
            if value.trim().is_empty() {
                return fill_empty_cpusets(hierarchy);
            }
            control::write(&format!("{directory}/{file}"), value.trim())?;
        }
    }
    match made.is_empty() {
        true => fill_empty_cpusets(hierarchy),
        false => Ok(()),
    }
}

/// What was there before may be half made: by a runtime that was killed, or by one that is at it right now.
fn fill_empty_cpusets(hierarchy: &Hierarchy) -> Result<(), Error> {
    let ends = hierarchy.path.match_indices('/').skip(1).map(|(end, _)| end).chain([hierarchy.path.len()]);
    for directory in ends.map(|end| [&*hierarchy.mount, &hierarchy.path[..end]].concat()) {
        for file in CPUSET_FILES {
            let path = format!("{directory}/{file}");
            if control::read(&path)?.trim().is_empty() {
                let value = control::read(&format!("{}/{file}", locate::parent(&directory)))?;
                control::write(&path, value.trim())?;
            }
        }
    }
    Ok(())
}

/// Enables the controllers in every ancestor, from the top. A refusal is not told here (a cgroup with
/// processes cannot hand down, nor can a user who is not its owner): the write of a limit that needs the
/// controller tells it.
pub(crate) fn hand_down(unified: &Unified) {
    for (end, _) in unified.path.match_indices('/') {
        enable_all(&[&*unified.mount, &unified.path[..end]].concat());
    }
}

/// Enables in the cgroup above what that has, once nobody is in there any more.
pub(crate) fn hand_on(unified: &Unified) {
    enable_all(locate::parent(&unified.directory()));
}

/// Enables whatever controllers a cgroup has for those below it.
fn enable_all(directory: &str) {
    let offered = control::read_short(&format!("{directory}/cgroup.controllers")).unwrap_or_default();
    let enabled = control::read_short(&format!("{directory}/cgroup.subtree_control")).unwrap_or_default();
    enable(
        directory,
        offered.split_whitespace().filter(|&name| !enabled.split_whitespace().any(|e| e == name)),
    );
}

/// All at once; if that is refused, whichever go one by one.
fn enable<'a>(directory: &str, missing: impl Iterator<Item = &'a str>) {
    let words: Vec<String> = missing.map(|name| format!("+{name}")).collect();
    let file = format!("{directory}/cgroup.subtree_control");
    if !words.is_empty() && control::write(&file, &words.join(" ")).is_err() {
        for word in &words {
            // Told by the write that needs it, see `hand_down`.
            let _ = control::write(&file, word);
        }
    }
}

/// A new cgroup below a threaded one is in no state to be joined until it is threaded too (cgroups(7),
/// "Thread mode").
fn make_joinable(unified: &Unified) -> Result<(), Error> {
    let file = unified.file("cgroup.type");
    match control::read(&file)?.trim() {
        "domain invalid" => control::write(&file, "threaded"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
