//! What must be known about an attempt after this process was killed: that it began, which process it is, how it ended.
//!
//! ```text
//! DATA/journals/           what is noted of all attempts                              (attempt_journal)
//! DATA/attempts/ATTEMPT/   the files of an attempt that needs a folder of its own: script, output, summary
//! DATA/attempts/ATTEMPT.output   where another one writes, once it does; .summary likewise
//! ```
//!
//! That it began is on disk before anything is started: so not even a power cut can make a begun attempt look like one that
//! never began, and without `retry` nothing runs twice. That flush is the only one (attempts that begin together share
//! it): what follows survives a kill of the engine without one, and after a power cut no process is left to be found. A
//! kill between the start and the line of the process is no gap, because every process carries the attempt's mark in its
//! environment. A power cut in the moment between an outcome and the driver's own record of it makes the attempt `lost`,
//! which is true enough and always safe.
//!
//! Earlier versions kept a folder for every attempt, with its notes in a file `record.jsonl`. What they have left is read.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loopline_core::id::AttemptId;
use loopline_core::outcome::Outcome;
use std::borrow::Cow;
use tokio::task::spawn_blocking;

use crate::attempt_journal::{Heir, Journal, Known, Which};
use crate::container::ContainerNote;
use crate::journal_line::Noted;
use crate::private_folder::create_private;
use crate::process::ProcessRef;

/// The notes of an attempt of an earlier version, in its folder.
const RECORD: &str = "record.jsonl";

/// Where a script appends outputs and a summary, and where one works that has a workspace of its own.
const LOOSE: [&str; 3] = ["output", "summary", "workspace"];

/// The records of a worker.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRecords {
    journal: Arc<Journal>,
    folder: Arc<Path>,
}

/// What [`AttemptRecords::begin`] found.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Nothing: the record was made.
    New(AttemptRecord),
    /// The attempt began before.
    Before(AttemptRecord),
}

/// The record of one attempt that began.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRecord {
    name: Arc<str>,
    records: AttemptRecords,
    this_boot: bool,
}

impl AttemptRecords {
    /// Records below `data`, made during the boot that `boot_id` names.
    pub(crate) fn new(data: &Path, boot_id: String, heir: Heir) -> Self {
        let journal = Arc::new(Journal::new(data, boot_id, heir));
        Self { journal, folder: data.join("attempts").into() }
    }

    /// Makes what all attempts share. Blocks.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        create_private(&self.folder)
    }

    /// Notes that the attempt begins; when this returns, not even a power cut makes it forgotten.
    pub(crate) async fn begin(&self, id: &AttemptId) -> io::Result<Begun> {
        let name = id.to_string();
        let known = match self.journal.known(&name)? {
            Some(known) => Some(known),
            None => self.take_up_earlier(&name)?,
        };
        if let Some(known) = known {
            return Ok(Begun::Before(self.record(name, &known)));
        }
        self.journal.begin(&name)?.flush().await?;
        Ok(Begun::New(AttemptRecord { name: name.into(), records: self.clone(), this_boot: true }))
    }

    /// The record of an attempt that began; `None` when it never did. Blocks.
    pub(crate) fn find(&self, id: &AttemptId) -> io::Result<Option<AttemptRecord>> {
        let name = id.to_string();
        let known = match self.journal.look_everywhere(&name)? {
            Some(known) => Some(known),
            None => self.take_up_earlier(&name)?,
        };
        Ok(known.map(|known| self.record(name, &known)))
    }

    fn record(&self, name: String, known: &Known) -> AttemptRecord {
        AttemptRecord { name: name.into(), records: self.clone(), this_boot: known.this_boot }
    }

    /// Notes in the journal what an earlier version has noted of an attempt in a folder.
    fn take_up_earlier(&self, name: &str) -> io::Result<Option<Known>> {
        let folder = self.folder.join(name);
        if !folder.try_exists()? {
            return Ok(None);
        }
        let noted = match fs::read(folder.join(RECORD)) {
            Ok(noted) => noted,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        // Only a power cut leaves the folder without the first line that was in it: it began, nobody knows when.
        self.journal.note(name, &Noted::Began { boot_id: "".into() })?;
        for line in noted.split(|byte| *byte == b'\n') {
            if let Ok(noted) = serde_json::from_slice::<Noted<'static>>(line) {
                self.journal.note(name, &noted)?;
            }
        }
        self.journal.has_folder(name);
        self.journal.known(name)
    }

    /// Removes all records but these, by the attempts' names. Blocks.
    pub(crate) fn forget_others(&self, kept: &BTreeSet<String>) -> io::Result<()> {
        self.journal.forget_others(kept)?;
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().unwrap_or_default();
            let attempt = LOOSE.iter().find_map(|suffix| name.strip_suffix(suffix)?.strip_suffix('.')).unwrap_or(name);
            if !kept.contains(attempt) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes the record.
    pub(crate) async fn forget(&self, id: &AttemptId) -> io::Result<()> {
        let name = id.to_string();
        let known = self.journal.forget(&name);
        if known.is_none_or(|known| known.has_folder) {
            let folder = self.folder.join(&name);
            spawn_blocking(move || remove(&folder)).await.unwrap_or_else(|gone| Err(gone.into()))?;
        }
        for suffix in LOOSE {
            // Hardly ever there, and then not for long: not worth a thread.
            remove_file(&self.folder.join(format!("{name}.{suffix}")))?;
        }
        Ok(())
    }
}

