//! Where a restored container is limited: CRIU is put into its cgroup, and what it makes is born there.

use bundle::plan::Planned;
use cgroup::Created;
use container::plan::Action;
use criu::Setting;
use resctrl::Made;

use crate::create::enter_unit;
use crate::error::{Error, Result};

/// Makes the cgroup, sets its limits, and moves the process into it. `created` tells what there is to undo. Answers the
/// groups of resctrl that were made, which go again unless they are kept.
pub(super) fn place(planned: &Planned, pid: i32, created: &mut Option<Created>) -> Result<Vec<Made>> {
    make(planned, pid, created).map_err(Error::other)?;
    let mut groups = Vec::new();
    for step in &planned.plan.steps {
        let at = |error: &dyn std::fmt::Display| Error::Other(format!("{}: {error}", step.field));
        match &step.action {
            Action::DeviceRules(rules) => planned.cgroup.enforce_devices(rules).map_err(|e| at(&e))?,
            Action::Limits(writes) => planned.cgroup.apply(writes).map_err(Error::other)?,
            Action::Delegate { uid } => planned.cgroup.delegate(*uid).map_err(|e| at(&e))?,
            Action::MakeRdtGroup { group, schemata } => {
                groups.push(group.create(schemata).map_err(|e| at(&e))?);
            }
            Action::EnterRdtGroup(group) => group.enter(pid).map_err(|e| at(&e))?,
            _ => {}
        }
    }
    Ok(groups)
}

fn make(planned: &Planned, pid: i32, created: &mut Option<Created>) -> Result<(), cgroup::Error> {
    if let Some(unit) = planned.cgroup.unit() {
        let starting = unit.order()?.start(pid, &planned.properties)?;
        enter_unit(unit, planned, starting, pid, created)?;
    } else {
        *created = Some(planned.cgroup.create()?);
        planned.cgroup.apply(&planned.early)?;
    }
    planned.cgroup.place(pid)
}

/// The cgroups of the process, as the ones that its images' processes come back in: those of the images may be another
/// container's by now, or of another machine.
pub(super) fn roots(pid: i32) -> Result<Vec<Setting<'static>>> {
    let path = format!("/proc/{pid}/cgroup");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", path))?;
    Ok(text.lines().flat_map(of_line).collect())
}

/// A line of /proc/PID/cgroup: the number of a hierarchy, its controllers, the cgroup (cgroups(7)).
fn of_line(line: &str) -> Vec<Setting<'static>> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { return Vec::new() };
    let root = |controller: &str| Setting::CgroupRoot { controller: controller.into(), path: path.into() };
    controllers.split(',').map(root).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[(&str, &str)]) {
        let found: Vec<(String, String)> = of_line(line)
            .into_iter()
            .map(|setting| match setting {
                Setting::CgroupRoot { controller, path } => (controller, path),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(controller, path)| ((*controller).into(), (*path).into())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn controllers_of_one_hierarchy_have_one_cgroup() {
        check("4:cpu,cpuacct:/web", &[("cpu", "/web"), ("cpuacct", "/web")]);
    }

    #[test]
    fn a_hierarchy_may_have_a_name_alone() {
        check("1:name=systemd:/a:b", &[("name=systemd", "/a:b")]);
    }

    #[test]
    fn the_unified_hierarchy_has_no_name() {
        check("0::/web", &[("", "/web")]);
    }

    #[test]
    fn what_is_no_such_line_has_none() {
        check("", &[]);
    }
}
