//! Every config of which the plan is kept. What is not about the command line or the machine is an edit of a config
//! that is small or the default one.

use bundle::plan::Start;
use bundle::plan::exec::Overrides;
use serde_json::{Value, json};

use crate::case::{Asked, Case, create, enter};
use crate::hosts;

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    let groups = [
        whole(),
        namespaces(),
        users(),
        file_system(),
        process(),
        cgroups(),
        units(),
        annotations(),
        commands(),
        execs(),
    ];
    groups.into_iter().flatten().collect()
}

/// The case of this name.
pub(crate) fn one(name: &str) -> Case {
    all().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

/// The configs that `spec` writes.
fn whole() -> Vec<Case> {
    vec![
        create("default_on_v1", &hosts::v1(), &Asked::of(default())),
        create("default_on_hybrid", &hosts::hybrid(), &Asked::of(default())),
        create("default_on_v2", &hosts::v2(), &Asked::of(default())),
        create("default_rootless", &hosts::rootless(), &Asked::of(default_rootless())),
        create("default_rootless_on_v1", &hosts::rootless_on_v1(), &Asked::of(default_rootless())),
        create("default_nested", &hosts::nested(), &Asked::of(default())),
        create("small", &hosts::v2(), &Asked::of(small())),
        create("small_without_cgroups", &hosts::without_cgroups(), &Asked::of(small())),
    ]
}

fn namespaces() -> Vec<Case> {
    vec![
        edited("every_namespace", namespaces_only("pid network ipc uts mount cgroup time")),
        edited("joined_namespaces", namespaces_only("mount network=/ns/net pid=/ns/pid uts ipc=/ns/ipc")),
        edited("joined_mount_namespace", namespaces_only("mount=/ns/mnt pid network=/ns/net")),
        edited("time_offsets", time_offsets()),
        edited("names", with("pid uts mount", json!({"hostname": "box", "domainname": "example.org"}))),
        edited("net_devices", with("pid network mount", net_devices())),
        edited("no_namespaces", namespaces_only("")),
        edited("no_mount_namespace", with("pid", json!({"root": {"readonly": false}}))),
        edited("no_mount_namespace_refuses_mounts", with("pid", json!({"mounts": [proc()]}))),
        edited("no_mount_namespace_refuses_hiding", with("pid", hidden_paths())),
    ]
}

fn users() -> Vec<Case> {
    let every = "user pid network ipc uts mount cgroup time";
    vec![
        edited("user_namespace", with(every, merged(mapped(), json!({"hostname": "box"})))),
        edited("user_namespace_without_root", with("user pid ipc mount", mapping_user_1000_alone())),
        edited("user_namespace_with_host_network", with("user mount", merged(mapped(), system_mounts()))),
        edited("joined_user_namespace", namespaces_only("mount user=/ns/user pid network=/ns/net ipc")),
        edited("joined_user_namespace_with_host_pids", namespaces_only("user=/ns/user mount uts")),
        edited("joined_user_and_pid_namespaces", namespaces_only("user=/ns/user pid=/ns/pid mount")),
        rootless("rootless_with_one_id", with("user pid mount", mapping(&[(0, 1000, 1)], &[(0, 100, 1)]))),
        create(
            "nested_without_groups",
            &hosts::nested_without_groups(),
            &Asked::of(merged(small(), with("user pid mount", mapping(&[(0, 0, 1)], &[(0, 0, 1)])))),
        ),
        rootless("rootless_by_helpers", with("user pid mount", mapped_by_helpers())),
        rootless("rootless_with_cgroup", with("user pid mount cgroup", own_cgroup())),
    ]
}

fn file_system() -> Vec<Case> {
    vec![
        edited("binds", binds()),
        edited("tmpfs", tmpfs()),
        edited("id_mapped_mounts", with("user pid mount", merged(mapped(), id_mapped_mounts()))),
        edited("readonly_dev", json!({"mounts": [dev("ro,nosuid,mode=755")]})),
        edited("own_dev", json!({"mounts": [bind("/srv/dev", "/dev", "rbind")]})),
        edited("hidden_paths", hidden_paths()),
        edited("devices", devices()),
        edited("devices_in_user_namespace", with("user pid mount", merged(mapped(), devices()))),
        edited("readonly_root", json!({"root": {"readonly": true}})),
        edited("propagation_shared", propagation("shared")),
        edited("propagation_rprivate", propagation("rprivate")),
        edited("propagation_rslave", propagation("rslave")),
        edited("propagation_unbindable", propagation("unbindable")),
    ]
}

fn process() -> Vec<Case> {
    vec![
        edited("terminal", terminal()),
        edited("user", user()),
        edited("sysctls", with("pid network ipc mount", sysctls())),
        edited("rlimits", rlimits()),
        edited("rlimits_in_user_namespace", with("user pid mount", merged(mapped(), rlimits()))),
        edited("scheduling", scheduling()),
        edited("seccomp", seccomp(false)),
        edited("seccomp_without_new_privileges", seccomp(true)),
        edited("seccomp_with_an_agent", confined("accept", "NOTIFY", heard())),
        edited("seccomp_with_an_idle_agent", confined("accept", "ERRNO", heard())),
        edited("seccomp_without_its_agent", confined("accept", "NOTIFY", json!({}))),
        edited("seccomp_that_keeps_its_listener", confined("sendmsg", "NOTIFY", heard())),
        create("seccomp_on_an_old_kernel", &hosts::with_few_filters(), &Asked::of(flagged("LOG"))),
        create("seccomp_on_too_old_a_kernel", &hosts::with_few_filters(), &Asked::of(killing())),
        edited("hooks", hooks()),
        create("labels", &hosts::labelling(), &Asked::of(merged(small(), labels()))),
        create("labels_after_hooks", &hosts::labelling(), &Asked::of(merged(hooked(), labels()))),
        edited("labels_without_enforcement", labels()),
    ]
}

fn cgroups() -> Vec<Case> {
    let limited = || Asked::of(merged(small(), limits()));
    let shown = || Asked::of(merged(small(), json!({"mounts": [cgroup("ro")]})));
    let fresh = || Asked::of(merged(small(), with("pid mount cgroup", json!({"mounts": [cgroup("rw")]}))));
    vec![
        create("limits_on_v1", &hosts::v1(), &limited()),
        create("limits_on_hybrid", &hosts::hybrid(), &limited()),
        create("limits_on_v2", &hosts::v2(), &limited()),
        create("cgroup_mount_without_namespace_on_v1", &hosts::v1(), &shown()),
        create("cgroup_mount_without_namespace_on_v2", &hosts::v2(), &shown()),
        create("cgroup_mount_writable_on_hybrid", &hosts::hybrid(), &fresh()),
        edited(
            "cgroup_of_a_user",
            with("user pid mount cgroup", merged(mapped(), json!({"mounts": [cgroup("rw")]}))),
        ),
        edited("cgroup_path", json!({"linux": {"cgroupsPath": "/machines/box"}})),
    ]
}

fn units() -> Vec<Case> {
    let in_slice = |path: &str| merged(merged(small(), limits()), json!({"linux": {"cgroupsPath": path}}));
    let of = |config: Value, systemd| Asked { systemd: Some(systemd), ..Asked::of(config) };
    let property = |key: &str, value: &str| {
        let key = format!("org.systemd.property.{key}");
        of(merged(small(), annotated(&key, value)), hosts::systemd())
    };
    let limited = || in_slice("pods-red.slice:cri:box");
    let scope = || of(limited(), hosts::systemd());
    let in_subgroup =
        || of(merged(limited(), annotated("run.oci.systemd.subgroup", "box")), hosts::systemd());
    let divided = || {
        let both =
            json!({"annotations": {"run.oci.systemd.subgroup": "box", "run.oci.delegate-cgroup": "own"}});
        let every = with("user pid mount cgroup", merged(mapped(), json!({"mounts": [cgroup("rw")]})));
        of(merged(merged(limited(), every), both), hosts::systemd())
    };
    let users = merged(small(), with("user pid mount cgroup", mapping(&[(0, 1000, 1)], &[(0, 100, 1)])));
    vec![
        create("scope_on_v1", &hosts::v1(), &scope()),
        create("scope_on_hybrid", &hosts::hybrid(), &scope()),
        create("scope_on_v2", &hosts::v2(), &scope()),
        create("scope_by_default", &hosts::v2(), &of(small(), hosts::systemd())),
        create("scope_with_subgroup", &hosts::v2(), &in_subgroup()),
        create("scope_with_subgroup_on_v1", &hosts::v1(), &in_subgroup()),
        create("scope_with_subgroup_and_delegated_cgroup", &hosts::v2(), &divided()),
        create("scope_rootless", &hosts::rootless(), &of(users, hosts::systemd_of_user())),
        create("slice", &hosts::v2(), &of(in_slice(":x:pods-blue.slice"), hosts::systemd())),
        create("scope_with_annotation", &hosts::v2(), &property("TimeoutStopSec", "7")),
        create("scope_with_wrong_annotation", &hosts::v2(), &property("CollectMode", "inactive")),
        create("scope_with_plain_path", &hosts::v2(), &of(in_slice("/pods/box"), hosts::systemd())),
    ]
}

fn annotations() -> Vec<Case> {
    let groups = || annotated("run.oci.keep_original_groups", "1");
    let in_user_namespace = || with("user pid mount", merged(mapped(), merged(user(), groups())));
    let files =
        json!({"annotations": {"run.oci.hooks.stdout": "log", "run.oci.hooks.stderr": "/log/errors"}});
    let of_roots = merged(labels(), annotated("run.oci.mount_context_type", "rootcontext"));
    let agent = || annotated("run.oci.seccomp.receiver", "/run/other.sock");
    let raw = || annotated("run.oci.seccomp_bpf_data", "BgAAAAAA/38=");
    let delegated = || annotated("run.oci.delegate-cgroup", "own");
    let strict = |value| annotated("run.oci.seccomp_fail_unknown_syscall", value);
    let wrong = json!({"annotations": {
        "run.oci.keep_original_groups": "yes",
        "run.oci.hooks.stdout": "",
        "run.oci.mount_context_type": "seclabel",
        "run.oci.pidfd_receiver": "",
        "run.oci.seccomp.receiver": "agent.sock",
        "run.oci.seccomp_bpf_data": "BgAA",
        "run.oci.systemd.subgroup": "a/b",
        "run.oci.delegate-cgroup": "",
        "run.oci.handler": "krun",
    }});
    let own_args = ["ps".to_owned()];
    let own = Overrides { args: &own_args, ..Overrides::default() };
    vec![
        edited("groups_kept", merged(user(), groups())),
        edited("groups_kept_in_user_namespace", in_user_namespace()),
        edited("groups_kept_in_joined_user_namespace", with("user=/ns/user pid mount", groups())),
        rootless("groups_kept_rootless", with("user pid mount", merged(mapped_by_helpers(), groups()))),
        enter("exec_that_keeps_groups", &hosts::v2(), merged(small(), in_user_namespace()), &own),
        edited("hooks_to_files", merged(hooks(), files)),
        create("labels_of_roots", &hosts::labelling(), &Asked::of(merged(small(), of_roots))),
        edited("seccomp_with_an_annotated_agent", merged(confined("accept", "NOTIFY", json!({})), agent())),
        edited("seccomp_with_two_agents", merged(confined("accept", "NOTIFY", heard()), agent())),
        edited("seccomp_by_annotation", merged(seccomp(true), raw())),
        enter("exec_with_seccomp_by_annotation", &hosts::v2(), merged(small(), raw()), &own),
        edited("seccomp_with_unknown_calls", merged(confined("acccept", "ERRNO", json!({})), strict("1"))),
        edited("seccomp_with_skipped_calls", merged(confined("acccept", "ERRNO", json!({})), strict("0"))),
        edited("delegated_cgroup", delegated()),
        create("delegated_cgroup_on_v1", &hosts::v1(), &Asked::of(merged(small(), delegated()))),
        edited("subgroup_without_systemd", annotated("run.oci.systemd.subgroup", "box")),
        edited("wrong_annotations", wrong),
    ]
}

fn commands() -> Vec<Case> {
    let at_once = Asked { start: Start::AtOnce, ..Asked::of(hooked()) };
    let no_pivot = Asked { no_pivot: true, ..Asked::of(small()) };
    vec![
        create("at_once", &hosts::v2(), &at_once),
        create("intel_rdt", &hosts::sharing_caches(), &Asked::of(merged(small(), rdt()))),
        edited("intel_rdt_without_resctrl", rdt()),
        create("no_pivot", &hosts::v2(), &no_pivot),
        create("notifying", &hosts::v2(), &Asked { notify: true, ..Asked::of(small()) }),
        create("listening", &hosts::listening(), &Asked::of(small())),
    ]
}

fn execs() -> Vec<Case> {
    let args = ["ps".to_owned()];
    let plain = Overrides { args: &args, ..Overrides::default() };
    let terminal = Overrides { terminal: true, ..plain };
    let every = || merged(small(), with("user pid network ipc uts mount cgroup time", mapped()));
    let one_id = || merged(small(), with("user pid mount", mapping(&[(0, 1000, 1)], &[(0, 100, 1)])));
    vec![
        enter("exec", &hosts::v2(), default(), &plain),
        enter("exec_in_user_namespace", &hosts::v2(), every(), &plain),
        enter("exec_with_terminal", &hosts::v2(), default(), &terminal),
        enter("exec_rootless", &hosts::rootless(), one_id(), &plain),
        enter("exec_with_seccomp", &hosts::v2(), merged(small(), seccomp(false)), &plain),
        enter("exec_with_affinity", &hosts::v2(), merged(small(), scheduling()), &plain),
        enter("exec_with_labels", &hosts::labelling(), merged(small(), labels()), &plain),
        enter("exec_with_intel_rdt", &hosts::sharing_caches(), merged(small(), rdt()), &plain),
        enter("exec_without_namespaces", &hosts::v2(), merged(small(), namespaces_only("")), &plain),
    ]
}

/// A small config with this edit, planned by root of a machine with cgroup v2.
fn edited(name: &'static str, edit: Value) -> Case {
    create(name, &hosts::v2(), &Asked::of(merged(small(), edit)))
}

/// The same, planned by an ordinary user.
fn rootless(name: &'static str, edit: Value) -> Case {
    create(name, &hosts::rootless(), &Asked::of(merged(small(), edit)))
}

fn rdt() -> Value {
    json!({"linux": {"intelRdt": {
        "closID": "gold",
        "memBwSchema": "MB:0=20",
        "l3CacheSchema": "L3:0=f",
        "schemata": ["L2:0=f"],
        "enableMonitoring": true,
    }}})
}

fn net_devices() -> Value {
    json!({"linux": {"netDevices": {"eth1": {"name": "web%d"}, "eth0": {}}}})
}

fn default() -> Value {
    serde_json::from_str(bundle::default::spec(None).get()).expect("JSON")
}

fn default_rootless() -> Value {
    serde_json::from_str(bundle::default::spec(Some((1000, 100))).get()).expect("JSON")
}

fn annotated(key: &str, value: &str) -> Value {
    json!({"annotations": {key: value}})
}

/// Next to nothing, so that what an edit adds stands out.
fn small() -> Value {
    json!({
        "ociVersion": "1.3.0",
        "root": {"path": "rootfs"},
        "process": {
            "cwd": "/",
            "args": ["/bin/true"],
            "env": ["HOME=/root"],
            "user": {"uid": 0, "gid": 0},
        },
        "linux": {"namespaces": listed("pid mount")},
    })
}

fn hooked() -> Value {
    merged(small(), hooks())
}

/// An edit laid over a config as RFC 7396 has it: objects are merged, everything else is replaced.
fn merged(config: Value, edit: Value) -> Value {
    match (config, edit) {
        (Value::Object(mut config), Value::Object(edit)) => {
            for (key, edit) in edit {
                let own = config.remove(&key).unwrap_or_default();
                config.insert(key, merged(own, edit));
            }
            Value::Object(config)
        }
        (_, edit) => edit,
    }
}

/// Namespaces from `pid network=/path`.
fn listed(namespaces: &str) -> Value {
    let one = |word: &str| match word.split_once('=') {
        Some((kind, path)) => json!({"type": kind, "path": path}),
        None => json!({"type": word}),
    };
    namespaces.split_whitespace().map(one).collect()
}

fn namespaces_only(namespaces: &str) -> Value {
    json!({"linux": {"namespaces": listed(namespaces)}})
}

fn with(namespaces: &str, edit: Value) -> Value {
    merged(namespaces_only(namespaces), edit)
}

type Range = (u32, u32, u32);

/// Ranges of container id, host id and size.
fn mapping(uids: &[Range], gids: &[Range]) -> Value {
    json!({"linux": {"uidMappings": ranges(uids), "gidMappings": ranges(gids)}})
}

fn ranges(ranges: &[Range]) -> Value {
    let one = |(id, host, size): &Range| json!({"containerID": id, "hostID": host, "size": size});
    ranges.iter().map(one).collect()
}

fn mapped() -> Value {
    mapping(&[(0, 100_000, 65_536)], &[(0, 200_000, 65_536)])
}

fn mapped_by_helpers() -> Value {
    mapping(&[(0, 1000, 1), (1, 100_000, 65_535)], &[(0, 100, 1), (1, 100_000, 65_535)])
}

fn mapping_user_1000_alone() -> Value {
    let user = json!({"process": {"user": {"uid": 1000, "gid": 1000}}});
    merged(user, mapping(&[(1000, 1000, 1)], &[(1000, 1000, 1)]))
}

fn own_cgroup() -> Value {
    let path = json!({"linux": {"cgroupsPath": "/user.slice/box", "resources": {"pids": {"limit": 10}}}});
    merged(path, mapping(&[(0, 1000, 1)], &[(0, 100, 1)]))
}

fn time_offsets() -> Value {
    let offsets = json!({"monotonic": {"secs": 86_400, "nanosecs": 5}, "boottime": {"secs": -60}});
    with("pid mount time", json!({"linux": {"timeOffsets": offsets}}))
}

fn mount(kind: &str, source: &str, destination: &str, options: &str) -> Value {
    let options: Vec<&str> = options.split(',').filter(|word| !word.is_empty()).collect();
    json!({"destination": destination, "type": kind, "source": source, "options": options})
}

fn bind(source: &str, destination: &str, options: &str) -> Value {
    mount("none", source, destination, options)
}

fn proc() -> Value {
    mount("proc", "proc", "/proc", "nosuid,noexec,nodev")
}

fn dev(options: &str) -> Value {
    mount("tmpfs", "tmpfs", "/dev", options)
}

fn cgroup(writable: &str) -> Value {
    mount("cgroup", "cgroup", "/sys/fs/cgroup", &format!("nosuid,noexec,nodev,relatime,{writable}"))
}

fn system_mounts() -> Value {
    let sys = mount("sysfs", "sysfs", "/sys", "nosuid,noexec,nodev,ro");
    let mqueue = mount("mqueue", "mqueue", "/dev/mqueue", "nosuid,noexec,nodev");
    json!({"mounts": [proc(), sys, mqueue]})
}

fn binds() -> Value {
    json!({"mounts": [
        bind("/srv/data", "/data", "rbind"),
        bind("/srv/ro", "/ro", "bind,ro,nosuid,nodev"),
        bind("/srv/rro", "/rro", "rbind,rro,rslave"),
        bind("etc/hosts", "/etc/hosts", "bind,rprivate,noatime"),
        bind("/srv/link", "/link", "bind,src-nofollow,dest-nofollow"),
        bind("/srv/meminfo", "/proc/meminfo", "bind,ro"),
        mount("none", "none", "/data", "remount,bind,noexec"),
    ]})
}

fn tmpfs() -> Value {
    json!({"mounts": [
        mount("tmpfs", "tmpfs", "/tmp", "nosuid,nodev,size=64k"),
        mount("tmpfs", "tmpfs", "/run", "ro,mode=755"),
        mount("tmpfs", "tmpfs", "/etc", "ro,tmpcopyup"),
        mount("none", "none", "/tmp", "remount,size=32k"),
    ]})
}

fn id_mapped_mounts() -> Value {
    let mut own = bind("/srv/own", "/own", "rbind,ridmap");
    own["uidMappings"] = ranges(&[(0, 1000, 10)]);
    own["gidMappings"] = ranges(&[(0, 1000, 10)]);
    json!({"mounts": [own, bind("/srv/container", "/container", "bind,idmap")]})
}

fn hidden_paths() -> Value {
    json!({"linux": {
        "maskedPaths": ["/proc/kcore", "/sys/firmware"],
        "readonlyPaths": ["/proc/sys", "/proc/irq"],
    }})
}

fn devices() -> Value {
    let fuse =
        json!({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 432, "gid": 5});
    let disk = json!({"path": "/dev/disk", "type": "b", "major": 8, "minor": 0});
    let pipe = json!({"path": "/run/pipe", "type": "p"});
    let listed_default = json!({"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 438});
    json!({"mounts": [dev("mode=755")], "linux": {"devices": [fuse, disk, pipe, listed_default]}})
}

fn propagation(word: &str) -> Value {
    json!({"linux": {"rootfsPropagation": word}})
}

fn terminal() -> Value {
    let pts = mount("devpts", "devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=0620");
    let process = json!({"terminal": true, "consoleSize": {"height": 24, "width": 80}, "user": {"uid": 1000, "gid": 1000}});
    json!({"process": process, "mounts": [dev("mode=755"), pts]})
}

fn user() -> Value {
    json!({"process": {
        "user": {"uid": 33, "gid": 34, "umask": 63, "additionalGids": [4, 34]},
        "cwd": "/var/lib/server",
        "args": ["server"],
        "env": ["PATH=/opt/bin:/bin"],
        "oomScoreAdj": -500,
        "noNewPrivileges": true,
        "capabilities": {
            "bounding": ["CAP_CHOWN", "CAP_KILL"],
            "permitted": ["CAP_CHOWN", "CAP_KILL"],
            "effective": ["CAP_KILL"],
        },
    }})
}

fn sysctls() -> Value {
    json!({"linux": {"sysctl": {
        "net.ipv4.ip_forward": "1",
        "kernel.shmmax": "65536",
        "net/ipv4/conf/eth0.100/forwarding": "1",
    }}})
}

fn rlimits() -> Value {
    json!({"process": {"rlimits": [
        {"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 4096},
        {"type": "RLIMIT_CORE", "soft": 0, "hard": u64::MAX},
    ]}})
}

fn scheduling() -> Value {
    json!({
        "process": {
            "scheduler": {"policy": "SCHED_BATCH", "nice": 5},
            "ioPriority": {"class": "IOPRIO_CLASS_IDLE", "priority": 0},
            "execCPUAffinity": {"initial": "0-1", "final": "0-3,7"},
        },
        "linux": {
            "personality": {"domain": "LINUX32"},
            "memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "0-1"},
        },
    })
}

fn seccomp(no_new_privileges: bool) -> Value {
    let rule = json!({"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1});
    json!({
        "process": {"noNewPrivileges": no_new_privileges},
        "linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}},
    })
}

/// A filter with one rule, and what else there is to it.
fn confined(name: &str, action: &str, more: Value) -> Value {
    let rule = json!({"names": [name], "action": format!("SCMP_ACT_{action}")});
    let profile = json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]});
    json!({"linux": {"seccomp": merged(profile, more)}})
}

fn heard() -> Value {
    json!({"listenerPath": "/run/agent.sock", "listenerMetadata": "box"})
}

fn flagged(flag: &str) -> Value {
    let flags = json!({"flags": [format!("SECCOMP_FILTER_FLAG_{flag}")]});
    merged(small(), confined("accept", "ERRNO", flags))
}

fn killing() -> Value {
    merged(small(), confined("accept", "KILL_PROCESS", json!({})))
}

fn hooks() -> Value {
    let hook = |name: &str| json!([{"path": format!("/hooks/{name}"), "timeout": 10}]);
    json!({"hooks": {
        "prestart": hook("prestart"),
        "createRuntime": [{"path": "/hooks/first"}, {"path": "/hooks/second", "args": ["second", "-x"]}],
        "createContainer": hook("create-container"),
        "startContainer": hook("start-container"),
        "poststart": hook("poststart"),
        "poststop": hook("poststop"),
    }, "linux": hidden_paths()["linux"]})
}

fn labels() -> Value {
    json!({
        "process": {"apparmorProfile": "box-default", "selinuxLabel": "system_u:system_r:container_t:s0:c1,c2"},
        "mounts": [dev("mode=755"), proc()],
        "linux": {"mountLabel": "system_u:object_r:container_file_t:s0:c1,c2"},
    })
}

fn limits() -> Value {
    json!({"linux": {"cgroupsPath": "pods/box", "resources": {
        "cpu": {"shares": 512, "quota": 50_000, "period": 100_000},
        "memory": {"limit": 67_108_864, "reservation": 33_554_432, "swap": 134_217_728},
        "pids": {"limit": 32},
        "devices": [
            {"allow": false, "access": "rwm"},
            {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"},
        ],
    }}})
}
