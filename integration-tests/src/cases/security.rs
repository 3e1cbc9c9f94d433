//! Attacks on runtimes that are known from the field: the rootfs and everything in the container are hostile.

use crate::case::{Case, Doing, Outcome, case, fail, skip};
use crate::console::arg;
use crate::container::Container;
use crate::expect::{hold, lacks, same};
use crate::reaper;
use crate::runtime::Running;
use crate::test::Test;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

pub(crate) const CASES: &[Case] = &[
    case("the runtime's binary cannot be overwritten during exec", "CVE-2019-5736", |t| {
        attacked(t, |t, binary, attacker| {
            (0..15).try_for_each(|_| with_binary(t, binary, &["exec", &attacker.id, "true"]).map(drop))
        })
    })
    .minutes(2),
    case(
        "the runtime's binary cannot be overwritten when a program is /proc/self/exe",
        "CVE-2019-5736",
        |t| {
            attacked(t, |t, binary, attacker| {
                (0..10).try_for_each(|_| {
                    with_binary(t, binary, &["exec", &attacker.id, "/proc/self/exe", "--help"]).map(drop)
                })
            })
        },
    )
    .minutes(2),
    case(
        "the runtime's binary cannot be overwritten when a container's program is /proc/self/exe",
        "CVE-2019-5736",
        |t| {
            attacked(t, |t, binary, attacker| {
                let bundle = t.bundle()?.join("pid", &format!("/proc/{}/ns/pid", attacker.pid));
                let bundle = bundle.args(&["/proc/self/exe", "--help"]);
                bundle.write()?;
                (0..10).try_for_each(|_| {
                    with_binary(t, binary, &["run", "--bundle", arg(&bundle.dir), &t.id()]).map(drop)
                })
            })
        },
    )
    .minutes(2),
    case("the runtime's binary cannot be overwritten through an interpreter line", "CVE-2019-5736", |t| {
        attacked(t, |t, binary, attacker| {
            (0..10).try_for_each(|_| with_binary(t, binary, &["exec", &attacker.id, "/trap"]).map(drop))
        })
    })
    .minutes(2),
    case("the runtime's binary cannot be overwritten during create", "CVE-2019-5736", |t| {
        attacked(t, |t, binary, attacker| {
            let bundle = t.bundle()?.join("pid", &format!("/proc/{}/ns/pid", attacker.pid));
            bundle.write()?;
            (0..10).try_for_each(|_| {
                with_binary(t, binary, &["run", "--bundle", arg(&bundle.dir), &t.id()]).map(drop)
            })
        })
    })
    .minutes(2),
    case("a waiting init cannot be used to overwrite the runtime's binary", "CVE-2019-5736", |t| {
        attacked(t, |t, binary, attacker| {
            let bundle = t.bundle()?.join("pid", &format!("/proc/{}/ns/pid", attacker.pid));
            bundle.write()?;
            let id = t.id();
            with_binary(t, binary, &["create", "--bundle", arg(&bundle.dir), &id])?;
            sleep(Duration::from_millis(300));
            with_binary(t, binary, &["delete", "--force", &id]).map(drop)
        })
    })
    .minutes(2),
    case("cwd cannot be a leaked descriptor", "CVE-2024-21626", |t| {
        let secret = t.folder("host-directory")?;
        t.file("host-directory/secret", "")?;
        let script = format!(
            "exec {}; exec \"$@\"",
            (3..10).map(|fd| format!("{fd}<{} ", arg(&secret))).collect::<String>()
        );
        let bundle = t.bundle()?.sh("ls; ls ..; :");
        for fd in 3..20 {
            let bundle = bundle.clone();
            let bundle = bundle.set("/process/cwd", json!(format!("/proc/self/fd/{fd}")));
            let output = t.run_through(&["/bin/sh", "-c", &script, "sh"], &bundle, &[])?.output()?;
            lacks("the output", &output.stdout, "secret")?;
            lacks("the output", &output.stdout, "host-directory")?;
        }
        Ok(())
    }),
    case("exec's cwd cannot be a leaked descriptor", "CVE-2024-21626", |t| {
        let secret = t.folder("host-directory")?;
        t.file("host-directory/secret", "")?;
        let script = format!(
            "exec {}; exec \"$@\"",
            (3..10).map(|fd| format!("{fd}<{} ", arg(&secret))).collect::<String>()
        );
        let container = t.idle()?;
        for fd in 3..20 {
            let cwd = format!("/proc/self/fd/{fd}");
            let words = ["exec", "--cwd", &cwd, &container.id, "sh", "-c", "ls; ls ..; :"];
            let output = t.through(&["/bin/sh", "-c", &script, "sh"], &words)?.output()?;
            lacks("the output", &output.stdout, "secret")?;
            lacks("the output", &output.stdout, "host-directory")?;
        }
        Ok(())
    }),
    case("the program cannot be reached through a leaked descriptor", "CVE-2024-21626", |t| {
        t.script("host-program", "echo from the host")?;
        let script = format!(
            "exec {}; exec \"$@\"",
            (3..10).map(|fd| format!("{fd}<{} ", arg(&t.dir))).collect::<String>()
        );
        for fd in 3..12 {
            let bundle = t.bundle()?.args(&[&format!("/proc/self/fd/{fd}/host-program")]);
            let output = t.run_through(&["/bin/sh", "-c", &script, "sh"], &bundle, &[])?.output()?;
            lacks("the output", &output.stdout, "from the host")?;
        }
        Ok(())
    }),
    case("a symlink in place of /proc is refused", "CVE-2019-19921, CVE-2023-27561", |t| {
        t.rejects(&t.bundle()?.folder("tmp/fake")?.link("proc", "/tmp/fake")?, "/proc")
    }),
    case("a symlink in place of /sys is refused", "CVE-2023-28642", |t| {
        t.rejects(&t.bundle()?.folder("tmp/fake")?.link("sys", "/tmp/fake")?, "/sys")
    }),
    case("a tmpfs on /proc is refused", "CVE-2019-16884", |t| {
        t.rejects(&t.bundle()?.mount("tmpfs", "tmpfs", "/proc", &[]), "/proc")
    }),
    case("a bind mount on /proc is refused", "CVE-2019-16884", |t| {
        let dir = t.folder("fake")?;
        t.rejects(&t.bundle()?.mount("bind", dir, "/proc", &["bind"]), "/proc")
    }),
    case("a bind mount inside /proc is refused", "CVE-2025-52881", |t| {
        let dir = t.folder("fake")?;
        for target in ["/proc/sys/net", "/proc/self/attr", "/proc/1", "/proc/sys"] {
            t.rejects(&t.bundle()?.mount("bind", &dir, target, &["bind"]), "/proc")?;
        }
        Ok(())
    }),
    case("a bind mount on the files that LXCFS fakes is allowed", "runc: proc mounts", |t| {
        let file = t.file("meminfo", "faked\n")?;
        t.prints(
            &t.bundle()?.mount("bind", file, "/proc/meminfo", &["bind"]).sh("cat /proc/meminfo"),
            "faked\n",
        )
    }),
    case("a host directory behind a symlinked /dev is left alone", "CVE-2026-41579", |t| {
        let victim = victim(t)?;
        t.run(&t.bundle()?.link("dev", &victim)?)?;
        untouched(&victim)
    })
    .differs("runc", "before 1.3.6"),
    case(
        "a host directory behind a symlinked /dev without a /dev mount is left alone",
        "CVE-2026-41579",
        |t| {
            let victim = victim(t)?;
            let mounts = json!([{"destination": "/proc", "type": "proc", "source": "proc"}]);
            t.run(&t.bundle()?.link("dev", &victim)?.set("/mounts", mounts))?;
            untouched(&victim)
        },
    )
    .differs("runc", "before 1.3.6"),
    case("a host directory behind a symlinked parent of a device is left alone", "CVE-2026-41579", |t| {
        let victim = victim(t)?;
        let node = json!({"path": "/nodes/made", "type": "c", "major": 1, "minor": 5, "fileMode": 438});
        t.run(&t.bundle()?.link("nodes", &victim)?.set("/linux/devices", json!([node])))?;
        untouched(&victim)
    }),
    case("a host directory behind a symlinked cwd is left alone", "CVE-2024-45310", |t| {
        let victim = victim(t)?;
        t.run(&t.bundle()?.link("work", &victim)?.set("/process/cwd", json!("/work/made")))?;
        untouched(&victim)
    }),
    case("masked paths do not trust the rootfs's /dev/null", "CVE-2025-31133", |t| {
        let bundle = t.bundle()?.file("etc/secret", "words\n")?.file("etc/attack", "attack\n")?;
        let bundle = bundle.link("dev/null", "/etc/attack")?;
        let mounts = json!([{"destination": "/proc", "type": "proc", "source": "proc"}]);
        let bundle = bundle.set("/mounts", mounts).set("/linux/maskedPaths", json!(["/etc/secret"]));
        same("what is masked", t.run(&bundle.sh("cat /etc/secret"))?.stdout, String::new())
    }),
    case("masked paths do not trust a file in place of /dev/null", "CVE-2025-31133", |t| {
        let bundle = t.bundle()?.file("etc/secret", "words\n")?.file("dev/null", "attack\n")?;
        let mounts = json!([{"destination": "/proc", "type": "proc", "source": "proc"}]);
        let bundle = bundle.set("/mounts", mounts).set("/linux/maskedPaths", json!(["/etc/secret"]));
        same("what is masked", t.run(&bundle.sh("cat /etc/secret"))?.stdout, String::new())
    }),
    case("the console does not trust a fake /dev/pts", "CVE-2025-52565", |t| {
        let bundle = t.bundle()?.without_mount("/dev/pts").without_mount("/dev").folder("dev/pts")?;
        let bundle = bundle
            .file("dev/pts/0", "")?
            .link("dev/ptmx", "/etc/passwd")?
            .set("/process/terminal", json!(true));
        let socket = crate::console::ConsoleSocket::listen(t.path("socket"))?;
        let (_, output) = t.try_create(&bundle, &["--console-socket", socket.arg()])?;
        same("the file in the rootfs", t.read(&bundle.path("dev/pts/0"))?, String::new())?;
        if output.code != 0 {
            return Ok(());
        }
        let meta = socket.terminal()?.master.metadata().doing("look at the master")?;
        hold(std::os::unix::fs::FileTypeExt::is_char_device(&meta.file_type()), "the master is a fake")
    }),
    case("the pid file replaces a symlink, it does not follow it", "symlink(7)", |t| {
        let victim = t.file("victim", "words\n")?;
        symlink(&victim, t.path("pid")).doing("link")?;
        let container = t.create_with(&t.bundle()?, &["--pid-file", arg(&t.path("pid"))])?;
        same("the file behind the link", t.read(&victim)?, "words\n".to_owned())?;
        same("the pid file", t.read(&t.path("pid"))?, container.pid.to_string())
    }),
    case("no command follows an id out of the state directory", "path traversal", |t| {
        let victim = t.folder("victim")?;
        t.file("victim/state.json", "{}")?;
        t.folder("root")?;
        for words in [
            &["state", "../victim"][..],
            &["start", "../victim"],
            &["kill", "../victim", "KILL"],
            &["delete", "../victim"],
            &["delete", "--force", "../victim"],
            &["exec", "../victim", "true"],
            &["ps", "../victim"],
        ] {
            t.call(words)?.refused(if words[0] == "exec" { 255 } else { 1 }, "")?;
        }
        hold(victim.join("state.json").exists(), "the directory beside was removed")
    }),
    case("delete --force of a traversing id removes nothing", "path traversal", |t| {
        let victim = t.folder("victim")?;
        t.folder("root")?;
        t.call(&["delete", "--force", "../victim"])?;
        hold(victim.exists(), "the directory beside was removed")
    }),
    case("exec --cgroup cannot leave the container's cgroup", "runc exec", |t| {
        t.v1("pids")?;
        let container = t.idle()?;
        for path in ["pids:../..", "pids:/../..", "pids:..", "../.."] {
            let output = container.exec_with(&["--cgroup", path], &["cat", "/proc/self/cgroup"])?;
            hold(
                output.code != 0
                    || output.stdout.lines().all(|line| line.contains(&t.tag) || line.starts_with("0::")),
                output.stdout,
            )?;
        }
        Ok(())
    }),
    case("the container's root cannot be left by chroot", "pivot_root(2)", |t| {
        let list = ["CAP_SYS_CHROOT"];
        let bundle = t
            .bundle()?
            .set("/process/capabilities", json!({"bounding": list, "effective": list, "permitted": list}));
        let script = "mkdir -p /tmp/jail/bin && cp /bin/busybox /tmp/jail/bin/ && chroot /tmp/jail /bin/busybox ls / && cd / && ls -d ../../../proc/1";
        lacks("the output", &t.run(&bundle.sh(script))?.stdout, "integration")
    }),
    case(
        "a mount target exchanged with a symlink during create stays in the rootfs",
        "CVE-2021-30465",
        |t| {
            let victim = victim(t)?;
            let bundle = t.bundle()?.folder("volume/dir")?.mount("tmpfs", "raced", "/volume/dir/target", &[]);
            symlink(&victim, bundle.path("volume/link")).doing("link")?;
            raced(t, &bundle.path("volume/dir"), &bundle.path("volume/link"), || t.run(&bundle).map(drop))?;
            untouched(&victim)
        },
    )
    .minutes(2)
    .wavers("runc", "before 1.1.14"),
    case(
        "a masked path exchanged with a symlink during create stays in the rootfs",
        "GHSA-3q8j-pf29-vwv8",
        |t| {
            let victim = victim(t)?;
            let bundle = t.bundle()?.folder("volume/dir")?.set("/linux/maskedPaths", json!(["/volume/dir"]));
            symlink(&victim, bundle.path("volume/link")).doing("link")?;
            raced(t, &bundle.path("volume/dir"), &bundle.path("volume/link"), || t.run(&bundle).map(drop))?;
            untouched(&victim)
        },
    )
    .minutes(2),
    case(
        "a device's directory exchanged with a symlink during create stays in the rootfs",
        "CVE-2024-45310",
        |t| {
            let victim = victim(t)?;
            let node =
                json!({"path": "/volume/dir/made", "type": "c", "major": 1, "minor": 5, "fileMode": 438});
            let bundle = t.bundle()?.folder("volume/dir")?.set("/linux/devices", json!([node]));
            symlink(&victim, bundle.path("volume/link")).doing("link")?;
            raced(t, &bundle.path("volume/dir"), &bundle.path("volume/link"), || t.run(&bundle).map(drop))?;
            untouched(&victim)
        },
    )
    .minutes(2)
    .wavers("runc", "it makes the node by its path"),
    case("the state cannot be written by others", "runc state", |t| {
        let container = t.create(&t.bundle()?)?;
        let find = format!("find {} -name '*.json' -perm /022", arg(&t.root.join(&container.id)));
        same("files that others may write", t.host_sh(&find)?.ok()?.stdout, String::new())
    }),
    case("a process that got the container's pid later is left alone", "pid reuse", |t| {
        let container = t.idle()?;
        container.stop()?;
        let stranger = with_pid(t, container.pid)?;
        same("status", container.status()?, "stopped".to_owned())?;
        t.call(&["kill", &container.id, "KILL"])?.refused(1, "container not running")?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        hold(reaper::status(stranger.pid).is_none(), "the other process was ended")
    }),
];

