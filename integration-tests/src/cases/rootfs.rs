//! The root file system: devices, masked and read-only paths, a read-only root, and no way out of it.

use crate::case::{Case, Doing, Outcome, case};
use crate::expect::{contains, hold, same};
use crate::test::Test;
use serde_json::{Value, json};
use std::fs;

pub(crate) const CASES: &[Case] = &[
    case("/dev/null", "config-linux.md: Default Devices", |t| device(t, "null", "1:3")),
    case("/dev/zero", "config-linux.md: Default Devices", |t| device(t, "zero", "1:5")),
    case("/dev/full", "config-linux.md: Default Devices", |t| device(t, "full", "1:7")),
    case("/dev/random", "config-linux.md: Default Devices", |t| device(t, "random", "1:8")),
    case("/dev/urandom", "config-linux.md: Default Devices", |t| device(t, "urandom", "1:9")),
    case("/dev/tty", "config-linux.md: Default Devices", |t| device(t, "tty", "5:0")),
    case("/dev/ptmx leads to /dev/pts/ptmx", "config-linux.md: Default Devices", |t| {
        let bundle = t.bundle()?.args(&["stat", "-L", "-c", "%d %t:%T", "/dev/ptmx", "/dev/pts/ptmx"]);
        let text = t.output(&bundle)?;
        let lines: Vec<&str> = text.lines().collect();
        same("/dev/ptmx", lines[0], lines[1])
    }),
    case("/dev/fd", "runtime-linux.md: Dev symbolic links", |t| link(t, "fd", "/proc/self/fd")),
    case("/dev/stdin", "runtime-linux.md: Dev symbolic links", |t| link(t, "stdin", "/proc/self/fd/0")),
    case("/dev/stdout", "runtime-linux.md: Dev symbolic links", |t| link(t, "stdout", "/proc/self/fd/1")),
    case("/dev/stderr", "runtime-linux.md: Dev symbolic links", |t| link(t, "stderr", "/proc/self/fd/2")),
    case(
        "/dev/core is there where the kernel shows its memory",
        "runtime-linux.md: Dev symbolic links",
        |t| {
            let host = t.host_sh("[ ! -e /proc/kcore ] || echo /proc/kcore")?.ok()?.stdout;
            t.prints(&t.bundle()?.sh("readlink /dev/core; true"), &host)
        },
    ),
    case("/dev/console is absent without a terminal", "config-linux.md: Default Devices", |t| {
        t.prints(&t.bundle()?.sh("test -e /dev/console || echo absent"), "absent\n")
    }),
    case("/dev has nothing else", "config-linux.md: Default Devices", |t| {
        let names = "fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ";
        let text = t.output(&t.bundle()?.sh("ls /dev | grep -v core | tr '\\n' ' '"))?;
        same("names", text.as_str(), names)
    }),
    case("the default devices are made without a /dev mount", "config-linux.md: Default Devices", |t| {
        let mounts = json!([{"destination": "/proc", "type": "proc", "source": "proc"}]);
        t.prints(
            &t.bundle()?.set("/mounts", mounts).sh("echo x >/dev/null && stat -c %t:%T /dev/zero"),
            "1:5\n",
        )
    }),
    case("a configured device is made", "config-linux.md: Devices", |t| {
        let node = json!({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 432, "uid": 7, "gid": 8});
        extra(t, node, "/dev/fuse", "character special file a:e5 660 7 8\n")
    }).needs_root("only root makes device nodes"),
    case("a configured device may lie outside /dev", "config-linux.md: Devices", |t| {
        let node = json!({"path": "/else/where/zero", "type": "c", "major": 1, "minor": 5, "fileMode": 438});
        extra(t, node, "/else/where/zero", "character special file 1:5 666 0 0\n")
    }).needs_root("only root makes device nodes"),
    case("a configured block device is made", "config-linux.md: Devices", |t| {
        let node = json!({"path": "/dev/loop", "type": "b", "major": 7, "minor": 200, "fileMode": 384});
        extra(t, node, "/dev/loop", "block special file 7:c8 600 0 0\n")
    }).needs_root("only root makes device nodes"),
    case("a configured fifo is made", "config-linux.md: Devices", |t| {
        let node = json!({"path": "/dev/fifo", "type": "p", "fileMode": 384});
        extra(t, node, "/dev/fifo", "fifo 0:0 600 0 0\n")
    }),
    case("an unbuffered character device is made", "config-linux.md: Devices", |t| {
        let node = json!({"path": "/dev/unbuffered", "type": "u", "major": 1, "minor": 5, "fileMode": 438});
        extra(t, node, "/dev/unbuffered", "character special file 1:5 666 0 0\n")
    }).needs_root("only root makes device nodes"),
    case("a file that is not the device at its path is an error", "config-linux.md: Devices", |t| {
        let bundle = t.bundle()?.file("etc/device", "")?;
        let node = json!({"path": "/etc/device", "type": "c", "major": 1, "minor": 5, "fileMode": 438});
        t.rejects(&bundle.set("/linux/devices", json!([node])), "/etc/device")
    })
    .differs("runc", "1.1 takes any file for the device"),
    case("a device that is there already is taken", "config-linux.md: Devices", |t| {
        let bundle = t.bundle()?;
        let path = bundle.path("etc/device");
        t.host(&["/usr/bin/mknod", &path.to_string_lossy(), "c", "1", "5"])?.output()?.ok()?;
        let node = json!({"path": "/etc/device", "type": "c", "major": 1, "minor": 5, "fileMode": 438});
        t.run(&bundle.set("/linux/devices", json!([node])))?.ok().map(drop)
    }).needs_root("only root makes device nodes"),
    case("the device's directory is made", "config-linux.md: Devices", |t| {
        let node = json!({"path": "/dev/net/tun", "type": "c", "major": 10, "minor": 200, "fileMode": 438});
        extra(t, node, "/dev/net/tun", "character special file a:c8 666 0 0\n")
    }).needs_root("only root makes device nodes"),
    case("the configured devices can be used", "config-linux.md: Devices", |t| {
        let text = t.output(
            &t.bundle()?.sh("head -c 3 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; echo x >/dev/null"),
        )?;
        same("bytes", text.as_str(), "3\n4\n")
    }),
    case("the root is writable unless told otherwise", "config.md: Root", |t| {
        t.prints(&t.bundle()?.sh("touch /x && echo yes"), "yes\n")
    }),
    case("a read-only root cannot be written", "config.md: Root", |t| {
        let bundle = t.bundle()?.set("/root/readonly", json!(true));
        contains("what touch says", &t.output(&bundle.sh("touch /x 2>&1; :"))?, "Read-only file system")
    }),
    case("mounts in a read-only root are writable", "config.md: Root", |t| {
        let bundle = t.bundle()?.set("/root/readonly", json!(true)).mount("tmpfs", "tmpfs", "/data", &[]);
        t.prints(&bundle.sh("touch /data/x /dev/shm/x && echo yes"), "yes\n")
    }),
    case("a read-only root leaves the host's directory writable", "config.md: Root", |t| {
        let bundle = t.bundle()?.set("/root/readonly", json!(true)).args(&["/bin/sleep", "1000"]);
        t.start(&bundle)?;
        fs::write(bundle.path("made"), "").doing("write to the rootfs on the host")
    }),
    case("mount points are made in a root that is to be read-only", "config.md: Root", |t| {
        let bundle = t.bundle()?.set("/root/readonly", json!(true)).mount("tmpfs", "tmpfs", "/new/one", &[]);
        t.prints(&bundle.sh("touch /new/one/x && echo yes"), "yes\n")
    }),
    case("a masked file is empty", "config-linux.md: Masked Paths", |t| {
        let bundle =
            t.bundle()?.file("etc/secret", "words\n")?.set("/linux/maskedPaths", json!(["/etc/secret"]));
        t.prints(&bundle.sh("cat /etc/secret"), "")
    }),
    case("a masked file cannot be written", "config-linux.md: Masked Paths", |t| {
        let bundle =
            t.bundle()?.file("etc/secret", "words\n")?.set("/linux/maskedPaths", json!(["/etc/secret"]));
        t.run(&bundle.sh("echo new >/etc/secret; :"))?.ok()?;
        same("the file on the host", t.read(&t.path("bundle-1/rootfs/etc/secret"))?, "words\n".to_owned())
    }),
    case("a masked directory is empty and read-only", "config-linux.md: Masked Paths", |t| {
        let bundle = t.bundle()?.folder("secret")?.file("secret/file", "words\n")?;
        let bundle = bundle.set("/linux/maskedPaths", json!(["/secret"]));
        let text = t.output(&bundle.sh("ls /secret; touch /secret/x 2>&1; :"))?;
        hold(!text.contains("file\n") || text.contains("Read-only"), text.clone())?;
        contains("what touch says", &text, "Read-only file system")
    }),
    case("a masked path that is missing is passed over", "config-linux.md: Masked Paths", |t| {
        t.run(&t.bundle()?.set("/linux/maskedPaths", json!(["/no/such/path"])))?.ok().map(drop)
    }),
    case("/proc/kcore is masked", "config-linux.md: Masked Paths", |t| {
        t.prints(&t.bundle()?.sh("stat -c %t:%T /proc/kcore 2>/dev/null || echo 1:3"), "1:3\n")
    }),
    case(
        "a masked path behind a symlink in the rootfs masks what it leads to",
        "config-linux.md: Masked Paths",
        |t| {
            let bundle = t.bundle()?.file("etc/secret", "words\n")?.link("link", "/etc/secret")?;
            t.prints(&bundle.set("/linux/maskedPaths", json!(["/link"])).sh("cat /etc/secret /link"), "")
        },
    ),
    case("a relative masked path is an error", "config-linux.md: Masked Paths", |t| {
        t.rejects(&t.bundle()?.set("/linux/maskedPaths", json!(["etc/secret"])), "maskedPaths")
    })
    .differs("runc", "1.1 does not check"),
    case("a read-only file cannot be written", "config-linux.md: Readonly Paths", |t| {
        let bundle =
            t.bundle()?.file("etc/fixed", "words\n")?.set("/linux/readonlyPaths", json!(["/etc/fixed"]));
        contains(
            "what the shell says",
            &t.output(&bundle.sh("exec 2>&1; echo new >/etc/fixed; cat /etc/fixed"))?,
            "words",
        )
    }),
    case("a read-only directory cannot be written", "config-linux.md: Readonly Paths", |t| {
        let bundle = t.bundle()?.folder("fixed")?.set("/linux/readonlyPaths", json!(["/fixed"]));
        contains("what touch says", &t.output(&bundle.sh("touch /fixed/x 2>&1; :"))?, "Read-only file system")
    }),
    case("a read-only path that is missing is passed over", "config-linux.md: Readonly Paths", |t| {
        t.run(&t.bundle()?.set("/linux/readonlyPaths", json!(["/no/such/path"])))?.ok().map(drop)
    }),
    case("/proc/sys is read-only", "config-linux.md: Readonly Paths", |t| {
        let text = t.output(&t.bundle()?.sh("exec 2>&1; echo x >/proc/sys/kernel/hostname; :"))?;
        contains("what the shell says", &text, "Read-only file system")
    }),
    case("a read-only path keeps its mount's other flags", "config-linux.md: Readonly Paths", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["nosuid", "nodev", "noexec"]);
        let mount = t.mount_at(bundle.set("/linux/readonlyPaths", json!(["/data"])), "/data")?;
        hold(
            ["ro", "nosuid", "nodev", "noexec"].iter().all(|flag| mount.has(flag)),
            format!("{:?}", mount.options),
        )
    }),
    case("rootfsPropagation private", "config-linux.md: Rootfs Mount Propagation", |t| {
        propagation(t, "private", "")
    }),
    case("rootfsPropagation slave", "config-linux.md: Rootfs Mount Propagation", |t| {
        propagation(t, "slave", "master:")
    }),
    case("rootfsPropagation shared", "config-linux.md: Rootfs Mount Propagation", |t| {
        propagation(t, "shared", "shared:")
    })
    .differs("runc", "1.1 makes it private if its mount was"),
    case("rootfsPropagation unbindable", "config-linux.md: Rootfs Mount Propagation", |t| {
        propagation(t, "unbindable", "unbindable")
    })
    .differs("runc", "1.1 binds the root after making it unbindable"),
    case("an unknown rootfsPropagation is an error", "config-linux.md: Rootfs Mount Propagation", |t| {
        t.rejects(&t.bundle()?.set("/linux/rootfsPropagation", json!("nonsense")), "rootfsPropagation")
    }),
    case("a shared root is not shared with the host", "config-linux.md: Rootfs Mount Propagation", |t| {
        let list = ["CAP_SYS_ADMIN"];
        let bundle = t.bundle()?.set("/linux/rootfsPropagation", json!("shared"));
        let bundle = bundle
            .set("/process/capabilities", json!({"bounding": list, "effective": list, "permitted": list}));
        t.prints(&bundle.sh("mount -t tmpfs tmpfs /tmp && echo made"), "made\n")?;
        t.nothing_left()
    }),
    case("there is nothing above the root", "pivot_root(2)", |t| {
        let bundle = t.bundle()?.file("mark", "")?.sh("cd /; cd ../../../..; ls -d mark; pwd");
        t.prints(&bundle, "mark\n/\n")
    }),
    case("the old root is unmounted", "pivot_root(2)", |t| {
        let mounts = t.mounts(t.bundle()?)?;
        let roots: Vec<_> = mounts.iter().filter(|mount| mount.point == "/").collect();
        same("mounts at /", roots.len(), 1)?;
        contains("what is at /", &roots[0].root, "rootfs")
    }),
    case("/proc/1/root leads to the container's root", "proc(5)", |t| {
        t.prints(&t.bundle()?.file("mark", "here\n")?.sh("cat /proc/1/root/mark"), "here\n")
    }),
    case("--no-pivot gives the same root", "runc create", |t| {
        let bundle = t.bundle()?.file("mark", "here\n")?.sh("cat /mark; cd ../..; pwd; ls /proc/1/root/mark");
        let output = t.run_with(&bundle, &["--no-pivot"])?.ok()?;
        same("output", output.stdout.as_str(), "here\n/\n/proc/1/root/mark\n")
    }),
    case("--no-pivot leaves nothing", "runc create", |t| {
        t.run_with(&t.bundle()?, &["--no-pivot"])?.ok()?;
        t.nothing_left()
    }),
    case("the rootfs may be a mount point", "pivot_root(2)", |t| {
        let bundle = t.bundle()?;
        let inner = bundle.path("bin/busybox");
        let root = t.folder("mounted")?;
        let _tmpfs = t.tmpfs(&root, "")?;
        for dir in ["bin", "proc", "sys", "dev"] {
            fs::create_dir(root.join(dir)).doing("make a directory")?;
        }
        fs::copy(inner, root.join("bin/busybox")).doing("copy busybox")?;
        t.prints(&bundle.set("/root/path", json!(root)).args(&["/bin/busybox", "echo", "x"]), "x\n")
    }),
    case("a minimal rootfs is enough", "bundle.md", |t| {
        let bundle = t.bundle()?;
        for dir in ["dev", "etc", "proc", "root", "sys", "tmp", "var"] {
            fs::remove_dir_all(bundle.path(dir)).doing("remove a directory")?;
        }
        t.prints(&bundle.args(&["/bin/echo", "x"]), "x\n")
    }),
    case("a sysctl of the container's namespaces is set", "config-linux.md: Sysctl", |t| {
        let bundle =
            t.bundle()?.set("/linux/sysctl", json!({"net.ipv4.ip_forward": "1", "kernel.shmmax": "123456"}));
        t.prints(&bundle.sh("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax"), "1\n123456\n")
    }),
    case("a sysctl may be written with slashes", "sysctl.d(5)", |t| {
        let bundle = t.bundle()?.set("/linux/sysctl", json!({"net/ipv4/ip_forward": "1"}));
        t.prints(&bundle.sh("cat /proc/sys/net/ipv4/ip_forward"), "1\n")
    }),
    case("a sysctl of the whole host is an error", "config-linux.md: Sysctl", |t| {
        t.rejects(&t.bundle()?.set("/linux/sysctl", json!({"vm.swappiness": "60"})), "vm.swappiness")
    }),
    case("a sysctl of the host's network is an error", "config-linux.md: Sysctl", |t| {
        let bundle = t.bundle()?.without_namespace("network");
        t.rejects(&bundle.set("/linux/sysctl", json!({"net.ipv4.ip_forward": "1"})), "net.ipv4.ip_forward")
    }),
    case("a sysctl that is not there is an error", "config-linux.md: Sysctl", |t| {
        t.rejects(&t.bundle()?.set("/linux/sysctl", json!({"net.ipv4.nonsense": "1"})), "nonsense")
    }),
];

