//! A seccomp agent: waits on `listenerPath`, is handed a listener, and decides about calls (seccomp_unotify(2)).

use crate::case::{Outcome, fail, skip};
use crate::console::ConsoleSocket;
use crate::expect::json;
use crate::runtime::Running;
use crate::test::Test;
use serde_json::Value;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Answers as many calls as its last argument says, all in the same way, and prints the number of each. The two ioctls
/// are SECCOMP_IOCTL_NOTIF_RECV and SECCOMP_IOCTL_NOTIF_SEND of linux/seccomp.h, with their structures of 80 and 24
/// bytes. Perl, which Debian always has: the ioctls take a pointer, which safe Rust does not pass.
const ANSWER: &str = r#"
my ($error, $flags, $count) = @ARGV;
for (1..$count) {
    my $call = "\0" x 80;
    ioctl(STDIN, 0xc0502100, $call) or die "receive: $!";
    my $answer = substr($call, 0, 8) . pack("q l L", 0, -$error, $flags);
    ioctl(STDIN, 0xc0182101, $answer) or die "answer: $!";
    print unpack("x16 l", $call), "\n";
}
"#;

/// `SECCOMP_USER_NOTIF_FLAG_CONTINUE`.
const CONTINUE: u32 = 1;

/// What becomes of a call.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// It fails with this errno.
    Errno(u32),
    /// It returns 0, and nothing is done.
    Zero,
    /// The kernel carries it out.
    Continue,
}

/// An agent that waits for listeners.
pub(crate) struct Agent<'t> {
    socket: ConsoleSocket,
    test: &'t Test,
}

impl<'t> Agent<'t> {
    /// Listens on a new socket.
    pub(crate) fn wait(test: &'t Test) -> Outcome<Self> {
        if !Path::new("/usr/bin/perl").exists() {
            return skip("there is no perl to answer with");
        }
        Ok(Self { socket: ConsoleSocket::listen(test.path("agent.sock"))?, test })
    }

    /// The value for `listenerPath`.
    pub(crate) fn path(&self) -> &str {
        self.socket.arg()
    }

    /// Takes the next listener, and what was said of its process.
    pub(crate) fn receive(&self) -> Outcome<(OwnedFd, Value)> {
        let (listener, text) = self.socket.receive()?;
        Ok((listener, json(&text)?))
    }

    /// Takes the next listener and answers its first `count` calls in this way.
    pub(crate) fn answer(&self, answer: Answer, count: u32) -> Outcome<Decider> {
        let (listener, state) = self.receive()?;
        let (error, flags) = match answer {
            Answer::Errno(error) => (error, 0),
            Answer::Zero => (0, 0),
            Answer::Continue => (0, CONTINUE),
        };
        let words = [error, flags, count].map(|word| word.to_string());
        let call = self.test.host(&["/usr/bin/perl", "-e", ANSWER])?.args(words).stdin(listener);
        Ok(Decider { running: call.spawn()?, state })
    }
}

/// A program that answers calls.
pub(crate) struct Decider {
    running: Running,
    /// What was said of the process whose calls they are.
    pub(crate) state: Value,
}

impl Decider {
    /// The numbers of the calls, once all are answered.
    pub(crate) fn calls(self) -> Outcome<Vec<u32>> {
        let output = self.running.wait()?.ok()?;
        let numbers: Result<_, _> = output.stdout.lines().map(str::parse).collect();
        numbers.or_else(|_| fail(format!("no numbers of calls: {}", output.stdout)))
    }
}
