//! A runtime that is called after chroot(2), as by tools that build images. Its root directory is not that of its mount
//! namespace, which is where setns(2) leads.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, case};
use crate::console::arg;
use crate::expect::{contains, lacks, same};
use crate::runtime::Output;
use crate::test::Test;
use serde_json::json;

const RULE: &str = "pivot_root(2)";

pub(crate) const CASES: &[Case] = &[
    inside("a container runs below a root directory that is a mount point", |t| {
        let output = jailed(t, t.bundle()?.sh("echo alive"), MOUNTED, RUN)?.ok()?;
        same("output", output.stdout.as_str(), "alive\n")
    }),
    inside("a program that is exec'd is in the container", |t| {
        let bundle = t.bundle()?.file("etc/whose", "the container's")?.args(&["/bin/sleep", "1000"]);
        let script = format!("$runtime run --detach --bundle /bundle $id >/dev/null; {EXEC}; {DELETE}");
        same("output", jailed(t, bundle, MOUNTED, &script)?.ok()?.stdout.as_str(), "the container's")
    }),
    inside("setns to its own mount namespace leads a container nowhere", |t| {
        let list = json!(["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]);
        let sets = json!({"bounding": list, "effective": list, "permitted": list});
        let leave = "nsenter --mount=/proc/self/ns/mnt /bin/busybox ls /";
        let bundle = t.bundle()?.folder("inside")?.set("/process/capabilities", sets).sh(leave);
        let output = jailed(t, bundle, MOUNTED, RUN)?.ok()?;
        contains("the root directory", &output.stdout, "inside")?;
        lacks("the root directory", &output.stdout, "bundle")
    }),
    inside("a root directory that is no mount point is told", |t| {
        let stderr = jailed(t, t.bundle()?.sh("true"), "", RUN)?.exits(1)?.stderr;
        same("number of lines", stderr.lines().count(), 1)?;
        contains("the error", &stderr, "linux.rootfsPropagation")?;
        contains("the error", &stderr, "the root directory is no mount point")
    }),
];

/// Makes the directory that will be the root a mount point.
const MOUNTED: &str = "mount --bind jail jail; cd .; cd jail/..;";

const RUN: &str = "$runtime run --bundle /bundle $id";
const EXEC: &str = "$runtime exec $id /bin/cat /etc/whose";
const DELETE: &str = "$runtime delete --force $id";

/// The reference is not a static program.
const fn inside(name: &'static str, check: fn(&Test) -> Outcome) -> Case {
    case(name, RULE, check).needs_root("chroot(2) is root's").wavers("runc", "its libraries are outside")
}

/// Runs a script after chroot(2) into a directory with the runtime, the bundle and what both need of the host.
fn jailed(t: &Test, bundle: Bundle, prepare: &str, script: &str) -> Outcome<Output> {
    bundle.write()?;
    let all = format!(
        "set -e; mkdir jail jail/proc jail/sys jail/dev jail/tmp; cp {} jail/runtime; cp -a {} jail/bundle; {prepare} \
         for dir in proc sys dev; do mount --rbind /$dir jail/$dir; done; \
         runtime='/runtime --root /tmp/state' id={} exec chroot jail /bundle/rootfs/bin/busybox sh -ec '{script}'",
        arg(&t.runtime),
        arg(&bundle.dir),
        t.id()
    );
    t.host(&["/usr/bin/unshare", "--mount", "/bin/sh", "-c", &all])?.dir(&t.path("")).output()
}
