//! Hooks: when and where each kind runs, what it is told, and what its failure means.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, fail};
use crate::console::arg;
use crate::expect::{contains, differ, hold, json, lacks, same, until};
use crate::procfs::namespace;
use crate::runtime::Running;
use crate::test::Test;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The kinds that run on the host's side.
const OUTSIDE: [&str; 4] = ["prestart", "createRuntime", "poststart", "poststop"];

pub(crate) const CASES: &[Case] = &[
    case("the hooks run in the order of the lifecycle", "runtime.md: Lifecycle", |t| {
        let order = t.path("order");
        let mut bundle = t.bundle()?;
        for kind in ["poststop", "poststart", "createContainer", "createRuntime", "prestart"] {
            bundle = hook(bundle, kind, &format!("echo {kind} >>{}", arg(&order)));
        }
        let bundle = in_container(bundle, "echo startContainer >>/order").mount_order(t)?;
        t.run(&bundle.sh("echo program >>/order"))?.ok()?;
        let want = "prestart createRuntime createContainer startContainer program poststart poststop";
        let got = t.read(&order)?;
        let got: Vec<&str> = got.split_whitespace().collect();
        let sorted = |words: &[&str]| {
            words.iter().filter(|word| **word != "program").map(|word| (*word).to_owned()).collect::<Vec<_>>()
        };
        same("order", sorted(&got), sorted(&want.split(' ').collect::<Vec<_>>()))?;
        // poststart and the program run at the same time.
        let place = |word| got.iter().position(|have| *have == word);
        hold(place("startContainer") < place("program"), "the program ran before startContainer")
    })
    .differs("runc", "poststart at the end of create until 1.5: before startContainer"),
    case("several hooks of a kind run in their order", "config.md: POSIX-platform Hooks", |t| {
        let order = t.path("order");
        let bundle = (1..=5).fold(t.bundle()?, |bundle, n| {
            hook(bundle, "createRuntime", &format!("echo {n} >>{}", arg(&order)))
        });
        t.run(&bundle)?.ok()?;
        same("order", t.read(&order)?, "1\n2\n3\n4\n5\n".to_owned())
    }),
    case("prestart runs at create", "config.md: Prestart", |t| runs_at(t, "prestart", "create")),
    case("createRuntime runs at create", "config.md: CreateRuntime Hooks", |t| {
        runs_at(t, "createRuntime", "create")
    }),
    case("createContainer runs at create", "config.md: CreateContainer Hooks", |t| {
        runs_at(t, "createContainer", "create")
    }),
    case("startContainer runs at start", "config.md: StartContainer Hooks", |t| {
        let bundle = in_container(t.bundle()?, "echo ran >/tmp/hook").args(&["/bin/sleep", "1000"]);
        let container = t.create(&bundle)?;
        hold(!bundle.path("tmp/hook").exists(), "it ran at create")?;
        container.start()?;
        hold(bundle.path("tmp/hook").exists(), "it did not run at start")
    }),
    case("poststart runs at start", "config.md: Poststart", |t| runs_at(t, "poststart", "start"))
        .differs("runc", "at the end of create until 1.5"),
    case("poststop runs at delete", "config.md: Poststop", |t| runs_at(t, "poststop", "delete")),
    case("poststop runs after delete --force too", "config.md: Poststop", |t| {
        let mark = t.path("mark");
        let bundle =
            hook(t.bundle()?, "poststop", &format!("echo ran >{}", arg(&mark))).args(&["/bin/sleep", "1000"]);
        let container = t.start(&bundle)?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        hold(mark.exists(), "it did not run")
    }),
    case("poststop finds the container deleted", "config.md: Poststop", |t| {
        let log = t.path("log");
        let bundle = hook(
            t.bundle()?,
            "poststop",
            &format!("test -e {}/*/ || echo gone >{}", arg(&t.root), arg(&log)),
        );
        t.run(&bundle)?.ok()?;
        same("what it saw", t.read(&log)?, "gone\n".to_owned())
    }),
    case("startContainer runs before the program", "config.md: StartContainer Hooks", |t| {
        let bundle = in_container(t.bundle()?, "echo hook >>/tmp/order")
            .sh("echo program >>/tmp/order; cat /tmp/order");
        t.prints(&bundle, "hook\nprogram\n")
    }),
    case("poststart runs after the program has begun", "config.md: Poststart", |t| {
        let log = t.path("log");
        let bundle =
            hook(t.bundle()?, "poststart", &format!("{PID_OF_STATE} cat /proc/$pid/comm >{}", arg(&log)));
        t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        same("the process at that time", t.read(&log)?, "sleep\n".to_owned())
    })
    .differs("runc", "poststart at the end of create until 1.5"),
    case("hooks on the host's side are in the host's mount namespace", "config.md: Hooks summary", |t| {
        let host = namespace(std::process::id().cast_signed(), "mnt").unwrap_or_default();
        for kind in OUTSIDE {
            same(kind, seen(t, kind, "readlink /proc/self/ns/mnt")?.trim(), host.as_str())?;
        }
        Ok(())
    }),
    case("createContainer runs in the container's namespaces", "config.md: CreateContainer Hooks", |t| {
        let log = t.path("log");
        let script =
            format!("for ns in mnt net ipc uts pid; do readlink /proc/self/ns/$ns; done >{}", arg(&log));
        let container = t.create(&hook(t.bundle()?, "createContainer", &script))?;
        let want = ["mnt", "net", "ipc", "uts", "pid"]
            .map(|name| namespace(container.pid, name).unwrap_or_default());
        same("namespaces", t.read(&log)?.lines().map(str::to_owned).collect::<Vec<_>>(), want.to_vec())
    }),
    case("createContainer runs before the root is changed", "config.md: CreateContainer Hooks", |t| {
        let on_host = t.folder("on-the-host")?;
        let seen = seen(t, "createContainer", &format!("ls -d {}", arg(&on_host)))?;
        same("what it sees", seen, format!("{}\n", arg(&on_host)))
    }),
    case("createContainer finds the container's mounts in place", "config.md: CreateContainer Hooks", |t| {
        let log = t.path("log");
        let bundle = t.bundle()?;
        let script = format!("cat /proc/self/mounts >{}", arg(&log));
        let rootfs = bundle.path("dev/shm");
        t.run(&hook(bundle, "createContainer", &script))?.ok()?;
        contains("the mounts", &t.read(&log)?, arg(&rootfs))
    }),
    case("a mount made by createContainer shows in the container", "config.md: CreateContainer Hooks", |t| {
        let bundle = t.bundle()?;
        let target = bundle.path("tmp");
        let script = format!("mount -t tmpfs hooked {}", arg(&target));
        let bundle = hook(bundle, "createContainer", &script);
        same("source", t.mount_at(bundle, "/tmp")?.source.as_str(), "hooked")
    }),
    case("startContainer runs in the container's root", "config.md: StartContainer Hooks", |t| {
        let bundle =
            in_container(t.bundle()?.file("mark", "here\n")?, "cat /mark >/tmp/log; echo $$ >>/tmp/log");
        t.run(&bundle)?.ok()?;
        contains("what it saw", &t.read(&bundle.path("tmp/log"))?, "here\n")
    }),
    case("startContainer's path is the container's", "config.md: StartContainer Hooks", |t| {
        let bundle = t.bundle()?.file_mode("only-inside", "#!/bin/sh\necho ran >/tmp/log\n", 0o755)?;
        let bundle = bundle.set("/hooks", json!({"startContainer": [{"path": "/only-inside"}]}));
        t.run(&bundle)?.ok()?;
        same("log", t.read(&bundle.path("tmp/log"))?, "ran\n".to_owned())
    }),
    case("every hook is told the state", "config.md: POSIX-platform Hooks", |t| {
        for kind in ["prestart", "createRuntime", "createContainer", "poststart", "poststop"] {
            let state = json(&seen(t, kind, "cat")?)?;
            for field in ["ociVersion", "id", "status", "bundle"] {
                hold(state[field].is_string(), format!("{kind}: no {field} in {state}"))?;
            }
        }
        Ok(())
    }),
    case("the state's bundle is the absolute bundle", "runtime.md: State", |t| {
        let state = json(&seen(t, "createRuntime", "cat")?)?;
        same("bundle", &state["bundle"], &json!(t.path("bundle-1")))
    }),
    case("the state has the annotations", "runtime.md: State", |t| {
        let log = t.path("log");
        let bundle = hook(t.bundle()?, "createRuntime", &format!("cat >{}", arg(&log)));
        t.run(&bundle.set("/annotations", json!({"a": "b"})))?.ok()?;
        same("annotations", &json(&t.read(&log)?)?["annotations"], &json!({"a": "b"}))
    }),
    case("the state says creating to hooks of create", "runtime.md: State", |t| {
        for kind in ["prestart", "createRuntime", "createContainer"] {
            let status = json(&seen(t, kind, "cat")?)?["status"].clone();
            hold(status == "creating" || status == "created", format!("{kind}: status is {status}"))?;
        }
        Ok(())
    }),
    case("the state says running to poststart", "runtime.md: State", |t| {
        same("status", &json(&seen(t, "poststart", "cat")?)?["status"], &json!("running"))
    })
    .differs("runc", "poststart at the end of create until 1.5"),
    case("the state says stopped to poststop", "runtime.md: State", |t| {
        same("status", &json(&seen(t, "poststop", "cat")?)?["status"], &json!("stopped"))
    }),
    case("the state says created to startContainer", "runtime.md: State", |t| {
        same("status", &seen_inside(t, "cat >/tmp/log")?["status"], &json!("created"))
    }),
    case("hooks on the host's side are told the host's pid", "runtime.md: State", |t| {
        for kind in ["prestart", "createRuntime", "poststart"] {
            let script = format!("{PID_OF_STATE} readlink /proc/$pid/ns/pid");
            let host = namespace(std::process::id().cast_signed(), "pid").unwrap_or_default();
            let text = seen(t, kind, &script)?;
            hold(text.starts_with("pid:["), format!("{kind}: no such process"))?;
            differ(kind, text.trim(), host.as_str())?;
        }
        Ok(())
    }),
    case("startContainer is told the container's own pid", "runtime.md: State", |t| {
        same("pid", &seen_inside(t, "cat >/tmp/log")?["pid"], &json!(1))
    }),
    case("createContainer is told the container's own pid", "runtime.md: State", |t| {
        same("pid", &json(&seen(t, "createContainer", "cat")?)?["pid"], &json!(1))
    }),
    case("a hook has the configured environment and no other", "config.md: POSIX-platform Hooks", |t| {
        let log = t.path("log");
        let entry = json!({"path": "/usr/bin/env", "args": ["env"], "env": ["A=b c", "EMPTY="]});
        let script = format!("/usr/bin/env >{}", arg(&log));
        let with_log = json!({"path": "/bin/sh", "args": ["sh", "-c", script], "env": entry["env"]});
        t.run(&t.bundle()?.set("/hooks", json!({"createRuntime": [with_log]})))?.ok()?;
        let text = t.read(&log)?;
        let mut lines: Vec<&str> =
            text.lines().filter(|line| !line.starts_with("PWD=") && !line.starts_with('_')).collect();
        lines.sort_unstable();
        lines.retain(|line| !line.starts_with("OLDPWD") && !line.starts_with("SHLVL"));
        same("environment", lines, vec!["A=b c", "EMPTY="])
    }),
    case("a hook without env has an empty environment", "config.md: POSIX-platform Hooks", |t| {
        let bundle = t.bundle()?;
        let text = {
            let log = t.path("log");
            t.run(&hook(
                bundle,
                "createRuntime",
                &format!("tr '\\0' '\\n' </proc/$$/environ >{}", arg(&log)),
            ))?
            .ok()?;
            t.read(&log)?
        };
        same("environment", text.as_str(), "")
    })
    .differs("runc", "without env it passes its own on"),
    case("a hook gets its args, the first being its name", "config.md: POSIX-platform Hooks", |t| {
        let log = t.path("log");
        let script = format!("echo $0 $1 $2 >{}", arg(&log));
        let entry = json!({"path": "/bin/sh", "args": ["any-name", "-c", script, "zero", "one", "two"]});
        t.run(&t.bundle()?.set("/hooks", json!({"createRuntime": [entry]})))?.ok()?;
        same("args", t.read(&log)?, "zero one two\n".to_owned())
    }),
    case("a hook without args is called by its path", "execv(3)", |t| {
        let log = t.path("log");
        let script = t.script("hook", &format!("echo \"$0 $#\" >{}", arg(&log)))?;
        t.run(&t.bundle()?.set("/hooks", json!({"createRuntime": [{"path": script}]})))?.ok()?;
        same("name", t.read(&log)?, format!("{} 0\n", arg(&script)))
    }),
    case("a hook gets no descriptors beyond the three", "runtime-linux.md: File descriptors", |t| {
        let text = seen(t, "createRuntime", "ls -l /proc/$$/fd | grep -c -E ' ([3-9]|[1-9][0-9]+) ->'; :")?;
        same("more descriptors", text.trim(), "0")
    }),
    case("a hook past its timeout is killed", "config.md: POSIX-platform Hooks", |t| {
        let file = t.path("pid");
        let script = format!("echo $$ >{}; exec sleep 1000", arg(&file));
        let entry = json!({"path": "/bin/sh", "args": ["sh", "-c", script], "timeout": 1});
        t.run(&t.bundle()?.set("/hooks", json!({"createRuntime": [entry]})))?.exits(1)?;
        let pid = t.read(&file)?;
        hold(!PathBuf::from(format!("/proc/{}", pid.trim())).exists(), "it still runs")?;
        t.nothing_left()
    }),
    case("a hook past its timeout is an error that says so", "config.md: POSIX-platform Hooks", |t| {
        let entry = json!({"path": "/bin/sleep", "args": ["sleep", "1000"], "timeout": 1});
        let bundle = t.bundle()?.set("/hooks", json!({"createRuntime": [entry]}));
        t.rejects(&bundle, "time")
    }),
    case("a hook within its timeout succeeds", "config.md: POSIX-platform Hooks", |t| {
        let entry = json!({"path": "/bin/true", "timeout": 20});
        t.run(&t.bundle()?.set("/hooks", json!({"createRuntime": [entry]})))?.ok().map(drop)
    }),
    case("a failing prestart fails create", "runtime.md: Lifecycle 3", |t| fails_create(t, "prestart")),
    case("a failing createRuntime fails create", "runtime.md: Lifecycle 4", |t| {
        fails_create(t, "createRuntime")
    }),
    case("a failing createContainer fails create", "runtime.md: Lifecycle 5", |t| {
        fails_create(t, "createContainer")
    }),
    case("a failing startContainer fails start", "runtime.md: Lifecycle 7", |t| {
        let container = t.create(&in_container(t.bundle()?.sh("echo ran"), "exit 3"))?;
        container.call("start")?.exits(1)?;
        same("what the program prints", container.stdout(), String::new())
    })
    .differs("runc", "1.1: start succeeds, since init reports to nobody"),
    case("a failing startContainer stops the container", "runtime.md: Lifecycle 7", |t| {
        let container = t.create(&in_container(t.bundle()?.sh("echo ran"), "exit 3"))?;
        container.call("start")?;
        match t.call(&["state", &container.id])? {
            gone if gone.code != 0 => Ok(()),
            _ => until("it is stopped", || (container.status().ok()? == "stopped").then_some(())),
        }
    }),
    case("a failing startContainer is named in the error of run", "runtime.md: Lifecycle 7", |t| {
        let output = t.run(&in_container(t.bundle()?.sh("echo ran"), "exit 3"))?.exits(1)?;
        contains("the error", &output.stderr, "hook")?;
        lacks("the output", &output.stdout, "ran")?;
        t.nothing_left()
    }),
    case("a failing poststart fails start", "runtime.md: Lifecycle 9", |t| {
        let container = t.create(&hook(t.bundle()?.args(&["/bin/sleep", "1000"]), "poststart", "exit 3"))?;
        container.call("start")?.refused(1, "hook").map(drop)
    })
    .differs("runc", "poststart at the end of create until 1.5"),
    case("a failing poststart stops the container", "runtime.md: Lifecycle 9", |t| {
        let bundle = hook(t.bundle()?.args(&["/bin/sleep", "1000"]), "poststart", "exit 3");
        let (id, created) = t.try_create(&bundle, &[])?;
        if created.code == 0 {
            t.call(&["start", &id])?;
        }
        match t.call(&["state", &id])? {
            gone if gone.code != 0 => Ok(()),
            state => same("status", &json(&state.stdout)?["status"], &json!("stopped")),
        }
    }),
    case("a failing poststart fails run and leaves nothing", "runtime.md: Lifecycle 9", |t| {
        t.run(&hook(t.bundle()?.args(&["/bin/sleep", "1000"]), "poststart", "exit 3"))?.refused(1, "hook")?;
        t.nothing_left()
    }),
    case("a failing poststop does not fail delete", "runtime.md: Lifecycle 13", |t| {
        let container = t.start(&hook(t.bundle()?, "poststop", "exit 3"))?;
        container.wait()?;
        container.delete()?;
        t.nothing_left()
    }),
    case("a failing poststop is warned about", "runtime.md: Lifecycle 13", |t| {
        let container = t.start(&hook(t.bundle()?, "poststop", "exit 3"))?;
        container.wait()?;
        contains("stderr", &container.call("delete")?.stderr, "hook")
    }),
    case("the poststop hooks after a failing one run", "runtime.md: Lifecycle 13", |t| {
        let mark = t.path("mark");
        let bundle = hook(t.bundle()?, "poststop", "exit 3");
        let container = t.start(&hook(bundle, "poststop", &format!("echo ran >{}", arg(&mark))))?;
        container.wait()?;
        container.call("delete")?;
        hold(mark.exists(), "the second hook did not run")
    })
    .differs("runc", "it stops at the first"),
    case("a failing hook keeps the later ones from running", "runtime.md: Lifecycle", |t| {
        let mark = t.path("mark");
        let bundle = hook(t.bundle()?, "createRuntime", "exit 3");
        t.run(&hook(bundle, "createRuntime", &format!("echo ran >{}", arg(&mark))))?.exits(1)?;
        hold(!mark.exists(), "the second hook ran")
    }),
    case("poststop runs after a failing create", "runtime.md: Lifecycle 12, 13", |t| {
        let mark = t.path("mark");
        let bundle = hook(t.bundle()?, "createRuntime", "exit 3");
        t.try_create(&hook(bundle, "poststop", &format!("echo ran >{}", arg(&mark))), &[])?.1.exits(1)?;
        hold(mark.exists(), "it did not run")
    }),
    case("what a failing hook says is in the error", "runc: hooks", |t| {
        let bundle = hook(t.bundle()?, "createRuntime", "echo because of this >&2; exit 3");
        t.try_create(&bundle, &[])?.1.refused(1, "because of this").map(drop)
    }),
    case("the error of a failing hook names its kind or path and its status", "runc: hooks", |t| {
        let bundle = hook(t.bundle()?, "createRuntime", "exit 3");
        t.try_create(&bundle, &[])?.1.refused(1, "exit status 3").map(drop)
    }),
    case("a hook that is not there is an error", "config.md: POSIX-platform Hooks", |t| {
        t.rejects(
            &t.bundle()?.set("/hooks", json!({"createRuntime": [{"path": "/nowhere/hook"}]})),
            "/nowhere/hook",
        )
    }),
    case("a hook that is not executable is an error", "config.md: POSIX-platform Hooks", |t| {
        let file = t.file("hook", "")?;
        t.rejects(&t.bundle()?.set("/hooks", json!({"createRuntime": [{"path": file}]})), "permission denied")
    }),
    case("a hook with a relative path is an error", "config.md: POSIX-platform Hooks", |t| {
        t.rejects(&t.bundle()?.set("/hooks", json!({"createRuntime": [{"path": "bin/true"}]})), "")
    }),
    case("a timeout of zero is an error", "config.md: POSIX-platform Hooks", |t| {
        let entry = json!({"path": "/bin/true", "timeout": 0});
        t.rejects(&t.bundle()?.set("/hooks", json!({"createRuntime": [entry]})), "timeout")
    }),
    case("a hook may ask the runtime for the state", "config.md: POSIX-platform Hooks", |t| {
        let log = t.path("log");
        let bundle = t.bundle()?;
        let id = t.id();
        let script = format!("{} --root {} state {id} >{}", arg(&t.runtime), arg(&t.root), arg(&log));
        let bundle = hook(bundle, "poststart", &script).args(&["/bin/sleep", "1000"]);
        bundle.write()?;
        t.call(&["create", "--bundle", arg(&bundle.dir), &id])?.ok()?;
        t.call(&["start", &id])?.ok()?;
        same("id", &json(&t.read(&log)?)?["id"], &json!(id))
    }),
    case("state answers while a hook hangs", "runtime.md: Query State", |t| {
        let bundle = hook(t.bundle()?, "createRuntime", "exec sleep 1000");
        bundle.write()?;
        let id = t.id();
        let running = t.command(&["create", "--bundle", arg(&bundle.dir), &id])?.spawn()?;
        let hook = hanging(&running)?;
        let state = json(&t.call(&["state", &id])?.ok()?.stdout)?;
        kill(hook, Signal::SIGKILL).doing("end the hook")?;
        running.wait()?.exits(1)?;
        hold(state["status"] == "creating" || state["status"] == "created", format!("{state}"))?;
        t.nothing_left()
    })
    .differs("runc", "1.1 writes its state after these hooks"),
    case("kill does not take a container that is being created for a dead one", "runc kill", |t| {
        let bundle = hook(t.bundle()?, "createRuntime", "exec sleep 1000");
        bundle.write()?;
        let id = t.id();
        let running = t.command(&["create", "--bundle", arg(&bundle.dir), &id])?.spawn()?;
        let hook = hanging(&running)?;
        let output = t.call(&["kill", &id, "KILL"])?;
        kill(hook, Signal::SIGKILL).doing("end the hook")?;
        running.wait()?.exits(1)?;
        output.refused(1, "still being created")?;
        t.nothing_left()
    })
    .differs("runc", "1.1 writes its state after these hooks"),
    case("a container with a hook that hangs can be deleted by force", "runc delete", |t| {
        let bundle = hook(t.bundle()?, "createRuntime", "echo $$; exec sleep 1000");
        bundle.write()?;
        let id = t.id();
        let running = t.command(&["create", "--bundle", arg(&bundle.dir), &id])?.spawn()?;
        until("the state is there", || t.root.join(&id).exists().then_some(()))?;
        let hook = hanging(&running)?;
        t.call(&["delete", "--force", &id])?.ok()?;
        hold(!t.root.join(&id).exists(), "its state is still there")?;
        // The hook may have been ended with the container.
        let _ = kill(hook, Signal::SIGKILL);
        running.wait()?.exits(1)?;
        t.nothing_left()
    }),
];

