//! The scenarios of Podman.

use super::Podman;
use crate::case::{Doing, Outcome};
use crate::engines::image::IMAGE;
use crate::engines::scenario::{Scenario, scenario};
use crate::engines::session::{Session, TERMINAL};
use crate::expect::{contains, hold, same, until};
use std::os::unix::net::UnixDatagram;

/// What an ordinary user can do as well.
pub(super) const EVERYBODY: &[Scenario<Podman>] = &[
    scenario("run hands on what is printed and the exit status", |p| {
        let output = p.run("", &["/bin/sh", "-c", "echo out; echo err >&2; exit 7"])?.output()?.exits(7)?;
        Ok(output.stdout + &output.stderr)
    }),
    scenario("run of a program that the image lacks ends with 127", |p| {
        status(p, "/no/such/program", "no such file or directory")
    }),
    scenario("run of a name that is not in PATH ends with 127", |p| {
        status(p, "nosuchprogram", "executable file not found")
    }),
    scenario("run of a file that may not be executed ends with 126", |p| {
        status(p, "/etc/passwd", "ermission denied")
    }),
    scenario("a signal of its own ends it with 128 and more", |p| {
        let alive = p.alive("--init", &["/bin/sleep", "1000"])?;
        alive.does("stop")?.ok()?;
        alive.inspect("{{.State.ExitCode}}")
    }),
    scenario("kill ends with 137", |p| {
        let alive = p.alive("", &[])?;
        alive.does("kill")?.ok()?;
        Ok(alive.does("wait")?.ok()?.stdout)
    }),
    scenario("exec hands on what is printed and the exit status", |p| {
        let alive = p.alive("--env A=a", &[])?;
        let words = ["/bin/sh", "-c", "echo $A $B; pwd; id; exit 9"];
        Ok(alive.exec("--env B=b --workdir /tmp --user 1000:1000", &words)?.output()?.exits(9)?.stdout)
    }),
    scenario("exec of a program that the image lacks ends with 127", |p| {
        let output = p.alive("", &[])?.exec("", &["/no/such/program"])?.output()?;
        contains("the error", &output.stderr, "no such file or directory")?;
        Ok(format!("{}", output.code))
    }),
    scenario("logs and wait", |p| {
        let alive = p.alive("", &["/bin/sh", "-c", "echo one; echo two >&2; exit 4"])?;
        let status = alive.does("wait")?.ok()?.stdout;
        let logs = alive.does("logs")?.ok()?;
        Ok(format!("{status}{}{}", logs.stdout, logs.stderr))
    }),
    scenario("run -it gives a terminal with size and Ctrl-C", |p| {
        Session::of(p.run("-it", &["/bin/sh", "-c", TERMINAL])?)?.plays()
    }),
    scenario("exec -it gives a terminal with size and Ctrl-C", |p| {
        let alive = p.alive("", &[])?;
        Session::of(alive.exec("-it", &["/bin/sh", "-c", TERMINAL])?)?.plays()
    }),
    scenario("stop lets a program end by itself", |p| {
        let script = "trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.1; done";
        let alive = p.alive("", &["/bin/sh", "-c", script])?;
        alive.says("ready")?;
        alive.does("stop")?.ok()?;
        Ok(format!("{} {}", alive.inspect("{{.State.ExitCode}}")?, alive.does("logs")?.stdout))
    }),
    scenario("--read-only with a tmpfs", |p| {
        p.sh("--read-only --tmpfs /t:size=64k,mode=1770", "touch /x 2>&1; touch /t/x && stat -c %a /t")
    }),
    scenario("layers, whiteouts and the file that a layer replaces", |p| {
        p.sh("", "cd /data; find . -type f | sort | xargs grep . ; rm kept; rm -r opaque; mkdir opaque; ls -a . opaque")
    }),
    scenario("an error is the runtime's own words, from its log in JSON", |p| {
        let stderr = p.run("", &["/no/such/program"])?.output()?.exits(127)?.stderr;
        // Without the JSON it would be a line of standard error, which begins with the time or the runtime's name.
        let words =
            stderr.split_once(&format!("Error: {}: ", p.lab.runtime())).map_or("", |(_, words)| words);
        contains("the error", words, "/no/such/program")?;
        hold(!words.starts_with("ociruntime: ") && !words.contains("level=error"), words)?;
        Ok("its own words".into())
    }),
];

