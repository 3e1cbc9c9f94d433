//! AppArmor profiles and SELinux labels, on hosts that have one or the other.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, case, fail, skip};
use crate::console::arg;
use crate::expect::{contains, hold, same};
use crate::test::Test;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// Of every SELinux policy.
const CONTEXT: &str = "system_u:system_r:init_t:s0";
const FILE_CONTEXT: &str = "system_u:object_r:tmp_t:s0";

pub(crate) const CASES: &[Case] = &[
    case("the process has its AppArmor profile", "config.md: apparmorProfile", |t| {
        let profile = Profile::load(t)?;
        let text = t.output(&profile.bundle(t)?.args(&["cat", "/proc/self/attr/current"]))?;
        same("attr/current", text.as_str(), format!("{} (enforce)\n", profile.name).as_str())
    }),
    case("what the AppArmor profile denies is denied", "config.md: apparmorProfile", |t| {
        let profile = Profile::load(t)?;
        let output = t.run(&profile.bundle(t)?.args(&["cat", "/etc/secret"]))?;
        contains("what cat says", &output.stderr, "Permission denied")
    }),
    case("without the AppArmor profile the same is allowed", "config.md: apparmorProfile", |t| {
        let profile = Profile::load(t)?;
        let bundle = profile.bundle(t)?.without("/process/apparmorProfile");
        t.prints(&bundle.args(&["cat", "/etc/secret"]), "secret\n")
    }),
    case("exec has the container's AppArmor profile", "runc exec", |t| {
        let profile = Profile::load(t)?;
        let container = t.start(&profile.bundle(t)?.args(&["/bin/sleep", "1000"]))?;
        let text = container.exec(&["cat", "/proc/self/attr/current"])?.ok()?.stdout;
        same("attr/current", text.as_str(), format!("{} (enforce)\n", profile.name).as_str())
    }),
    case("exec --apparmor has a profile of its own", "runc exec --apparmor", |t| {
        let profile = Profile::load(t)?;
        let container = t.idle()?;
        let output =
            container.exec_with(&["--apparmor", &profile.name], &["cat", "/proc/self/attr/current"])?;
        same("attr/current", output.ok()?.stdout.as_str(), format!("{} (enforce)\n", profile.name).as_str())
    }),
    case(
        "an AppArmor profile that is not loaded is an error that names it",
        "config.md: apparmorProfile",
        |t| {
            apparmor()?;
            let bundle = t.bundle()?.set("/process/apparmorProfile", json!("no-such-profile"));
            let output = t.run(&bundle)?;
            hold(output.code != 0, "it runs")?;
            contains("the error", &output.stderr.to_lowercase(), "apparmor")
        },
    ),
    case("the process has its SELinux label", "config.md: selinuxLabel", |t| {
        selinux()?;
        let bundle = t.bundle()?.set("/process/selinuxLabel", json!(CONTEXT));
        let text = t.output(&bundle.args(&["cat", "/proc/self/attr/current"]))?;
        same("attr/current", text.trim_matches(['\0', '\n']), CONTEXT)
    }),
    case("exec has the container's SELinux label", "runc exec", |t| {
        selinux()?;
        let bundle = t.bundle()?.set("/process/selinuxLabel", json!(CONTEXT));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        let text = container.exec(&["cat", "/proc/self/attr/current"])?.ok()?.stdout;
        same("attr/current", text.trim_matches(['\0', '\n']), CONTEXT)
    }),
    case("the mounts have their SELinux label", "config-linux.md: Mount Label", |t| {
        selinux()?;
        let bundle = t.bundle()?.set("/linux/mountLabel", json!(FILE_CONTEXT));
        let mount = t.mount_at(bundle, "/dev")?;
        contains("the options", &mount.super_options.join(","), &format!("context={FILE_CONTEXT}"))
    }),
    case("the mounts' label may be that of their root", "crun(1): run.oci.mount_context_type", |t| {
        selinux()?;
        let bundle = t.bundle()?.set("/linux/mountLabel", json!(FILE_CONTEXT));
        let bundle = bundle.set("/annotations", json!({"run.oci.mount_context_type": "rootcontext"}));
        let mount = t.mount_at(bundle, "/dev")?;
        contains("the options", &mount.super_options.join(","), &format!("rootcontext={FILE_CONTEXT}"))
    })
    .differs("runc", "it has no such annotation"),
    case("an SELinux label that the policy does not know is an error", "config.md: selinuxLabel", |t| {
        selinux()?;
        let bundle = t.bundle()?.set("/process/selinuxLabel", json!("no_u:no_r:no_t:s0"));
        let output = t.run(&bundle)?;
        hold(output.code != 0, "it runs")?;
        contains("the error", &output.stderr.to_lowercase(), "selinux")
    })
    .wavers("runc", "its error has the name of the file alone"),
];

/// Skips the case on a host without AppArmor.
fn apparmor() -> Outcome {
    let is_on = fs::read_to_string("/sys/module/apparmor/parameters/enabled");
    if is_on.is_ok_and(|text| text.starts_with('Y')) { Ok(()) } else { skip("this host has no AppArmor") }
}

/// Skips the case on a host without SELinux, or without a policy that has the labels of these cases.
fn selinux() -> Outcome {
    for context in [CONTEXT, FILE_CONTEXT] {
        if let Err(error) = fs::write("/sys/fs/selinux/context", context) {
            return skip(format!("this host's SELinux does not know {context}: {error}"));
        }
    }
    Ok(())
}

/// A profile that allows everything but one file.
struct Profile<'t> {
    test: &'t Test,
    name: String,
    file: PathBuf,
}

impl<'t> Profile<'t> {
    fn load(test: &'t Test) -> Outcome<Self> {
        apparmor()?;
        let parser = "/sbin/apparmor_parser";
        if !Path::new(parser).exists() {
            return skip("no apparmor_parser on this host (Debian: apparmor)");
        }
        let name = test.tag.clone();
        let rules = "file, mount, umount, pivot_root, capability, network, signal, ptrace, unix,";
        let text =
            format!("profile {name} flags=(attach_disconnected) {{ {rules} deny /etc/secret rwklx, }}\n");
        let file = test.file("profile", &text)?;
        let output = test.host(&[parser, "--skip-cache", "--replace", arg(&file)])?.output()?;
        match output.code {
            0 => Ok(Self { test, name, file }),
            _ => fail(format!("apparmor_parser: {}", output.stderr)),
        }
    }

    fn bundle(&self, t: &Test) -> Outcome<Bundle> {
        let bundle = t.bundle()?.file("etc/secret", "secret\n")?;
        Ok(bundle.set("/process/apparmorProfile", json!(self.name)))
    }
}

impl Drop for Profile<'_> {
    fn drop(&mut self) {
        // What stays of it is a name that no other case uses.
        let _ =
            self.test.host(&["/sbin/apparmor_parser", "--remove", arg(&self.file)]).map(|call| call.output());
    }
}
