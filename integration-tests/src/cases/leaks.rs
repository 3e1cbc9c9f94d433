//! What the caller of a runtime leaked, or one container could see of another: nothing of it may help anybody.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case};
use crate::console::arg;
use crate::expect::{hold, json, lacks, same};
use crate::runtime::Output;
use crate::test::Test;
use serde_json::json;
use std::fs;

pub(crate) const CASES: &[Case] = &[
    case("a program is not looked up through a descriptor that the caller leaked", "CVE-2024-21626", |t| {
        let bundle = t.bundle()?.args(&["/proc/self/fd/7/bin/true"]);
        hold(leaking(t, &bundle)?.code != 0, "the host's program ran")
    }),
    case(
        "an interpreter is not looked up through a descriptor that the caller leaked",
        "CVE-2024-21626",
        |t| {
            let bundle =
                t.bundle()?.file_mode("entry", "#!/proc/self/fd/7/bin/sh\necho from the host\n", 0o755)?;
            lacks("output", &leaking(t, &bundle.args(&["/entry"]))?.stdout, "from the host")
        },
    ),
    case("exec looks up no program through a descriptor that the caller leaked", "CVE-2024-21626", |t| {
        let container = t.idle()?;
        let words = ["exec", &container.id, "/proc/self/fd/7/bin/true"];
        let output = t.through(&LEAK, &words)?.output()?;
        hold(output.code != 0, "the host's program ran")
    }),
    case("a waiting init shows an exec'd process nothing that the caller leaked", "CVE-2016-9962", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        let id = t.id();
        t.through(&LEAK, &["create", "--bundle", arg(&bundle.dir), &id])?.output()?.ok()?;
        let seen = t.call(&["exec", &id, "ls", "/proc/1/fd/7/"])?;
        hold(seen.code != 0, format!("it shows {:?}", seen.stdout))
    }),
    case("LISTEN_FDS that are meant for another process are not passed on", "sd_listen_fds(3)", |t| {
        let bundle = t.bundle()?.sh("echo ${LISTEN_FDS:-none}; ls /proc/self/fd/3/ 2>/dev/null || true");
        let script = "exec 3</; export LISTEN_FDS=1 LISTEN_PID=1; exec \"$@\"";
        let output = t.run_through(&["/bin/sh", "-c", script, "sh"], &bundle, &[])?.output()?.ok()?;
        same("output", output.stdout, "none\n")
    }),
    case("exec --process takes over the capabilities of the container", "runc exec", |t| {
        let container = t.idle()?;
        let own = container.sh("grep CapEff /proc/self/status")?;
        let process = json!({
            "args": ["grep", "CapEff", "/proc/self/status"], "cwd": "/", "user": {"uid": 0, "gid": 0},
            "env": ["PATH=/bin"],
        });
        let file = t.file("process.json", &process.to_string())?;
        let text = container.exec_with(&["--process", arg(&file)], &[])?.ok()?.stdout;
        same("capabilities", text, own)
    }),
    case(
        "a create that lost its id leaves the next container of that id alone",
        "runc delete --force",
        |t| {
            let gate = t.path("gate");
            let hook = format!("while [ ! -e {} ]; do sleep 0.05; done", arg(&gate));
            let hooked = t.bundle()?.set(
                "/hooks",
                json!({"createRuntime": [{
                    "path": "/bin/sh", "args": ["sh", "-c", hook], "env": ["PATH=/bin:/usr/bin"],
                }]}),
            );
            hooked.write()?;
            let id = t.id();
            let lost = t.command(&["create", "--bundle", arg(&hooked.dir), &id])?.spawn()?;
            crate::expect::until("the container", || t.call(&["state", &id]).ok()?.ok().ok())?;
            t.call(&["delete", "--force", &id])?.ok()?;
            let next = t.bundle()?.args(&["sleep", "1000"]);
            next.write()?;
            let detached = ["run", "--detach", "--bundle", arg(&next.dir), &id];
            t.command(&detached)?.stdout(std::process::Stdio::null()).output()?.ok()?;
            fs::write(&gate, "").doing("open the gate")?;
            lost.wait()?;
            let state = json(&t.call(&["state", &id])?.ok()?.stdout)?;
            same("status", state["status"].as_str(), Some("running"))
        },
    )
    .differs(
        "runc",
        "it holds the directory of a container that it creates, and delete --force finds no state",
    ),
];

/// A shell that leaks the host's root as descriptor 7 to the command that follows.
const LEAK: [&str; 4] = ["/bin/sh", "-c", "exec 7</; exec \"$@\"", "sh"];

fn leaking(t: &Test, bundle: &Bundle) -> Outcome<Output> {
    t.run_through(&LEAK, bundle, &[])?.output()
}
