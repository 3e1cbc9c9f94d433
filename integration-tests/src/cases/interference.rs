//! The runtime is killed at one system call after another, or each fails in its turn. Nothing is left that `delete --force`
//! does not remove; a failure is told in one line; and a container that runs all the same is as isolated as ever.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, Verdict, case};
use crate::cgroup::Control;
use crate::console::arg;
use crate::container::Container;
use crate::expect::{hold, json as parsed, same};
use crate::inject::{Fault, Point, Whose, inject, observe, spread, tries_every_point};
use crate::procfs;
use crate::runtime::Output;
use crate::test::Test;
use serde_json::json;

const KILLED: &str = "delete --force";
const FAILED: &str = "runtime.md: Errors";

/// How many points of a command are tried unless all are.
const KILLS: usize = 40;
const FAILURES: usize = 120;

pub(crate) const CASES: &[Case] = &[
    killed("create may be killed at any system call", |t| {
        kills(t, NOTHING, &["create", "--bundle", BUNDLE, ID])
    }),
    killed("run may be killed at any system call", |t| kills(t, NOTHING, RUN)),
    killed("run in the background may be killed at any system call", |t| {
        kills(t, NOTHING, &["run", "--detach", "--bundle", BUNDLE, ID])
    }),
    killed("start may be killed at any system call", |t| kills(t, CREATED, &["start", ID])),
    killed("exec may be killed at any system call", |t| kills(t, RUNNING, &["exec", ID, "true"])),
    killed("update may be killed at any system call", |t| {
        kills(t, RUNNING, &["update", "--pids-limit", "77", ID])
    }),
    killed("pause may be killed at any system call", |t| kills(t, RUNNING, &["pause", ID])),
    killed("resume may be killed at any system call", |t| kills(t, PAUSED, &["resume", ID])),
    killed("delete may be killed at any system call", |t| kills(t, CREATED, &["delete", "--force", ID])),
    failed("any system call of run may fail", |t| isolated(t, bundle(t)?, NOTHING, RUN)),
    failed("any system call of exec may fail", |t| {
        let words: Vec<&str> = ["exec", ID, "cat"].into_iter().chain(LOOKS.iter().copied()).collect();
        isolated(t, bundle(t)?, RUNNING, &words)
    }),
    failed("any system call of run with a user namespace may fail", |t| {
        isolated(t, bundle(t)?.user_namespace()?, NOTHING, RUN)
    }),
    failed("any system call of exec into a user namespace may fail", |t| {
        let words: Vec<&str> = ["exec", ID, "cat"].into_iter().chain(LOOKS.iter().copied()).collect();
        isolated(t, bundle(t)?.user_namespace()?, RUNNING, &words)
    }),
    failed("any system call of create may fail", |t| {
        fails(t, NOTHING, &["create", "--bundle", BUNDLE, ID], |t, id, output| match output.code {
            0 => is(t, id, &["created"]),
            _ => t.nothing_left(),
        })
    }),
    failed("any system call of start may fail", |t| {
        fails(t, CREATED, &["start", ID], |t, id, output| match output.code {
            0 => is(t, id, &["running"]),
            _ => Ok(()),
        })
    }),
    failed("any system call of update may fail", |t| {
        fails(t, RUNNING, &["update", "--pids-limit", "77", "--memory", "80m", ID], |t, id, output| {
            let want = if output.code == 0 { ["77", "83886080"] } else { ["55", "67108864"] };
            same("limits", limits(t, id)?, want.map(str::to_owned))
        })
    }),
    failed("any system call of pause may fail", |t| {
        fails(t, RUNNING, &["pause", ID], |t, id, output| {
            is(t, id, &[if output.code == 0 { "paused" } else { "running" }])
        })
    }),
    failed("any system call of resume may fail", |t| {
        fails(t, PAUSED, &["resume", ID], |t, id, output| {
            is(t, id, if output.code == 0 { &["running"] } else { &["paused", "running"] })
        })
    }),
    failed("any system call of delete may fail", |t| {
        fails(t, CREATED, &["delete", "--force", ID], |t, _, output| match output.code {
            0 => t.nothing_left(),
            _ => Ok(()),
        })
    }),
];

