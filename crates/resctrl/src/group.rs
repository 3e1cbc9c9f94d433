//! The group of a container: made or found, filled, entered, removed.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sys::Errno;

use crate::{Error, schema};

/// Where a container is in resctrl. It is kept in the container's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The mount point.
    root: PathBuf,
    class: Class,
    /// The name of a monitoring group of the container's own in the class.
    monitor: Option<String>,
}

/// A class of service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Class {
    /// The root of the file system, where everybody is who is nowhere else.
    Default,
    /// A directory that is made for the container and goes with it.
    Own(String),
    /// A directory that stays.
    Shared(String),
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.class {
            Class::Default => f.write_str("/")?,
            Class::Own(name) | Class::Shared(name) => f.write_str(name)?,
        }
        self.monitor.as_ref().map_or(Ok(()), |name| write!(f, ", monitored as {name}"))
    }
}

/// What a config writes into `schemata`, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schemata {
    /// `l3CacheSchema` and `memBwSchema`: what a class that is there already must have.
    pub demanded: Vec<String>,
    /// `schemata`: what it gets in any case.
    pub set: Vec<String>,
}

impl Schemata {
    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.demanded.is_empty() && self.set.is_empty()
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.demanded.iter().chain(&self.set).flat_map(|text| text.lines())
    }
}

impl fmt::Display for Schemata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_empty() {
            true => f.write_str("shares as they are"),
            false => f.write_str(&self.lines().collect::<Vec<_>>().join(", ")),
        }
    }
}

/// Directories that were made; they go again unless they are kept.
#[derive(Debug, Default)]
pub struct Made(Vec<PathBuf>);

impl Made {
    fn directory(&mut self, path: PathBuf, name: &str) -> Result<(), Error> {
        fs::create_dir(&path)
            .map_err(Error::kernel(format!("make the resctrl group {name}")))
            .map_err(hint)?;
        self.0.push(path);
        Ok(())
    }

    /// They stay until [`Group::remove`].
    pub fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.0.iter().rev() {
            // The failure that led here is the one to be told.
            let _ = fs::remove_dir(path);
        }
    }
}

impl Group {
    /// The group of a container in the resctrl that is mounted at `root`: in the class `closID` (`/` is the default
    /// one), or without one in a class of its own, named by its id.
    pub fn new(root: PathBuf, class: Option<&str>, id: &str, is_monitored: bool) -> Group {
        let class = match class {
            None | Some("") => Class::Own(id.into()),
            Some("/") => Class::Default,
            Some(name) => Class::Shared(name.into()),
        };
        Group { root, class, monitor: is_monitored.then(|| id.into()) }
    }

    /// Makes what is not there and writes the schemata.
    ///
    /// # Errors
    /// If a class that is there does not have what is demanded, or one is not there that the config only names.
    pub fn create(&self, schemata: &Schemata) -> Result<Made, Error> {
        let made = self.make(schemata)?;
        self.configure(schemata)?;
        Ok(made)
    }

    fn make(&self, schemata: &Schemata) -> Result<Made, Error> {
        let mut made = Made::default();
        let class = self.directory();
        match &self.class {
            Class::Own(name) => made.directory(class.clone(), name)?,
            Class::Shared(name) if !class.is_dir() => {
                if schemata.is_empty() {
                    return Err(Error::rule(format!(
                        "the resctrl group {name} does not exist, and no schemata say what it would be"
                    )));
                }
                made.directory(class.clone(), name)?;
            }
            Class::Shared(name) => self.check(name, schemata)?,
            Class::Default => self.check("/", schemata)?,
        }
        if let Some(name) = &self.monitor {
            made.directory(class.join("mon_groups").join(name), &format!("{name} to monitor"))?;
        }
        Ok(made)
    }

