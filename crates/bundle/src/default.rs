//! The config that `spec` writes: a shell with a terminal, in namespaces of its own.

use serde_json::value::RawValue;

/// A config for `spec`, or for `spec --rootless` with the user and group id of the caller. Indented by tabs;
/// without a line break at the end. No capability is inheritable or ambient: a program with file capabilities
/// would raise itself with them (CVE-2022-29162).
pub fn spec(rootless: Option<(u32, u32)>) -> Box<RawValue> {
    let parts = rootless.map_or_else(privileged, |(uid, gid)| unprivileged(uid, gid));
    let text = parts.into_iter().fold(TEMPLATE.to_owned(), |text, (place, part)| text.replace(place, &part));
    RawValue::from_string(text).expect("the template is JSON")
}

/// What stands in the places that the template leaves open.
type Parts = [(&'static str, String); 6];

fn privileged() -> Parts {
    [
        ("@TTY_GROUP@", TTY_GROUP.to_owned()),
        ("@SYS@", SYSFS.to_owned()),
        ("@SYS_BIND@", String::new()),
        ("@LIMITS@", DEVICES.to_owned()),
        ("@NETWORK@", NETWORK.to_owned()),
        ("@USER@", String::new()),
    ]
}

/// Without privileges one id is mapped, so the tty group is not; the host's network is kept, since nothing
/// would connect a new one, and with it its /sys, which a user namespace may only bind; cgroups are not
/// assumed to be writable.
fn unprivileged(uid: u32, gid: u32) -> Parts {
    let mapping = |name, id: u32| MAPPING.replace("@NAME@", name).replace("@ID@", &id.to_string());
    [
        ("@TTY_GROUP@", String::new()),
        ("@SYS@", HOST_SYS.to_owned()),
        ("@SYS_BIND@", RBIND.to_owned()),
        ("@LIMITS@", mapping("uidMappings", uid) + &mapping("gidMappings", gid)),
        ("@NETWORK@", String::new()),
        ("@USER@", USER.to_owned()),
    ]
}

const TTY_GROUP: &str = r#",
				"gid=5""#;

const SYSFS: &str = r#""type": "sysfs",
			"source": "sysfs","#;

const HOST_SYS: &str = r#""type": "none",
			"source": "/sys","#;

const RBIND: &str = r#"
				"rbind","#;

const NETWORK: &str = r#"			{
				"type": "network"
			},
"#;

const USER: &str = r#",
			{
				"type": "user"
			}"#;

const MAPPING: &str = r#"		"@NAME@": [
			{
				"containerID": 0,
				"hostID": @ID@,
				"size": 1
			}
		],
"#;

/// No device but the default ones.
const DEVICES: &str = r#"		"resources": {
			"devices": [
				{
					"allow": false,
					"access": "rwm"
				}
			]
		},
"#;

const TEMPLATE: &str = r#"{
	"ociVersion": "1.3.0",
	"process": {
		"terminal": true,
		"user": {
			"uid": 0,
			"gid": 0
		},
		"args": [
			"sh"
		],
		"env": [
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"TERM=xterm"
		],
		"cwd": "/",
		"capabilities": {
			"bounding": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"effective": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			],
			"permitted": [
				"CAP_AUDIT_WRITE",
				"CAP_KILL",
				"CAP_NET_BIND_SERVICE"
			]
		},
		"rlimits": [
			{
				"type": "RLIMIT_NOFILE",
				"hard": 1024,
				"soft": 1024
			}
		],
		"noNewPrivileges": true
	},
	"root": {
		"path": "rootfs",
		"readonly": true
	},
	"hostname": "ociruntime",
	"mounts": [
		{
			"destination": "/proc",
			"type": "proc",
			"source": "proc"
		},
		{
			"destination": "/dev",
			"type": "tmpfs",
			"source": "tmpfs",
			"options": [
				"nosuid",
				"strictatime",
				"mode=755",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/pts",
			"type": "devpts",
			"source": "devpts",
			"options": [
				"nosuid",
				"noexec",
				"newinstance",
				"ptmxmode=0666",
				"mode=0620"@TTY_GROUP@
			]
		},
		{
			"destination": "/dev/shm",
			"type": "tmpfs",
			"source": "shm",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"mode=1777",
				"size=65536k"
			]
		},
		{
			"destination": "/dev/mqueue",
			"type": "mqueue",
			"source": "mqueue",
			"options": [
				"nosuid",
				"noexec",
				"nodev"
			]
		},
		{
			"destination": "/sys",
			@SYS@
			"options": [@SYS_BIND@
				"nosuid",
				"noexec",
				"nodev",
				"ro"
			]
		},
		{
			"destination": "/sys/fs/cgroup",
			"type": "cgroup",
			"source": "cgroup",
			"options": [
				"nosuid",
				"noexec",
				"nodev",
				"relatime",
				"ro"
			]
		}
	],
	"linux": {
@LIMITS@		"namespaces": [
			{
				"type": "pid"
			},
@NETWORK@			{
				"type": "ipc"
			},
			{
				"type": "uts"
			},
			{
				"type": "mount"
			},
			{
				"type": "cgroup"
			}@USER@
		],
		"maskedPaths": [
			"/proc/acpi",
			"/proc/asound",
			"/proc/kcore",
			"/proc/keys",
			"/proc/latency_stats",
			"/proc/timer_list",
			"/proc/timer_stats",
			"/proc/sched_debug",
			"/sys/firmware",
			"/proc/scsi"
		],
		"readonlyPaths": [
			"/proc/bus",
			"/proc/fs",
			"/proc/irq",
			"/proc/sys",
			"/proc/sysrq-trigger"
		]
	}
}"#;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::config::Config;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    /// Parses a default config, which must not even give a warning.
    fn parsed(rootless: Option<(u32, u32)>) -> Config {
        let config =
            Config::parse(spec(rootless).get().as_bytes().to_vec()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.warnings, [""; 0]);
        config
    }

    #[test]
    fn the_default_config_is_right() {
        assert_eq!(parsed(None).spec.version(), "1.3.0");
    }

    #[test]
    fn the_rootless_config_is_right() {
        assert_eq!(parsed(Some((1000, 100))).spec.version(), "1.3.0");
    }

    #[test]
    fn the_default_config_is_indented_by_tabs() {
        assert!(
            spec(None)
                .get()
                .starts_with("{\n\t\"ociVersion\": \"1.3.0\",\n\t\"process\": {\n\t\t\"terminal\": true,")
        );
    }

    #[test]
    fn no_place_is_left_open() {
        assert!(!spec(None).get().contains('@') && !spec(Some((0, 0))).get().contains('@'));
    }

    #[test]
    fn rootless_maps_the_caller() {
        let config = value(spec(Some((1000, 100))).get());
        assert_eq!(config.pointer("/linux/gidMappings/0/hostID"), Some(&Value::from(100)));
    }

    #[test]
    fn rootless_has_no_network_namespace() {
        assert!(!spec(Some((1000, 100))).get().contains("network"));
    }

    #[test]
    fn no_capability_is_inheritable_or_ambient() {
        let config = value(spec(None).get());
        let sets = config.pointer("/process/capabilities").and_then(Value::as_object).expect("an object");
        assert_eq!(sets.keys().collect::<Vec<_>>(), ["bounding", "effective", "permitted"]);
    }
}