impl AttemptRecord {
    /// The attempt began during this boot of the machine: its processes may still live.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        self.this_boot
    }

    /// A place for a file in a folder of the attempt's own, which need not be there.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.records.folder.join(&*self.name).join(name)
    }

    /// A place beside those of other attempts, where the attempt itself may make a file.
    pub(crate) fn loose_file(&self, name: &'static str) -> PathBuf {
        debug_assert!(LOOSE.contains(&name));
        self.records.folder.join(format!("{}.{name}", self.name))
    }

    /// Creates a file in a folder of the attempt's own, for the owner's eyes only. Blocks.
    pub(crate) fn create_file(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.file(name);
        self.records.journal.has_folder(&self.name);
        match DirBuilder::new().mode(0o700).create(self.records.folder.join(&*self.name)) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        create(&path, content)?;
        Ok(path)
    }

    /// Creates an empty file where [`loose_file`](Self::loose_file) says. Blocks.
    pub(crate) fn create_loose_file(&self, name: &'static str) -> io::Result<PathBuf> {
        let path = self.loose_file(name);
        create(&path, b"")?;
        Ok(path)
    }

    /// Notes the process. Blocks, but for the time of a small write into memory only.
    pub(crate) fn note_process(&self, process: ProcessRef) -> io::Result<()> {
        self.note(&Noted::Process(process))
    }

    /// The process, if it was noted and can still be the same.
    pub(crate) fn process(&self) -> io::Result<Option<ProcessRef>> {
        let known = self.records.journal.known(&self.name)?;
        Ok(known.filter(|known| known.this_boot).and_then(|known| known.process))
    }

    /// Notes the control groups. Blocks, as for a process.
    pub(crate) fn note_groups(&self, groups: &[PathBuf]) -> io::Result<()> {
        self.note(&Noted::Groups(Cow::Borrowed(groups)))
    }

    /// The control groups that were noted, if they can still be there.
    pub(crate) fn groups(&self) -> io::Result<Vec<PathBuf>> {
        let known = self.records.journal.known(&self.name)?;
        Ok(known.filter(|known| known.this_boot).map_or_else(Vec::new, |known| known.groups))
    }

    /// Notes the container. Blocks.
    pub(crate) fn note_container(&self, note: &ContainerNote) -> io::Result<()> {
        self.note(&Noted::Container(Cow::Borrowed(note)))
    }

    /// The container, if there is one. Blocks.
    pub(crate) fn container(&self) -> io::Result<Option<ContainerNote>> {
        match self.records.journal.line(&self.name, Which::Container)? {
            Some(Noted::Container(note)) => Ok(Some(note.into_owned())),
            _ => Ok(None),
        }
    }

    /// Notes how the attempt ended. Blocks for a write into memory only.
    pub(crate) fn note_outcome(&self, outcome: &Outcome) -> io::Result<()> {
        self.note(&Noted::Ended(Cow::Borrowed(outcome)))
    }

    /// How the attempt ended, if that was noted. Blocks.
    pub(crate) fn outcome(&self) -> io::Result<Option<Outcome>> {
        match self.records.journal.line(&self.name, Which::Ended)? {
            Some(Noted::Ended(outcome)) => Ok(Some(outcome.into_owned())),
            _ => Ok(None),
        }
    }

    fn note(&self, noted: &Noted<'_>) -> io::Result<()> {
        self.records.journal.note(&self.name, noted).map(drop)
    }
}

fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(content)
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotADirectory => return remove_file(path),
        removed => removed,
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        // A script may have put anything in its place.
        Err(error) if error.kind() == ErrorKind::IsADirectory || error.kind() == ErrorKind::PermissionDenied => {
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
