//! The journal in which a worker notes what becomes of its attempts: one file that only grows, and the next when it is long.
//!
//! ```text
//! DATA/journals/OWNER/     locked for as long as its owner lives
//!                    /1    lines about all attempts, as they come                     (journal_line)
//!                    /2    … removed as soon as all attempts that it speaks of are forgotten
//! ```
//!
//! So no file is made for an attempt, and attempts that begin together share one trip to the disk. That an attempt is
//! forgotten is not written: what is read again of one that is, nobody asks for, and the next driver sweeps it out.
//!
//! A journal whose owner is dead is taken over by the engine: as it is, each line where it lies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use loopline_blobs::SharedFlush;

use crate::journal_line::{self, Noted};
use crate::private_folder::create_private;
use crate::process::ProcessRef;

/// A file that is longer is not written on.
const LONG: u64 = 1024 * 1024;

/// What stands in the place of an owner's folder until it is locked.
const UNFINISHED: &str = "new";

/// The journals of a folder of data, as one worker sees them.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    boot_id: String,
    heir: Heir,
    state: Mutex<State>,
}

/// Whether journals of dead owners are taken over.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Heir {
    /// By the engine, which says what becomes of attempts that nobody looks after.
    OfTheDead,
    /// Not by supervisors: they carry out what they are given, and know nothing else.
    Nobody,
}

/// When dead owners are looked for.
#[derive(Debug, Clone, Copy)]
enum Look {
    Always,
    /// Not again for every attempt. Of an owner that dies meanwhile, whoever looks everywhere hears.
    WhenSomethingIsNew,
}

#[derive(Debug, Default)]
struct State {
    /// What this worker writes, once there is something to write.
    own: Option<Own>,
    /// What it has taken over, by the names of their folders; the locks are held.
    taken_over: BTreeMap<PathBuf, File>,
    /// The files of both.
    files: BTreeMap<FileId, Segment>,
    last_file: FileId,
    attempts: HashMap<String, Known>,
    /// When the folder had last changed when it was last looked for dead owners.
    looked: Option<SystemTime>,
}

type FileId = u64;

#[derive(Debug)]
struct Own {
    folder: PathBuf,
    _lock: File,
    /// What is written on.
    current: FileId,
    file: Arc<File>,
    flush: Arc<SharedFlush>,
    end: u64,
}

/// One file of a journal.
#[derive(Debug)]
struct Segment {
    path: PathBuf,
    /// How many attempts it speaks of.
    attempts: usize,
}

/// What is known of an attempt that began.
#[derive(Debug, Default, Clone)]
pub(crate) struct Known {
    /// It began during this boot of the machine.
    pub(crate) this_boot: bool,
    pub(crate) process: Option<ProcessRef>,
    /// Its control groups.
    pub(crate) groups: Vec<PathBuf>,
    container: Option<Place>,
    ended: Option<Place>,
    files: BTreeSet<FileId>,
    /// It may have a folder of files of its own.
    pub(crate) has_folder: bool,
}

/// Where a line lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    file: FileId,
    offset: u64,
    length: usize,
}

impl Journal {
    /// Journals below `data`, written during the boot that `boot_id` names.
    pub(crate) fn new(data: &Path, boot_id: String, heir: Heir) -> Self {
        Self { folder: data.join("journals"), boot_id, heir, state: Mutex::default() }
    }

    /// Notes that an attempt begins. It is on disk when what this gives says so. Blocks for a small write into memory, and
    /// now and then for a new file.
    pub(crate) fn begin(&self, attempt: &str) -> io::Result<Arc<SharedFlush>> {
        self.note(attempt, &Noted::Began { boot_id: self.boot_id.as_str().into() })
    }

    /// Notes something about an attempt. Blocks as [`begin`](Self::begin) does.
    pub(crate) fn note(&self, attempt: &str, noted: &Noted<'_>) -> io::Result<Arc<SharedFlush>> {
        let line = journal_line::encode(attempt, noted)?;
        let mut state = self.state();
        let (place, flush) = state.append(&self.folder, &line)?;
        state.learn(attempt, noted, place, &self.boot_id);
        Ok(flush)
    }

    /// What is known of an attempt, here and of owners that have died. Blocks, for a moment.
    pub(crate) fn known(&self, attempt: &str) -> io::Result<Option<Known>> {
        let mut state = self.state();
        if let Some(known) = state.attempts.get(attempt) {
            return Ok(Some(known.clone()));
        }
        self.inherit(&mut state, Look::WhenSomethingIsNew)?;
        Ok(state.attempts.get(attempt).cloned())
    }

