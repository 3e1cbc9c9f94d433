//! Many containers at a time through containerd, and many probes of one container whose state changes.

use crate::case::{Doing, Outcome};
use crate::engines::containerd::{self, Containerd};
use crate::engines::lab::Lab;
use crate::engines::scenario::{Row, Scenario, scenario};
use crate::expect::hold;
use crate::runtime::{Call, Output, Running};
use std::collections::VecDeque;
use std::fs;
use std::time::Duration;

/// How many are under way at any time.
const AT_A_TIME: usize = 10;

const ALL: &[Scenario<Containerd>] = &[
    scenario("200 containers, 10 at a time, from start to delete", |c| {
        let outputs = several(200, |_| c.run("", &["/bin/true"]))?;
        let failures: Vec<&Output> = outputs.iter().filter(|output| output.code != 0).collect();
        hold(failures.is_empty(), format!("{} fail, as {:?}", failures.len(), failures.first()))?;
        Ok(format!("{} containers", outputs.len()))
    }),
    scenario::<Containerd>(
        "500 probes of a container that is paused, resumed and killed all end with an answer",
        |c| {
            let alive = c.alive("", &["/bin/pause"])?;
            let toggling = toggle(c, &alive.name)?;
            let outputs = several(500, |number| {
                if number == 450 {
                    // It may be paused just then, which is no hindrance for SIGKILL.
                    alive.task(&["kill", "--signal", "SIGKILL"], &[])?.ok()?;
                }
                // One that takes longer waits for what waits for it.
                Ok(alive.exec_call("", &["/bin/true"])?.patience(Duration::from_secs(30)))
            })?;
            fs::remove_file(c.lab.path("toggle")).doing("end the toggling")?;
            toggling.wait()?;
            let count = |code| outputs.iter().filter(|output| output.code == code).count();
            hold(count(0) > 0, "none of them succeeds")?;
            let silent = outputs.iter().filter(|output| output.code != 0 && output.stderr.trim().is_empty());
            // A probe that runs when the container is killed has the status of the signal, and nothing to say.
            hold(silent.count() <= count(137), "some fail without a word")?;
            Ok(format!("{} answers", outputs.len()))
        },
    )
    .wavers("a probe that is frozen half-way waits for resume, and the shim's resume for the probe"),
];

/// Starts containerd and plays the scenarios.
pub(crate) fn play(lab: Lab, filter: &[String]) -> Outcome<Vec<Row>> {
    containerd::play_these(lab, filter, ALL)
}

/// Runs so many calls, some at a time.
fn several(count: usize, call: impl Fn(usize) -> Outcome<Call>) -> Outcome<Vec<Output>> {
    let mut running: VecDeque<Running> = VecDeque::new();
    let mut outputs = Vec::new();
    for number in 0..count {
        if running.len() == AT_A_TIME {
            outputs.extend(running.pop_front().map(Running::wait).transpose()?);
        }
        running.push_back(call(number)?.spawn()?);
    }
    for last in running {
        outputs.push(last.wait()?);
    }
    Ok(outputs)
}

/// Pauses and resumes the container for as long as a file is there, in a process of its own.
fn toggle(c: &Containerd, name: &str) -> Outcome<Running> {
    let file = c.lab.file("toggle", "")?;
    let tasks = format!("ctr --address {} --namespace {} tasks", c.socket, c.lab.tag);
    let script = format!(
        "while [ -e {file} ]; do {tasks} pause {name}; sleep 0.2; {tasks} resume {name}; sleep 0.4; done"
    );
    c.lab.host(&["/bin/sh", "-c", &script])?.spawn()
}
