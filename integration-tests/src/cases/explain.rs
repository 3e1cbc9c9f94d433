//! What a runtime tells about itself: the plan of a bundle, and a timeline of what it did.

use crate::case::{Case, Doing, Outcome, case};
use crate::console::arg;
use crate::expect::{contains, hold, json, same};
use crate::test::Test;
use serde_json::{Value, json};
use std::fs;

/// Why the engines that have no such commands fail.
const OURS: &str = "ociruntime alone has this";

pub(crate) const CASES: &[Case] = &[
    case("explain prints a step for each mount", "ociruntime explain", |t| {
        let text = explain(t, &[])?;
        ["/proc", "/dev/pts", "/dev/shm", "/sys"]
            .iter()
            .try_for_each(|mount| contains("the plan", &text, mount))
    })
    .differs("runc", OURS),
    case("explain names the field that a step comes from", "ociruntime explain", |t| {
        contains("the plan", &explain(t, &[])?, "hostname")
    })
    .differs("runc", OURS),
    case("explain --format json prints JSON", "ociruntime explain", |t| {
        json(&explain(t, &["--format", "json"])?).map(drop)
    })
    .differs("runc", OURS),
    case("explain changes nothing", "ociruntime explain", |t| {
        explain(t, &[])?;
        hold(!t.root.exists() || fs::read_dir(&t.root).doing("list")?.next().is_none(), "there is state")?;
        t.nothing_left()
    })
    .differs("runc", OURS),
    case("explain takes the working directory for the bundle", "ociruntime explain", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        contains("the plan", &t.command(&["explain"])?.dir(&bundle.dir).output()?.ok()?.stdout, "/proc")
    })
    .differs("runc", OURS),
    case("explain refuses what create refuses", "ociruntime explain", |t| {
        let bundle = t.bundle()?.set("/process/cwd", json!("relative"));
        bundle.write()?;
        t.call(&["explain", "--bundle", arg(&bundle.dir)])?.refused(1, "process/cwd").map(drop)
    })
    .differs("runc", OURS),
    case("explain tells a step less when a feature is absent", "ociruntime explain", |t| {
        let bundle = t.bundle()?.without("/hostname").without_namespace("network");
        bundle.write()?;
        let less = t.call(&["explain", "--bundle", arg(&bundle.dir)])?.ok()?.stdout;
        hold(less.lines().count() < explain(t, &[])?.lines().count(), "the plan is as long as before")
    })
    .differs("runc", OURS),
    case("run --trace writes one span per step", "Chrome trace events", |t| {
        let spans = trace(t, "run")?;
        for span in &spans {
            hold(span["name"].is_string() && span["ph"] == "X", format!("{span}"))?;
            hold(span["ts"].is_number() && span["dur"].is_number(), format!("{span}"))?;
        }
        hold(spans.len() > 10, format!("{} spans", spans.len()))
    })
    .differs("runc", OURS),
    case("a trace has the runtime's and the container's process in one file", "Chrome trace events", |t| {
        let mut pids: Vec<u64> = trace(t, "create")?.iter().filter_map(|span| span["pid"].as_u64()).collect();
        pids.sort_unstable();
        pids.dedup();
        same("processes", pids.len(), 2)
    })
    .differs("runc", OURS),
    case("start and exec write traces too", "Chrome trace events", |t| {
        let container = t.create(&t.bundle()?.args(&["/bin/sleep", "1000"]))?;
        let (start, exec) = (t.path("start.json"), t.path("exec.json"));
        t.call(&["start", "--trace", arg(&start), &container.id])?.ok()?;
        container.exec_with(&["--trace", arg(&exec)], &["true"])?.ok()?;
        json(&t.read(&start)?)?;
        json(&t.read(&exec)?).map(drop)
    })
    .differs("runc", OURS),
];

/// The plan of the base configuration.
fn explain(t: &Test, flags: &[&str]) -> Outcome<String> {
    let bundle = t.bundle()?;
    bundle.write()?;
    Ok(t.call(&[&["explain", "--bundle", arg(&bundle.dir)], flags].concat())?.ok()?.stdout)
}

/// The spans that `run` or `create` leaves.
fn trace(t: &Test, verb: &str) -> Outcome<Vec<Value>> {
    let bundle = t.bundle()?;
    bundle.write()?;
    let file = t.path("trace.json");
    t.call(&[verb, "--trace", arg(&file), "--bundle", arg(&bundle.dir), &t.id()])?.ok()?;
    let trace = json(&t.read(&file)?)?;
    Ok(trace.as_array().or(trace["traceEvents"].as_array()).cloned().unwrap_or_default())
}
