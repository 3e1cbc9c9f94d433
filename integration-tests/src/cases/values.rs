//! One wrong value for every field of config.json: the error names its place and the value, and nothing is left behind.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, case};
use crate::expect::{contains, hold};
use crate::test::Test;
use serde_json::{Value, json};
use std::collections::HashSet;

/// A row is `"sentence", "section": "/pointer" = VALUE, "/place below it" "what is found there"`.
macro_rules! wrong_values {
    ($($sentence:literal, $section:literal: $pointer:literal = $value:tt, $place:literal $found:literal;)*) => {
        /// A case for each row.
        pub(crate) const EACH: &[Case] = &[$(
            case($sentence, $section, |t| {
                refused(t, &Wrong { pointer: $pointer, value: json!($value), place: $place, found: $found })
            })
            .wavers("runc", "it tells no places, and lets much through"),
        )*];

        /// All rows.
        fn all() -> Vec<Wrong> {
            vec![$(Wrong { pointer: $pointer, value: json!($value), place: $place, found: $found }),*]
        }
    };
}

wrong_values! {
    "ociVersion of a later major version", "config.md: Specification version": "/ociVersion" = "2.0.0", "" "\"2.0.0\"";
    "root.path that is empty", "config.md: Root": "/root/path" = "", "" "\"\"";
    "root.readonly that is a word", "config.md: Root": "/root/readonly" = "yes", "" "\"yes\"";
    "hostname of 65 bytes", "sethostname(2)": "/hostname" = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "" "\"aaaa";
    "domainname that is a number", "config.md: Domainname": "/domainname" = 7, "" "7";
    "annotations with a value that is no string", "config.md: Annotations": "/annotations" = {"a.b": 7}, "/a.b" "7";
    "annotations with an empty key", "config.md: Annotations": "/annotations" = {"": "x"}, "/" "\"x\"";

    "mounts that are no array", "config.md: Mounts": "/mounts" = {"a": 1}, "" "an object";
    "mounts[].destination that is empty", "config.md: Mounts": "/mounts" = [{"destination": "", "type": "tmpfs"}], "/0/destination" "\"\"";
    "mounts[].type that is a number", "config.md: Mounts": "/mounts" = [{"destination": "/a", "type": 7}], "/0/type" "7";
    "mounts[].type that is missing", "config.md: Mounts": "/mounts" = [{"destination": "/a"}], "/0/type" "nothing";
    "mounts[].source of a bind mount that is missing", "config.md: Mounts": "/mounts" = [{"destination": "/a", "options": ["bind"]}], "/0/source" "nothing";
    "mounts[].source with a NUL", "mount(2)": "/mounts" = [{"destination": "/a", "type": "bind", "source": "/a\u{0}b"}], "/0/source" "\"/a\\u0000b\"";
    "mounts[].options that are one string", "config.md: Mounts": "/mounts" = [{"destination": "/a", "type": "tmpfs", "options": "ro"}], "/0/options" "\"ro\"";
    "mounts[].options with tmpcopyup on a bind mount", "runc: tmpcopyup": "/mounts" = [{"destination": "/a", "source": "/", "options": ["bind", "tmpcopyup"]}], "/0/options" "tmpcopyup";
    "mounts[].options with idmap and no user namespace", "config.md: Linux mount options": "/mounts" = [{"destination": "/a", "source": "/", "options": ["bind", "idmap"]}], "/0/options" "an array";
    "mounts[].options with an id map that is none", "crun(1): idmap": "/mounts" = [{"destination": "/a", "source": "/", "options": ["bind", "idmap=uids=0"]}], "/0/options" "idmap=uids=0";
    "mounts[].uidMappings with a size of 0", "config.md: Mounts": "/mounts" = [{"destination": "/a", "source": "/", "options": ["bind"], "uidMappings": [{"containerID": 0, "hostID": 0, "size": 0}], "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}], "/0/uidMappings/0/size" "0";
    "mounts[].gidMappings alone", "config.md: Mounts": "/mounts" = [{"destination": "/a", "source": "/", "options": ["bind"], "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}], "/0/uidMappings" "nothing";

    "process.terminal that is a number", "config.md: Process": "/process/terminal" = 1, "" "1";
    "process.consoleSize without its width", "config.md: Process": "/process/consoleSize" = {"height": 1}, "/width" "nothing";
    "process.consoleSize.height below 0", "config.md: Process": "/process/consoleSize" = {"height": (-1), "width": 1}, "/height" "-1";
    "process.cwd that is relative", "config.md: Process": "/process/cwd" = "tmp", "" "\"tmp\"";
    "process.env without a name", "environ(7)": "/process/env" = ["PATH=/bin", "=x"], "/1" "\"=x\"";
    "process.args with an empty program", "config.md: Process": "/process/args" = [""], "/0" "\"\"";
    "process.noNewPrivileges that is a number", "config.md: Linux Process": "/process/noNewPrivileges" = 1, "" "1";
    "process.apparmorProfile that is a number", "config.md: Linux Process": "/process/apparmorProfile" = 7, "" "7";
    "process.selinuxLabel that is a number", "config.md: Linux Process": "/process/selinuxLabel" = 7, "" "7";
    "process.oomScoreAdj above 1000", "proc_pid_oom_score_adj(5)": "/process/oomScoreAdj" = 1001, "" "1001";
    "process.user.uid that means no change", "setresuid(2)": "/process/user" = {"uid": 4294967295_u32, "gid": 0}, "/uid" "4294967295";
    "process.user.gid that is missing", "config.md: User": "/process/user" = {"uid": 0}, "/gid" "nothing";
    "process.user.umask above 0777", "umask(2)": "/process/user" = {"uid": 0, "gid": 0, "umask": 512}, "/umask" "512";
    "process.user.additionalGids with a name", "config.md: User": "/process/user" = {"uid": 0, "gid": 0, "additionalGids": ["wheel"]}, "/additionalGids/0" "\"wheel\"";
    "process.capabilities.effective that is one string", "config.md: Linux Process": "/process/capabilities" = {"effective": "CAP_KILL"}, "/effective" "\"CAP_KILL\"";
    "process.capabilities.bounding with a number", "config.md: Linux Process": "/process/capabilities" = {"bounding": [5]}, "/bounding/0" "5";
    "process.capabilities.permitted with a number", "config.md: Linux Process": "/process/capabilities" = {"permitted": [5]}, "/permitted/0" "5";
    "process.capabilities.inheritable with a number", "config.md: Linux Process": "/process/capabilities" = {"inheritable": [5]}, "/inheritable/0" "5";
    "process.capabilities.ambient with a number", "config.md: Linux Process": "/process/capabilities" = {"ambient": [5]}, "/ambient/0" "5";
    "process.rlimits[].type that is unknown", "getrlimit(2)": "/process/rlimits" = [{"type": "RLIMIT_NONE", "soft": 1, "hard": 1}], "/0/type" "\"RLIMIT_NONE\"";
    "process.rlimits[].soft above the hard one", "getrlimit(2)": "/process/rlimits" = [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}], "/0/soft" "2";
    "process.rlimits[].hard below 0", "config.md: POSIX process": "/process/rlimits" = [{"type": "RLIMIT_CORE", "soft": 0, "hard": (-1)}], "/0/hard" "-1";
    "process.scheduler.policy that is unknown", "config.md: Linux Process": "/process/scheduler" = {"policy": "SCHED_NONE"}, "/policy" "\"SCHED_NONE\"";
    "process.scheduler.nice above 19", "sched(7)": "/process/scheduler" = {"policy": "SCHED_OTHER", "nice": 20}, "/nice" "20";
    "process.scheduler.priority of a policy without", "sched(7)": "/process/scheduler" = {"policy": "SCHED_OTHER", "priority": 5}, "/priority" "5";
    "process.scheduler.flags with an unknown one", "config.md: Linux Process": "/process/scheduler" = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_NONE"]}, "/flags/0" "\"SCHED_FLAG_NONE\"";
    "process.scheduler.runtime of a policy without", "sched(7)": "/process/scheduler" = {"policy": "SCHED_OTHER", "runtime": 5}, "/runtime" "5";
    "process.scheduler.deadline beyond the period", "sched(7)": "/process/scheduler" = {"policy": "SCHED_DEADLINE", "runtime": 2000, "deadline": 3000, "period": 2500}, "/deadline" "3000";
    "process.scheduler.period below 0", "config.md: Linux Process": "/process/scheduler" = {"policy": "SCHED_DEADLINE", "period": (-1)}, "/period" "-1";
    "process.ioPriority.class that is unknown", "config.md: Linux Process": "/process/ioPriority" = {"class": "IOPRIO_NONE", "priority": 1}, "/class" "\"IOPRIO_NONE\"";
    "process.ioPriority.priority above 7", "ioprio_set(2)": "/process/ioPriority" = {"class": "IOPRIO_CLASS_BE", "priority": 8}, "/priority" "8";
    "process.execCPUAffinity.initial that is no list", "config.md: Linux Process": "/process/execCPUAffinity" = {"initial": "all"}, "/initial" "\"all\"";
    "process.execCPUAffinity.final that descends", "config.md: Linux Process": "/process/execCPUAffinity" = {"final": "3-1"}, "/final" "\"3-1\"";

    "hooks.prestart[].path that is relative", "config.md: POSIX-platform Hooks": "/hooks" = {"prestart": [{"path": "bin/true"}]}, "/prestart/0/path" "\"bin/true\"";
    "hooks.createRuntime[].path that is missing", "config.md: POSIX-platform Hooks": "/hooks" = {"createRuntime": [{"args": ["x"]}]}, "/createRuntime/0/path" "nothing";
    "hooks.createContainer[].args with a number", "config.md: POSIX-platform Hooks": "/hooks" = {"createContainer": [{"path": "/bin/true", "args": [1]}]}, "/createContainer/0/args/0" "1";
    "hooks.startContainer[].env that is an object", "config.md: POSIX-platform Hooks": "/hooks" = {"startContainer": [{"path": "/bin/true", "env": {"A": "b"}}]}, "/startContainer/0/env" "an object";
    "hooks.poststart[].timeout of 0", "config.md: POSIX-platform Hooks": "/hooks" = {"poststart": [{"path": "/bin/true", "timeout": 0}]}, "/poststart/0/timeout" "0";
    "hooks.poststop that is no array", "config.md: POSIX-platform Hooks": "/hooks" = {"poststop": {"path": "/bin/true"}}, "/poststop" "an object";

    "linux.namespaces[].type that is unknown", "config-linux.md: Namespaces": "/linux/namespaces" = [{"type": "pid"}, {"type": "net"}], "/1/type" "\"net\"";
    "linux.namespaces[].type given twice", "config-linux.md: Namespaces": "/linux/namespaces" = [{"type": "ipc"}, {"type": "ipc"}], "/1/type" "\"ipc\"";
    "linux.namespaces[].path that is relative", "config-linux.md: Namespaces": "/linux/namespaces" = [{"type": "network", "path": "proc/self/ns/net"}], "/0/path" "\"proc/self/ns/net\"";
    "linux.uidMappings without a user namespace", "config-linux.md: User namespace mappings": "/linux/uidMappings" = [{"containerID": 0, "hostID": 0, "size": 1}], "" "an array";
    "linux.gidMappings without a size", "config-linux.md: User namespace mappings": "/linux/gidMappings" = [{"containerID": 0, "hostID": 0}], "/0/size" "nothing";
    "linux.timeOffsets of an unknown clock", "config-linux.md: Offset for Time Namespace": "/linux/timeOffsets" = {"realtime": {"secs": 1}}, "/realtime" "an object";
    "linux.timeOffsets.*.nanosecs of a second", "time_namespaces(7)": "/linux/timeOffsets" = {"boottime": {"nanosecs": 1000000000}}, "/boottime/nanosecs" "1000000000";
    "linux.timeOffsets.*.secs that is a string", "config-linux.md: Offset for Time Namespace": "/linux/timeOffsets" = {"monotonic": {"secs": "1"}}, "/monotonic/secs" "\"1\"";
    "linux.devices[].path that is relative", "config-linux.md: Devices": "/linux/devices" = [{"path": "dev/x", "type": "p"}], "/0/path" "\"dev/x\"";
    "linux.devices[].type that is unknown", "config-linux.md: Devices": "/linux/devices" = [{"path": "/dev/x", "type": "z", "major": 1, "minor": 3}], "/0/type" "\"z\"";
    "linux.devices[].major beyond 12 bits", "makedev(3)": "/linux/devices" = [{"path": "/dev/x", "type": "c", "major": 4096, "minor": 3}], "/0/major" "4096";
    "linux.devices[].minor below 0", "makedev(3)": "/linux/devices" = [{"path": "/dev/x", "type": "c", "major": 1, "minor": (-1)}], "/0/minor" "-1";
    "linux.devices[].fileMode that is a string", "config-linux.md: Devices": "/linux/devices" = [{"path": "/dev/x", "type": "p", "fileMode": "0666"}], "/0/fileMode" "\"0666\"";
    "linux.devices[].uid below 0", "config-linux.md: Devices": "/linux/devices" = [{"path": "/dev/x", "type": "p", "uid": (-1)}], "/0/uid" "-1";
    "linux.devices[].gid below 0", "config-linux.md: Devices": "/linux/devices" = [{"path": "/dev/x", "type": "p", "gid": (-1)}], "/0/gid" "-1";
    "linux.netDevices with a name of 16 bytes", "config-linux.md: Network Devices": "/linux/netDevices" = {"eth0": {"name": "abcdefghijklmnop"}}, "/eth0/name" "\"abcdefghijklmnop\"";
    "linux.netDevices of a name with a slash", "config-linux.md: Network Devices": "/linux/netDevices" = {"a/b": {}}, "/a~1b" "\"a/b\"";
    "linux.cgroupsPath that leads upwards", "config-linux.md: Cgroups Path": "/linux/cgroupsPath" = "/a/../../b", "" "\"/a/../../b\"";
    "linux.intelRdt.closID with a slash", "config-linux.md: IntelRdt": "/linux/intelRdt" = {"closID": "a/b"}, "/closID" "\"a/b\"";
    "linux.intelRdt.memBwSchema of another kind", "config-linux.md: IntelRdt": "/linux/intelRdt" = {"memBwSchema": "L3:0=f"}, "/memBwSchema" "\"L3:0=f\"";
    "linux.intelRdt.l3CacheSchema that is a number", "config-linux.md: IntelRdt": "/linux/intelRdt" = {"l3CacheSchema": 7}, "/l3CacheSchema" "7";
    "linux.intelRdt.schemata with a line break", "config-linux.md: IntelRdt": "/linux/intelRdt" = {"schemata": ["L3:0=f\nMB:0=1"]}, "/schemata/0" "\"L3:0=f\\nMB:0=1\"";
    "linux.intelRdt.enableMonitoring that is a number", "config-linux.md: IntelRdt": "/linux/intelRdt" = {"enableMonitoring": 1}, "/enableMonitoring" "1";
    "linux.memoryPolicy.mode that is unknown", "config-linux.md: Memory policy": "/linux/memoryPolicy" = {"mode": "MPOL_NONE"}, "/mode" "\"MPOL_NONE\"";
    "linux.memoryPolicy.nodes that are missing", "set_mempolicy(2)": "/linux/memoryPolicy" = {"mode": "MPOL_BIND"}, "/nodes" "nothing";
    "linux.memoryPolicy.flags with an unknown one", "config-linux.md: Memory policy": "/linux/memoryPolicy" = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NONE"]}, "/flags/0" "\"MPOL_F_NONE\"";
    "linux.sysctl that is the host's", "config-linux.md: Sysctl": "/linux/sysctl" = {"vm.swappiness": "1"}, "/vm.swappiness" "\"1\"";
    "linux.sysctl with a number", "config-linux.md: Sysctl": "/linux/sysctl" = {"net.ipv4.ip_forward": 1}, "/net.ipv4.ip_forward" "1";
    "linux.sysctl that leads upwards", "config-linux.md: Sysctl": "/linux/sysctl" = {"net/../vm/swappiness": "1"}, "/net~1..~1vm~1swappiness" "\"1\"";
    "linux.rootfsPropagation that is unknown", "config-linux.md: Rootfs Mount Propagation": "/linux/rootfsPropagation" = "sideways", "" "\"sideways\"";
    "linux.maskedPaths with a relative path", "config-linux.md: Masked Paths": "/linux/maskedPaths" = ["proc/kcore"], "/0" "\"proc/kcore\"";
    "linux.readonlyPaths with a relative path", "config-linux.md: Readonly Paths": "/linux/readonlyPaths" = ["/proc/sys", "etc"], "/1" "\"etc\"";
    "linux.mountLabel that is a number", "config-linux.md: Mount Label": "/linux/mountLabel" = 7, "" "7";
    "linux.personality.domain that is unknown", "config-linux.md: Personality": "/linux/personality" = {"domain": "LINUX64"}, "/domain" "\"LINUX64\"";
    "linux.personality.flags with one", "config-linux.md: Personality": "/linux/personality" = {"domain": "LINUX", "flags": ["X"]}, "/flags" "an array";

    "linux.seccomp.defaultAction that is unknown", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_NONE"}, "/defaultAction" "\"SCMP_ACT_NONE\"";
    "linux.seccomp.defaultErrnoRet below 0", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": (-1)}, "/defaultErrnoRet" "-1";
    "linux.seccomp.architectures with an unknown one", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_Z80"]}, "/architectures/0" "\"SCMP_ARCH_Z80\"";
    "linux.seccomp.flags with an unknown one", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_NONE"]}, "/flags/0" "\"SECCOMP_NONE\"";
    "linux.seccomp.listenerPath that is a number", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": 7}, "/listenerPath" "7";
    "linux.seccomp.listenerMetadata without a listenerPath", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}, "/listenerMetadata" "\"x\"";
    "linux.seccomp.syscalls[].names without any", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}, "/syscalls/0/names" "an array";
    "linux.seccomp.syscalls[].action that is missing", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"]}]}, "/syscalls/0/action" "nothing";
    "linux.seccomp.syscalls[].errnoRet below 0", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": (-1)}]}, "/syscalls/0/errnoRet" "-1";
    "linux.seccomp.syscalls[].args[].index above 5", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]}, "/syscalls/0/args/0/index" "6";
    "linux.seccomp.syscalls[].args[].value that is a string", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": "0", "op": "SCMP_CMP_EQ"}]}]}, "/syscalls/0/args/0/value" "\"0\"";
    "linux.seccomp.syscalls[].args[].op that is unknown", "config-linux.md: Seccomp": "/linux/seccomp" = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 0, "op": "=="}]}]}, "/syscalls/0/args/0/op" "\"==\"";

    "resources.devices[].allow that is missing", "config-linux.md: Allowed Device list": "/linux/resources/devices" = [{"access": "rwm"}], "/0/allow" "nothing";
    "resources.devices[].type that is unknown", "config-linux.md: Allowed Device list": "/linux/resources/devices" = [{"allow": true, "type": "p"}], "/0/type" "\"p\"";
    "resources.devices[].major below -1", "config-linux.md: Allowed Device list": "/linux/resources/devices" = [{"allow": true, "major": (-2)}], "/0/major" "-2";
    "resources.devices[].minor that is a string", "config-linux.md: Allowed Device list": "/linux/resources/devices" = [{"allow": true, "minor": "*"}], "/0/minor" "\"*\"";
    "resources.devices[].access with another letter", "config-linux.md: Allowed Device list": "/linux/resources/devices" = [{"allow": true, "access": "rx"}], "/0/access" "\"rx\"";
    "resources.memory.limit below -1", "config-linux.md: Memory": "/linux/resources/memory" = {"limit": (-2)}, "/limit" "-2";
    "resources.memory.reservation that is a string", "config-linux.md: Memory": "/linux/resources/memory" = {"reservation": "64M"}, "/reservation" "\"64M\"";
    "resources.memory.swap below the limit", "config-linux.md: Memory": "/linux/resources/memory" = {"limit": 67108864, "swap": 1048576}, "/swap" "1048576";
    "resources.memory.kernel that is a string", "config-linux.md: Memory": "/linux/resources/memory" = {"kernel": "1"}, "/kernel" "\"1\"";
    "resources.memory.kernelTCP that is a string", "config-linux.md: Memory": "/linux/resources/memory" = {"kernelTCP": "1"}, "/kernelTCP" "\"1\"";
    "resources.memory.swappiness above 100", "config-linux.md: Memory": "/linux/resources/memory" = {"swappiness": 101}, "/swappiness" "101";
    "resources.memory.disableOOMKiller that is a number", "config-linux.md: Memory": "/linux/resources/memory" = {"disableOOMKiller": 1}, "/disableOOMKiller" "1";
    "resources.memory.useHierarchy that is a number", "config-linux.md: Memory": "/linux/resources/memory" = {"useHierarchy": 1}, "/useHierarchy" "1";
    "resources.memory.checkBeforeUpdate that is a number", "config-linux.md: Memory": "/linux/resources/memory" = {"checkBeforeUpdate": 1}, "/checkBeforeUpdate" "1";
    "resources.cpu.shares below 0", "config-linux.md: CPU": "/linux/resources/cpu" = {"shares": (-1)}, "/shares" "-1";
    "resources.cpu.quota below 1 ms", "config-linux.md: CPU": "/linux/resources/cpu" = {"quota": 999}, "/quota" "999";
    "resources.cpu.burst above the quota", "config-linux.md: CPU": "/linux/resources/cpu" = {"quota": 2000, "burst": 2001}, "/burst" "2001";
    "resources.cpu.period above 1 s", "config-linux.md: CPU": "/linux/resources/cpu" = {"period": 1000001}, "/period" "1000001";
    "resources.cpu.realtimeRuntime above its period", "config-linux.md: CPU": "/linux/resources/cpu" = {"realtimeRuntime": 2, "realtimePeriod": 1}, "/realtimeRuntime" "2";
    "resources.cpu.realtimePeriod below 0", "config-linux.md: CPU": "/linux/resources/cpu" = {"realtimePeriod": (-1)}, "/realtimePeriod" "-1";
    "resources.cpu.cpus that are no list", "config-linux.md: CPU": "/linux/resources/cpu" = {"cpus": "0-"}, "/cpus" "\"0-\"";
    "resources.cpu.mems that are no list", "config-linux.md: CPU": "/linux/resources/cpu" = {"mems": "all"}, "/mems" "\"all\"";
    "resources.cpu.idle above 1", "config-linux.md: CPU": "/linux/resources/cpu" = {"idle": 2}, "/idle" "2";
    "resources.blockIO.weight below 10", "config-linux.md: Block IO": "/linux/resources/blockIO" = {"weight": 9}, "/weight" "9";
    "resources.blockIO.leafWeight above 1000", "config-linux.md: Block IO": "/linux/resources/blockIO" = {"leafWeight": 1001}, "/leafWeight" "1001";
    "resources.blockIO.weightDevice[] without a weight", "config-linux.md: Block IO": "/linux/resources/blockIO" = {"weightDevice": [{"major": 8, "minor": 0}]}, "/weightDevice/0/weight" "nothing";
    "resources.blockIO.throttleReadBpsDevice[].rate below 0", "config-linux.md: Block IO": "/linux/resources/blockIO" = {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": (-1)}]}, "/throttleReadBpsDevice/0/rate" "-1";
    "resources.blockIO.throttleWriteBpsDevice[].major that is missing", "config-linux.md: Block IO": "/linux/resources/blockIO" = {"throttleWriteBpsDevice": [{"minor": 0, "rate": 1}]}, "/throttleWriteBpsDevice/0/major" "nothing";
    "resources.blockIO.throttleReadIOPSDevice[].minor that is a string", "config-linux.md: Block IO": "/linux/resources/blockIO" = {"throttleReadIOPSDevice": [{"major": 8, "minor": "0", "rate": 1}]}, "/throttleReadIOPSDevice/0/minor" "\"0\"";
    "resources.blockIO.throttleWriteIOPSDevice[].rate that is missing", "config-linux.md: Block IO": "/linux/resources/blockIO" = {"throttleWriteIOPSDevice": [{"major": 8, "minor": 0}]}, "/throttleWriteIOPSDevice/0/rate" "nothing";
    "resources.hugepageLimits[].pageSize of another unit", "config-linux.md: Huge page limits": "/linux/resources/hugepageLimits" = [{"pageSize": "2M", "limit": 1}], "/0/pageSize" "\"2M\"";
    "resources.hugepageLimits[].limit that is missing", "config-linux.md: Huge page limits": "/linux/resources/hugepageLimits" = [{"pageSize": "2MB"}], "/0/limit" "nothing";
    "resources.network.classID beyond 32 bits", "config-linux.md: Network": "/linux/resources/network" = {"classID": 4294967296_u64}, "/classID" "4294967296";
    "resources.network.priorities[].name with a slash", "config-linux.md: Network": "/linux/resources/network" = {"priorities": [{"name": "a/b", "priority": 1}]}, "/priorities/0/name" "\"a/b\"";
    "resources.network.priorities[].priority that is missing", "config-linux.md: Network": "/linux/resources/network" = {"priorities": [{"name": "eth0"}]}, "/priorities/0/priority" "nothing";
    "resources.pids.limit below -1", "config-linux.md: PIDs": "/linux/resources/pids" = {"limit": (-2)}, "/limit" "-2";
    "resources.rdma.*.hcaHandles below 0", "config-linux.md: RDMA": "/linux/resources/rdma" = {"mlx5_1": {"hcaHandles": (-1)}}, "/mlx5_1/hcaHandles" "-1";
    "resources.rdma.*.hcaObjects that is a string", "config-linux.md: RDMA": "/linux/resources/rdma" = {"mlx5_1": {"hcaObjects": "1"}}, "/mlx5_1/hcaObjects" "\"1\"";
    "resources.unified of another directory's file", "config-linux.md: Unified": "/linux/resources/unified" = {"../memory.max": "1"}, "/..~1memory.max" "\"1\"";
    "resources.unified with a number", "config-linux.md: Unified": "/linux/resources/unified" = {"memory.max": 1}, "/memory.max" "1";
}

