//! The command line: listings, flags in every form, errors of use, the log, help and versions.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case};
use crate::cgroup::Control;
use crate::console::arg;
use crate::expect::{contains, hold, is_rfc3339, json, lacks, same};
use crate::runtime::Output;
use crate::test::Test;
use serde_json::{Value, json};
use std::fs;

/// Why runc fails some of them.
const CRUNS_FLAG: &str = "it has no such flag";

pub(crate) const CASES: &[Case] = &[
    case("list prints a table", "runc list", |t| {
        let container = t.idle()?;
        let text = t.call(&["list"])?.ok()?.stdout;
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        same("header", &lines[0], &["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"].to_vec())?;
        same("row", &lines[1][..3], &[container.id.as_str(), &container.pid.to_string(), "running"][..])
    }),
    case("list of nothing is a header", "runc list", |t| {
        fs::create_dir(&t.root).doing("make the state directory")?;
        let text = t.call(&["list"])?.ok()?.stdout;
        same("lines", text.lines().count(), 1)
    }),
    case("list of nothing is null in JSON", "runc list", |t| {
        fs::create_dir(&t.root).doing("make the state directory")?;
        same("output", json(&t.call(&["list", "--format", "json"])?.ok()?.stdout)?, Value::Null)
    }),
    case("list --format json has the fields of state", "runc list", |t| {
        let container = t.create(&t.bundle()?)?;
        let list = json(&t.call(&["list", "-f", "json"])?.ok()?.stdout)?;
        let state = container.state()?;
        for field in ["ociVersion", "id", "pid", "status", "bundle", "created"] {
            same(field, &list[0][field], &state[field])?;
        }
        same("owner", &list[0]["owner"], &json!("root"))
    })
    .needs_root("root is the owner that it looks for"),
    case("list names each container once", "runc list", |t| {
        let ids = [t.create(&t.bundle()?)?.id, t.create(&t.bundle()?)?.id];
        let text = t.call(&["list", "--quiet"])?.ok()?.stdout;
        same("ids", text.lines().collect::<Vec<_>>(), ids.to_vec())
    }),
    case("list shows created and stopped containers", "runc list", |t| {
        t.create(&t.bundle()?)?;
        t.start(&t.bundle()?)?.wait()?;
        let list = json(&t.call(&["list", "-f", "json"])?.ok()?.stdout)?;
        same("states", (&list[0]["status"], &list[1]["status"]), (&json!("created"), &json!("stopped")))
    }),
    case("list refuses an unknown format", "runc list", |t| {
        t.create(&t.bundle()?)?;
        t.call(&["list", "--format", "xml"])?.refused(1, "format").map(drop)
    }),
    case("list of a state directory that is not there is an error", "runc list", |t| {
        t.call(&["list"])?.refused(1, "no such file or directory").map(drop)
    })
    .differs("runc", "1.1 makes the directory"),
    case("list passes over what is no container", "runc list", |t| {
        let container = t.create(&t.bundle()?)?;
        fs::create_dir(t.root.join("broken")).doing("make a broken entry")?;
        let output = t.call(&["list", "-q"])?.ok()?;
        fs::remove_dir(t.root.join("broken")).doing("remove the broken entry")?;
        same("ids", output.stdout, container.id + "\n")
    }),
    case("ps --format json lists the pids", "runc ps", |t| {
        let container = t.idle()?;
        let pids = json(&t.call(&["ps", "--format", "json", &container.id])?.ok()?.stdout)?;
        same("pids", pids, json!([container.pid]))
    }),
    case("ps prints the rows of the container's processes", "runc ps", |t| {
        let container = t.idle()?;
        let text = t.call(&["ps", &container.id])?.ok()?.stdout;
        let lines: Vec<&str> = text.lines().collect();
        contains("header", lines[0], "PID")?;
        same("lines", lines.len(), 2)?;
        contains("row", lines[1], &container.pid.to_string())
    }),
    case("ps hands options to the host's ps", "runc ps", |t| {
        let container = t.idle()?;
        let text = t.call(&["ps", &container.id, "-o", "pid,comm"])?.ok()?.stdout;
        let words: Vec<&str> = text.split_whitespace().collect();
        same("output", words, vec!["PID", "COMMAND", &container.pid.to_string(), "sleep"])
    }),
    case("ps sees the processes of exec", "runc ps", |t| {
        let container = t.idle()?;
        container.exec_with(&["--detach"], &["/bin/sleep", "1000"])?.ok()?;
        let pids = json(&t.call(&["ps", "-f", "json", &container.id])?.ok()?.stdout)?;
        same("number of processes", pids.as_array().map(Vec::len), Some(2))
    }),
    case("ps sees processes in cgroups below the container's", "runc ps", |t| {
        let container = t.idle()?;
        container.exec_with(&["--detach"], &["/bin/sleep", "1000"])?.ok()?;
        let members = Control("freezer", "cgroup.procs", "cgroup.procs").of(&container)?;
        let below = members.with_file_name("below");
        fs::create_dir(&below).doing("make a cgroup below")?;
        let text = t.read(&members)?;
        let exec = text.lines().find(|pid| *pid != container.pid.to_string()).unwrap_or_default();
        fs::write(below.join("cgroup.procs"), exec).doing("move a process")?;
        let pids = json(&t.call(&["ps", "-f", "json", &container.id])?.ok()?.stdout)?;
        same("number of processes", pids.as_array().map(Vec::len), Some(2))
    }),
    case("ps of an unknown container is an error", "runc ps", |t| {
        t.call(&["ps", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("spec writes a configuration", "runc spec", |t| {
        let config = spec(t, &[])?;
        hold(config["ociVersion"].is_string(), "no ociVersion")?;
        same("args", &config["process"]["args"], &json!(["sh"]))
    }),
    case("spec asks for a terminal and a read-only rootfs", "runc spec", |t| {
        let config = spec(t, &[])?;
        same("terminal", &config["process"]["terminal"], &json!(true))?;
        same("root", &config["root"], &json!({"path": "rootfs", "readonly": true}))
    }),
    case("spec mounts what a container expects", "config-linux.md: Default Filesystems", |t| {
        let config = spec(t, &[])?;
        let text = config["mounts"].to_string();
        ["\"/proc\"", "\"/sys\"", "\"/dev/pts\"", "\"/dev/shm\""]
            .iter()
            .try_for_each(|destination| contains("mounts", &text, destination))
    }),
    case("spec gives no inheritable capabilities", "CVE-2022-29162", |t| {
        let config = spec(t, &[])?;
        let list = config.pointer("/process/capabilities/inheritable").and_then(Value::as_array);
        same("number of inheritable capabilities", list.map_or(0, Vec::len), 0)
    }),
    case("spec does not overwrite a configuration", "runc spec", |t| {
        let dir = t.folder("spec")?;
        fs::write(dir.join("config.json"), "mine").doing("write a config.json")?;
        t.call(&["spec", "--bundle", arg(&dir)])?.refused(1, "config.json")?;
        same("config.json", t.read(&dir.join("config.json"))?, "mine")
    }),
    case("spec writes to the working directory unless told", "runc spec", |t| {
        let dir = t.folder("spec")?;
        t.command(&["spec"])?.dir(&dir).output()?.ok()?;
        json(&t.read(&dir.join("config.json"))?).map(drop)
    }),
    case("the configuration of spec runs", "runc spec", |t| {
        let config = spec(t, &[])?;
        let bundle = with_config(t.bundle()?, config).sh("echo $$; touch /x 2>&1 | grep -c Read-only");
        t.prints(&bundle, "1\n1\n")
    })
    .needs_root("it has no user namespace"),
    case("spec --rootless maps one user", "runc spec", |t| {
        let linux = &spec(t, &["--rootless"])?["linux"];
        let map = json!([{"containerID": 0, "hostID": 0, "size": 1}]);
        same("maps", (&linux["uidMappings"], &linux["gidMappings"]), (&map, &map))?;
        contains("namespaces", &linux["namespaces"].to_string(), "user")
    })
    .needs_root("root is the user that it looks for"),
    case("spec --rootless has no network namespace and no resources", "runc spec", |t| {
        let linux = &spec(t, &["--rootless"])?["linux"];
        lacks("namespaces", &linux["namespaces"].to_string(), "network")?;
        same("resources", linux.get("resources"), None)
    }),
    case("features is one JSON object", "features.md", |t| {
        let features = features(t)?;
        hold(features["ociVersionMin"].is_string(), "no ociVersionMin")?;
        hold(features["ociVersionMax"].is_string(), "no ociVersionMax")
    }),
    case("features names the six hooks", "features.md: Hooks", |t| {
        let hooks =
            ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];
        let have = features(t)?;
        hooks.iter().try_for_each(|hook| has(&have["hooks"], hook))
    }),
    case("features names the mount options that must be known", "features.md: Mount options", |t| {
        let have = features(t)?;
        let must = "async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev \
                    nodiratime noexec noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime \
                    remount ro rprivate rshared rslave runbindable rw shared silent slave strictatime suid sync \
                    unbindable";
        must.split_whitespace().try_for_each(|option| has(&have["mountOptions"], option))
    }),
    case("features names the recursive read-only option", "containerd: RecursiveReadOnlyMounts", |t| {
        has(&features(t)?["mountOptions"], "rro")
    }),
    case("features names the namespaces", "features-linux.md: Namespaces", |t| {
        let have = features(t)?;
        ["cgroup", "ipc", "mount", "network", "pid", "user", "uts", "time"]
            .iter()
            .try_for_each(|kind| has(&have["linux"]["namespaces"], kind))
    })
    .differs("runc", "1.1 has no time namespaces"),
    case("features names every capability of this kernel", "features-linux.md: Capabilities", |t| {
        let have = features(t)?;
        ["CAP_CHOWN", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"]
            .iter()
            .try_for_each(|name| has(&have["linux"]["capabilities"], name))
    }),
    case("features tells about cgroups", "features-linux.md: Cgroup", |t| {
        let cgroup = &features(t)?["linux"]["cgroup"];
        same("v1 and v2", (&cgroup["v1"], &cgroup["v2"]), (&json!(true), &json!(true)))
    }),
    case(
        "features names the annotations that set properties of a unit",
        "features.md: Unsafe annotations",
        |t| has(&features(t)?["potentiallyUnsafeConfigAnnotations"], "org.systemd.property."),
    )
    .differs("runc", "new in 1.2"),
    case("features tells about idmapped mounts", "features-linux.md: MountExtensions", |t| {
        same("idmap", &features(t)?["linux"]["mountExtensions"]["idmap"]["enabled"], &json!(true))
    })
    .differs("runc", "1.1 has none"),
    case("features works without any global flag", "containerd: features", |t| {
        json(&t.bare(&["features"])?.output()?.ok()?.stdout).map(drop)
    }),
    case("--version tells the name, the commit and the spec's version", "runc --version", |t| {
        let text = t.bare(&["--version"])?.output()?.ok()?.stdout;
        let lines: Vec<&str> = text.lines().collect();
        contains("first line", lines[0], " version ")?;
        hold(lines.iter().any(|line| line.starts_with("commit: ")), "no commit line")?;
        hold(lines.iter().any(|line| line.starts_with("spec: 1.")), "no spec line")
    }),
    case("-v is --version", "runc --version", |t| {
        let long = t.bare(&["--version"])?.output()?.ok()?.stdout;
        same("output", t.bare(&["-v"])?.output()?.ok()?.stdout, long)
    }),
    case("--help names the commands", "runc --help", |t| {
        let text = t.bare(&["--help"])?.output()?.ok()?.stdout;
        ["create", "start", "run", "state", "kill", "delete", "exec", "list", "ps", "spec", "features"]
            .iter()
            .try_for_each(|command| contains("help", &text, command))
    }),
    case("each command has a --help", "runc COMMAND --help", |t| {
        for command in
            ["create", "start", "run", "state", "kill", "delete", "exec", "list", "ps", "spec", "features"]
        {
            let text = t.bare(&[command, "--help"])?.output()?.ok()?.stdout;
            contains(&format!("help of {command}"), &text, command)?;
        }
        Ok(())
    }),
    case("-h is --help", "runc COMMAND --help", |t| {
        contains("help", &t.bare(&["create", "-h"])?.output()?.ok()?.stdout, "--bundle")
    }),
    case("the help of create names every flag", "runc create", |t| {
        help_names(t, "create", "bundle console-socket pid-file no-pivot no-new-keyring preserve-fds")
    }),
    case("the help of run names every flag", "runc run", |t| {
        let flags =
            "bundle console-socket pid-file no-pivot no-new-keyring preserve-fds detach keep no-subreaper";
        help_names(t, "run", flags)
    }),
    case("the help of exec names every flag", "runc exec", |t| {
        let flags = "console-socket cwd env tty user additional-gids process detach pid-file process-label apparmor \
                     no-new-privs cap preserve-fds cgroup ignore-paused";
        help_names(t, "exec", flags)
    }),
    case("create and exec can send a pidfd", "runc create", |t| {
        help_names(t, "create", "pidfd-socket")?;
        help_names(t, "exec", "pidfd-socket")
    })
    .differs("runc", "new in 1.2"),
    case("a long flag may have a single dash", "Go flags", |t| runs(t, |dir| vec!["-bundle", dir])),
    case("a flag's value may follow an equals sign", "Go flags", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        t.call(&["run", &format!("--bundle={}", arg(&bundle.dir)), &t.id()])?.ok().map(drop)
    }),
    case("a single dash and an equals sign go together", "Go flags", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        t.call(&["run", &format!("-bundle={}", arg(&bundle.dir)), &t.id()])?.ok().map(drop)
    }),
    case("a short flag's value may follow an equals sign", "Go flags", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        t.call(&["run", &format!("-b={}", arg(&bundle.dir)), &t.id()])?.ok().map(drop)
    }),
    case("a switch may be given a value", "Go flags", |t| {
        runs(t, |dir| vec!["--no-pivot=false", "--bundle", dir])
    }),
    case("a switch may be given twice", "Go flags", |t| {
        runs(t, |dir| vec!["--keep=false", "--keep=false", "-b", dir])
    }),
    case("the last of two values wins", "Go flags", |t| runs(t, |dir| vec!["-b", "/nowhere", "-b", dir])),
    case("two dashes end the flags", "Go flags", |t| runs(t, |dir| vec!["--bundle", dir, "--"])),
    case("global flags take both forms too", "Go flags", |t| {
        let container = t.create(&t.bundle()?)?;
        for root in [format!("--root={}", arg(&t.root)), format!("-root={}", arg(&t.root))] {
            t.bare(&[root.as_str(), "state", &container.id])?.output()?.ok()?;
        }
        t.bare(&["-root", arg(&t.root), "state", &container.id])?.output()?.ok().map(drop)
    }),
    case("--rootless takes true, false and auto", "runc --rootless", |t| {
        let container = t.create(&t.bundle()?)?;
        ["--rootless=true", "--rootless=false", "--rootless=auto"]
            .iter()
            .try_for_each(|flag| t.command(&[flag, "state", &container.id])?.output()?.ok().map(drop))
    }),
    case("an unknown flag is an error of use", "runc", |t| {
        t.call(&["state", "--nonsense", "x"])?.refused(1, "nonsense").map(drop)
    }),
    case("an unknown global flag is an error of use", "runc", |t| {
        let output = t.bare(&["--nonsense", "state", "x"])?.output()?;
        hold(output.code != 0, "exit 0")?;
        contains("the error", &output.stderr, "nonsense")
    }),
    case("an unknown command is an error of use", "runc", |t| {
        let output = t.call(&["nonsense"])?;
        hold(output.code != 0, "exit 0")?;
        contains("the error", &output.stderr, "nonsense")
    }),
    case("a flag without its value says so in words that engines look for", "podman: restore probe", |t| {
        let output = t.call(&["create", "--bundle"])?;
        same("exit status", output.code, 1)?;
        let text = output.stdout + &output.stderr;
        hold(text.contains("flag needs an argument") || text.contains("requires an argument"), text)
    }),
    case("a command without its id says how many arguments it takes", "runc checkArgs", |t| {
        for command in ["create", "start", "state", "delete", "run"] {
            t.call(&[command])?.refused(1, "requires exactly 1 argument")?;
        }
        Ok(())
    }),
    case("a command with too many arguments says how many it takes", "runc checkArgs", |t| {
        for command in ["create", "start", "state", "delete", "run"] {
            t.call(&[command, "a", "b"])?.refused(1, "requires exactly 1 argument")?;
        }
        t.call(&["kill", "a", "b", "c"])?.refused(1, "requires a maximum of 2 argument")?;
        t.call(&["list", "a"])?.refused(1, "requires exactly 0 argument").map(drop)
    }),
    case("kill, ps and exec need at least an id", "runc checkArgs", |t| {
        for command in ["kill", "ps", "exec"] {
            t.call(&[command])?.refused(1, "requires a minimum of 1 argument")?;
        }
        Ok(())
    }),
    case("an error goes to stderr as one line", "runc fatal", |t| {
        let output = t.call(&["state", "nobody"])?.exits(1)?;
        same("stdout", output.stdout.as_str(), "")?;
        same("lines", output.stderr.trim_end().lines().count(), 1)
    }),
    case(
        "an error with a JSON log is one object of level, msg and time",
        "containerd: getLastRuntimeError",
        |t| {
            let (_, log) = logged(t, &["--log-format", "json"])?;
            let entry = json(&log)?;
            same("level", &entry["level"], &json!("error"))?;
            contains("msg", entry["msg"].as_str().unwrap_or_default(), "container does not exist")?;
            let time = entry["time"].as_str().unwrap_or_default();
            hold(is_rfc3339(time), format!("time is {time:?}"))
        },
    ),
    case("an error that is logged goes to stderr as well", "runc fatal", |t| {
        let (output, _) = logged(t, &["--log-format", "json"])?;
        contains("stderr", &output.stderr, "container does not exist")
    }),
    case("an error with a text log is a line with level=error", "runc --log", |t| {
        let (_, log) = logged(t, &[])?;
        same("lines", log.lines().count(), 1)?;
        contains("the log", &log, "level=error")?;
        contains("the log", &log, "container does not exist")
    }),
    case("a log is appended to", "runc --log", |t| {
        logged(t, &["--log-format=json"])?;
        let (_, log) = logged(t, &["--log-format=json"])?;
        same("lines", log.lines().count(), 2)
    }),
    case("a success writes nothing to the log", "podman: one JSON object", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        let log = t.path("log");
        t.command(&["--log", arg(&log), "--log-format=json", "run", "-b", arg(&bundle.dir), &t.id()])?
            .output()?
            .ok()?;
        same("the log", fs::read_to_string(log).unwrap_or_default(), "")
    }),
    case("a failing create with a JSON log is one object", "podman: one JSON object", |t| {
        let bundle = t.bundle()?.args(&["/nowhere"]);
        bundle.write()?;
        let log = t.path("log");
        let call =
            t.command(&["--log", arg(&log), "--log-format=json", "create", "-b", arg(&bundle.dir), &t.id()])?;
        call.output()?.exits(1)?;
        let entry = json(&t.read(&log)?)?;
        contains("msg", entry["msg"].as_str().unwrap_or_default(), "no such file or directory")
    }),
    case("a log may be called file:FILE", "crun(1): --log", |t| {
        let log = t.path("log");
        let flag = format!("file:{}", arg(&log));
        t.command(&["--log", &flag, "state", "nobody"])?.output()?.exits(1)?;
        contains("the log", &t.read(&log)?, "container does not exist")
    })
    .differs("runc", CRUNS_FLAG)
    .differs("crun", "it has other words"),
    case("a log that is no file is refused", "ociruntime --log", |t| {
        t.command(&["--log", "syslog:web", "list"])?.output()?.refused(1, "syslog").map(drop)
    })
    .differs("runc", CRUNS_FLAG)
    .differs("crun", "it has a log of that kind"),
    case("create takes another file for config.json", "crun(1): --config", |t| {
        let bundle = t.bundle()?.sh("echo from the file");
        let file = t.file("other.json", &bundle.config.to_string())?;
        // What is not there cannot be read.
        let flags = ["--bundle", arg(&bundle.dir), "--config", arg(&file), &t.id()];
        let output = t.call(&[&["run"], &flags[..]].concat())?.ok()?;
        same("output", output.stdout.as_str(), "from the file\n")
    })
    .differs("runc", CRUNS_FLAG),
    case("what is wrong with another file is told of that", "ociruntime create", |t| {
        let bundle = t.bundle()?.set("/process/cwd", json!("relative"));
        let file = t.file("other.json", &bundle.config.to_string())?;
        let flags = ["create", "--bundle", arg(&bundle.dir), "--config", arg(&file), &t.id()];
        t.call(&flags)?.refused(1, "other.json: /process/cwd").map(drop)
    })
    .differs("runc", CRUNS_FLAG)
    .differs("crun", "it names neither"),
    case("an unknown cgroup manager is refused", "crun(1): --cgroup-manager", |t| {
        t.command(&["--cgroup-manager", "nobody", "list"])?.output()?.refused(1, "cgroup-manager").map(drop)
    })
    .wavers("crun", "it looks at it when there is something to do"),
    case("an unknown log format is refused", "runc --log-format", |t| {
        t.command(&["--log-format", "xml", "list"])?.output()?.refused(1, "invalid log-format").map(drop)
    }),
    case("--debug does not disturb the output", "runc --debug", |t| {
        let container = t.create(&t.bundle()?)?;
        let state = json(&t.command(&["--debug", "state", &container.id])?.output()?.ok()?.stdout)?;
        same("id", &state["id"], &json!(container.id))
    }),
    case("the state directory is for root alone", "runc --root", |t| {
        let container = t.create(&t.bundle()?)?;
        let output =
            t.host(&["/usr/bin/stat", "-c", "%a", arg(&t.root.join(&container.id))])?.output()?.ok()?;
        let mode = u32::from_str_radix(output.stdout.trim(), 8).doing("read the mode")?;
        same("rights of others to write", mode & 0o022, 0)
    }),
    case("--systemd-cgroup wants a systemd path", "runc --systemd-cgroup", |t| {
        let bundle = t.bundle()?.set("/linux/cgroupsPath", json!("/not/three/parts"));
        bundle.write()?;
        let call = t.command(&["--systemd-cgroup", "create", "-b", arg(&bundle.dir), &t.id()])?;
        call.output()?.refused(1, "")?;
        t.nothing_left()
    }),
];

