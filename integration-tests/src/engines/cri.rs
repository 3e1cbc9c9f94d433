//! Kubernetes' Container Runtime Interface, as the kubelet uses it, on containerd's socket. The runtime is a handler
//! beside runc, as a RuntimeClass would name it.
//!
//! The client is curl, which speaks HTTP/2 over Unix sockets: a call of gRPC is a POST whose body is the message after
//! five bytes with its length, and whose result is in the trailers.

mod scenarios;

use crate::case::{Doing, Outcome, fail};
use crate::engines::containerd;
use crate::engines::image::{self, IMAGE};
use crate::engines::lab::Lab;
use crate::engines::leaks::Before;
use crate::engines::protobuf::{self, Message};
use crate::engines::scenario::{self, Row};
use std::fs;

/// The runtime's name among containerd's handlers.
const HANDLER: &str = "tested";

/// A network as a node has one: a bridge, with addresses from a range.
const NETWORK: &str = r#"{"cniVersion": "0.4.0", "name": "pods", "plugins": [{
    "type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": false,
    "ipam": {"type": "host-local", "dataDir": "DIR", "ranges": [[{"subnet": "10.88.77.0/24"}]]}
}]}"#;

/// A containerd with its CRI, and the image in it.
pub(crate) struct Cri {
    pub(crate) lab: Lab,
    socket: String,
}

/// Starts containerd, plays the scenarios, looks at what is left, and stops it.
pub(crate) fn play(lab: Lab, filter: &[String]) -> Outcome<Vec<Row>> {
    let (daemon, socket) = containerd::start(&lab, &config(&lab)?)?;
    let archive = image::archive(&lab)?;
    let import =
        ["/usr/bin/ctr", "--address", &socket, "--namespace", "k8s.io", "images", "import", &archive];
    lab.host(&import)?.output()?.ok()?;
    let before = Before::look();
    let cri = Cri { lab, socket };
    let mut rows = scenario::play(&cri, scenarios::ALL, filter);
    rows.push(before.row(&cri.lab.tag, &["/run", &cri.lab.path("containerd-state")]));
    daemon.stop()?;
    Ok(rows)
}

/// The part of containerd's configuration that is about the CRI.
fn config(lab: &Lab) -> Outcome<String> {
    let networks = lab.folder("cni")?;
    lab.file("cni/10-pods.conflist", &NETWORK.replace("DIR", &lab.path("cni-addresses")))?;
    let plugin = "plugins.\"io.containerd.grpc.v1.cri\"";
    let runtimes = format!("{plugin}.containerd.runtimes");
    Ok(format!(
        "[{plugin}]\nsandbox_image = \"{IMAGE}\"\nrestrict_oom_score_adj = true\n\
         [{plugin}.cni]\nbin_dir = \"/usr/lib/cni\"\nconf_dir = \"{networks}\"\n\
         [{runtimes}.runc]\nruntime_type = \"io.containerd.runc.v2\"\n\
         [{runtimes}.{HANDLER}]\nruntime_type = \"io.containerd.runc.v2\"\n\
         [{runtimes}.{HANDLER}.options]\nBinaryName = \"{}\"\n",
        lab.runtime(),
    ))
}

/// What a call came to.
enum Answer {
    Message(Vec<u8>),
    /// A status that is not 0, and its text.
    Refused(String),
}

impl Cri {
    fn call(&self, method: &str, request: &Message) -> Outcome<Answer> {
        let length = u32::try_from(request.encoded().len()).doing("tell the message's length")?;
        let body = [&[0], &length.to_be_bytes()[..], request.encoded()].concat();
        let name = self.lab.name();
        let [sent, head, answer] =
            ["sent", "head", "answer"].map(|kind| self.lab.path(&format!("{name}-{kind}")));
        fs::write(&sent, body).doing("write the request")?;
        let url = format!("http://localhost/runtime.v1.RuntimeService/{method}");
        let client = ["curl", "--silent", "--show-error", "--http2-prior-knowledge"];
        let target = ["--unix-socket", &self.socket, &url];
        let headers = ["--header", "content-type: application/grpc", "--header", "te: trailers"];
        let from = format!("@{sent}");
        let files = ["--data-binary", &from, "--dump-header", &head, "--output", &answer];
        self.lab.host(&[&client[..], &target, &headers, &files].concat())?.output()?.ok()?;
        let head = fs::read_to_string(head).doing("read the head of the answer")?;
        match header(&head, "grpc-status") {
            Some("0") => Ok(Answer::Message(fs::read(answer).doing("read the answer")?.split_off(5))),
            Some(_) => Ok(Answer::Refused(header(&head, "grpc-message").unwrap_or_default().to_owned())),
            None => fail(format!("{method}: no status in {head:?}")),
        }
    }

