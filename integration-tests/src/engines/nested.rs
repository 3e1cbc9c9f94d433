//! A container in a container: the runtime runs a privileged container, in which the runtime runs another one, with
//! cgroups below the outer's and an overlay over the outer's overlay.

use crate::bundle::Bundle;
use crate::case::{Doing, Outcome};
use crate::engines::lab::Lab;
use crate::engines::leaks::Before;
use crate::engines::scenario::{self, Row, Scenario, scenario};
use nix::mount::{MsFlags, mount, umount};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What a filter of an older engine answers with ENOSYS, since it does not know these calls.
const UNKNOWN: &[&str] = &[
    "clone3",
    "close_range",
    "faccessat2",
    "fsconfig",
    "fsmount",
    "fsopen",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "openat2",
];

/// What the outer container may do: enough for mounts, devices, namespaces and ids.
const CAPABILITIES: &[&str] = &[
    "CAP_AUDIT_WRITE",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_MKNOD",
    "CAP_NET_ADMIN",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_ADMIN",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
];

/// The outer container's program: a file system for the inner one, whose lower layer is on the outer's own overlay.
const OUTER: &str = "set -e
mount -t tmpfs tmpfs /tmp
mkdir /tmp/upper /tmp/work /tmp/rootfs
mount -t overlay -o lowerdir=/inner,upperdir=/tmp/upper,workdir=/tmp/work overlay /tmp/rootfs
cp /config.json /tmp/config.json
/runtime --root /tmp/state run --bundle /tmp inner || echo status $?
cat /tmp/upper/file
[ -z \"$(ls -A /tmp/state 2>/dev/null)\" ] || ls -A /tmp/state
find /sys/fs/cgroup -type d -name inner | wc -l";

/// The inner container's program.
const INNER: &str = "echo $$; hostname; echo written >/file; cat /lower; \
    grep -c inner /proc/self/cgroup | sed 's/^0$/hidden/; s/^[1-9][0-9]*$/seen/'; exit 3";

const ALL: &[Scenario<Nested>] = &[
    scenario("a container in a container", |nested| nested.run(None)),
    scenario("the same below a filter that knows no recent system call", |nested| {
        let filter = json!({
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": UNKNOWN, "action": "SCMP_ACT_ERRNO", "errnoRet": 38}],
        });
        nested.run(Some(filter))
    }),
];

struct Nested {
    lab: Lab,
}

/// Plays the scenarios and looks at what is left.
pub(crate) fn play(lab: Lab, filter: &[String]) -> Outcome<Vec<Row>> {
    let before = Before::look();
    let nested = Nested { lab };
    let mut rows = scenario::play(&nested, ALL, filter);
    rows.push(before.row(&nested.lab.tag, &["/run", &nested.lab.path("state")]));
    Ok(rows)
}

impl Nested {
    /// Runs the outer container, whose filter is `seccomp`, and returns what it prints.
    fn run(&self, seccomp: Option<Value>) -> Outcome<String> {
        let name = self.lab.name();
        let dir = PathBuf::from(self.lab.folder(&name)?);
        let outer = privileged(self.bundle(&dir)?, &self.lab);
        let outer = match seccomp {
            Some(filter) => outer.set("/linux/seccomp", filter),
            None => outer,
        };
        let overlay = Overlay::over(&dir, &outer.dir.join("rootfs"))?;
        let outer = outer.set("/root/path", json!(overlay.merged));
        outer.write()?;
        let (state, bundle) = (self.lab.path("state"), outer.dir.to_string_lossy().into_owned());
        let words = [self.lab.runtime(), "--root", &state, "run", "--bundle", &bundle, &name];
        Ok(self.lab.host(&words)?.output()?.ok()?.stdout)
    }

    /// The outer's bundle, with the inner's files in its rootfs.
    fn bundle(&self, dir: &Path) -> Outcome<Bundle> {
        let busybox = dir.join("busybox");
        self.lab.host_sh(&format!("cp $(command -v busybox) {}", busybox.display()))?;
        let inner = Bundle::new(dir.join("inner"), &busybox, None)?
            .sh(INNER)
            .file("lower", "from below\n")?
            .set("/hostname", json!("inner"))
            .set("/linux/cgroupsPath", json!("/inner"));
        inner.write()?;
        let outer = Bundle::new(dir.join("outer"), &busybox, None)?.sh(OUTER);
        fs::copy(inner.dir.join("config.json"), outer.path("config.json")).doing("copy the inner config")?;
        fs::rename(inner.dir.join("rootfs"), outer.path("inner")).doing("move the inner rootfs")?;
        Ok(outer)
    }
}

/// Makes it a container that may run others, and brings the runtime in, with the libraries that a reference needs.
fn privileged(mut outer: Bundle, lab: &Lab) -> Bundle {
    for set in ["bounding", "effective", "permitted"] {
        outer = outer.set(&format!("/process/capabilities/{set}"), json!(CAPABILITIES));
    }
    for place in ["/lib", "/lib64", "/usr/lib"] {
        if Path::new(place).exists() {
            outer = outer.mount("bind", place, place, &["rbind", "ro"]);
        }
    }
    outer
        .mount("bind", lab.runtime(), "/runtime", &["bind", "ro"])
        .mount("cgroup", "cgroup", "/sys/fs/cgroup", &["nosuid", "noexec", "nodev", "rw"])
        .namespace("cgroup")
        .set("/process/noNewPrivileges", json!(false))
        .set("/linux/resources/devices", json!([{"allow": true, "access": "rwm"}]))
        .set("/linux/maskedPaths", json!([]))
        .set("/linux/readonlyPaths", json!([]))
        .set("/linux/cgroupsPath", json!(format!("/{}/outer", lab.tag)))
}

/// An overlay over a directory, until it is dropped.
struct Overlay {
    merged: PathBuf,
}

impl Overlay {
    fn over(dir: &Path, lower: &Path) -> Outcome<Self> {
        let [upper, work, merged] = ["upper", "work", "merged"].map(|name| dir.join(name));
        for place in [&upper, &work, &merged] {
            fs::create_dir(place).doing("make a directory for an overlay")?;
        }
        let options =
            format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
        mount(Some("overlay"), &merged, Some("overlay"), MsFlags::empty(), Some(&*options))
            .doing("mount an overlay")?;
        Ok(Self { merged })
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // The look at what is left tells if it is still in use.
        let _ = umount(&self.merged);
    }
}