const fn killed(name: &'static str, check: fn(&Test) -> Outcome) -> Case {
    case(name, KILLED, check)
        .minutes(15)
        .wavers("runc", "it knows a container only once it is made")
        .needs_root(ROOT)
}

const fn failed(name: &'static str, check: fn(&Test) -> Outcome) -> Case {
    case(name, FAILED, check)
        .minutes(15)
        .wavers("runc", "a thread of it fails, and nobody hears of it")
        .needs_root(ROOT)
}

const ROOT: &str = "strace sees no more than its user";

/// In place of the id and the bundle.
const ID: &str = "ID";
const BUNDLE: &str = "BUNDLE";
const RUN: &[&str] = &["run", "--bundle", BUNDLE, ID];

/// The calls that lead to where a command begins.
type Before = &'static [&'static [&'static str]];
const NOTHING: Before = &[];
const CREATED: Before = &[&["create", "--bundle", BUNDLE, ID]];
const RUNNING: Before = &[&["run", "--detach", "--bundle", BUNDLE, ID]];
const PAUSED: Before = &[&["run", "--detach", "--bundle", BUNDLE, ID], &["pause", ID]];

/// A container that is about to meet the command.
struct Subject {
    id: String,
    bundle: String,
}

impl Subject {
    fn new(t: &Test, bundle: &Bundle, before: Before) -> Outcome<Subject> {
        let subject = Subject { id: t.id(), bundle: arg(&bundle.dir).to_owned() };
        for words in before {
            t.call(&subject.words(words))?.ok()?;
        }
        Ok(subject)
    }

    fn words<'s>(&'s self, words: &[&'s str]) -> Vec<&'s str> {
        let word = |word: &&'s str| match *word {
            ID => self.id.as_str(),
            BUNDLE => self.bundle.as_str(),
            other => other,
        };
        words.iter().map(word).collect()
    }

    fn delete(&self, t: &Test) -> Outcome {
        t.call(&["delete", "--force", &self.id])?.ok().map(drop)
    }
}

/// Kills the command at a spread of its system calls.
fn kills(t: &Test, before: Before, words: &[&str]) -> Outcome {
    let command = Command::new(bundle(t)?, Whose::Own, before, words);
    let (points, _) = command.observe(t)?;
    let points = spread(points, KILLS).into_iter().map(|point| (point, Fault::Kill));
    command.interfere(t, points, |_, _, _| Ok(()))
}

/// Lets a spread of the command's own system calls fail, and judges by the container that there is then.
fn fails(t: &Test, before: Before, words: &[&str], judge: fn(&Test, &str, &Output) -> Outcome) -> Outcome {
    let command = Command::new(bundle(t)?.args(STAYS), Whose::Own, before, words);
    let (points, _) = command.observe(t)?;
    command.interfere(t, faults(points), |subject, point, output| {
        is_told(output)?;
        if cleans(point) { Ok(()) } else { judge(t, &subject.id, output) }
    })
}

/// Lets a spread of the system calls fail that the command and its children make. The program tells how it is isolated.
fn isolated(t: &Test, bundle: Bundle, before: Before, words: &[&str]) -> Outcome {
    let command = Command::new(bundle, Whose::All, before, words);
    let (points, expected) = command.observe(t)?;
    command.interfere(t, faults(points), |subject, point, output| {
        if output.code == 0 {
            is_alike(&isolation(&output.stdout, &subject.id), &expected)?;
        }
        if !point.is_one {
            return Ok(());
        }
        is_told(output)?;
        if before == NOTHING && !cleans(point) { t.nothing_left() } else { Ok(()) }
    })
}

const STAYS: &[&str] = &["/bin/sleep", "1000"];

/// A command that is tried again and again, each time on a new container.
struct Command<'c> {
    bundle: Bundle,
    whose: Whose,
    before: Before,
    words: &'c [&'c str],
}