/// The rows together.
pub(crate) const TOGETHER: &[Case] =
    &[case("all wrong values of a configuration are told at once", "config.md", |t| {
        let mut taken = HashSet::new();
        // Two rows about one field cannot stand in one configuration; some rules fall silent where namespaces are broken.
        let rows: Vec<Wrong> =
            all().into_iter().filter(|row| !row.is_about_namespaces() && taken.insert(row.pointer)).collect();
        hold(rows.len() > 40, "too few rows to be worth it")?;
        let bundle = rows.iter().fold(t.bundle()?, |bundle, row| row.put(bundle));
        let (_, output) = t.try_create(&bundle, &[])?;
        let text = output.refused(1, "problems")?.stderr;
        rows.iter().try_for_each(|row| contains("the error", &text, &row.words()))?;
        t.nothing_left()
    })
    .differs("runc", "it tells the first problem alone")];

/// A value that no configuration may have.
struct Wrong {
    pointer: &'static str,
    value: Value,
    /// Where in the value the mistake is.
    place: &'static str,
    found: &'static str,
}

impl Wrong {
    /// What the error has to say.
    fn words(&self) -> String {
        format!("{}{}: found {}", self.pointer, self.place, self.found)
    }

    fn put(&self, bundle: Bundle) -> Bundle {
        bundle.edit(|config| {
            let names = self.pointer.split('/').skip(1);
            *names.fold(config, |inner, name| &mut inner[name]) = self.value.clone();
        })
    }

    fn is_about_namespaces(&self) -> bool {
        self.pointer == "/linux/namespaces"
    }
}

/// Exit status 1 and words about the value; whatever else follows from it may be said too.
fn refused(t: &Test, wrong: &Wrong) -> Outcome {
    t.try_create(&wrong.put(t.bundle()?), &[])?.1.refused(1, &wrong.words())?;
    t.nothing_left()
}
