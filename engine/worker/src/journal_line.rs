//! A line of a journal: `checksum [attempt, what is noted]`, in JSON, behind a line feed of its own, so that whatever a kill
//! has cut off before it ends there. A line whose checksum is another counts as not written.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use loopline_core::outcome::Outcome;
use serde::{Deserialize, Serialize};

use crate::container::ContainerNote;
use crate::process::ProcessRef;

/// What is noted of an attempt.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "lines pass by one at a time")]
pub(crate) enum Noted<'a> {
    /// That it began, during which boot of the machine.
    Began { boot_id: Cow<'a, str> },
    /// The process, right behind its start.
    Process(ProcessRef),
    /// Its control groups, before they are made.
    Groups(Cow<'a, [PathBuf]>),
    /// Instead of it, before a container engine is asked for anything.
    Container(Cow<'a, ContainerNote>),
    /// How it ended, before that is reported.
    Ended(Cow<'a, Outcome>),
}

/// Eight hexadecimal digits and a space.
const SUM: usize = 9;

/// The line, with what surrounds it.
pub(crate) fn encode(attempt: &str, noted: &Noted<'_>) -> io::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(160);
    line.extend_from_slice(b"\n         ");
    serde_json::to_writer(&mut line, &(attempt, noted))?;
    let sum = crc32fast::hash(&line[1 + SUM..]);
    line[1..SUM].copy_from_slice(format!("{sum:08x}").as_bytes());
    line.push(b'\n');
    Ok(line)
}

/// What a line says, without what surrounds it; `None` when it is not whole.
pub(crate) fn decode(line: &[u8]) -> Option<(String, Noted<'static>)> {
    let (sum, json) = line.split_at_checked(SUM)?;
    let said = u32::from_str_radix(std::str::from_utf8(sum).ok()?.strip_suffix(' ')?, 16).ok()?;
    if crc32fast::hash(json) != said {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_whole_or_not_at_all() {
        let began = Noted::Began { boot_id: "boot".into() };
        let bytes = encode("run.1.step.1.1", &began).expect("it can be written");
        assert_eq!((bytes[0], bytes.last()), (b'\n', Some(&b'\n')));
        let line = &bytes[1..bytes.len() - 1];
        assert!(!line.contains(&b'\n'));
        let (attempt, noted) = decode(line).expect("whole");
        assert!(attempt == "run.1.step.1.1" && matches!(noted, Noted::Began { boot_id } if boot_id == "boot"));
        for cut in 0..line.len() {
            assert!(decode(&line[..cut]).is_none(), "cut at {cut}");
            let mut damaged = line.to_vec();
            damaged[cut] ^= 1;
            assert!(decode(&damaged).is_none(), "damaged at {cut}");
        }
    }
}
