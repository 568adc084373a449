//! What a script appends to `$LOOPLINE_OUTPUT`: `key=text`, `key:=json`, `key<<END … END`.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use loopline_core::outcome::{Failure, FailureKind};
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use serde_json::Value as Json;

use crate::mask::Secrets;
use crate::size::spoken_size;

/// What a script wrote: the outputs that could be read, and the first thing that could not.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Written {
    pub(crate) outputs: BTreeMap<String, Json>,
    pub(crate) failure: Option<Failure>,
}

impl Written {
    /// An output that holds a secret is not kept, and fails the step.
    pub(crate) fn refuse_secrets(&mut self, secrets: &Secrets) {
        let holds = |key: &String, value: &mut Json| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            secrets.are_in(&text) || secrets.are_in(key)
        };
        let told: Vec<String> = self.outputs.extract_if(.., holds).map(|(key, _)| secrets.mask(&key)).collect();
        if let Some(key) = told.first() {
            let message = format!("the output `{key}` holds a secret, which would be kept with the run; leave it out");
            self.failure.get_or_insert_with(|| Failure::new(FailureKind::Contract, message));
        }
    }
}

/// Reads the file; one that the script removed is empty, and one of more than `limit` bytes is refused. Blocks.
pub(crate) fn read(path: &Path, limit: u64) -> Written {
    match content(path, limit) {
        Ok(Some(bytes)) => parse(&bytes),
        Ok(None) => Written::default(),
        Err(failure) => Written { outputs: BTreeMap::new(), failure: Some(failure) },
    }
}

fn content(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Failure::new(FailureKind::Contract, format!("`$LOOPLINE_OUTPUT` cannot be read: {why}"))
    };
    // The script may have put anything in its place: a link is not followed, and a pipe without writer not waited for.
    let file = match OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    if !file.metadata().is_ok_and(|data| data.is_file()) {
        return Err(unreadable(&"the script has replaced the file by something else"));
    }
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > limit {
        let limit = spoken_size(limit);
        let message =
            format!("the script wrote more than {limit} to `$LOOPLINE_OUTPUT`; keep large results as an artifact");
        return Err(Failure::new(FailureKind::OutputLimit, message));
    }
    Ok(Some(bytes))
}

/// Reads all lines; a bad one does not hide the good ones.
fn parse(bytes: &[u8]) -> Written {
    let mut written = Written::default();
    let mut lines = Lines { rest: bytes, number: 0 };
    while let Some(line) = lines.next() {
        let number = lines.number;
        match assignment(line, &mut lines) {
            Ok(Some((key, value))) => {
                written.outputs.insert(key, value);
            }
            Ok(None) => {}
            Err(problem) => {
                let message = format!("line {number} of `$LOOPLINE_OUTPUT` {problem}");
                written.failure.get_or_insert_with(|| Failure::new(FailureKind::Contract, message));
            }
        }
    }
    written
}

struct Lines<'a> {
    rest: &'a [u8],
    /// Of the last line that was given, from 1.
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = end.map_or(&[], |end| &self.rest[end + 1..]);
        self.number += 1;
        Some(line)
    }
}

fn assignment(line: &[u8], lines: &mut Lines<'_>) -> Result<Option<(String, Json)>, String> {
    let line = text(line)?;
    if line.trim().is_empty() {
        return Ok(None);
    }
    let key_end = line.bytes().position(|c| !c.is_ascii_alphanumeric() && c != b'_').unwrap_or(line.len());
    let (key, rest) = line.split_at(key_end);
    if key.is_empty() || key.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("does not begin with a name (letters, digits and _, not a digit first)".to_owned());
    }
    let value = if let Some(end) = rest.strip_prefix("<<") {
        Json::String(here_document(key, end, lines)?)
    } else if let Some(json) = rest.strip_prefix(":=") {
        serde_json::from_str(json).map_err(|error| format!("gives `{key}` a value that is not JSON: {error}"))?
    } else if let Some(text) = rest.strip_prefix('=') {
        Json::String(text.to_owned())
    } else {
        return Err("is none of `key=text`, `key:=json` and `key<<END`".to_owned());
    };
    Ok(Some((key.to_owned(), value)))
}