impl<'c> Command<'c> {
    fn new(bundle: Bundle, whose: Whose, before: Before, words: &'c [&'c str]) -> Self {
        let bundle = if before == NOTHING { bundle } else { bundle.args(STAYS) };
        Self { bundle, whose, before, words }
    }

    /// Its system calls when it is left alone, and what the program finds.
    fn observe(&self, t: &Test) -> Outcome<(Vec<Point>, String)> {
        self.bundle.write()?;
        let subject = Subject::new(t, &self.bundle, self.before)?;
        let (points, output) = observe(t, self.whose, &subject.words(self.words))?;
        subject.delete(t)?;
        Ok((points, isolation(&output.ok()?.stdout, &subject.id)))
    }

    /// Calls it with each of these faults. Whatever comes of it, `delete --force` leaves nothing.
    fn interfere(
        &self,
        t: &Test,
        faults: impl Iterator<Item = (Point, Fault)>,
        judge: impl Fn(&Subject, &Point, &Output) -> Outcome,
    ) -> Outcome {
        let mut wrong = Vec::new();
        for (point, fault) in faults {
            let subject = Subject::new(t, &self.bundle, self.before)?;
            let output = inject(t, self.whose, &point, fault, &subject.words(self.words));
            let judged = output.and_then(|output| judge(&subject, &point, &output));
            let gone = subject.delete(t).and_then(|()| t.nothing_left());
            if let Err(Verdict::Failed(reason)) = judged.and(gone) {
                wrong.push(format!("{fault} at {point}: {reason}"));
            }
            if wrong.len() == ENOUGH {
                break;
            }
        }
        hold(wrong.is_empty(), wrong.join("; "))
    }
}

/// How many failures are told.
const ENOUGH: usize = 4;

/// System calls that do not fail, or not so, or without which there is no telling. libc and std end a process for want of memory,
/// of a place for threads or of random numbers; one that may not exit has no end; and close(2) closes, whatever it says.
const VITAL: &[&str] = &[
    "arch_prctl",
    "brk",
    "close",
    "execve",
    "execveat",
    "exit",
    "exit_group",
    "getrandom",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "rseq",
    "rt_sigreturn",
    "set_robust_list",
    "set_tid_address",
    "umask",
];

/// System calls that undo something. One that fails leaves something behind, for `delete --force`.
const CLEANING: &[&str] = &["kill", "pidfd_send_signal", "rmdir", "umount2", "unlink", "unlinkat", "waitid"];

fn cleans(point: &Point) -> bool {
    CLEANING.contains(&point.call.as_str())
}

/// What fails how, one errno after the other.
fn faults(points: Vec<Point>) -> impl Iterator<Item = (Point, Fault)> {
    const ERRNOS: [&str; 4] = ["EPERM", "ENOMEM", "EIO", "ENOSYS"];
    let points: Vec<Point> =
        points.into_iter().filter(|point| !VITAL.contains(&point.call.as_str())).collect();
    let points = spread(points, FAILURES).into_iter().enumerate();
    let errnos = |index: usize| match tries_every_point() {
        true => &ERRNOS[..],
        false => &ERRNOS[index % ERRNOS.len()..][..1],
    };
    points.flat_map(move |(index, point)| {
        errnos(index).iter().map(move |errno| (point.clone(), Fault::Errno(errno)))
    })
}

/// A failure ends with 1, or what exec has for its own failures, and one line; before it there may be warnings of what
/// could not be undone.
fn is_told(output: &Output) -> Outcome {
    let lines: Vec<&str> = output.stderr.lines().filter(|line| !line.contains(": warning: ")).collect();
    let fine = output.code == 0 || (matches!(output.code, 1 | 255) && lines.len() == 1);
    hold(fine, format!("exit {}: {}", output.code, output.stderr.trim()))
}