/// What takes root.
pub(super) const ROOT: &[Scenario<Podman>] = &[
    scenario("cp in both directions", |p| {
        let alive = p.alive("", &[])?;
        let file = p.lab.file("copied", "to and fro\n")?;
        let inside = format!("{}:/tmp/copied", alive.name);
        p.podman(&["cp", &file, &inside])?.output()?.ok()?;
        alive.sh("echo more >>/tmp/copied")?;
        let back = p.lab.path("back");
        p.podman(&["cp", &inside, &back])?.output()?.ok()?;
        std::fs::read_to_string(back).doing("read the copy")
    }),
    scenario("restart starts the same container anew", |p| {
        let alive = p.alive("", &[])?;
        alive.sh("echo kept >/file")?;
        let before = alive.pid()?;
        alive.does("restart")?.ok()?;
        hold(alive.pid()? != before, "the process is the same")?;
        alive.sh("cat /file")
    }),
    scenario("pause and unpause", |p| {
        let alive = p.alive("", &[])?;
        alive.does("pause")?.ok()?;
        let paused = alive.inspect("{{.State.Status}}")?;
        alive.does("unpause")?.ok()?;
        alive.sh("true")?;
        Ok(format!("{paused} {}", alive.inspect("{{.State.Status}}")?))
    }),
    scenario("stats tell memory and processes", |p| {
        let alive = p.alive("-m 64m", &[])?;
        let words = ["stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDS}}", &alive.name];
        let text = p.podman(&words)?.output()?.ok()?.stdout;
        contains("the statistics", &text, "/ 67.11MB")?;
        let processes = text.split_whitespace().last().unwrap_or_default();
        hold(processes.parse::<u32>().is_ok_and(|count| count > 0), &text)?;
        Ok("memory and processes".into())
    }),
    scenario("top lists the processes", |p| {
        let alive = p.alive("", &["/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait"])?;
        let count = || Some(alive.does("top").ok()?.stdout.lines().skip(1).count());
        until("three processes", || count().filter(|count| *count == 3))?;
        Ok("3 processes".into())
    }),
    scenario("limits of memory, processes and processor", |p| {
        p.sh(
            "-m 32m --pids-limit 50 --cpu-period 100000 --cpu-quota 20000",
            "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max cpu/cpu.cfs_quota_us 2>/dev/null || cat memory.max pids.max cpu.max",
        )
    }),
    scenario("capabilities, users and filters", |p| {
        p.sh(
            "--cap-drop all --cap-add net_admin --user 1000:1000 --security-opt no-new-privileges",
            "id; grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status",
        )
    }),
    scenario("volumes, writable and read-only", |p| {
        let dir = p.lab.folder("shared")?;
        p.lab.file("shared/from-host", "host\n")?;
        let flags = format!("-v {dir}:/rw -v {dir}:/ro:ro");
        p.sh(&flags, "cat /ro/from-host; echo x 2>&1 >/ro/file; echo y >/rw/file; cat /ro/file /volume/seed")
    }),
    scenario("two containers reach each other over the bridge", |p| {
        let server = p.alive("", &["/bin/nc", "-ll", "-p", "7000", "-e", "/bin/echo", "hello"])?;
        let address = server.inspect("{{.NetworkSettings.IPAddress}}")?;
        hold(!address.is_empty(), "the server has no address")?;
        until("the server answers", || {
            p.sh("", &format!("nc -w 5 {address} 7000")).ok().filter(|text| text.contains("hello"))
        })
    }),
    scenario("--network, --pid and --ipc of another container", |p| {
        let first = p.alive("--ipc shareable", &[])?;
        let all = format!("--network container:{0} --pid container:{0} --ipc container:{0}", first.name);
        let script =
            "for name in net pid ipc; do readlink /proc/1/ns/$name /proc/self/ns/$name | uniq | wc -l; done";
        p.sh(&all, script)
    }),
    scenario("a pod's containers share its namespaces", |p| {
        let pod = p.lab.name();
        let infra = format!("--infra-image {} --infra-command /bin/pause", IMAGE);
        p.says(&format!("pod create --name {pod} --cgroup-parent /{} {infra}", p.lab.tag))?;
        let seen = p.pod(&pod);
        p.says(&format!("pod rm --force --time 0 {pod}"))?;
        seen
    }),
    scenario("kube play starts what a manifest says, and kube down ends it", |p| {
        let name = p.lab.name();
        let manifest = format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  hostNetwork: true\n  containers:\n  - name: main\n    \
             image: {IMAGE}\n    imagePullPolicy: Never\n    command: [/bin/pause]\n    env: [{{name: A, value: b}}]\n    \
             resources: {{limits: {{memory: 32Mi}}}}\n"
        );
        let file = p.lab.file("pod.yaml", &manifest)?;
        p.says(&format!("kube play {file}"))?;
        let words = ["exec", &format!("{name}-main"), "/bin/sh", "-c", "echo $A; hostname | wc -l"];
        let seen = p.podman(&words)?.output();
        p.says(&format!("kube down {file}"))?;
        Ok(seen?.ok()?.stdout)
    }),
    scenario("a health check is run", |p| {
        let alive = p.alive("--health-cmd /bin/true --health-interval disable", &[])?;
        alive.does("healthcheck run")?.ok()?;
        alive.inspect("{{.State.Health.Status}}")
    }),
    scenario("--sdnotify=conmon tells the service manager that the container runs", |p| {
        notified(p, "conmon", "true")
    }),
    // busybox has no sd_notify(3), but its logger sends datagrams too: to /dev/log.
    scenario("--sdnotify=container lets the container tell the service manager", |p| {
        let ready = "ln -s $NOTIFY_SOCKET /dev/log; logger \"$(printf '\\nREADY=1')\"; sleep 1";
        notified(p, "container", ready)
    }),
    scenario("--log-level=debug shows them too", |p| {
        let words =
            ["--log-level=debug", "run", "--rm", "--cgroup-parent", &p.parent(), IMAGE, "/no/such/program"];
        let stderr = p.podman(&words)?.output()?.exits(127)?.stderr;
        contains("the log", &stderr, &format!("Error: {}: ", p.lab.runtime()))?;
        Ok("its own words".into())
    }),
    scenario("--init reaps and ends with the program", |p| p.sh("--init", "cat /proc/1/comm")),
    scenario("--privileged", |p| {
        p.sh("--privileged", "grep -E '^(CapEff|Seccomp:)' /proc/self/status; mkdir /m; mount -t tmpfs x /m && umount /m; echo $?")
    }),
    scenario("a container in user namespaces of its own", |p| {
        p.sh(
            "--uidmap 0:100000:5000 --gidmap 0:100000:5000",
            "cat /proc/self/uid_map; id; touch /tmp/x && stat -c %u /tmp/x",
        )
    }),
    scenario("info names the runtime", |p| {
        let text = p.says("info --format {{.Host.OCIRuntime.Path}}")?;
        same("the runtime", text.trim(), p.lab.runtime())?;
        Ok("its path".into())
    }),
];

fn status(p: &Podman, program: &str, reason: &str) -> Outcome<String> {
    let output = p.run("", &[program])?.output()?;
    contains("the error", &output.stderr, program)?;
    contains("the error", &output.stderr, reason)?;
    Ok(format!("{}", output.code))
}

/// Runs a script in a container that a service manager waits for, until that has heard `READY=1`.
fn notified(p: &Podman, mode: &str, script: &str) -> Outcome<String> {
    let socket = p.lab.path(&format!("notify-{mode}"));
    let listener = UnixDatagram::bind(&socket).doing("listen")?;
    listener.set_nonblocking(true).doing("make the socket non-blocking")?;
    let call = p.run(&format!("--sdnotify {mode}"), &["/bin/sh", "-c", script])?;
    call.env("NOTIFY_SOCKET", &socket).output()?.ok()?;
    let mut text = String::new();
    let mut bytes = [0; 1000];
    while let Ok(length) = listener.recv(&mut bytes) {
        text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        text.push('|');
    }
    contains("the notification", &text, "READY=1")?;
    Ok("READY=1".into())
}
