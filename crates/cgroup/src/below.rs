//! The cgroup below a container's that `exec --cgroup` names.

use crate::cgroup::{Cgroup, Hierarchy, Unified};
use crate::{Error, locate};

impl Cgroup {
    /// The cgroup below this one that the arguments name. One argument without a controller, `PATH`, goes for
    /// every hierarchy; with v1 each may have its own, `CONTROLLER[,CONTROLLER]:PATH`. Without arguments it
    /// is this one. `..` never leads out of it.
    ///
    /// # Errors
    /// In runc's words, if an argument is not of that form or names a controller twice or one that is not
    /// there.
    pub fn below(&self, arguments: &[String]) -> Result<Cgroup, Error> {
        let choices =
            arguments.iter().map(|argument| Choice::parse(argument)).collect::<Result<Vec<_>, _>>()?;
        match choices.as_slice() {
            [] => Ok(self.clone()),
            [Choice { controllers: None, path, .. }] => Ok(self.all_below(path)),
            _ => self.each_below(&choices),
        }
    }

    pub(crate) fn all_below(&self, path: &str) -> Cgroup {
        match self {
            Cgroup::V1 { hierarchies, unified } => Cgroup::V1 {
                hierarchies: hierarchies.iter().map(|hierarchy| hierarchy.below(path)).collect(),
                unified: unified.as_ref().map(|unified| unified.below(path)),
            },
            Cgroup::V2(unified) => Cgroup::V2(unified.below(path)),
            // What is below is the container's own; systemd knows nothing of it.
            Cgroup::Systemd(unit) => unit.tree.all_below(path),
            Cgroup::Unmanaged => Cgroup::Unmanaged,
        }
    }

    fn each_below(&self, choices: &[Choice]) -> Result<Cgroup, Error> {
        let mut cgroup = self.unit().map_or(self, |unit| &unit.tree).clone();
        let mut seen = Vec::new();
        for choice in choices {
            for controller in choice.controllers()? {
                if seen.contains(&controller) {
                    let words = format!("controller {controller} specified multiple times");
                    return Err(Error::rule(format!("invalid --cgroup argument(s): {words}")));
                }
                seen.push(controller);
                cgroup.move_below(controller, choice.path)?;
            }
        }
        Ok(cgroup)
    }

    fn move_below(&mut self, controller: &str, path: &str) -> Result<(), Error> {
        let Some(before) = self.hierarchy(controller).cloned() else {
            return Err(Error::rule(format!(
                "invalid --cgroup argument(s): unknown controller {controller}"
            )));
        };
        let Cgroup::V1 { hierarchies, .. } = self else { return Ok(()) };
        for hierarchy in hierarchies.iter_mut().filter(|hierarchy| **hierarchy == before) {
            *hierarchy = before.below(path);
        }
        Ok(())
    }
}

impl Hierarchy {
    fn below(&self, path: &str) -> Hierarchy {
        Hierarchy { path: join(&self.path, path), ..self.clone() }
    }
}

impl Unified {
    fn below(&self, path: &str) -> Unified {
        Unified { path: join(&self.path, path), ..self.clone() }
    }
}

fn join(base: &str, path: &str) -> String {
    [base, locate::clean(path).trim_end_matches('/')].concat()
}

/// One argument.
struct Choice<'a> {
    argument: &'a str,
    controllers: Option<&'a str>,
    path: &'a str,
}

impl<'a> Choice<'a> {
    fn parse(argument: &'a str) -> Result<Choice<'a>, Error> {
        let (controllers, path) = match argument.split_once(':') {
            Some((controllers, path)) => (Some(controllers), path),
            None => (None, argument),
        };
        match path.contains(':') {
            true => Err(Error::rule(format!("invalid --cgroup argument: {argument}"))),
            false => Ok(Choice { argument, controllers, path }),
        }
    }

    fn controllers(&self) -> Result<impl Iterator<Item = &'a str>, Error> {
        let missing = || {
            Error::rule(format!(
                "invalid --cgroup argument: {} (missing <controller>: prefix)",
                self.argument
            ))
        };
        Ok(self.controllers.ok_or_else(missing)?.split(','))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v1() -> Cgroup {
        let hierarchy = |controllers: &str| Hierarchy {
            controllers: controllers.to_string(),
            mount: format!("/c/{controllers}"),
            path: "/web".to_string(),
        };
        Cgroup::V1 { hierarchies: vec![hierarchy("cpu,cpuacct"), hierarchy("memory")], unified: None }
    }

    fn v2() -> Cgroup {
        Cgroup::V2(Unified { controllers: String::new(), mount: "/c".into(), path: "/web".into() })
    }

    fn below(cgroup: &Cgroup, arguments: &[&str]) -> Result<Vec<String>, String> {
        let arguments: Vec<String> = arguments.iter().map(|argument| argument.to_string()).collect();
        let cgroup = cgroup.below(&arguments).map_err(|error| error.to_string())?;
        Ok(cgroup.paths().into_iter().map(|(_, path)| path).collect())
    }

    #[test]
    fn a_path_goes_for_every_hierarchy() {
        let expected = ["/c/cpu,cpuacct/web/a/b", "/c/memory/web/a/b"].map(str::to_string);
        assert_eq!(below(&v1(), &["a/b"]).unwrap(), expected);
        assert_eq!(below(&v2(), &["/a"]).unwrap(), ["/c/web/a"]);
    }

    #[test]
    fn the_root_is_the_containers_own_cgroup() {
        assert_eq!(below(&v2(), &["/"]).unwrap(), ["/c/web"]);
        assert_eq!(below(&v2(), &[]).unwrap(), ["/c/web"]);
    }

    #[test]
    fn dots_do_not_lead_out() {
        assert_eq!(below(&v2(), &["../../etc"]).unwrap(), ["/c/web/etc"]);
    }

    #[test]
    fn hierarchies_of_v1_may_differ() {
        let expected = ["/c/cpu,cpuacct/web/a", "/c/memory/web/b"].map(str::to_string);
        assert_eq!(below(&v1(), &["cpuacct:a", "memory:b"]).unwrap(), expected);
    }

    #[track_caller]
    fn check_error(cgroup: &Cgroup, arguments: &[&str], expected: &str) {
        assert_eq!(below(cgroup, arguments).unwrap_err(), expected);
    }

    #[test]
    fn wrong_arguments_are_refused_in_runcs_words() {
        check_error(&v1(), &["a:b:c"], "invalid --cgroup argument: a:b:c");
        check_error(&v1(), &["a", "b"], "invalid --cgroup argument: a (missing <controller>: prefix)");
        check_error(
            &v1(),
            &["cpu:a", "cpu:b"],
            "invalid --cgroup argument(s): controller cpu specified multiple times",
        );
        check_error(&v2(), &["cpu:a"], "invalid --cgroup argument(s): unknown controller cpu");
    }
}