fn is(t: &Test, id: &str, statuses: &[&str]) -> Outcome {
    let state = parsed(&t.call(&["state", id])?.ok()?.stdout)?;
    let status = state["status"].as_str().unwrap_or_default();
    hold(statuses.contains(&status), format!("status {status}"))
}

fn limits(t: &Test, id: &str) -> Outcome<[String; 2]> {
    let container = Container::known(t, id.to_owned(), t.path("none"))?;
    Ok([
        Control("pids", "pids.max", "pids.max").read(&container)?,
        Control("memory", "memory.limit_in_bytes", "memory.max").read(&container)?,
    ])
}

/// Files of the container in which it is to be read how a process is isolated.
const LOOKS: &[&str] = &[
    "/proc/self/status",
    "/proc/self/mountinfo",
    "/proc/self/limits",
    "/proc/self/uid_map",
    "/proc/self/cgroup",
    "/proc/self/oom_score_adj",
    "/proc/self/environ",
    "/proc/net/dev",
    "/proc/sys/kernel/hostname",
    "/proc/sys/net/ipv4/ip_unprivileged_port_start",
];

/// A container with a bit of everything, whose program is one process: it makes system calls of its own, which fail as well.
fn bundle(t: &Test) -> Outcome<Bundle> {
    let mut program = vec!["/bin/cat"];
    program.extend(LOOKS);
    let filter = json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["swapon", "reboot"], "action": "SCMP_ACT_ERRNO"}
    ]});
    Ok(t.bundle()?
        .args(&program)
        .set("/process/user", json!({"uid": 1000, "gid": 1000, "additionalGids": [5], "umask": 0o27}))
        .set("/process/rlimits", json!([{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 100}]))
        .push("/process/env", json!("HOME=/"))
        .set("/process/oomScoreAdj", json!(500))
        .set("/root/readonly", json!(true))
        .set("/linux/seccomp", filter)
        .set("/linux/sysctl", json!({"net.ipv4.ip_unprivileged_port_start": "77"}))
        .set("/linux/resources", resources())
        .set(
            "/hooks",
            json!({"createRuntime": [{"path": "/bin/true"}], "createContainer": [{"path": "/bin/true"}]}),
        ))
}

fn resources() -> serde_json::Value {
    json!({
        "devices": [{"allow": false, "access": "rwm"}],
        "pids": {"limit": 55},
        "memory": {"limit": 67_108_864}
    })
}

fn is_alike(found: &str, expected: &str) -> Outcome {
    let other = |these: &str, those: &str| {
        those.lines().find(|line| !these.lines().any(|other| other == *line)).map(str::to_owned)
    };
    let (lost, new) = (other(found, expected), other(expected, found));
    hold(found == expected, format!("the program finds {new:?} instead of {lost:?}"))
}

/// What of the files is the same each time.
fn isolation(text: &str, id: &str) -> String {
    const FIELDS: &[&str] = &[
        "Uid",
        "Gid",
        "Groups",
        "Umask",
        "NSpid",
        "CapInh",
        "CapPrm",
        "CapEff",
        "CapBnd",
        "CapAmb",
        "NoNewPrivs",
        "Seccomp",
    ];
    let is_one = |field: &str| FIELDS.contains(&field);
    let mut kept = String::new();
    for line in text.lines() {
        match (line.split_once(":\t"), procfs::mounts(line).pop()) {
            (Some((field, _)), _) if !is_one(field) => continue,
            // A device that cannot be made is bound.
            (_, Some(mount)) if mount.kind == "devtmpfs" => continue,
            (_, Some(mount)) => {
                kept += &format!("{} {} {:?} {}\n", mount.root, mount.point, mount.options, mount.kind);
            }
            // The counters of network devices.
            _ if line.starts_with([' ', '|']) || line.starts_with("Inter") => {
                kept += line.split(':').next().unwrap_or_default();
                kept += "\n";
            }
            _ => kept += &format!("{}\n", line.replace(id, ID)),
        }
    }
    kept
}