/// Sets `pid` in a shell script from the state on stdin.
const PID_OF_STATE: &str = "pid=$(grep -o '\"pid\": *[0-9]*' | grep -o '[0-9]*$');";

/// Adds a hook of this kind that runs a shell script on the host.
fn hook(bundle: Bundle, kind: &str, script: &str) -> Bundle {
    let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    let entry = json!({"path": "/bin/sh", "args": ["sh", "-c", format!("{path}; {script}")]});
    bundle.edit(|config| {
        if !config["hooks"][kind].is_array() {
            config["hooks"][kind] = json!([]);
        }
        config["hooks"][kind].as_array_mut().expect("just made").push(entry);
    })
}

/// Adds a startContainer hook that runs a shell script in the container.
fn in_container(bundle: Bundle, script: &str) -> Bundle {
    hook(bundle, "startContainer", script)
}

/// What a hook of this kind writes to stdout.
fn seen(t: &Test, kind: &str, script: &str) -> Outcome<String> {
    let log = t.path("log");
    t.run(&hook(t.bundle()?, kind, &format!("( {script} ) >{}", arg(&log))))?.ok()?;
    t.read(&log)
}

/// The JSON that a startContainer hook leaves in /tmp/log.
fn seen_inside(t: &Test, script: &str) -> Outcome<Value> {
    let bundle = in_container(t.bundle()?, script);
    t.run(&bundle)?.ok()?;
    json(&t.read(&bundle.path("tmp/log"))?)
}

