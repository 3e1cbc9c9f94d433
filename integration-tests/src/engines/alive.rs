//! A container in the background, of an engine whose client has Docker's words.

use crate::case::{Doing, Outcome, fail};
use crate::expect::until;
use crate::runtime::{Call, Output};

/// A client with Docker's words.
pub(crate) trait Client {
    /// The words that remove a container at once, whatever it does.
    const REMOVE: &str;

    /// `CLIENT WORDS...`
    fn call(&self, words: &[&str]) -> Outcome<Call>;
}

/// A container in the background; it is removed when dropped.
pub(crate) struct Alive<'a, C: Client> {
    client: &'a C,
    pub(crate) name: String,
}

impl<'a, C: Client> Alive<'a, C> {
    /// One that has been started by this name.
    pub(crate) fn new(client: &'a C, name: String) -> Self {
        Alive { client, name }
    }

    /// `CLIENT VERB FLAGS NAME`, of which only the verb and its flags are given.
    pub(crate) fn does(&self, words: &str) -> Outcome<Output> {
        let words: Vec<&str> = words.split_whitespace().chain([&*self.name]).collect();
        self.client.call(&words)?.output()
    }

    /// `CLIENT exec FLAGS NAME COMMAND...`
    pub(crate) fn exec(&self, flags: &str, command: &[&str]) -> Outcome<Call> {
        let flags: Vec<&str> = flags.split_whitespace().collect();
        self.client.call(&[&["exec"], &flags[..], &[&self.name], command].concat())
    }

    /// What a shell script beside it prints; it must succeed.
    pub(crate) fn sh(&self, script: &str) -> Outcome<String> {
        Ok(self.exec("", &["/bin/sh", "-c", script])?.output()?.ok()?.stdout)
    }

    /// Waits until it has printed `text`.
    pub(crate) fn says(&self, text: &str) -> Outcome {
        until("the container says so", || {
            let logs = self.does("logs").ok()?;
            (logs.stdout + &logs.stderr).contains(text).then_some(())
        })
    }

    /// A value of `CLIENT inspect`, as `{{.State.Pid}}`.
    pub(crate) fn inspect(&self, format: &str) -> Outcome<String> {
        let words = ["inspect", "--format", format, &self.name];
        Ok(self.client.call(&words)?.output()?.ok()?.stdout.trim().to_owned())
    }

    /// Its init on the host.
    pub(crate) fn pid(&self) -> Outcome<i32> {
        self.inspect("{{.State.Pid}}")?.parse().doing("parse the pid")
    }

    /// Waits until a value of `CLIENT inspect` is `value`.
    pub(crate) fn becomes(&self, format: &str, value: &str) -> Outcome {
        let mut last = String::new();
        let found = until("", || {
            last = self.inspect(format).ok()?;
            (last == value).then_some(())
        });
        found.or_else(|_| fail(format!("{format} stays {last:?} instead of {value:?}")))
    }
}

impl<C: Client> Drop for Alive<'_, C> {
    fn drop(&mut self) {
        // Whatever does not work here is found by the look at what is left.
        let _ = self.does(C::REMOVE);
    }
}
