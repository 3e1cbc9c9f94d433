//! runtime-spec 1.3 as tables: config.md and config-linux.md, in their order. Other platforms' sections are
//! absent and so ignored.

use super::Shape::{
    AnyText, Bool, Capabilities, Int, Limit, List, Map, Name, NumberList, Object, Renamed, Text, Uint,
};
use super::names::{
    DEVICE_RULE_TYPES, DEVICE_TYPES, IO_CLASSES, MEMORY_FLAGS, MEMORY_MODES, NAMESPACES, PERSONALITIES,
    PROPAGATIONS, RLIMITS, SCHEDULER_FLAGS, SCHEDULER_POLICIES, SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES,
    SECCOMP_FLAGS, SECCOMP_OPERATORS,
};
use super::{Field, Need, Shape, optional, required};

const INT64: Shape = Int(i64::MIN, i64::MAX);
const UINT16: Shape = Uint(u16::MAX as u64);
const UINT32: Shape = Uint(u32::MAX as u64);
const UINT64: Shape = Uint(u64::MAX);
/// An amount, or -1 for no limit.
const AMOUNT: Shape = Int(-1, i64::MAX);
/// A user or group id. The last one, (uid_t)-1, means "leave as it is" to setresuid(2) and chown(2).
const ID: Shape = Uint(u32::MAX as u64 - 1);
const TEXTS: Shape = List(&Text);
const TEXT_MAP: Shape = Map(&Text);

/// The whole of config.json.
pub(crate) const CONFIG: Shape = Object(&[
    required("ociVersion", Text),
    required("root", Object(&[required("path", Text), optional("readonly", Bool)])),
    optional("mounts", List(&MOUNT)),
    optional("process", PROCESS),
    optional("hostname", Text),
    optional("domainname", Text),
    optional("hooks", HOOKS),
    optional("annotations", Map(&AnyText)),
    optional("linux", LINUX),
]);

const MOUNT: Shape = Object(&[
    required("destination", Text),
    optional("type", Text),
    optional("source", Text),
    optional("options", TEXTS),
    optional("uidMappings", List(&ID_MAPPING)),
    optional("gidMappings", List(&ID_MAPPING)),
]);

const ID_MAPPING: Shape =
    Object(&[required("containerID", UINT32), required("hostID", UINT32), required("size", UINT32)]);

/// `process`, also the file of `exec --process`.
pub(crate) const PROCESS: Shape = Object(&[
    optional("terminal", Bool),
    optional("consoleSize", Object(&[required("height", UINT64), required("width", UINT64)])),
    Field { name: "user", need: Need::Filled, shape: USER },
    optional("args", TEXTS),
    optional("env", TEXTS),
    required("cwd", Text),
    optional("capabilities", CAPABILITY_SETS),
    optional("rlimits", List(&RLIMIT)),
    optional("noNewPrivileges", Bool),
    optional("apparmorProfile", Text),
    optional("oomScoreAdj", Int(-1000, 1000)),
    optional("scheduler", SCHEDULER),
    optional("selinuxLabel", Text),
    optional("ioPriority", Object(&[required("class", Name(IO_CLASSES)), required("priority", Int(0, 7))])),
    optional("execCPUAffinity", Object(&[optional("initial", NumberList), optional("final", NumberList)])),
]);

const USER: Shape = Object(&[
    required("uid", ID),
    required("gid", ID),
    optional("umask", Uint(0o777)),
    optional("additionalGids", List(&ID)),
]);

const CAPABILITY_SETS: Shape = Object(&[
    optional("effective", Capabilities),
    optional("bounding", Capabilities),
    optional("inheritable", Capabilities),
    optional("permitted", Capabilities),
    optional("ambient", Capabilities),
]);

const RLIMIT: Shape =
    Object(&[required("type", Name(RLIMITS)), required("soft", UINT64), required("hard", UINT64)]);

const SCHEDULER: Shape = Object(&[
    required("policy", Name(SCHEDULER_POLICIES)),
    optional("nice", Int(-20, 19)),
    optional("priority", Int(0, 99)),
    optional("flags", List(&Renamed(SCHEDULER_FLAGS))),
    optional("runtime", UINT64),
    optional("deadline", UINT64),
    optional("period", UINT64),
]);

const HOOKS: Shape = Object(&[
    optional("prestart", List(&HOOK)),
    optional("createRuntime", List(&HOOK)),
    optional("createContainer", List(&HOOK)),
    optional("startContainer", List(&HOOK)),
    optional("poststart", List(&HOOK)),
    optional("poststop", List(&HOOK)),
]);

const HOOK: Shape = Object(&[
    required("path", Text),
    optional("args", TEXTS),
    optional("env", TEXTS),
    optional("timeout", Int(1, i64::MAX)),
]);

const LINUX: Shape = Object(&[
    optional("namespaces", List(&Object(&[required("type", Name(NAMESPACES)), optional("path", Text)]))),
    optional("uidMappings", List(&ID_MAPPING)),
    optional("gidMappings", List(&ID_MAPPING)),
    optional("timeOffsets", Map(&TIME_OFFSET)),
    optional("devices", List(&DEVICE)),
    optional("netDevices", Map(&Object(&[optional("name", Text)]))),
    optional("cgroupsPath", Text),
    optional("resources", RESOURCES),
    optional("intelRdt", INTEL_RDT),
    optional("memoryPolicy", MEMORY_POLICY),
    optional("sysctl", TEXT_MAP),
    optional("seccomp", SECCOMP),
    optional("rootfsPropagation", Name(PROPAGATIONS)),
    optional("maskedPaths", TEXTS),
    optional("readonlyPaths", TEXTS),
    optional("mountLabel", Text),
    optional("personality", Object(&[required("domain", Name(PERSONALITIES)), optional("flags", TEXTS)])),
]);

