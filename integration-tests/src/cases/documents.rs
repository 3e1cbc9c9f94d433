//! What a runtime writes in JSON follows the specification's schemas, and says what the runtime then does.

use crate::case::{Case, Doing, Outcome, case};
use crate::console::arg;
use crate::expect::{hold, json, same};
use crate::schema::violations;
use crate::test::Test;
use serde_json::{Value, json};

pub(crate) const CASES: &[Case] = &[
    case("features follows the schema", "schema/features-schema.json", |t| {
        follows("features-schema.json", &features(t)?)
    }),
    case(
        "features has no field that the specification does not know",
        "features.md: Specification version",
        |t| unknown("", &features(t)?, FIELDS),
    ),
    case("features has every field of the specification", "features-linux.md", |t| {
        let features = features(t)?;
        let absent: Vec<&str> =
            FIELDS.split_whitespace().filter(|field| features.pointer(field).is_none()).collect();
        same("what is absent", absent, Vec::<&str>::new())
    })
    .differs("runc", "1.1 knows less"),
    case("features names every capability of the specification", "features-linux.md: Capabilities", |t| {
        let features = features(t)?;
        let names = features["linux"]["capabilities"].as_array().map_or(0, Vec::len);
        same("number of capabilities", names, 41)
    }),
    case("features names every mount option of the specification", "config.md: Linux mount options", |t| {
        let features = features(t)?;
        let names = features["mountOptions"].as_array().cloned().unwrap_or_default();
        let lacks = |word: &&str| !names.iter().any(|name| name == word);
        let absent: Vec<&str> = OPTIONS.split_whitespace().filter(lacks).collect();
        same("what is absent", absent, Vec::<&str>::new())
    })
    .differs("runc", "1.1 knows neither idmap nor ridmap"),
    case(
        "the oldest and the newest version of features are accepted",
        "features.md: Specification version",
        |t| {
            let features = features(t)?;
            ["ociVersionMin", "ociVersionMax"].iter().try_for_each(|field| {
                t.run(&t.bundle()?.set("/ociVersion", features[field].clone()))?.ok().map(drop)
            })
        },
    ),
    case("a configuration may name every capability of features", "features-linux.md: Capabilities", |t| {
        let list = features(t)?["linux"]["capabilities"].clone();
        let sets = json!({"bounding": list, "permitted": list, "effective": list});
        t.run(&t.bundle()?.set("/process/capabilities", sets))?.ok().map(drop)
    })
    .wavers("runc", "1.1 fails where the host lacks one, which the specification wants a warning for"),
    case("a configuration may name every namespace of features", "features-linux.md: Namespaces", |t| {
        let features = features(t)?;
        let kinds = features["linux"]["namespaces"].as_array().cloned().unwrap_or_default();
        let others = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "user");
        let list: Vec<Value> = others.map(|kind| json!({"type": kind})).collect();
        t.run(&t.bundle()?.set("/linux/namespaces", json!(list)))?.ok().map(drop)
    })
    .needs_root("it leaves the user namespace out"),
    case("a configuration may name every hook of features", "features.md: Hooks", |t| {
        let features = features(t)?;
        let hook = json!([{"path": "/bin/true"}]);
        let names = features["hooks"].as_array().cloned().unwrap_or_default();
        let hooks: serde_json::Map<_, _> =
            names.iter().filter_map(Value::as_str).map(|name| (name.to_owned(), hook.clone())).collect();
        t.run(&t.bundle()?.set("/hooks", json!(hooks)))?.ok().map(drop)
    }),
    case("a mount may have every attribute option of features", "features.md: Mount Options", |t| {
        let features = features(t)?;
        let names = features["mountOptions"].as_array().cloned().unwrap_or_default();
        let words = names.iter().filter_map(Value::as_str).filter(|word| !ELSEWHERE.contains(word));
        let bundle = words.fold(t.bundle()?, |bundle, word| bundle.mount("tmpfs", "tmpfs", "/tmp", &[word]));
        t.run(&bundle)?.ok().map(drop)
    })
    .differs("runc", "1.1 does not know `defaults`, which it names"),
    case("spec follows the schema", "schema/config-schema.json", |t| spec(t, &[])),
    case("spec --rootless follows the schema", "schema/config-schema.json", |t| spec(t, &["--rootless"])),
    case("state of a created container follows the schema", "schema/state-schema.json", |t| {
        let container = t.create(&t.bundle()?.set("/annotations", json!({"a.b": "c"})))?;
        follows("state-schema.json", &container.state()?)
    }),
    case("state of a running container follows the schema", "schema/state-schema.json", |t| {
        follows("state-schema.json", &t.idle()?.state()?)
    }),
    case("state of a stopped container follows the schema", "schema/state-schema.json", |t| {
        let container = t.idle()?;
        container.stop()?;
        follows("state-schema.json", &container.state()?)
    }),
    case("the state that hooks are told follows the schema", "config.md: POSIX-platform Hooks", |t| {
        let file = t.path("told");
        let script = t.script("hook", &format!("cat >{}", arg(&file)))?;
        t.run(&t.bundle()?.set("/hooks", json!({"createRuntime": [{"path": script}]})))?.ok()?;
        follows("state-schema.json", &json(&t.read(&file)?)?)
    }),
];