/// The lines up to `end`, without the last line feed.
fn here_document(key: &str, end: &str, lines: &mut Lines<'_>) -> Result<String, String> {
    if end.is_empty() {
        return Err(format!("says `{key}<<` without the word that ends the text"));
    }
    let mut value = Vec::new();
    for line in lines.by_ref() {
        if line == end.as_bytes() {
            value.pop();
            return Ok(text(&value)?.to_owned());
        }
        value.extend_from_slice(line);
        value.push(b'\n');
    }
    Err(format!("begins the text of `{key}`, and no line `{end}` ends it"))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "is not UTF-8; encode bytes, for example with base64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const MAX_SIZE: u64 = 256 * 1024;

    fn check(file: &[u8], outputs: Json, problem: Option<&str>) {
        let written = parse(file);
        assert_eq!(json!(written.outputs), outputs);
        let message = written.failure.map(|failure| {
            assert_eq!(failure.kind, FailureKind::Contract);
            failure.message
        });
        match problem {
            None => assert_eq!(message, None),
            Some(part) => assert!(message.as_ref().is_some_and(|m| m.contains(part)), "{message:?} should say {part}"),
        }
    }

    #[test]
    fn the_three_forms_are_read() {
        check(
            b"a=1\nb:=[1, {\"x\": null}]\nc<<END\none\n two\nEND\nd=last",
            json!({"a": "1", "b": [1, {"x": null}], "c": "one\n two", "d": "last"}),
            None,
        );
    }

    #[test]
    fn text_is_taken_letter_by_letter() {
        check(b"a= b=c \"d\" \r\nb=\n_C9=<<x\n", json!({"a": " b=c \"d\" \r", "b": "", "_C9": "<<x"}), None);
    }

    #[test]
    fn a_here_document_may_be_empty_or_end_in_line_feeds() {
        check(b"a<<E\nE\nb<<E\n\nE\nc<<E\nx\n\nE\n", json!({"a": "", "b": "", "c": "x\n"}), None);
    }

    #[test]
    fn the_later_assignment_wins_and_empty_lines_say_nothing() {
        check(b"\na=1\n  \na:=2\n\n", json!({"a": 2}), None);
    }

    #[test]
    fn a_bad_line_is_named_and_hides_no_other() {
        check(b"a=1\nrubbish\nb=2\n", json!({"a": "1", "b": "2"}), Some("line 2 of `$LOOPLINE_OUTPUT` is none of"));
        check(b"9a=1\n", json!({}), Some("line 1 of `$LOOPLINE_OUTPUT` does not begin with a name"));
        check(b"a b=1\n", json!({}), Some("is none of"));
        check(
            b"x=1\ny:={\n",
            json!({"x": "1"}),
            Some("line 2 of `$LOOPLINE_OUTPUT` gives `y` a value that is not JSON"),
        );
        check(b"a=\xff\n", json!({}), Some("line 1 of `$LOOPLINE_OUTPUT` is not UTF-8"));
        check(b"a<<E\n\xff\nE\nb=1\n", json!({"b": "1"}), Some("line 1 of `$LOOPLINE_OUTPUT` is not UTF-8"));
        check(
            b"x=1\na<<E\ne\n",
            json!({"x": "1"}),
            Some("line 2 of `$LOOPLINE_OUTPUT` begins the text of `a`, and no line `E` ends it"),
        );
        check(b"a<<\n", json!({}), Some("without the word"));
    }

    #[test]
    fn what_is_no_plain_file_is_refused_without_waiting() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("output");
        assert_eq!(read(&place, MAX_SIZE), Written::default(), "removed");
        std::os::unix::fs::symlink("/etc/passwd", &place).expect("a link");
        assert!(read(&place, MAX_SIZE).failure.is_some_and(|failure| failure.kind == FailureKind::Contract), "a link");
        std::fs::remove_file(&place).expect("removable");
        nix::unistd::mkfifo(&place, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        assert!(read(&place, MAX_SIZE).failure.is_some_and(|failure| failure.kind == FailureKind::Contract), "a pipe");
    }

    #[test]
    fn too_much_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("output");
        let just_fits = [b"a=".to_vec(), vec![b'x'; MAX_SIZE as usize - 2]].concat();
        std::fs::write(&place, &just_fits).expect("writable");
        assert_eq!(read(&place, MAX_SIZE).failure, None);
        std::fs::write(&place, [just_fits, b"\n".to_vec()].concat()).expect("writable");
        assert_eq!(read(&place, MAX_SIZE).failure.map(|failure| failure.kind), Some(FailureKind::OutputLimit));
    }
}