    /// The same, and what owners that live have noted too: it stands in ours then. Blocks.
    pub(crate) fn look_everywhere(&self, attempt: &str) -> io::Result<Option<Known>> {
        let mut state = self.state();
        if !state.attempts.contains_key(attempt) {
            self.inherit(&mut state, Look::Always)?;
        }
        if let Some(known) = state.attempts.get(attempt) {
            return Ok(Some(known.clone()));
        }
        for folder in state.others(&self.folder)? {
            for file in files_of(&folder)? {
                read_lines(&file, |found, noted, _| {
                    if found != attempt {
                        return Ok(());
                    }
                    let line = journal_line::encode(attempt, &noted)?;
                    let (place, _) = state.append(&self.folder, &line)?;
                    state.learn(attempt, &noted, place, &self.boot_id);
                    Ok(())
                })?;
            }
        }
        Ok(state.attempts.get(attempt).cloned())
    }

    /// The line in which the container of an attempt, or its end, was noted last. Blocks.
    pub(crate) fn line(&self, attempt: &str, which: Which) -> io::Result<Option<Noted<'static>>> {
        let (path, place) = {
            let state = self.state();
            let Some(known) = state.attempts.get(attempt) else { return Ok(None) };
            let place = match which {
                Which::Container => known.container,
                Which::Ended => known.ended,
            };
            let Some(place) = place else { return Ok(None) };
            (state.files[&place.file].path.clone(), place)
        };
        let mut line = vec![0; place.length];
        File::open(path)?.read_exact_at(&mut line, place.offset)?;
        Ok(journal_line::decode(&line).map(|(_, noted)| noted))
    }

    /// It has a folder of files of its own from now on.
    pub(crate) fn has_folder(&self, attempt: &str) {
        if let Some(known) = self.state().attempts.get_mut(attempt) {
            known.has_folder = true;
        }
    }

    /// Forgets an attempt; gives what was known of it. Blocks for the removal of a file now and then.
    pub(crate) fn forget(&self, attempt: &str) -> Option<Known> {
        self.state().forget(attempt)
    }

    /// Forgets all attempts of this worker, and of owners that have died, but these. Blocks.
    pub(crate) fn forget_others(&self, kept: &BTreeSet<String>) -> io::Result<()> {
        let mut state = self.state();
        self.inherit(&mut state, Look::Always)?;
        let others: Vec<String> = state.attempts.keys().filter(|attempt| !kept.contains(*attempt)).cloned().collect();
        for attempt in others {
            state.forget(&attempt);
        }
        Ok(())
    }

    /// Takes over the journals of owners that have died.
    fn inherit(&self, state: &mut State, look: Look) -> io::Result<()> {
        let changed = match (self.heir, fs::metadata(&self.folder)) {
            (Heir::Nobody, _) => return Ok(()),
            (Heir::OfTheDead, Ok(data)) => data.modified()?,
            (Heir::OfTheDead, Err(error)) if error.kind() == ErrorKind::NotFound => return Ok(()),
            (Heir::OfTheDead, Err(error)) => return Err(error),
        };
        if matches!(look, Look::WhenSomethingIsNew) && state.looked == Some(changed) {
            return Ok(());
        }
        for other in state.others(&self.folder)? {
            let Ok(lock) = File::open(&other) else { continue };
            match lock.try_lock() {
                Ok(()) => state.take_over(other, lock, &self.boot_id)?,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        state.looked = Some(changed);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    /// What nobody needs does not stay; the rest is found by the next.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &state.own
            && state.attempts.is_empty()
        {
            let _ = fs::remove_dir_all(&own.folder);
        }
    }
}

/// What of an attempt is read again only when it is needed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    Container,
    Ended,
}

impl State {
    /// Writes a line behind the others.
    fn append(&mut self, folder: &Path, line: &[u8]) -> io::Result<(Place, Arc<SharedFlush>)> {
        if self.own.as_ref().is_none_or(|own| own.end > LONG) {
            self.begin_file(folder)?;
        }
        let own = self.own.as_mut().expect("it was begun");
        own.file.write_all_at(line, own.end)?;
        // Without the line feeds around it.
        let place = Place { file: own.current, offset: own.end + 1, length: line.len() - 2 };
        own.end += line.len() as u64;
        Ok((place, own.flush.clone()))
    }

    fn begin_file(&mut self, folder: &Path) -> io::Result<()> {
        let taken = if self.own.is_none() { Some(take_folder(folder)?) } else { None };
        let own_folder = match (&self.own, &taken) {
            (Some(Own { folder, .. }), _) | (None, Some((folder, _))) => folder.clone(),
            (None, None) => unreachable!("it is taken where there is none"),
        };
        let id = self.last_file + 1;
        let path = own_folder.join(id.to_string());
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        File::open(&own_folder)?.sync_all()?;
        self.last_file = id;
        self.files.insert(id, Segment { path, attempts: 0 });
        let file = Arc::new(file);
        let flush = SharedFlush::new(file.clone());
        match &mut self.own {
            Some(own) => {
                let full = std::mem::replace(&mut own.current, id);
                (own.file, own.flush, own.end) = (file, flush, 0);
                self.let_go(full);
            }
            None => {
                self.own = taken.map(|(folder, _lock)| Own { folder, _lock, current: id, file, flush, end: 0 });
            }
        }
        Ok(())
    }