/// Every field of features.md and features-linux.md, but for those whose names are free.
const FIELDS: &str = "/ociVersionMin /ociVersionMax /hooks /mountOptions /linux /annotations \
    /potentiallyUnsafeConfigAnnotations /linux/namespaces /linux/capabilities /linux/cgroup /linux/cgroup/v1 \
    /linux/cgroup/v2 /linux/cgroup/systemd /linux/cgroup/systemdUser /linux/cgroup/rdma /linux/seccomp \
    /linux/seccomp/enabled /linux/seccomp/actions /linux/seccomp/operators /linux/seccomp/archs \
    /linux/seccomp/knownFlags /linux/seccomp/supportedFlags /linux/apparmor /linux/apparmor/enabled /linux/selinux \
    /linux/selinux/enabled /linux/memoryPolicy /linux/memoryPolicy/modes /linux/memoryPolicy/flags /linux/intelRdt \
    /linux/intelRdt/enabled /linux/intelRdt/schemata /linux/intelRdt/monitoring /linux/mountExtensions \
    /linux/mountExtensions/idmap /linux/mountExtensions/idmap/enabled /linux/netDevices /linux/netDevices/enabled";

/// The table of config.md, "Linux mount options".
const OPTIONS: &str = "async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev \
    nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind \
    rdev rdiratime relatime remount rexec rnoatime rnodev rnodiratime rnoexec rnorelatime rnostrictatime rnosuid \
    rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared \
    silent slave strictatime suid symfollow sync tmpcopyup unbindable idmap ridmap";

/// Options that no new tmpfs can have: they need a source, a user namespace, or a file system of another kind.
const ELSEWHERE: &[&str] = &[
    "acl",
    "noacl",
    "bind",
    "rbind",
    "remount",
    "idmap",
    "ridmap",
    "iversion",
    "mand",
    "copy-symlink",
    "src-nofollow",
];

fn features(t: &Test) -> Outcome<Value> {
    json(&t.call(&["features"])?.ok()?.stdout)
}

fn spec(t: &Test, flags: &[&str]) -> Outcome {
    let dir = t.folder("spec")?;
    t.call(&[&["spec", "--bundle", arg(&dir)], flags].concat())?.ok()?;
    follows("config-schema.json", &json(&t.read(&dir.join("config.json"))?)?)
}

fn follows(schema: &'static str, document: &Value) -> Outcome {
    let found = violations(schema, document);
    hold(found.is_empty(), found.join("; "))
}

/// Fails on a field that is not one of `known`; the annotations' names are free.
fn unknown(at: &str, value: &Value, known: &str) -> Outcome {
    let Some(fields) = value.as_object().filter(|_| at != "/annotations") else { return Ok(()) };
    fields.iter().try_for_each(|(name, inner)| {
        let at = format!("{at}/{name}");
        known.split_whitespace().find(|field| *field == at).ok_or(&at).doing("a field of nobody's")?;
        unknown(&at, inner, known)
    })
}
