//! The scenarios of the CRI.

use super::{Container, Cri};
use crate::engines::protobuf::{self, Message};
use crate::engines::scenario::{Scenario, scenario};
use crate::expect::{contains, hold, same, until};

const PAUSE: &[&str] = &["/bin/pause"];

/// All of them.
pub(super) const ALL: &[Scenario<Cri>] = &[
    scenario("a pod's containers share its network, its name and its memory segments", |c| {
        let pod = c.pod()?;
        let script = "for name in net ipc uts; do readlink /proc/self/ns/$name; done; hostname";
        let (one, other) = (pod.start(PAUSE, &plain())?, pod.start(PAUSE, &plain())?);
        let seen = one.sh(script)?;
        same("what the second sees", other.sh(script)?, seen.clone())?;
        one.sh("echo shared >/dev/shm/file")?;
        Ok(format!("{} {}", seen.lines().last().unwrap_or_default(), other.sh("cat /dev/shm/file")?))
    }),
    scenario("containers have pid namespaces of their own, or share the pod's", |c| {
        let processes = "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -c -x /bin/pause";
        let count = |container: &Container, count: &str| {
            until("so many processes", || (container.sh(processes).ok()?.trim() == count).then_some(()))
        };
        let pod = c.pod()?;
        count(&pod.start(PAUSE, &pid_namespace(1))?, "1")?;
        let pod = c.pod_with(0)?;
        let _first = pod.start(PAUSE, &pid_namespace(0))?;
        // The sandbox's own process, the first container's and the second's.
        count(&pod.start(PAUSE, &pid_namespace(0))?, "3")?;
        Ok("1 and 3 processes".into())
    }),
    scenario("a pod has an address on the node's network", |c| {
        let pod = c.pod()?;
        let container = pod.start(PAUSE, &plain())?;
        let address = protobuf::text(&c.says("PodSandboxStatus", &pod.named())?, &[1, 5, 1]);
        contains("the addresses inside", &container.sh("ip -4 -o addr show dev eth0")?, &address)?;
        hold(address.starts_with("10.88.77."), &address)?;
        Ok("an address".into())
    }),
    scenario("ExecSync hands on both outputs and the status", |c| {
        let pod = c.pod()?;
        let (out, err, status) = pod.start(PAUSE, &plain())?.exec("echo out; echo err >&2; exit 9")?;
        Ok(format!("{out}{err}{status}"))
    }),
    scenario("ExecSync that takes too long is ended", |c| {
        let pod = c.pod()?;
        let container = pod.start(PAUSE, &plain())?;
        let text = c.refuses("ExecSync", &container.exec_request("exec sleep 4242").number(3, 1))?;
        contains("the error", &text, "timeout 1s exceeded")?;
        let count = "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -c 'sleep 424[2]'; true";
        until("the process is gone", || (container.sh(count).ok()? == "0\n").then_some(()))?;
        Ok("ended".into())
    }),
    scenario("a container that cannot be started says why", |c| {
        let pod = c.pod()?;
        let container = pod.create(&["/no/such/program"], &plain())?;
        let text = c.refuses("StartContainer", &container.named())?;
        contains("the error", &text, "/no/such/program")?;
        contains("the error", &text, "no such file or directory")?;
        Ok(format!("{:?}", container.state()?))
    }),
    scenario("a container ends with its program's status", |c| {
        let pod = c.pod()?;
        let container = pod.start(&["/bin/sh", "-c", "exit 5"], &plain())?;
        until("it has exited", || container.state().ok().filter(|(state, _)| *state == 2))?;
        Ok(format!("{:?}", container.state()?))
    }),
    scenario("StopContainer lets a program end by itself", |c| {
        let pod = c.pod()?;
        let script = "trap 'exit 4' TERM; touch /ready; while :; do sleep 0.1; done";
        let container = pod.start(&["/bin/sh", "-c", script], &plain())?;
        until("it waits", || container.sh("ls /ready").ok())?;
        c.says("StopContainer", &container.named().number(2, 30))?;
        let seen = format!("{:?}", container.state()?);
        c.says("RemoveContainer", &container.named())?;
        Ok(seen)
    }),
    scenario("StopContainer kills what does not end", |c| {
        let pod = c.pod()?;
        let script = "trap '' TERM; while :; do sleep 0.1; done";
        let container = pod.start(&["/bin/sh", "-c", script], &plain())?;
        c.says("StopContainer", &container.named().number(2, 1))?;
        Ok(format!("{:?}", container.state()?))
    }),
    scenario("ContainerStats tell processor and memory", |c| {
        let pod = c.pod()?;
        let container = pod.start(PAUSE, &plain())?;
        let stats = c.says("ContainerStats", &container.named())?;
        hold(protobuf::number(&stats, &[1, 2, 2, 1]) > 0, "no time of the processor")?;
        hold(protobuf::number(&stats, &[1, 3, 2, 1]) > 0, "no memory")?;
        Ok("both".into())
    }),
    scenario("UpdateContainerResources changes the limits", |c| {
        let pod = c.pod()?;
        let container = pod.start(PAUSE, &Message::new().message(1, &limits(64 << 20, 50_000)))?;
        let script = "cd /sys/fs/cgroup; for file in memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us \
                      memory.max cpu.max; do [ ! -e $file ] || cat $file; done";
        let before = container.sh(script)?;
        let request = container.named().message(2, &limits(32 << 20, 20_000));
        c.says("UpdateContainerResources", &request)?;
        Ok(before + &container.sh(script)?)
    }),
    scenario("the engine's filter, and the lack of one", |c| {
        let pod = c.pod()?;
        let profile = |kind| Message::new().message(15, &Message::new().number(1, kind));
        let linux = |kind| Message::new().message(2, &profile(kind));
        let seen = |kind| pod.start(PAUSE, &linux(kind))?.sh("grep ^Seccomp: /proc/self/status");
        Ok(seen(0)? + &seen(1)?)
    }),
    scenario("user, capabilities and a read-only root", |c| {
        let pod = c.pod()?;
        let capabilities = Message::new().text(1, "NET_ADMIN").text(2, "CHOWN");
        let security = Message::new()
            .message(1, &capabilities)
            .message(5, &Message::new().number(1, 1000))
            .number(7, 1)
            .number(11, 1);
        let container = pod.start(PAUSE, &Message::new().message(2, &security))?;
        container.sh("id; touch /tmp/x 2>&1; grep -E '^(Cap|NoNewPrivs)' /proc/self/status")
    }),
    scenario("a pod that is stopped has no process, and is removed", |c| {
        let pod = c.pod()?;
        let container = pod.start(PAUSE, &plain())?;
        c.says("StopPodSandbox", &pod.named())?;
        let state = container.state()?.0;
        c.says("RemovePodSandbox", &pod.named())?;
        contains("the error", &c.refuses("PodSandboxStatus", &pod.named())?, "not")?;
        Ok(format!("{state}"))
    }),
];

/// A container with nothing special.
fn plain() -> Message {
    Message::new()
}

/// A container whose pid namespace is the pod's (0) or its own (1).
fn pid_namespace(mode: u64) -> Message {
    let options = Message::new().number(2, mode);
    Message::new().message(2, &Message::new().message(3, &options))
}

/// `LinuxContainerResources` with these limits of memory and of time per period.
fn limits(memory: u64, quota: u64) -> Message {
    Message::new().number(1, 100_000).number(2, quota).number(4, memory)
}