    fn check(&self, name: &str, schemata: &Schemata) -> Result<(), Error> {
        if schemata.demanded.is_empty() {
            return Ok(());
        }
        let present = self.read("schemata")?;
        match schemata.demanded.iter().find(|wanted| !schema::holds(&present, wanted)) {
            Some(wanted) => Err(Error::rule(format!(
                "the resctrl group {name} exists and does not have {wanted}, but {}",
                present.split_whitespace().collect::<Vec<_>>().join(" ")
            ))),
            None => Ok(()),
        }
    }

    fn configure(&self, schemata: &Schemata) -> Result<(), Error> {
        schemata.lines().try_for_each(|line| self.set(line))
    }

    /// Changes one line of the schemata, as `MB:0=20;1=70`.
    pub fn set(&self, line: &str) -> Result<(), Error> {
        self.write(&self.directory().join("schemata"), line.trim())
    }

    /// The line of the schemata for a resource, as `MB`, as it is now.
    pub fn share(&self, resource: &str) -> Option<String> {
        schema::line_of(&self.read("schemata").ok()?, resource).map(String::from)
    }

    /// Puts a process into the group, and so those that it will make.
    pub fn enter(&self, pid: i32) -> Result<(), Error> {
        let monitor = self.monitor.as_ref().map(|_| self.monitored());
        for directory in [Some(self.directory()), monitor].into_iter().flatten() {
            // A group that was removed behind our back has left its processes to the default one, where this one is.
            if directory.is_dir() {
                self.write(&directory.join("tasks"), &pid.to_string())?;
            }
        }
        Ok(())
    }

    /// Removes what belongs to the container alone.
    pub fn remove(&self) -> Result<(), Error> {
        if let Some(name) = &self.monitor {
            remove(&self.monitored(), name)?;
        }
        match &self.class {
            Class::Own(name) => remove(&self.directory(), name),
            Class::Default | Class::Shared(_) => Ok(()),
        }
    }

    /// An error if what would be the container's alone is there before it.
    pub fn check_free(&self) -> Result<(), Error> {
        let taken = match &self.class {
            Class::Own(name) if self.directory().exists() => Some(name),
            _ => self.monitor.as_ref().filter(|_| self.monitored().exists()),
        };
        match taken {
            Some(name) => Err(Error::rule(format!("the resctrl group {name} exists already"))),
            None => Ok(()),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn directory(&self) -> PathBuf {
        match &self.class {
            Class::Default => self.root.clone(),
            Class::Own(name) | Class::Shared(name) => self.root.join(name),
        }
    }

    /// Where the container's use is counted: with that of the whole class if it has no group of its own.
    pub(crate) fn monitored(&self) -> PathBuf {
        let class = self.directory();
        self.monitor.as_ref().map_or_else(|| class.clone(), |name| class.join("mon_groups").join(name))
    }

    fn read(&self, name: &str) -> Result<String, Error> {
        let path = self.directory().join(name);
        fs::read_to_string(&path).map_err(Error::kernel(format!("read {}", path.display())))
    }

    fn write(&self, file: &Path, line: &str) -> Result<(), Error> {
        let opened = OpenOptions::new().write(true).open(file);
        let written = opened.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
        let place = file.strip_prefix(&self.root).unwrap_or(file).display();
        written
            .map_err(Error::kernel(format!("write {line} to {place}")))
            .map_err(|error| self.explain(error))
    }

    /// The kernel says in words what was wrong with the last write.
    fn explain(&self, error: Error) -> Error {
        let words = fs::read_to_string(self.root.join("info/last_cmd_status")).unwrap_or_default();
        match words.trim() {
            "" | "ok" => error,
            words => Error { hint: words.into(), ..error },
        }
    }
}

fn hint(error: Error) -> Error {
    match error.errno {
        Some(Errno::ENOSPC) => Error { hint: "this machine has no more of them".into(), ..error },
        _ => error,
    }
}

fn remove(path: &Path, name: &str) -> Result<(), Error> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(Error::kernel(format!("remove the resctrl group {name}"))),
    }
}

#[cfg(test)]
mod tests;