/// The default device of this name has these numbers and may be used by all.
fn device(t: &Test, name: &str, numbers: &str) -> Outcome {
    let path = format!("/dev/{name}");
    let bundle = t.bundle()?.args(&["stat", "-c", "%F %t:%T %a", &path]);
    t.prints(&bundle, &format!("character special file {numbers} 666\n"))
}

/// A configured device looks like this to stat.
fn extra(t: &Test, node: Value, path: &str, look: &str) -> Outcome {
    let bundle = t.bundle()?.set("/linux/devices", json!([node]));
    t.prints(&bundle.args(&["stat", "-c", "%F %t:%T %a %u %g", path]), look)
}

fn link(t: &Test, name: &str, target: &str) -> Outcome {
    t.prints(&t.bundle()?.args(&["readlink", &format!("/dev/{name}")]), &format!("{target}\n"))
}

/// With this rootfsPropagation, the root has this in mountinfo's optional fields.
fn propagation(t: &Test, value: &str, field: &str) -> Outcome {
    let mount = t.mount_at(t.bundle()?.set("/linux/rootfsPropagation", json!(value)), "/")?;
    let fits =
        if field.is_empty() { mount.propagation.is_empty() } else { mount.propagation.contains(field) };
    hold(fits, format!("propagation is {:?}", mount.propagation))
}
