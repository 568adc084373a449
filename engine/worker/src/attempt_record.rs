//! What must be known about an attempt after this process was killed: that it began, which process it is, how it ended.
//!
//! ```text
//! DATA/attempts/ATTEMPT/             is there, for good, before anything is started
//!                      /record.jsonl began: during which boot of the machine
//!                                    process: number and start of it, right behind its start
//!                                    container: instead of it, before a container engine is asked for anything
//!                                    ended: how, before it is reported
//!                      /script.sh output summary
//! ```
//!
//! The folder comes to its place whole, in one rename that is synced: so not even a power cut can make a begun attempt
//! look like one that never began, and without `retry` nothing runs twice. That sync is the only one (attempts that
//! begin together share it): what stands in the folder survives a kill of the engine without one, and after a power cut
//! no process is left to be found. A kill between the start and the line of the process is no gap, because every process carries
//! the attempt's mark in its environment. A power cut in the moment between an outcome and the driver's own record of it
//! makes the attempt `lost`, which is true enough and always safe. A line that is not whole counts as not written. One file
//! for all that is noted, because files that are created and removed are what a small step costs the file system.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loopline_core::id::AttemptId;
use loopline_core::outcome::Outcome;
use serde::{Deserialize, Serialize};

use crate::container::ContainerNote;
use crate::process::ProcessRef;
use crate::synced_folder::SyncedFolder;

const RECORD: &str = "record.jsonl";

/// The records of a worker.
#[derive(Debug, Clone)]
pub(crate) struct AttemptRecords {
    folder: Arc<SyncedFolder>,
    boot_id: String,
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
    folder: PathBuf,
    this_boot: bool,
}

/// A line of a record.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "lines pass by one at a time")]
enum Noted<'a> {
    Began { boot_id: Cow<'a, str> },
    Process(ProcessRef),
    Container(Cow<'a, ContainerNote>),
    Ended(Cow<'a, Outcome>),
}

impl AttemptRecords {
    /// Records below `data`, made during the boot that `boot_id` names.
    pub(crate) fn new(data: &Path, boot_id: String) -> Self {
        Self { folder: Arc::new(SyncedFolder::new(data.join("attempts"))), boot_id }
    }

    fn folder_of(&self, id: &AttemptId) -> PathBuf {
        self.folder.path().join(id.to_string())
    }

    /// Notes that the attempt begins; when this returns, not even a power cut makes it forgotten. Blocks.
    pub(crate) fn begin(&self, id: &AttemptId) -> io::Result<Begun> {
        if let Some(record) = self.find(id)? {
            return Ok(Begun::Before(record));
        }
        self.folder.create()?;
        let folder = self.folder_of(id);
        let unfinished = self.folder.path().join(format!("{id}.new"));
        // What a kill left here never began.
        remove(&unfinished)?;
        DirBuilder::new().mode(0o700).create(&unfinished)?;
        let began = Noted::Began { boot_id: self.boot_id.as_str().into() };
        create(&unfinished.join(RECORD))?.write_all(&line(&began)?)?;
        fs::rename(&unfinished, &folder)?;
        self.folder.sync()?;
        Ok(Begun::New(AttemptRecord { folder, this_boot: true }))
    }

    /// The record of an attempt that began; `None` when it never did. Blocks.
    pub(crate) fn find(&self, id: &AttemptId) -> io::Result<Option<AttemptRecord>> {
        let folder = self.folder_of(id);
        if !folder.try_exists()? {
            return Ok(None);
        }
        // Only a power cut leaves the folder without the first line that was in it.
        let during = |noted| if let Noted::Began { boot_id } = noted { Some(boot_id) } else { None };
        let this_boot = last(&folder, during)?.is_some_and(|boot_id| boot_id == self.boot_id);
        Ok(Some(AttemptRecord { folder, this_boot }))
    }

    /// Removes all records but these, by their folders' names. Blocks.
    pub(crate) fn forget_others(&self, kept: &BTreeSet<String>) -> io::Result<()> {
        let entries = match fs::read_dir(self.folder.path()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(|name| kept.contains(name)) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes the record. Blocks.
    pub(crate) fn forget(&self, id: &AttemptId) -> io::Result<()> {
        remove(&self.folder_of(id))
    }
}

impl AttemptRecord {
    /// The attempt began during this boot of the machine: its processes may still live.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        self.this_boot
    }

    /// A place for a file that goes with the record.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Creates a file that goes with the record, for the owner's eyes only. Blocks.
    pub(crate) fn create_file(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let path = self.file(name);
        create(&path)?.write_all(content)?;
        Ok(path)
    }

    /// Notes the process. Blocks, but for the time of a small write into memory only.
    pub(crate) fn note_process(&self, process: ProcessRef) -> io::Result<()> {
        self.note(&Noted::Process(process))
    }

    /// The process, if it was noted and can still be the same.
    pub(crate) fn process(&self) -> io::Result<Option<ProcessRef>> {
        let process = |noted| if let Noted::Process(process) = noted { Some(process) } else { None };
        if self.this_boot { last(&self.folder, process) } else { Ok(None) }
    }

    /// Notes the container. Blocks.
    pub(crate) fn note_container(&self, note: &ContainerNote) -> io::Result<()> {
        self.note(&Noted::Container(Cow::Borrowed(note)))
    }

    /// The container, if there is one. Blocks.
    pub(crate) fn container(&self) -> io::Result<Option<ContainerNote>> {
        let container = |noted| if let Noted::Container(note) = noted { Some(note.into_owned()) } else { None };
        last(&self.folder, container)
    }

    /// Notes how the attempt ended. Blocks.
    pub(crate) fn note_outcome(&self, outcome: &Outcome) -> io::Result<()> {
        self.note(&Noted::Ended(Cow::Borrowed(outcome)))
    }

    /// How the attempt ended, if that was noted. Blocks.
    pub(crate) fn outcome(&self) -> io::Result<Option<Outcome>> {
        last(&self.folder, |noted| if let Noted::Ended(outcome) = noted { Some(outcome.into_owned()) } else { None })
    }

    fn note(&self, noted: &Noted<'_>) -> io::Result<()> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(self.file(RECORD))?.write_all(&line(noted)?)
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A line, behind whatever a kill may have cut off before it.
fn line(noted: &Noted<'_>) -> io::Result<Vec<u8>> {
    let mut line = vec![b'\n'];
    serde_json::to_writer(&mut line, noted)?;
    line.push(b'\n');
    Ok(line)
}

/// The last line that is `wanted`, if there is one.
fn last<T>(folder: &Path, wanted: impl Fn(Noted<'static>) -> Option<T>) -> io::Result<Option<T>> {
    let record = match fs::read(folder.join(RECORD)) {
        Ok(record) => record,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut lines = record.rsplit(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    Ok(lines.find_map(wanted))
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
