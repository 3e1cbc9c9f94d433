//! A help text of clap, taken apart: what it is about, how it is called, and its sections.

/// A command and its help text.
pub(crate) struct Verb {
    pub(crate) name: String,
    pub(crate) help: Help,
}

/// A help text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Help {
    pub(crate) about: String,
    pub(crate) usage: String,
    pub(crate) commands: Vec<Entry>,
    pub(crate) arguments: Vec<Entry>,
    pub(crate) options: Vec<Flag>,
    pub(crate) notes: String,
}

/// A command or a positional argument with its text.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// An option.
#[derive(Debug, PartialEq)]
pub(crate) struct Flag {
    pub(crate) short: Option<char>,
    pub(crate) long: String,
    /// What its value is called, if it takes one.
    pub(crate) value: Option<String>,
    pub(crate) text: String,
}

impl Help {
    /// Takes a help text apart. A section is a heading at the left with indented lines; what else stands after the
    /// usage are notes.
    pub(crate) fn parse(text: &str) -> Self {
        let mut help = Self::default();
        let mut section = "";
        for line in text.lines() {
            match line.strip_prefix("  ") {
                Some(entry) => help.add(section, entry),
                None if line.ends_with(':') => section = line,
                None if line.starts_with("Usage: ") => help.usage = line["Usage: ".len()..].to_owned(),
                None if help.usage.is_empty() => join(&mut help.about, line),
                None => join(&mut help.notes, line),
            }
        }
        help
    }

    fn add(&mut self, section: &str, line: &str) {
        match section {
            "Commands:" => self.commands.push(Entry::parse(line)),
            "Arguments:" => self.arguments.push(Entry::parse(line)),
            _ => self.options.push(Flag::parse(line)),
        }
    }
}

fn join(text: &mut String, line: &str) {
    if !text.is_empty() && !line.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

impl Entry {
    fn parse(line: &str) -> Self {
        let (name, text) = line.split_once("  ").unwrap_or((line, ""));
        Self { name: name.trim().to_owned(), text: text.trim().to_owned() }
    }
}

impl Flag {
    /// `-b, --bundle <DIR>  Directory`, where the first letter may be missing and the value too.
    fn parse(line: &str) -> Self {
        let Entry { name, text } = Entry::parse(line.trim_start());
        let (short, rest) = match name.split_once(", ") {
            Some((short, rest)) => (short.chars().nth(1), rest),
            None => (None, &*name),
        };
        let (long, value) = match rest.split_once(' ') {
            Some((long, value)) => (long, Some(value.trim_matches(['<', '>']).to_owned())),
            None => (rest, None),
        };
        Self { short, long: long.trim_start_matches('-').to_owned(), value, text }
    }

    /// Whether its value is a file or a directory.
    pub(crate) fn takes_path(&self) -> bool {
        matches!(self.value.as_deref(), Some("FILE" | "DIR" | "PATH"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Flag, Help};

    const TEXT: &str = "Do something

Usage: ociruntime do [OPTIONS] <ID>

Arguments:
  <ID>  The container

Options:
  -b, --bundle <DIR>  Directory that holds it
      --keep          Do not delete it

More to say";

    #[test]
    fn the_sections_are_found() {
        let help = Help::parse(TEXT);
        assert_eq!(
            (help.about.as_str(), help.usage.as_str(), help.notes.as_str()),
            ("Do something", "ociruntime do [OPTIONS] <ID>", "More to say")
        );
    }

    #[test]
    fn an_argument_has_its_text() {
        assert_eq!(Help::parse(TEXT).arguments[0].text, "The container");
    }

    #[test]
    fn a_flag_with_letter_and_value() {
        let expected = Flag {
            short: Some('b'),
            long: "bundle".into(),
            value: Some("DIR".into()),
            text: "Directory that holds it".into(),
        };
        assert_eq!(Help::parse(TEXT).options[0], expected);
    }

    #[test]
    fn a_flag_with_neither() {
        let flag = &Help::parse(TEXT).options[1];
        assert_eq!((flag.short, flag.long.as_str(), &flag.value), (None, "keep", &None));
    }
}
