//! Where the container's cgroup will be: a decision on strings alone.

use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::layout::{Layout, Mounted};
use crate::{Error, Mode};

/// The config field that the path comes from.
const FIELD: &str = "linux.cgroupsPath";

impl Cgroup {
    /// Decides where the cgroup is. Changes nothing.
    ///
    /// - An absolute `cgroups_path` counts from the mount point of each hierarchy, as the specification
    ///   demands (config-linux, "Cgroups Path").
    /// - A relative one is, as in runc, below the caller's own cgroup on v1, and beside it (below its parent)
    ///   on v2: there a cgroup with processes in it cannot hand controllers to its children (cgroups(7), "no
    ///   internal processes"), and the caller's has at least the caller. On a hybrid host all hierarchies
    ///   follow v1.
    /// - Without a path, or with an empty one, it is the relative path `id`.
    /// - `..` is resolved on the string and never leads above the start.
    ///
    /// A host without cgroups gives [`Cgroup::Unmanaged`].
    ///
    /// # Errors
    /// If the path is the starting point itself or holds a control character.
    pub fn locate(layout: &Layout, cgroups_path: Option<&str>, id: &str) -> Result<Cgroup, Error> {
        let wanted = Wanted::parse(cgroups_path, id)?;
        let unified = |base: fn(&str) -> &str| {
            layout.v2.as_ref().map(|mounted| Unified {
                controllers: mounted.controllers.clone(),
                mount: mounted.mount.clone(),
                path: wanted.below(base(&mounted.own)),
            })
        };
        match layout.mode() {
            Mode::None => Ok(Cgroup::Unmanaged),
            Mode::V2 => Ok(unified(parent).map_or(Cgroup::Unmanaged, Cgroup::V2)),
            Mode::V1 | Mode::Hybrid => {
                let hierarchies = layout.v1.iter().map(|mounted| wanted.hierarchy(mounted)).collect();
                Ok(Cgroup::V1 { hierarchies, unified: unified(|own| own) })
            }
        }
    }
}

/// A cgroup path, parsed once.
struct Wanted {
    absolute: bool,
    /// Starts with a slash, holds no `.`, `..` or empty component, and is not `/`.
    path: String,
}

impl Wanted {
    fn parse(cgroups_path: Option<&str>, id: &str) -> Result<Wanted, Error> {
        let wanted = cgroups_path.filter(|path| !path.is_empty()).unwrap_or(id);
        if wanted.contains(|c: char| c.is_control()) {
            return Err(Error::rule("control characters cannot be in a cgroup's name").of(FIELD));
        }
        let path = clean(wanted);
        if path == "/" {
            return Err(Error::rule(format!("{wanted} is not a cgroup of its own")).of(FIELD));
        }
        Ok(Wanted { absolute: wanted.starts_with('/'), path })
    }

    fn below(&self, base: &str) -> String {
        match self.absolute || base == "/" {
            true => self.path.clone(),
            false => [base, &*self.path].concat(),
        }
    }

    fn hierarchy(&self, mounted: &Mounted) -> Hierarchy {
        Hierarchy {
            controllers: mounted.controllers.clone(),
            mount: mounted.mount.clone(),
            path: self.below(&mounted.own),
        }
    }
}

/// The path from the root, without `.`, `..` and empty components; `..` at the root stays there.
pub(crate) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The cgroup above; the root is its own.
pub(crate) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(end) => &path[..end],
    }
}

#[cfg(test)]
mod tests;