const TIME_OFFSET: Shape = Object(&[optional("secs", INT64), optional("nanosecs", Uint(999_999_999))]);

const DEVICE: Shape = Object(&[
    required("type", Name(DEVICE_TYPES)),
    required("path", Text),
    Field { name: "major", need: Need::Unless("type", "p"), shape: INT64 },
    Field { name: "minor", need: Need::Unless("type", "p"), shape: INT64 },
    optional("fileMode", UINT32),
    optional("uid", ID),
    optional("gid", ID),
]);

/// `linux.resources`, also the file of `update --resources`.
pub(crate) const RESOURCES: Shape = Object(&[
    optional("devices", List(&DEVICE_RULE)),
    optional("memory", MEMORY),
    optional("cpu", CPU),
    optional("blockIO", BLOCK_IO),
    optional("hugepageLimits", List(&HUGEPAGE_LIMIT)),
    optional("network", NETWORK),
    optional("pids", Object(&[Field { name: "limit", need: Need::Essence, shape: AMOUNT }])),
    optional("rdma", Map(&Object(&[optional("hcaHandles", UINT32), optional("hcaObjects", UINT32)]))),
    optional("unified", TEXT_MAP),
]);

const DEVICE_RULE: Shape = Object(&[
    required("allow", Bool),
    optional("type", Name(DEVICE_RULE_TYPES)),
    optional("major", Int(-1, u32::MAX as i64)),
    optional("minor", Int(-1, u32::MAX as i64)),
    optional("access", Text),
]);

const MEMORY: Shape = Object(&[
    optional("limit", AMOUNT),
    optional("reservation", AMOUNT),
    optional("swap", AMOUNT),
    optional("kernel", AMOUNT),
    optional("kernelTCP", AMOUNT),
    optional("swappiness", Uint(100)),
    optional("disableOOMKiller", Bool),
    optional("useHierarchy", Bool),
    optional("checkBeforeUpdate", Bool),
]);

const CPU: Shape = Object(&[
    optional("shares", UINT64),
    optional("quota", INT64),
    optional("burst", UINT64),
    optional("period", UINT64),
    optional("realtimeRuntime", INT64),
    optional("realtimePeriod", UINT64),
    optional("cpus", NumberList),
    optional("mems", NumberList),
    optional("idle", Int(0, 1)),
]);

const BLOCK_IO: Shape = Object(&[
    optional("weight", UINT16),
    optional("leafWeight", UINT16),
    optional("weightDevice", List(&WEIGHT_DEVICE)),
    optional("throttleReadBpsDevice", List(&THROTTLE_DEVICE)),
    optional("throttleWriteBpsDevice", List(&THROTTLE_DEVICE)),
    optional("throttleReadIOPSDevice", List(&THROTTLE_DEVICE)),
    optional("throttleWriteIOPSDevice", List(&THROTTLE_DEVICE)),
]);

/// The kernel's own width of a major or minor number in cgroup files.
const DEVICE_NUMBER: Shape = Int(0, u32::MAX as i64);

const WEIGHT_DEVICE: Shape = Object(&[
    required("major", DEVICE_NUMBER),
    required("minor", DEVICE_NUMBER),
    optional("weight", UINT16),
    optional("leafWeight", UINT16),
]);

const THROTTLE_DEVICE: Shape =
    Object(&[required("major", DEVICE_NUMBER), required("minor", DEVICE_NUMBER), required("rate", UINT64)]);

const HUGEPAGE_LIMIT: Shape = Object(&[required("pageSize", Text), required("limit", Limit)]);

const NETWORK: Shape = Object(&[
    optional("classID", UINT32),
    optional("priorities", List(&Object(&[required("name", Text), required("priority", UINT32)]))),
]);

const INTEL_RDT: Shape = Object(&[
    optional("closID", Text),
    optional("l3CacheSchema", Text),
    optional("memBwSchema", Text),
    optional("schemata", TEXTS),
    optional("enableMonitoring", Bool),
]);

const MEMORY_POLICY: Shape = Object(&[
    required("mode", Name(MEMORY_MODES)),
    optional("nodes", NumberList),
    optional("flags", List(&Name(MEMORY_FLAGS))),
]);

pub(crate) const SECCOMP: Shape = Object(&[
    required("defaultAction", Name(SECCOMP_ACTIONS)),
    optional("defaultErrnoRet", UINT32),
    optional("architectures", List(&Name(SECCOMP_ARCHITECTURES))),
    optional("flags", List(&Name(SECCOMP_FLAGS))),
    optional("listenerPath", Text),
    optional("listenerMetadata", Text),
    optional("syscalls", List(&SYSCALL)),
]);

const SYSCALL: Shape = Object(&[
    required("names", TEXTS),
    required("action", Name(SECCOMP_ACTIONS)),
    optional("errnoRet", UINT32),
    optional("args", List(&SYSCALL_ARGUMENT)),
]);

const SYSCALL_ARGUMENT: Shape = Object(&[
    required("index", Int(0, 5)),
    required("value", UINT64),
    optional("valueTwo", UINT64),
    required("op", Name(SECCOMP_OPERATORS)),
]);