    fn learn(&mut self, attempt: &str, noted: &Noted<'_>, place: Place, boot_id: &str) {
        let known = self.attempts.entry(attempt.to_owned()).or_default();
        match noted {
            Noted::Began { boot_id: during } => known.this_boot = during == boot_id,
            Noted::Process(process) => known.process = Some(*process),
            Noted::Groups(groups) => known.groups = groups.to_vec(),
            Noted::Container(_) => known.container = Some(place),
            Noted::Ended(_) => known.ended = Some(place),
        }
        if known.files.insert(place.file)
            && let Some(file) = self.files.get_mut(&place.file)
        {
            file.attempts += 1;
        }
    }

    fn forget(&mut self, attempt: &str) -> Option<Known> {
        let known = self.attempts.remove(attempt)?;
        let current = self.own.as_ref().map(|own| own.current);
        for file in &known.files {
            if let Some(segment) = self.files.get_mut(file) {
                segment.attempts -= 1;
            }
            if current != Some(*file) {
                self.let_go(*file);
            }
        }
        Some(known)
    }

    /// Removes a file that is not written on, if it speaks of nobody any more.
    fn let_go(&mut self, file: FileId) {
        if self.files.get(&file).is_some_and(|segment| segment.attempts == 0)
            && let Some(Segment { path, .. }) = self.files.remove(&file)
        {
            let _ = fs::remove_file(&path);
            if let Some(folder) = path.parent()
                && self.taken_over.contains_key(folder)
                && fs::remove_dir(folder).is_ok()
            {
                self.taken_over.remove(folder);
            }
        }
    }

    /// The folders of owners whose journals are not in our hands.
    fn others(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let ours = |path: &PathBuf| {
            self.own.as_ref().is_some_and(|own| own.folder == *path) || self.taken_over.contains_key(path)
        };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let paths = entries.map(|entry| Ok(entry?.path()));
        paths.filter(|path| !path.as_ref().is_ok_and(ours)).collect()
    }

    fn take_over(&mut self, folder: PathBuf, lock: File, boot_id: &str) -> io::Result<()> {
        let files = match files_of(&folder) {
            Ok(files) if folder.extension().is_none_or(|extension| extension != UNFINISHED) => files,
            // Somebody else has taken it over and was done with it.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
            Ok(_) => Vec::new(),
        };
        for path in &files {
            self.last_file += 1;
            let id = self.last_file;
            self.files.insert(id, Segment { path: path.clone(), attempts: 0 });
            read_lines(path, |attempt, noted, (offset, length)| {
                self.learn(attempt, &noted, Place { file: id, offset, length }, boot_id);
                if let Some(known) = self.attempts.get_mut(attempt) {
                    known.has_folder = true;
                }
                Ok(())
            })?;
        }
        self.taken_over.insert(folder.clone(), lock);
        let ids: Vec<FileId> = self.files.keys().copied().collect();
        let current = self.own.as_ref().map(|own| own.current);
        for id in ids.into_iter().filter(|id| current != Some(*id)) {
            self.let_go(id);
        }
        if files.is_empty() && fs::remove_dir_all(&folder).is_ok() {
            self.taken_over.remove(&folder);
        }
        Ok(())
    }
}

/// A folder that nobody else has, locked before it can be seen.
fn take_folder(folder: &Path) -> io::Result<(PathBuf, File)> {
    if !folder.try_exists()? {
        create_private(folder)?;
        folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())?;
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let path = folder.join(format!("{since}-{}", std::process::id()));
    loop {
        let unfinished = path.with_extension(UNFINISHED);
        DirBuilder::new().mode(0o700).create(&unfinished)?;
        let Ok(lock) = File::open(&unfinished) else { continue };
        // Somebody who looks for the dead may have been faster, and removes it.
        if lock.try_lock().is_ok() && fs::rename(&unfinished, &path).is_ok() {
            File::open(folder)?.sync_all()?;
            return Ok((path, lock));
        }
    }
}

/// The files of a journal, the oldest first.
fn files_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(number) = entry.file_name().to_str().and_then(|name| name.parse::<FileId>().ok()) {
            files.insert(number, entry.path());
        }
    }
    Ok(files.into_values().collect())
}

/// Shows all whole lines, with the places where they lie.
fn read_lines(
    path: &Path,
    mut show: impl FnMut(&str, Noted<'static>, (u64, usize)) -> io::Result<()>,
) -> io::Result<()> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut offset = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some((attempt, noted)) = journal_line::decode(line) {
            show(&attempt, noted, (offset, line.len()))?;
        }
        offset += line.len() as u64 + 1;
    }
    Ok(())
}