/// Runs `spec` with these flags and returns the configuration that it writes.
fn spec(t: &Test, flags: &[&str]) -> Outcome<Value> {
    let dir = t.folder("spec")?;
    t.call(&[&["spec", "--bundle", arg(&dir)], flags].concat())?.ok()?;
    json(&t.read(&dir.join("config.json"))?)
}

/// A configuration of `spec` in place of the base, without its terminal.
pub(crate) fn with_config(mut bundle: Bundle, config: Value) -> Bundle {
    bundle.config = config;
    bundle.set("/process/terminal", json!(false))
}

fn features(t: &Test) -> Outcome<Value> {
    json(&t.call(&["features"])?.ok()?.stdout)
}

/// The JSON list has `word` in it.
fn has(list: &Value, word: &str) -> Outcome {
    let found = list.as_array().is_some_and(|list| list.iter().any(|entry| entry == word));
    hold(found, format!("no {word} in {list}"))
}

fn help_names(t: &Test, command: &str, flags: &str) -> Outcome {
    let text = t.bare(&[command, "--help"])?.output()?.ok()?.stdout;
    flags.split_whitespace().try_for_each(|flag| contains("help", &text, &format!("--{flag}")))
}

/// `run` with these flags succeeds.
fn runs(t: &Test, flags: fn(&str) -> Vec<&str>) -> Outcome {
    let bundle = t.bundle()?;
    bundle.write()?;
    let id = t.id();
    let mut words = vec!["run"];
    words.extend(flags(arg(&bundle.dir)));
    words.push(&id);
    t.call(&words)?.ok().map(drop)
}

/// A failing `state` with a log file, and what is in the file then.
fn logged(t: &Test, flags: &[&str]) -> Outcome<(Output, String)> {
    let log = t.path("log");
    let words = [&["--log", arg(&log)], flags, &["state", "nobody"]].concat();
    let output = t.command(&words)?.output()?.exits(1)?;
    Ok((output, t.read(&log)?))
}