/// A process of the host that has this pid, which was free.
fn with_pid(t: &Test, pid: i32) -> Outcome<Running> {
    for _ in 0..200 {
        // The next process gets the number after this one (proc_sys_kernel(5)), unless another case is faster.
        fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).doing("choose the next pid")?;
        let running = t.host(&["/bin/sleep", "1000"])?.spawn()?;
        if running.pid == pid {
            return Ok(running);
        }
    }
    skip("other processes were faster to get the pid")
}

/// In the container: opens the executable of every process that is not busybox, waits for the process to end, and writes.
const ATTACK: &str = "
    echo ready
    while [ ! -e /stop ]; do
        for p in /proc/[0-9]*; do
            case $(readlink $p/exe 2>/dev/null) in /bin/busybox) continue;; esac
            ( exec 9<$p/exe && usleep 20000 && echo overwritten >/proc/self/fd/9 ) 2>/dev/null
            ( echo overwritten >$p/exe ) 2>/dev/null
        done
    done";

/// Lets `bait` call a copy of the runtime while a container with every capability attacks it; the copy stays as it is.
fn attacked(t: &Test, bait: impl Fn(&Test, &Path, &Container<'_>) -> Outcome) -> Outcome {
    let binary = t.path("runtime-copy");
    fs::copy(&t.runtime, &binary).doing("copy the runtime")?;
    let before = fs::read(&binary).doing("read the copy")?;
    let all: Vec<&str> = ALL_CAPS.split_whitespace().collect();
    let bundle = t.bundle()?.file_mode("trap", "#!/proc/self/exe\n", 0o755)?.sh(ATTACK);
    let bundle =
        bundle.set("/process/capabilities", json!({"bounding": all, "effective": all, "permitted": all}));
    let attacker = t.start(&bundle)?;
    attacker.says("ready")?;
    bait(t, &binary, &attacker)?;
    fs::write(bundle.path("stop"), "").doing("stop the attacker")?;
    attacker.wait()?;
    hold(fs::read(&binary).doing("read the copy")? == before, "the runtime's binary was overwritten")
}

const ALL_CAPS: &str = "CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID \
    CAP_SETPCAP CAP_NET_ADMIN CAP_NET_RAW CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_SYS_ADMIN CAP_MKNOD CAP_SETFCAP";

/// Calls the copy of the runtime, whatever comes of it.
fn with_binary(t: &Test, binary: &Path, words: &[&str]) -> Outcome<String> {
    Ok(t.host(&[arg(binary), "--root", arg(&t.root)])?.args(words).output()?.stdout)
}

/// A directory on the host with what a /dev may have in it.
fn victim(t: &Test) -> Outcome<PathBuf> {
    let dir = t.folder("victim")?;
    for name in ["ptmx", "fd", "stdin", "null", "console"] {
        t.file(&format!("victim/{name}"), "words\n")?;
    }
    Ok(dir)
}

/// That directory is as it was.
fn untouched(victim: &Path) -> Outcome {
    let entries = fs::read_dir(victim).doing("list the directory")?.flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    same(
        "names in the host's directory",
        names.clone(),
        ["console", "fd", "null", "ptmx", "stdin"].map(str::to_owned).to_vec(),
    )?;
    match names.iter().find(|name| fs::read(victim.join(name)).unwrap_or_default() != b"words\n") {
        Some(name) => fail(format!("{name} was changed")),
        None => Ok(()),
    }
}

/// Runs `call` a number of times while two names are exchanged over and over.
fn raced(t: &Test, one: &Path, other: &Path, call: impl Fn() -> Outcome) -> Outcome {
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // Both names are there all the time; an error would only mean a missed exchange.
                let _ = renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE);
                // The directory's lock must be free now and then, or the runtime would starve.
                sleep(Duration::from_micros(20));
            }
        });
        let outcome = (0..25).try_for_each(|_| call());
        done.store(true, Ordering::Relaxed);
        outcome
    })?;
    t.nothing_left()
}
