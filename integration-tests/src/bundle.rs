//! Bundles: a rootfs of busybox applets, and a config.json that each case edits.

use crate::case::{Doing, Outcome, skip};
use crate::user::RANGE;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// The applets that the cases use inside containers.
const APPLETS: &[&str] = &[
    "[", "awk", "cat", "chmod", "chown", "cut", "date", "dd", "dirname", "echo", "env", "expr", "false",
    "find", "grep", "head", "hostname", "id", "ifconfig", "ip", "ionice", "ipcs", "kill", "ln", "logger",
    "ls", "mkdir", "mkfifo", "mknod", "mount", "mv", "nc", "nproc", "od", "pidof", "ps", "pwd", "readlink",
    "realpath", "rm", "rmdir", "sed", "seq", "setsid", "sh", "sleep", "sort", "stat", "stty", "sync", "tail",
    "test", "touch", "tr", "true", "tty", "umount", "uname", "uniq", "unshare", "usleep", "wc", "xargs",
    "yes",
];

/// Directories that an image usually has.
const DIRS: &[&str] = &["bin", "dev", "etc", "proc", "root", "sys", "tmp", "var"];

/// A bundle directory; config.json is written when the bundle is used.
#[derive(Clone)]
pub(crate) struct Bundle {
    pub(crate) dir: PathBuf,
    pub(crate) config: Value,
    /// The ordinary user whose bundle it is.
    owner: Option<u32>,
}

impl Bundle {
    /// A bundle at `dir` whose process is /bin/true. `busybox` is a static binary on the same file system. That of an
    /// ordinary `owner` has a user namespace.
    pub(crate) fn new(dir: PathBuf, busybox: &Path, owner: Option<u32>) -> Outcome<Self> {
        let bundle = Self { dir, config: owner.map_or_else(base, rootless), owner };
        for name in DIRS {
            fs::create_dir_all(bundle.path(name)).doing("make the rootfs")?;
        }
        if let Some(owner) = owner {
            bundle.own(owner)?;
            chown(&bundle.dir, owner)?;
        }
        fs::hard_link(busybox, bundle.path("bin/busybox")).doing("link busybox")?;
        for applet in APPLETS {
            symlink("busybox", bundle.path("bin").join(applet)).doing("link an applet")?;
        }
        bundle.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n")
    }

