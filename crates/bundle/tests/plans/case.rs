//! A case: a config, a machine and a request become a plan, and that becomes text.

use std::fmt::Write as _;
use std::path::Path;

use bundle::Spec;
use bundle::config::{Config, LoadError};
use bundle::plan::exec::{self, Overrides, Target};
use bundle::plan::{self, Host, Planned, Request, Start};
use cgroup::{Cgroup, Manager};
use container::namespace_names;
use container::plan::{Action, Plan, Side, Step};
use serde_json::Value;

/// A plan with the words for it.
pub(crate) struct Case {
    /// Of the case and its file.
    pub(crate) name: &'static str,
    /// What the file holds.
    pub(crate) text: String,
    /// None if the config is refused.
    pub(crate) plan: Option<Plan>,
    /// The namespaces (`CLONE_NEW*`) that the container gets.
    pub(crate) made: u64,
}

/// What a new container is planned from, besides the machine.
pub(crate) struct Asked {
    pub(crate) config: Value,
    pub(crate) start: Start,
    pub(crate) no_pivot: bool,
    pub(crate) notify: bool,
    pub(crate) systemd: Option<Manager>,
}

impl Asked {
    /// A plain `create`.
    pub(crate) fn of(config: Value) -> Asked {
        Asked { config, start: Start::OnCommand, no_pivot: false, notify: false, systemd: None }
    }

    fn plan(&self, host: &Host) -> Result<(Spec, Planned), String> {
        let parsed = Config::parse(self.config.to_string().into_bytes());
        let spec = parsed.map_err(|error: LoadError| error.to_string())?.spec;
        let request = Request {
            id: "box",
            bundle: Path::new("/bundle"),
            no_pivot: self.no_pivot,
            no_new_keyring: false,
            preserve_fds: 0,
            notify: self.notify.then_some(Path::new("/state/box/notify")),
            start: self.start,
            rootless: host.is_rootless(),
            systemd: self.systemd.as_ref(),
        };
        let planned = plan::create(&spec, host, &request).map_err(|error| error.to_string())?;
        Ok((spec, planned))
    }
}

/// The plan of a new container.
pub(crate) fn create(name: &'static str, host: &Host, asked: &Asked) -> Case {
    match asked.plan(host) {
        Ok((_, planned)) => {
            let (text, made) = (words_of_container(&planned), planned.made);
            Case { name, text, plan: Some(planned.plan), made }
        }
        Err(refusal) => Case { name, text: format!("refused {refusal}\n"), plan: None, made: 0 },
    }
}

/// The plan of a process in a container with this config, which is the container's own but for what `overrides` say.
pub(crate) fn enter(name: &'static str, host: &Host, config: Value, overrides: &Overrides<'_>) -> Case {
    let (spec, planned) = Asked::of(config).plan(host).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    let target = Target {
        spec: &spec,
        namespaces: planned.made | planned.joined,
        has_cgroup: !matches!(planned.cgroup, Cgroup::Unmanaged),
        rdt: planned.rdt.as_ref(),
        preserve_fds: 0,
        filter: None,
        keyring: Some("ID"),
    };
    let own = spec.process().as_ref().expect("a process");
    let process = exec::process(own, overrides).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    let entry = exec::enter(&process, &target, host).unwrap_or_else(|error| panic!("{name}: {error}"));
    Case { name, text: words(&[], &entry.plan, &entry.warnings), plan: Some(entry.plan), made: 0 }
}

/// The cgroup and its early limits come before everything else.
fn words_of_container(planned: &Planned) -> String {
    let cgroups = planned.cgroup.paths().into_iter().map(|(names, path)| {
        let names = if names.is_empty() { "unified" } else { names };
        line("cgroup", names, &format!("make {path}"))
    });
    let unit = planned.cgroup.unit().map(|unit| line("unit", "", &format!("start {}", unit.name)));
    let properties =
        planned.properties.iter().map(|property| line("unit", &property.field, &property.to_string()));
    let early = planned.early.iter().map(|write| line("early", &write.field, &write.to_string()));
    words(
        &unit.into_iter().chain(properties).chain(cgroups).chain(early).collect::<Vec<_>>(),
        &planned.plan,
        &planned.warnings,
    )
}

fn words(first: &[String], plan: &Plan, warnings: &[String]) -> String {
    let made = match plan.namespaces {
        0 => "make a process".into(),
        bits => format!("make a process with new namespaces ({})", namespace_names(bits)),
    };
    let mut text = first.concat();
    text.push_str(&line("clone", "", &made));
    text.extend(plan.steps.iter().map(step));
    for warning in warnings {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "warning {warning}");
    }
    text
}

fn step(step: &Step) -> String {
    let words = step.action.to_string();
    let words = match &step.action {
        // How many instructions there are depends on the architecture of the build.
        Action::Filter(filter) => words.replace(&format!(" ({} instructions)", filter.program.len()), ""),
        _ => words,
    };
    line(side(step.action.side()), &step.field, &words)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Before => "before",
        Side::Asked => "asked",
        Side::Last => "last",
        Side::Child => "child",
    }
}

/// One line of a kept plan: who, which field asked for it, what.
fn line(who: &str, field: &str, what: &str) -> String {
    let field = if field.is_empty() { "-" } else { field };
    format!("{who:<7} {field:<34} {what}\n")
}
