//! Scenarios of Docker: exec.

use super::{CAPABILITIES, Docker};
use crate::engines::scenario::{Scenario, scenario};
use crate::engines::session::{Session, TERMINAL};
use crate::expect::{contains, until};

pub(super) const ALL: &[Scenario<Docker>] = &[
    scenario("exec hands on what is printed and the exit status", |d| {
        let alive = d.alive("")?;
        let output =
            alive.exec("", &["/bin/sh", "-c", "echo out; echo err >&2; exit 9"])?.output()?.exits(9)?;
        Ok(output.stdout + &output.stderr)
    }),
    scenario("exec with environment, directory and user", |d| {
        let alive = d.alive("--env A=a")?;
        let words = ["/bin/sh", "-c", "echo $A $B $FROM_IMAGE; pwd; id"];
        Ok(alive.exec("-e B=b -w /tmp -u 1000:1000", &words)?.output()?.ok()?.stdout)
    }),
    scenario("exec as a user by name", |d| {
        Ok(d.alive("")?.exec("-u user", &["/bin/id"])?.output()?.ok()?.stdout)
    }),
    scenario("exec -it gives a terminal with size and Ctrl-C", |d| {
        let alive = d.alive("")?;
        Session::of(alive.exec("-it", &["/bin/sh", "-c", TERMINAL])?)?.plays()
    }),
    scenario("exec -d goes on by itself", |d| {
        let alive = d.alive("")?;
        alive.exec("-d", &["/bin/sh", "-c", "echo done >/tmp/done"])?.output()?.ok()?;
        until("the file is there", || alive.sh("cat /tmp/done").ok().filter(|text| !text.is_empty()))
    }),
    scenario("exec of a program that the image lacks ends with 127", |d| {
        let output = d.alive("")?.exec("", &["/no/such/program"])?.output()?;
        contains("the error", &(output.stdout + &output.stderr), "no such file or directory")?;
        Ok(format!("{}", output.code))
    }),
    scenario("exec of a name that is not in PATH ends with 127", |d| {
        let output = d.alive("")?.exec("", &["nosuchprogram"])?.output()?;
        contains("the error", &(output.stdout + &output.stderr), "executable file not found in $PATH")?;
        Ok(format!("{}", output.code))
    }),
    scenario("exec of a file that may not be executed ends with 126", |d| {
        let output = d.alive("")?.exec("", &["/etc/passwd"])?.output()?;
        contains("the error", &(output.stdout + &output.stderr), "permission denied")?;
        Ok(format!("{}", output.code))
    }),
    scenario::<Docker>("exec --privileged has all capabilities", |d| {
        let alive = d.alive("")?;
        let words = ["/bin/grep", "CapEff", "/proc/self/status"];
        Ok(alive.exec("--privileged", &words)?.output()?.ok()?.stdout)
    })
    .wavers(CAPABILITIES),
    scenario("exec has the container's seccomp and capabilities", |d| {
        d.alive("--cap-drop ALL --cap-add CHOWN")?
            .sh("grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status")
    }),
    scenario("exec reads its standard input to the end", |d| {
        let alive = d.alive("")?;
        let text = "x".repeat(100_000);
        let input = std::fs::File::open(d.lab.file("long", &text)?);
        let input = crate::case::Doing::doing(input, "open the input")?;
        Ok(alive.exec("-i", &["/bin/wc", "-c"])?.stdin(input).output()?.ok()?.stdout)
    }),
    scenario("exec in a container that ended is refused", |d| {
        let alive = d.alive_with("", &["/bin/true"])?;
        alive.does("wait")?.ok()?;
        let output = alive.exec("", &["/bin/true"])?.output()?;
        contains("the error", &output.stderr, "is not running")?;
        Ok(format!("{}", output.code))
    }),
];