    /// The host's name of a path in the rootfs.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.dir.join("rootfs").join(inside)
    }

    /// Adds a file to the rootfs, mode 0644.
    pub(crate) fn file(self, inside: &str, text: &str) -> Outcome<Self> {
        fs::write(self.path(inside), text).doing(format!("write {inside}"))?;
        self.hand_over(inside)?;
        Ok(self)
    }

    /// Adds a file of another mode.
    pub(crate) fn file_mode(self, inside: &str, text: &str, mode: u32) -> Outcome<Self> {
        let this = self.file(inside, text)?;
        fs::set_permissions(this.path(inside), Permissions::from_mode(mode)).doing("chmod")?;
        Ok(this)
    }

    /// Adds a directory to the rootfs, mode 0755.
    pub(crate) fn folder(self, inside: &str) -> Outcome<Self> {
        fs::create_dir_all(self.path(inside)).doing(format!("make {inside}"))?;
        self.hand_over(inside)?;
        Ok(self)
    }

    /// Gives what is at `inside` to the owner of the bundle.
    fn hand_over(&self, inside: &str) -> Outcome {
        self.owner.map_or(Ok(()), |owner| chown(&self.path(inside), owner))
    }

    /// Replaces what is at `inside` by a symlink to `target`.
    pub(crate) fn link(self, inside: &str, target: impl AsRef<Path>) -> Outcome<Self> {
        let path = self.path(inside);
        if path.is_dir() {
            fs::remove_dir_all(&path).doing("clear the way for a symlink")?;
        }
        symlink(target, &path).doing(format!("link {inside}"))?;
        Ok(self)
    }

    /// Runs `args` in the container.
    pub(crate) fn args(self, args: &[&str]) -> Self {
        self.edit(|config| config["process"]["args"] = json!(args))
    }

    /// Runs a shell script in the container.
    pub(crate) fn sh(self, script: &str) -> Self {
        self.args(&["/bin/sh", "-c", script])
    }

    /// Changes the configuration.
    pub(crate) fn edit(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        edit(&mut self.config);
        self
    }

    /// Sets the field at a JSON pointer whose parent is there.
    pub(crate) fn set(self, pointer: &str, value: Value) -> Self {
        self.edit(|config| {
            let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
            let parent =
                config.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent} in the base config"));
            parent[key] = value;
        })
    }

    /// Takes the field at a JSON pointer away.
    pub(crate) fn without(self, pointer: &str) -> Self {
        self.edit(|config| {
            let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
            let parent = config.pointer_mut(parent).and_then(Value::as_object_mut);
            parent
                .and_then(|fields| fields.remove(key))
                .unwrap_or_else(|| panic!("no {pointer} in the base config"));
        })
    }

    /// Appends to the list at a JSON pointer.
    pub(crate) fn push(self, pointer: &str, value: Value) -> Self {
        self.edit(|config| {
            let list = config.pointer_mut(pointer).and_then(Value::as_array_mut);
            list.unwrap_or_else(|| panic!("no list {pointer} in the base config")).push(value);
        })
    }

    /// Adds a mount.
    pub(crate) fn mount(
        self,
        kind: &str,
        source: impl AsRef<Path>,
        destination: &str,
        options: &[&str],
    ) -> Self {
        let source = source.as_ref().to_string_lossy();
        self.push(
            "/mounts",
            json!({"type": kind, "source": source, "destination": destination, "options": options}),
        )
    }

    /// Takes the mount at `destination` out of the configuration.
    pub(crate) fn without_mount(self, destination: &str) -> Self {
        self.edit(|config| {
            let mounts = config["mounts"].as_array_mut().expect("the base config has mounts");
            mounts.retain(|mount| mount["destination"] != destination);
        })
    }

    /// Takes a namespace out of the configuration.
    pub(crate) fn without_namespace(self, kind: &str) -> Self {
        self.edit(|config| {
            let list = config["linux"]["namespaces"].as_array_mut().expect("the base config has namespaces");
            list.retain(|namespace| namespace["type"] != kind);
        })
    }

    /// Asks for a new namespace.
    pub(crate) fn namespace(self, kind: &str) -> Self {
        self.push("/linux/namespaces", json!({"type": kind}))
    }

    /// Asks for an existing namespace.
    pub(crate) fn join(self, kind: &str, path: &str) -> Self {
        self.without_namespace(kind).push("/linux/namespaces", json!({"type": kind, "path": path}))
    }

    /// Makes the root user of the container, in a user namespace of its own, the host's user 100000.
    pub(crate) fn user_namespace(self) -> Outcome<Self> {
        if self.owner.is_some() {
            return skip("needs root: maps the host's user 100000");
        }
        self.own(100_000)?;
        let map = json!([{"containerID": 0, "hostID": 100_000, "size": 65_536}]);
        Ok(self.namespace("user").set("/linux/uidMappings", map.clone()).set("/linux/gidMappings", map))
    }

    /// Gives the directories of the rootfs to a host user.
    pub(crate) fn own(&self, uid: u32) -> Outcome {
        let dirs = DIRS.iter().map(|name| self.path(name)).chain([self.dir.join("rootfs")]);
        dirs.into_iter().try_for_each(|dir| chown(&dir, uid))
    }

    /// Writes config.json.
    pub(crate) fn write(&self) -> Outcome {
        let text = serde_json::to_vec_pretty(&self.config).doing("print the config")?;
        fs::write(self.dir.join("config.json"), text).doing("write config.json")
    }
}

/// Makes `uid` the owner and group of a file.
pub(crate) fn chown(path: &Path, uid: u32) -> Outcome {
    std::os::unix::fs::chown(path, Some(uid), Some(uid)).doing(format!("chown {}", path.display()))
}

/// The configuration that cases start from: what `spec` commands of runtimes write, without a terminal and with a
/// writable root.
fn base() -> Value {
    let caps = json!(["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]);
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": ["/bin/true"],
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "cwd": "/",
            "capabilities": {"bounding": caps, "effective": caps, "permitted": caps},
            "noNewPrivileges": true
        },
        "root": {"path": "rootfs", "readonly": false},
        "hostname": "container",
        "mounts": mounts(),
        "linux": {
            "resources": {"devices": [{"allow": false, "access": "rwm"}]},
            "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}],
            "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        }
    })
}

/// The same for an ordinary user: in a user namespace with all of its ids, and without limits, since the cgroups are
/// somebody else's.
fn rootless(user: u32) -> Value {
    let mut config = base();
    let (first, count) = RANGE;
    let map = json!([
        {"containerID": 0, "hostID": user, "size": 1},
        {"containerID": 1, "hostID": first, "size": count}
    ]);
    let linux = config["linux"].as_object_mut().expect("the base config is for Linux");
    linux.insert("resources".into(), json!({}));
    linux.insert("uidMappings".into(), map.clone());
    linux.insert("gidMappings".into(), map);
    linux["namespaces"].as_array_mut().expect("the base config has namespaces").push(json!({"type": "user"}));
    config
}

fn mounts() -> Value {
    let mount = |destination: &str, kind: &str, source: &str, options: &[&str]| json!({"destination": destination, "type": kind, "source": source, "options": options});
    json!([
        {"destination": "/proc", "type": "proc", "source": "proc"},
        mount("/dev", "tmpfs", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount("/dev/pts", "devpts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        mount("/dev/shm", "tmpfs", "shm", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        mount("/dev/mqueue", "mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
        mount("/sys", "sysfs", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
    ])
}
