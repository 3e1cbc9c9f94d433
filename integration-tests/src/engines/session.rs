//! An engine's client on a terminal of its own, with a script in the container that tells what arrives there.

use crate::case::{Doing, Outcome};
use crate::console::Terminal;
use crate::expect::contains;
use crate::runtime::{Call, Running};
use nix::sys::signal::Signal;
use std::cell::Cell;

/// Tells its terminal, what is typed (a signal may interrupt the first attempt to read it), each change of the terminal's size, and Ctrl-C, with which it ends.
pub(crate) const TERMINAL: &str = "trap 'stty size' WINCH; trap 'echo caught; exit 5' INT; \
    tty; echo ready; until read line && [ \"$line\" ]; do :; done; echo read $line; while :; do sleep 0.1; done";

/// A client that runs.
pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    pub(crate) running: Running,
}

impl Session {
    /// Starts the client on a terminal of 20 lines and 70 columns.
    pub(crate) fn of(call: Call) -> Outcome<Self> {
        let (terminal, slave) = Terminal::open()?;
        terminal.resize(20, 70)?;
        let copy = || slave.try_clone().doing("copy the terminal");
        let running = call.stdin(copy()?).stdout(copy()?).stderr(copy()?).spawn()?;
        Ok(Self { terminal, running })
    }

    /// Goes through what the script [`TERMINAL`] tells, to its end.
    pub(crate) fn plays(self) -> Outcome<String> {
        self.terminal.says("ready")?;
        contains("the terminal", &self.terminal.text(), "/dev/pts/0")?;
        self.terminal.write("typed\r")?;
        self.terminal.says("read typed")?;
        // The terminal is not the client's controlling one, so that the kernel does not tell it. And client or script may
        // miss one change while they are busy with another, so there are several.
        let columns = Cell::new(101);
        self.terminal.says_after("41 102", || {
            columns.set(203 - columns.get());
            self.terminal.resize(41, columns.get())?;
            self.running.signal(Signal::SIGWINCH)
        })?;
        self.terminal.write("\x03")?;
        self.terminal.says("caught")?;
        Ok(format!("{}", self.running.wait()?.code))
    }
}
