//! `explain`: prints what create and start would do, step by step, and does none of it.

use std::fmt::Write;

use bundle::plan::{self, Host, Planned, Request, Start};
use container::namespace_names;
use container::plan::{Side, Step};
use serde::Serialize;

use crate::args::{self, ExplainFormat, Globals};
use crate::create;
use crate::driver::Driver;
use crate::error::{Error, Result};
use crate::output;

/// The id in the explanation: none has been given.
const ID: &str = "ID";

/// Explains the bundle.
pub(crate) fn explain(globals: &Globals, args: &args::Explain) -> Result<()> {
    let bundle = std::path::absolute(&args.bundle).map_err(Error::io("resolve", &args.bundle))?;
    let config = create::load(&bundle, args.config.as_deref())?;
    let host = Host::read().map_err(Error::other)?;
    let driver = Driver::choose(globals, &host)?;
    let request = Request {
        id: ID,
        bundle: &bundle,
        no_pivot: false,
        no_new_keyring: false,
        preserve_fds: 0,
        notify: None,
        start: Start::OnCommand,
        rootless: driver.rootless,
        systemd: driver.systemd.as_ref(),
    };
    let planned = plan::create(&config.spec, &host, &request);
    let planned = planned.map_err(|error| create::named(args.config.as_deref(), error))?;
    match args.format {
        ExplainFormat::Text => output::print(&text(&planned)),
        ExplainFormat::Json => output::print_pretty(&Explanation::of(&planned)),
    }
}

/// The machine-readable form.
#[derive(Serialize)]
struct Explanation {
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Unit>,
    cgroup: Vec<(String, String)>,
    namespaces: String,
    steps: Vec<Line>,
    warnings: Vec<String>,
}

/// The unit that systemd is asked for.
#[derive(Serialize)]
struct Unit {
    name: String,
    properties: Vec<String>,
}

#[derive(Serialize)]
struct Line {
    side: &'static str,
    field: String,
    action: String,
}

impl Explanation {
    fn of(planned: &Planned) -> Explanation {
        let cgroup =
            planned.cgroup.paths().into_iter().map(|(names, path)| (names.to_owned(), path)).collect();
        let unit = planned.cgroup.unit().map(|unit| Unit {
            name: unit.name.clone(),
            properties: planned.properties.iter().map(ToString::to_string).collect(),
        });
        let early = planned.early.iter().map(|write| Line {
            side: "parent",
            field: write.field.to_string(),
            action: format!("write {} to {}", write.value, write.file),
        });
        let steps = planned.plan.steps.iter().map(|step| Line {
            side: side(step),
            field: step.field.to_string(),
            action: step.action.to_string(),
        });
        Explanation {
            unit,
            cgroup,
            namespaces: namespace_names(planned.plan.namespaces),
            steps: early.chain(steps).collect(),
            warnings: planned.warnings.clone(),
        }
    }
}

fn side(step: &Step) -> &'static str {
    if step.action.side() == Side::Child { "child" } else { "parent" }
}

/// For people: a numbered line for each step, who does it, and the field that asked for it.
fn text(planned: &Planned) -> String {
    let explanation = Explanation::of(planned);
    let mut text = String::new();
    // Writing to a string cannot fail.
    if let Some(unit) = &explanation.unit {
        let _ = writeln!(text, "     unit  ask systemd for {}", unit.name);
        for property in &unit.properties {
            let _ = writeln!(text, "           {property}");
        }
    }
    for (names, path) in &explanation.cgroup {
        let names = if names.is_empty() { "unified" } else { names };
        let _ = writeln!(text, "   cgroup  {names}: make {path}");
    }
    let _ = writeln!(text, "    clone  a process with new namespaces: {}", explanation.namespaces);
    for (number, line) in explanation.steps.iter().enumerate() {
        let field = if line.field.is_empty() { String::new() } else { format!("  [{}]", line.field) };
        let _ = writeln!(text, "{:>3} {:>6}  {}{field}", number + 1, line.side, line.action);
    }
    for warning in &explanation.warnings {
        let _ = writeln!(text, "  warning  {warning}");
    }
    text
}