/// A hook of this kind runs during this verb and not before.
fn runs_at(t: &Test, kind: &str, verb: &str) -> Outcome {
    let mark = t.path("mark");
    let ran = |when: &str| if mark.exists() { fail(format!("it runs at {when}")) } else { Ok(()) };
    let bundle = hook(t.bundle()?, kind, &format!("echo ran >{}", arg(&mark)));
    let container = t.create(&bundle.args(&["/bin/sleep", "1000"]))?;
    if verb != "create" {
        ran("create")?;
        container.start()?;
    }
    if verb == "delete" {
        ran("start")?;
        container.stop()?;
        ran("kill")?;
        container.delete()?;
    }
    hold(mark.exists(), format!("it does not run at {verb}"))
}

/// Waits until the hook of a call hangs, asleep.
fn hanging(call: &Running) -> Outcome<Pid> {
    let asleep = until("the hook runs", || {
        let below = crate::procfs::descendants(Pid::from_raw(call.pid));
        below.into_iter().find(|process| process.name == "sleep")
    })?;
    Ok(Pid::from_raw(asleep.pid))
}

/// A failing hook of this kind fails create, and leaves nothing.
fn fails_create(t: &Test, kind: &str) -> Outcome {
    let (_, output) = t.try_create(&hook(t.bundle()?, kind, "exit 3"), &[])?;
    output.refused(1, "hook")?;
    t.nothing_left()
}

trait Order: Sized {
    /// Makes the file `order` of the scratch directory the container's /order.
    fn mount_order(self, t: &Test) -> Outcome<Self>;
}

impl Order for Bundle {
    fn mount_order(self, t: &Test) -> Outcome<Self> {
        let file = t.file("order", "")?;
        Ok(self.mount("bind", file, "/order", &["bind"]))
    }
}
