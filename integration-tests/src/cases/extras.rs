//! How and where a process runs: scheduler, CPUs, memory nodes, execution domain, security labels.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::console::arg;
use crate::container::Container;
use crate::expect::{self, contains, lacks, same};
use crate::leak;
use crate::procfs::status_of;
use crate::test::Test;
use serde_json::{Value, json};
use std::path::Path;

// Fields of /proc/PID/stat, after proc_pid_stat(5): 19 is the nice value, 40 the priority, 41 the policy.
pub(crate) const CASES: &[Case] = &[
    case("a real-time policy has its priority", "config.md: Linux Process", |t| {
        let bundle = real_time(t.bundle()?, json!({"policy": "SCHED_FIFO", "priority": 7}));
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "40,41", "/proc/self/stat"]), "7 1\n")
    }).needs_root("a real-time policy is root's to give")
    .differs("runc", "new in 1.2"),
    case("a real-time policy may be reset by a fork", "sched_setattr(2)", |t| {
        let fifo = json!({"policy": "SCHED_FIFO", "priority": 7, "flags": ["SCHED_FLAG_RESET_ON_FORK"]});
        let bundle = real_time(t.bundle()?, fifo);
        t.prints(&bundle.sh("cut -d ' ' -f 41 /proc/1/stat; cut -d ' ' -f 41 /proc/self/stat; :"), "1\n0\n")
    }).needs_root("a real-time policy is root's to give")
    .differs("runc", "new in 1.2"),
    case("the idle policy is set", "sched(7)", |t| {
        let bundle = t.bundle()?.set("/process/scheduler", json!({"policy": "SCHED_IDLE"}));
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "41", "/proc/self/stat"]), "5\n")
    })
    .differs("runc", "new in 1.2"),
    case("a deadline policy is set", "sched(7)", |t| {
        let deadline = json!({
            "policy": "SCHED_DEADLINE", "runtime": 10_000_000, "deadline": 20_000_000, "period": 20_000_000,
        });
        let bundle = t.bundle()?.set("/process/scheduler", deadline);
        // A deadline process may not fork.
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "41", "/proc/self/stat"]), "6\n")
    }).needs_root("a real-time policy is root's to give")
    .differs("runc", "new in 1.2"),
    case("an ordinary user in a user namespace gets its policy too", "sched(7)", |t| {
        let bundle = t.bundle()?.user_namespace()?.set("/process/user", json!({"uid": 1000, "gid": 1000}));
        let bundle = real_time(bundle, json!({"policy": "SCHED_RR", "priority": 3}));
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "40,41", "/proc/self/stat"]), "3 2\n")
    })
    .differs("runc", "new in 1.2"),
    case("a policy that the kernel refuses is an error that names it", "sched(7)", |t| {
        // Longer than /proc/sys/kernel/sched_deadline_period_max_us.
        let deadline = json!({
            "policy": "SCHED_DEADLINE", "runtime": 1_000_000, "deadline": 1_000_000, "period": 100_000_000_000_u64,
        });
        t.rejects(&t.bundle()?.set("/process/scheduler", deadline), "SCHED_DEADLINE")
    })
    .differs("runc", "new in 1.2"),
    case("an I/O priority has its level", "config.md: Linux Process", |t| {
        let bundle =
            t.bundle()?.set("/process/ioPriority", json!({"class": "IOPRIO_CLASS_BE", "priority": 6}));
        contains("what ionice says", &t.output(&bundle.args(&["ionice"]))?, "prio 6")
    })
    .differs("runc", "new in 1.2"),
    case("exec takes scheduler and I/O priority of its process file", "runc exec --process", |t| {
        let process = json!({
            "args": ["sh", "-c", "cut -d ' ' -f 19,41 /proc/self/stat; ionice"],
            "scheduler": {"policy": "SCHED_BATCH", "nice": 3},
            "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 0},
        });
        let output = exec(t, &t.idle()?, process)?;
        contains("output", &output, "3 3\n")?;
        contains("output", &output, "idle")
    })
    .differs("runc", "new in 1.2"),
    case("exec takes umask, groups, limits and rights of its process file", "runc exec --process", |t| {
        let process = json!({
            "args": ["sh", "-c", "umask; ulimit -n; grep -E 'Groups|NoNewPrivs|CapBnd' /proc/self/status"],
            "user": {"uid": 1000, "gid": 1000, "umask": 0o027, "additionalGids": [77]},
            "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 99, "hard": 99}],
            "noNewPrivileges": true,
            "capabilities": {"bounding": ["CAP_KILL"]},
        });
        let output = exec(t, &t.idle()?, process)?;
        contains("output", &output, "0027\n99\n")?;
        same("groups", status_of(&output, "Groups"), Some("77"))?;
        same("no_new_privs", status_of(&output, "NoNewPrivs"), Some("1"))?;
        same("bounding set", status_of(&output, "CapBnd"), Some("0000000000000020"))
    })
    .differs("runc", "1.1 takes the umask of the container"),
    case("exec finds HOME for a process file without one", "runc exec --process", |t| {
        let process = json!({"args": ["sh", "-c", "echo $HOME"], "env": ["PATH=/bin"]});
        same("output", exec(t, &t.idle()?, process)?, "/root\n")
    }),
    case("the personality is that of exec'd programs too", "config-linux.md: Personality", |t| {
        let bundle = t.bundle()?.set("/linux/personality", json!({"domain": "LINUX32"}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        lacks("uname -m", &container.sh("uname -m")?, "64")
    })
    .differs("runc", "new in 1.2"),
    case("the memory policy is set", "config-linux.md: Memory policy", |t| {
        let policy = json!({"mode": "MPOL_INTERLEAVE", "nodes": "0"});
        contains("numa_maps", &policies(t, policy)?, " interleave:0 ")
    })
    .differs("runc", "new in 1.4"),
    case("the flags of a memory policy are set", "config-linux.md: Memory policy", |t| {
        let flags = ["MPOL_F_STATIC_NODES"];
        let policy = json!({"mode": "MPOL_BIND", "nodes": "0", "flags": flags});
        contains("numa_maps", &policies(t, policy)?, " bind=static:0 ")
    })
    .differs("runc", "new in 1.4"),
    case("a memory policy without nodes is set", "config-linux.md: Memory policy", |t| {
        contains("numa_maps", &policies(t, json!({"mode": "MPOL_LOCAL"}))?, " local ")
    })
    .differs("runc", "new in 1.4"),
    case("the default memory policy is set", "config-linux.md: Memory policy", |t| {
        contains("numa_maps", &policies(t, json!({"mode": "MPOL_DEFAULT"}))?, " default ")
    }),
    case("the memory policy is that of exec'd programs too", "config-linux.md: Memory policy", |t| {
        let bundle = t.bundle()?.set("/linux/memoryPolicy", json!({"mode": "MPOL_INTERLEAVE", "nodes": "0"}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        contains("numa_maps", &container.sh("cat /proc/self/numa_maps")?, " interleave:0 ")
    })
    .differs("runc", "new in 1.4"),
    case("a memory node that the host lacks is an error", "set_mempolicy(2)", |t| {
        let policy = json!({"mode": "MPOL_BIND", "nodes": "1000"});
        t.rejects(&t.bundle()?.set("/linux/memoryPolicy", policy), "1000")
    })
    .differs("runc", "new in 1.4"),
    case("intelRdt on a host without resctrl is an error", "config-linux.md: IntelRdt", |t| {
        if t.read(Path::new("/proc/self/mountinfo"))?.contains(" - resctrl ") {
            return skip("this host has resctrl");
        }
        t.rejects(&t.bundle()?.set("/linux/intelRdt", json!({"l3CacheSchema": "L3:0=f"})), "resctrl")
    })
    .differs("runc", "1.1 ignores the field where the CPU lacks it"),
    case("features announces intelRdt with schemata and monitoring", "features-linux.md: Intel RDT", |t| {
        let document = expect::json(&t.bare(&["features"])?.output()?.ok()?.stdout)?;
        let expected = json!({"enabled": true, "schemata": true, "monitoring": true});
        same("intelRdt", &document["linux"]["intelRdt"], &expected)
    })
    .differs("runc", "1.1 knows no schemata"),
    case("the CPUs of the caller are not those of the container", "sched_setaffinity(2)", |t| {
        let bundle = t.bundle()?.args(&["cat", "/proc/self/status"]);
        let status = t.run_through(&bound_to_first(t)?, &bundle, &[])?.output()?.ok()?.stdout;
        same("CPUs", cpus(&status), cpus(&own_status(t)?))
    }).needs_root("without a cgroup it keeps the caller's CPUs")
    .differs("runc", "new in 1.2"),
    case("the CPUs of the caller are not those of an exec'd program", "sched_setaffinity(2)", |t| {
        let container = t.idle()?;
        let words = ["exec", &container.id, "cat", "/proc/self/status"];
        let status = t.through(&bound_to_first(t)?, &words)?.output()?.ok()?.stdout;
        same("CPUs", cpus(&status), cpus(&own_status(t)?))
    }).needs_root("without a cgroup it keeps the caller's CPUs")
    .differs("runc", "new in 1.2"),
    case("exec ends on the final CPUs", "config.md: execCPUAffinity", |t| affinity(t, json!({"final": "0"}), "0"))
        .differs("runc", "new in 1.3"),
    case("exec ends on the final CPUs, not the initial ones", "config.md: execCPUAffinity", |t| {
        bound_to_first(t)?;
        affinity(t, json!({"initial": "0", "final": "1"}), "1")
    })
    .differs("runc", "new in 1.3"),
    case("exec without final CPUs ends on those of the cgroup", "config.md: execCPUAffinity", |t| {
        let status = own_status(t)?;
        affinity(t, json!({"initial": "0"}), cpus(&status).unwrap_or_default())
    }).needs_root("without a cgroup it keeps the caller's CPUs"),
    case("exec takes the CPUs of the configuration", "config.md: execCPUAffinity", |t| {
        let bundle = t.bundle()?.set("/process/execCPUAffinity", json!({"final": "0"}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        same("CPUs", cpus(&container.sh("cat /proc/self/status")?), Some("0"))
    })
    .differs("runc", "new in 1.3"),
    case("the CPUs for exec are not those of the container", "config.md: execCPUAffinity", |t| {
        let bundle = t.bundle()?.set("/process/execCPUAffinity", json!({"initial": "0", "final": "0"}));
        let status = t.output(&bundle.args(&["cat", "/proc/self/status"]))?;
        same("CPUs", cpus(&status), cpus(&own_status(t)?))
    }),
    case("exec on CPUs that the host lacks is an error", "sched_setaffinity(2)", |t| {
        let file = process_file(t, json!({"args": ["true"], "execCPUAffinity": {"final": "4000"}}))?;
        let output = t.idle()?.exec_with(&["--process", arg(&file)], &[])?;
        contains("the error", &output.refused(255, "")?.stderr, "4000").map(drop)
    })
    .differs("runc", "new in 1.3"),
    case("an AppArmor profile on a host without AppArmor is an error", "config.md: apparmorProfile", |t| {
        if Path::new("/sys/module/apparmor").exists() {
            return skip("this host has AppArmor");
        }
        t.rejects(&t.bundle()?.set("/process/apparmorProfile", json!("a-profile")), "AppArmor")
    }),
    case("exec with an AppArmor profile on a host without AppArmor is an error", "runc exec --apparmor", |t| {
        if Path::new("/sys/module/apparmor").exists() {
            return skip("this host has AppArmor");
        }
        let output = t.idle()?.exec_with(&["--apparmor", "a-profile"], &["true"])?;
        contains("the error", &output.stderr, "--apparmor")?;
        output.refused(255, "AppArmor").map(drop)
    })
    .differs("runc", "it does not name the flag"),
    case("an SELinux label on a host without SELinux is an error", "config.md: selinuxLabel", |t| {
        if Path::new("/sys/fs/selinux").exists() {
            return skip("this host has SELinux");
        }
        t.rejects(&t.bundle()?.set("/process/selinuxLabel", json!("a:b:c:s0")), "SELinux")
    }),
    case("a mount label on a host without SELinux is an error", "config-linux.md: Mount Label", |t| {
        if Path::new("/sys/fs/selinux").exists() {
            return skip("this host has SELinux");
        }
        t.rejects(&t.bundle()?.set("/linux/mountLabel", json!("a:b:c:s0")), "SELinux")
    })
    .differs("runc", "it hands the label to mount(2)"),
    case("empty labels are none", "config.md: apparmorProfile", |t| {
        let bundle = t.bundle()?.set("/process/apparmorProfile", json!(""));
        let bundle = bundle.set("/process/selinuxLabel", json!("")).set("/linux/mountLabel", json!(""));
        t.prints(&bundle.sh("echo fine"), "fine\n")
    }),
];

/// A bundle with a real-time policy, and with the time for it where a v1 cgroup has to have some (sched(7)).
fn real_time(bundle: Bundle, scheduler: Value) -> Bundle {
    let mut hierarchies = leak::hierarchies().into_iter();
    let budget = hierarchies.any(|mount| Path::new(&mount.point).join("cpu.rt_runtime_us").exists());
    let bundle = bundle.set("/process/scheduler", scheduler);
    if !budget {
        return bundle;
    }
    bundle.set("/linux/resources/cpu", json!({"realtimePeriod": 1_000_000, "realtimeRuntime": 50_000}))
}

fn policies(t: &Test, policy: Value) -> Outcome<String> {
    if !Path::new("/proc/self/numa_maps").exists() {
        return skip("this kernel knows no memory policies");
    }
    t.output(&t.bundle()?.set("/linux/memoryPolicy", policy).args(&["cat", "/proc/self/numa_maps"]))
}

/// A program of the host that runs another on the first CPU alone.
fn bound_to_first(t: &Test) -> Outcome<[&'static str; 3]> {
    match cpus(&own_status(t)?) {
        Some("0") => skip("this host has one CPU"),
        _ => Ok(["/usr/bin/taskset", "-c", "0"]),
    }
}

fn cpus(status: &str) -> Option<&str> {
    status_of(status, "Cpus_allowed_list")
}

fn own_status(t: &Test) -> Outcome<String> {
    t.read(Path::new("/proc/self/status"))
}

fn affinity(t: &Test, affinity: Value, expected: &str) -> Outcome {
    let process = json!({"args": ["cat", "/proc/self/status"], "execCPUAffinity": affinity});
    same("CPUs", cpus(&exec(t, &t.idle()?, process)?), Some(expected))
}

/// What a process in the container prints that differs from root's plain one in these fields.
fn exec(t: &Test, container: &Container<'_>, fields: Value) -> Outcome<String> {
    let file = process_file(t, fields)?;
    Ok(container.exec_with(&["--process", arg(&file)], &[])?.ok()?.stdout)
}

fn process_file(t: &Test, fields: Value) -> Outcome<std::path::PathBuf> {
    let mut process = json!({"cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}});
    let object = process.as_object_mut().ok_or("an object").doing("make a process file")?;
    object.extend(fields.as_object().cloned().unwrap_or_default());
    t.file("process.json", &process.to_string())
}