    /// A call that must succeed.
    pub(crate) fn says(&self, method: &str, request: &Message) -> Outcome<Vec<u8>> {
        match self.call(method, request)? {
            Answer::Message(message) => Ok(message),
            Answer::Refused(text) => fail(format!("{method}: {text}")),
        }
    }

    /// A call that must fail; the text of its status.
    pub(crate) fn refuses(&self, method: &str, request: &Message) -> Outcome<String> {
        match self.call(method, request)? {
            Answer::Message(_) => fail(format!("{method} succeeds")),
            Answer::Refused(text) => Ok(text),
        }
    }

    /// A pod's sandbox whose containers have pid namespaces of their own.
    pub(crate) fn pod(&self) -> Outcome<Pod<'_>> {
        self.pod_with(1)
    }

    /// A pod's sandbox; its pid namespace is for all containers (0) or for itself (1).
    pub(crate) fn pod_with(&self, pid: u64) -> Outcome<Pod<'_>> {
        let name = self.lab.name();
        let metadata = Message::new().text(1, &name).text(2, &name).text(3, "tests");
        let namespaces = Message::new().number(2, pid);
        let security = Message::new().message(1, &namespaces);
        let linux = Message::new().text(1, &format!("/{}", self.lab.tag)).message(2, &security);
        let config = Message::new().message(1, &metadata).text(2, "pod").message(8, &linux);
        let answer = self.says("RunPodSandbox", &Message::new().message(1, &config).text(2, HANDLER))?;
        Ok(Pod { cri: self, id: protobuf::text(&answer, &[1]), config })
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
}

/// A pod; it is stopped and removed, with its containers, when dropped.
pub(crate) struct Pod<'a> {
    cri: &'a Cri,
    id: String,
    config: Message,
}

impl<'a> Pod<'a> {
    /// Creates a container; `linux` is the `LinuxContainerConfig`.
    pub(crate) fn create(&self, command: &[&str], linux: &Message) -> Outcome<Container<'a>> {
        let config = Message::new()
            .message(1, &Message::new().text(1, &self.cri.lab.name()))
            .message(2, &Message::new().text(1, IMAGE))
            .texts(3, command)
            .message(15, linux);
        let request = self.named().message(2, &config).message(3, &self.config);
        let answer = self.cri.says("CreateContainer", &request)?;
        Ok(Container { cri: self.cri, id: protobuf::text(&answer, &[1]) })
    }

    /// Creates and starts one.
    pub(crate) fn start(&self, command: &[&str], linux: &Message) -> Outcome<Container<'a>> {
        let container = self.create(command, linux)?;
        self.cri.says("StartContainer", &container.named())?;
        Ok(container)
    }

    /// The request that names it.
    pub(crate) fn named(&self) -> Message {
        Message::new().text(1, &self.id)
    }
}

impl Drop for Pod<'_> {
    fn drop(&mut self) {
        // Whatever does not work here is found by the look at what is left.
        let _ = self.cri.call("StopPodSandbox", &self.named());
        let _ = self.cri.call("RemovePodSandbox", &self.named());
    }
}

/// A container of a pod.
pub(crate) struct Container<'a> {
    cri: &'a Cri,
    id: String,
}

impl Container<'_> {
    /// The request that names it.
    pub(crate) fn named(&self) -> Message {
        Message::new().text(1, &self.id)
    }

    /// `ExecSync` of a shell script: what it prints, what it complains, and its status.
    pub(crate) fn exec(&self, script: &str) -> Outcome<(String, String, u64)> {
        let answer = self.cri.says("ExecSync", &self.exec_request(script))?;
        Ok((protobuf::text(&answer, &[1]), protobuf::text(&answer, &[2]), protobuf::number(&answer, &[3])))
    }

    /// What a successful script prints.
    pub(crate) fn sh(&self, script: &str) -> Outcome<String> {
        match self.exec(script)? {
            (text, _, 0) => Ok(text),
            other => fail(format!("the script fails: {other:?}")),
        }
    }

    /// The request for a script.
    pub(crate) fn exec_request(&self, script: &str) -> Message {
        self.named().texts(2, &["/bin/sh", "-c", script])
    }

    /// Its state as `ContainerStatus` tells it (1 is running, 2 exited), and its exit status.
    pub(crate) fn state(&self) -> Outcome<(u64, u64)> {
        let answer = self.cri.says("ContainerStatus", &self.named())?;
        Ok((protobuf::number(&answer, &[1, 3]), protobuf::number(&answer, &[1, 7])))
    }
}
