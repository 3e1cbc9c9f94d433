//! `linux.resources.unified`: files of v2 by name, known to us or not.

use std::collections::BTreeMap;

use crate::Error;
use crate::controllers::{Controllers, Version};
use crate::limits::{Phase, Write};

const FIELD: &str = "linux.resources.unified";

pub(super) fn writes(
    files: &BTreeMap<String, String>,
    controllers: &Controllers,
) -> Result<Vec<Write>, Error> {
    let mut writes = Vec::new();
    for (file, value) in files {
        let field = format!("{FIELD}.{file}");
        let controller = controller(file, controllers).map_err(|error| error.of(field.clone()))?;
        // The kernel takes one line at a time, and some values have a line for each device.
        writes.extend(value.lines().map(|line| Write {
            controller: controller.to_string().into(),
            phase: phase(controller),
            ..Write::new(Version::V2, "", file.clone(), line, field.clone())
        }));
    }
    Ok(writes)
}

/// The controller that has the file: what stands before the first dot.
fn controller<'a>(file: &'a str, controllers: &Controllers) -> Result<&'a str, Error> {
    if !controllers.has_unified() {
        return Err(Error::rule("this host has no cgroup v2"));
    }
    let (controller, rest) = file.split_once('.').unwrap_or((file, ""));
    if controller.is_empty() || rest.is_empty() || file.contains('/') {
        return Err(Error::rule("is not a file name of the form CONTROLLER.PARAMETER"));
    }
    // cgroup.* belong to no controller, nor do the files of pressure stall information.
    match controller == "cgroup" || rest == "pressure" || controllers.has(Version::V2, controller) {
        true => Ok(controller),
        false => Err(Error::rule(format!("this host has no {controller} controller in cgroup v2"))),
    }
}

/// The set-up of the container must not run into these.
fn phase(controller: &str) -> Phase {
    match controller {
        "memory" | "pids" | "cgroup" => Phase::Late,
        _ => Phase::Early,
    }
}
