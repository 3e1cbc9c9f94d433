//! Scenarios of Docker: from run to rm.

use super::Docker;
use crate::case::{Doing, Outcome};
use crate::engines::scenario::{Scenario, scenario};
use crate::engines::session::{Session, TERMINAL};
use crate::expect::{contains, hold, same, until};
use crate::procfs::Process;

pub(super) const ALL: &[Scenario<Docker>] = &[
    scenario("run hands on what is printed and the exit status", |d| {
        let output = d.run("", &["/bin/sh", "-c", "echo out; echo err >&2; exit 7"])?.output()?.exits(7)?;
        Ok(output.stdout + &output.stderr)
    }),
    scenario("run reads its standard input", |d| {
        let input = std::fs::File::open(d.lab.file("input", "typed\n")?).doing("open the input")?;
        Ok(d.run("-i", &["/bin/cat"])?.stdin(input).output()?.ok()?.stdout)
    }),
    scenario("run of a program that the image lacks ends with 127", |d| status(d, "/no/such/program")),
    scenario("run of a name that is not in PATH ends with 127", |d| status(d, "nosuchprogram")),
    scenario("run of a file that may not be executed ends with 126", |d| status(d, "/etc/passwd")),
    scenario("run of a directory ends with 126", |d| status(d, "/etc")),
    scenario("run below a file ends with 127", |d| status(d, "/etc/passwd/below")),
    scenario("run with an unknown runtime ends with 125", |d| {
        Ok(format!("{}", d.run("--runtime nosuchruntime", &["/bin/true"])?.output()?.code))
    }),
    scenario("run with the runtime named", |d| d.sh("--runtime tested", "echo named")),
    scenario("run --workdir makes the directory", |d| d.sh("--workdir /made/for/it", "pwd")),
    scenario("run with environment, entrypoint and hostname", |d| {
        let words = ["/bin/sh", "-c", "echo $A $FROM_IMAGE; hostname"];
        let flags = format!("-e A=b --hostname box --entrypoint {}", words[0]);
        Ok(d.run(&flags, &words[1..])?.output()?.ok()?.stdout)
    }),
    scenario("run -it gives a terminal with size and Ctrl-C", |d| {
        Session::of(d.run("-it", &["/bin/sh", "-c", TERMINAL])?)?.plays()
    }),
    scenario("run -d, logs and wait", |d| {
        let alive = d.alive_with("", &["/bin/sh", "-c", "echo one; echo two >&2; exit 4"])?;
        let status = alive.does("wait")?.ok()?.stdout;
        let logs = alive.does("logs")?.ok()?;
        Ok(format!("{status}{}{}", logs.stdout, logs.stderr))
    }),
    scenario("stop lets a program end by itself", |d| {
        let alive = d.alive_with(
            "",
            &["/bin/sh", "-c", "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.1; done"],
        )?;
        alive.says("ready")?;
        alive.does("stop")?.ok()?;
        Ok(format!("{} {}", alive.inspect("{{.State.ExitCode}}")?, alive.does("logs")?.stdout.trim()))
    }),
    scenario("stop kills what does not end", |d| {
        let alive =
            d.alive_with("", &["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"])?;
        alive.says("ready")?;
        alive.does("stop --time 1")?.ok()?;
        alive.inspect("{{.State.ExitCode}}")
    }),
    scenario("stop of a program under --init ends with 143", |d| {
        let alive = d.alive_with("--init", &["/bin/sleep", "1000"])?;
        alive.does("stop")?.ok()?;
        alive.inspect("{{.State.ExitCode}}")
    }),
    scenario("kill ends with 137", |d| {
        let alive = d.alive("")?;
        alive.does("kill")?.ok()?;
        alive.does("wait")?.ok().map(|output| output.stdout)
    }),
    scenario("kill sends any signal", |d| {
        let alive = d.alive_with(
            "",
            &["/bin/sh", "-c", "trap 'exit 6' HUP; echo ready; while :; do sleep 0.1; done"],
        )?;
        alive.says("ready")?;
        alive.does("kill --signal HUP")?.ok()?;
        alive.does("wait")?.ok().map(|output| output.stdout)
    }),
    scenario("restart starts the same container anew", |d| {
        let alive = d.alive("")?;
        alive.sh("echo kept >/file")?;
        let before = alive.pid()?;
        alive.does("restart")?.ok()?;
        hold(alive.pid()? != before, "the process is the same")?;
        alive.sh("cat /file")
    }),
    scenario("start of a container that was stopped", |d| {
        let alive = d.alive("")?;
        alive.does("stop")?.ok()?;
        alive.does("start")?.ok()?;
        alive.inspect("{{.State.Status}}")
    }),
    scenario("a failing container is restarted by its policy", |d| {
        let alive = d.alive_with("--restart on-failure:2", &["/bin/false"])?;
        alive.becomes("{{.RestartCount}} {{.State.Status}}", "2 exited")?;
        alive.inspect("{{.State.ExitCode}}")
    }),
    scenario("pause and unpause", |d| {
        let alive = d.alive("")?;
        alive.does("pause")?.ok()?;
        let paused = alive.inspect("{{.State.Status}}")?;
        contains("the error", &alive.exec("", &["/bin/true"])?.output()?.exits(1)?.stderr, "is paused")?;
        alive.does("unpause")?.ok()?;
        alive.sh("true")?;
        Ok(format!("{paused} {}", alive.inspect("{{.State.Status}}")?))
    }),
    scenario("a paused container can be removed by force", |d| {
        let alive = d.alive("")?;
        alive.does("pause")?.ok()?;
        alive.does("rm --force --volumes")?.ok()?;
        Ok(String::new())
    }),
    scenario("top lists the processes", |d| {
        let alive = d.alive_with("", &["/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait"])?;
        let count = || Some(alive.does("top").ok()?.stdout.lines().skip(1).count());
        until("three processes", || count().filter(|count| *count == 3))?;
        Ok("3 processes".into())
    }),
    scenario("stats tell memory and processes", |d| {
        let alive = d.alive("-m 64m")?;
        let words = ["stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", &alive.name];
        let text = d.docker(&words)?.output()?.ok()?.stdout;
        contains("the statistics", &text, "/ 64MiB")?;
        let processes = text.split_whitespace().last().unwrap_or_default();
        hold(processes.parse::<u32>().is_ok_and(|count| count > 0), &text)?;
        Ok("memory and processes".into())
    }),
    scenario("cp in both directions", |d| {
        let alive = d.alive("")?;
        let file = d.lab.file("copied", "to and fro\n")?;
        let inside = format!("{}:/tmp/copied", alive.name);
        d.docker(&["cp", &file, &inside])?.output()?.ok()?;
        alive.sh("echo more >>/tmp/copied")?;
        let back = d.lab.path("back");
        d.docker(&["cp", &inside, &back])?.output()?.ok()?;
        std::fs::read_to_string(back).doing("read the copy")
    }),
    scenario("attach sees what a running container prints", |d| {
        let words = ["/bin/sh", "-c", "read line; echo read $line; exit 8"];
        let alive = d.alive_with("-it", &words)?;
        let session = Session::of(d.docker(&["attach", &alive.name])?)?;
        session.terminal.write("typed\r")?;
        session.terminal.says("read typed")?;
        Ok(format!("{}", session.running.wait()?.code))
    }),
    scenario("a health check is run", |d| {
        let alive = d.alive("--health-cmd true --health-interval 1s")?;
        alive.becomes("{{.State.Health.Status}}", "healthy")?;
        alive.inspect("{{.State.Health.Status}}")
    }),
    scenario("a failing health check is noticed", |d| {
        let alive = d.alive("--health-cmd false --health-interval 1s --health-retries 1")?;
        alive.becomes("{{.State.Health.Status}}", "unhealthy")?;
        alive.inspect("{{.State.Health.Status}}")
    }),
    scenario("a health check that takes too long is ended", |d| {
        // The command of one word is the image's script that never ends.
        let alive =
            d.alive("--health-cmd pause --health-interval 1s --health-timeout 1s --health-retries 1")?;
        alive.becomes("{{.State.Health.Status}}", "unhealthy")?;
        alive.inspect("{{.State.Health.Status}}")
    }),
    scenario("build runs its steps in containers", |d| {
        let dir = d.lab.folder("build")?;
        let text = format!(
            "FROM {}\nRUN echo built >/built && id -u >>/built\nCMD [\"cat\", \"/built\"]\n",
            crate::engines::image::IMAGE
        );
        d.lab.file("build/Dockerfile", &text)?;
        d.docker(&["build", "--tag", "built:1", &dir])?.env("DOCKER_BUILDKIT", "0").output()?.ok()?;
        let text = d.says("run --rm built:1")?;
        d.says("rmi built:1")?;
        Ok(text)
    }),
    scenario("a container lives on while the daemon restarts", |d| {
        let alive = d.alive("")?;
        let pid = alive.pid()?;
        d.stop()?;
        hold(Process::read(pid).is_some_and(|process| process.is_alive()), "it died with the daemon")?;
        d.start()?;
        same("its pid", alive.pid()?, pid)?;
        let text = alive.sh("echo alive")?;
        alive.does("stop")?.ok()?;
        Ok(format!("{text}{}", alive.inspect("{{.State.ExitCode}}")?))
    }),
];

fn status(d: &Docker, program: &str) -> Outcome<String> {
    let output = d.run("", &[program])?.output()?;
    contains("the error", &output.stderr, program)?;
    Ok(format!("{}", output.code))
}
