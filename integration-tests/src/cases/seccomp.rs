//! `linux.seccomp`: the filter that the container's processes run under.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, case};
use crate::expect::{contains, same};
use crate::test::Test;
use serde_json::{Value, json};

pub(crate) const CASES: &[Case] = &[
    case("a call that a rule names fails with the rule's errno", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?;
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "Permission denied")
    }),
    case("a rule without an errno answers EPERM", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_ERRNO"}]))?;
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "Operation not permitted")
    }),
    case("a call that kills ends the process by SIGSYS", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_KILL_PROCESS"}]))?;
        let bundle = bundle.sh("(mkdir /tmp/made); echo $?");
        contains("output", &t.output(&bundle)?, "159")
    }),
    case("a condition on an argument decides", "config-linux.md: Seccomp", |t| {
        let sockets = json!([{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
            "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}]);
        let bundle = filtered(t, sockets)?.sh("trap '' TERM; kill -TERM $$; kill -USR1 $$ || echo refused");
        same("output", t.output(&bundle)?.as_str(), "refused\n")
    }),
    case("a filter is loaded with noNewPrivileges and without", "config-linux.md: Seccomp", |t| {
        for privileges in [false, true] {
            let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?;
            let bundle = bundle
                .set("/process/noNewPrivileges", json!(privileges))
                .sh("grep Seccomp: /proc/self/status");
            same("mode", t.output(&bundle)?.as_str(), "Seccomp:\t2\n")?;
        }
        Ok(())
    }),
    case("exec runs under the container's filter", "runc exec", |t| {
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?.args(&["sleep", "1000"]);
        let output = t.start(&bundle)?.exec(&["mkdir", "/tmp/made"])?;
        contains("output", &output.stderr, "Permission denied")
    }),
    case("a call that no kernel knows is passed over", "config-linux.md: Seccomp", |t| {
        let unknown = json!([{"names": ["no_such_call", "mkdir"], "action": "SCMP_ACT_ERRNO"}]);
        t.run(&filtered(t, unknown)?.args(&["true"]))?.ok().map(drop)
    }),
    case("an errno for an action that takes none is an error", "config-linux.md: Seccomp", |t| {
        t.rejects(&filtered(t, json!([rule("SCMP_ACT_KILL", 13)]))?, "errno")
    })
    .differs("runc", "1.1 takes no notice"),
    case("an unknown action is an error", "config-linux.md: Seccomp", |t| {
        t.rejects(&filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_SHRUG"}]))?, "SCMP_ACT_SHRUG")
    }),
];

/// What a libc may call to make a directory.
const MKDIR: [&str; 2] = ["mkdir", "mkdirat"];

fn rule(action: &str, errno: u32) -> Value {
    json!({"names": MKDIR, "action": action, "errnoRet": errno})
}

/// A bundle whose profile allows what these rules do not name.
fn filtered(t: &Test, rules: Value) -> Outcome<Bundle> {
    Ok(t.bundle()?.set("/linux/seccomp", json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})))
}
