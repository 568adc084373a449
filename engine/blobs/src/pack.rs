//! Small logs of a run, many in one file that only grows: so one trip to the disk serves all that end together, and no
//! file is made for a step that says little.
//!
//! ```text
//! magic │ length u32 │ checksum u32 │ name's length u16 │ name │ bytes of the log │ …          little endian
//! ```
//!
//! The name is the attempt's. What stands behind it, put together in order, is to the letter what a file of its own would
//! hold: a log that becomes larger than [`SMALL`] moves to one, and nobody who reads it notices. As in a log, the first
//! piece that is not whole ends the file. One process writes into it, which a lock of the system says.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::flush::SharedFlush;
use crate::header::fill;
use crate::layout::{Layout, create_private, sync_folder};
use loopline_core::id::RunId;

/// A log that is larger has a file of its own.
pub(crate) const SMALL: usize = 16 * 1024;

/// A pack that is larger takes no more logs.
const FULL: u64 = 64 * 1024 * 1024;

/// The first bytes of a pack; the last one of them is the version of the format.
const MAGIC: [u8; 8] = *b"LooplPk\x01";

const HEADER: usize = 4 + 4 + 2;

/// No piece is longer: it is a small log, its name, and what a disk full of nonsense must not exceed.
const MAX_PIECE: usize = 2 * SMALL + 1024;

/// Where pieces of one log lie.
type Extents = Vec<(u64, u32)>;

/// A pack that this process writes.
#[derive(Debug)]
pub(crate) struct OpenPack {
    end: Mutex<End>,
    flush: Arc<SharedFlush>,
    number: usize,
    /// Told how far it reaches when it is closed.
    reached: Reached,
}

/// Which pack a process wrote last, and how far it reached: up to there it need not be read again.
pub(crate) type Reached = Arc<Mutex<Option<(usize, u64)>>>;

#[derive(Debug)]
struct End {
    file: Arc<File>,
    /// Behind the last whole piece.
    at: u64,
    /// A write broke off; what stands behind `at` has to go before the next one.
    torn: bool,
}

impl OpenPack {
    /// Takes the first pack of the run that nobody else writes and that is not full, making one if there is none. Blocks.
    pub(crate) fn take(layout: &Layout, run: RunId, reached: Reached) -> io::Result<Self> {
        let known = *reached.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = layout.logs_of(run);
        if !folder.try_exists()? {
            create_private(&folder)?;
            folder.parent().map_or(Ok(()), sync_folder)?;
        }
        for number in 0.. {
            let path = layout.pack(run, number);
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if file.metadata()?.len() >= FULL {
                continue;
            }
            let end = if has_magic(&file)? {
                let known = known.filter(|(known, _)| *known == number).map(|(_, end)| end);
                let mut scan = Scan::new(&file, known.unwrap_or(MAGIC.len() as u64))?;
                while scan.next()?.is_some() {}
                file.set_len(scan.offset)?;
                scan.offset
            } else {
                file.set_len(0)?;
                file.write_all_at(&MAGIC, 0)?;
                sync_folder(&folder)?;
                MAGIC.len() as u64
            };
            let file = Arc::new(file);
            let flush = SharedFlush::new(file.clone());
            return Ok(Self { end: Mutex::new(End { file, at: end, torn: false }), flush, number, reached });
        }
        unreachable!("there are more numbers than files")
    }

    /// It takes no more logs.
    pub(crate) fn is_full(&self) -> bool {
        self.end().at >= FULL
    }

    /// Adds a piece to the log of this name. It outlives a kill of this process then.
    pub(crate) fn append(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut piece = Vec::with_capacity(HEADER + name.len() + bytes.len());
        let length = u32::try_from(2 + name.len() + bytes.len()).map_err(io::Error::other)?.to_le_bytes();
        let name_length = u16::try_from(name.len()).map_err(io::Error::other)?.to_le_bytes();
        piece.extend_from_slice(&length);
        piece.extend_from_slice(&[0; 4]);
        piece.extend_from_slice(&name_length);
        piece.extend_from_slice(name.as_bytes());
        piece.extend_from_slice(bytes);
        let sum = checksum(&length, &piece[8..]);
        piece[4..8].copy_from_slice(&sum);
        let mut end = self.end();
        if end.torn {
            end.file.set_len(end.at)?;
        }
        end.torn = true;
        end.file.write_all_at(&piece, end.at)?;
        end.torn = false;
        end.at += piece.len() as u64;
        Ok(())
    }

    /// When this returns, what was appended before the call is on disk.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        self.flush.flush().await
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenPack {
    fn drop(&mut self) {
        let at = self.end().at;
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.number, at));
    }
}

/// What is known of the packs of one run, from reading them. Grows with them.
#[derive(Debug, Default)]
pub(crate) struct PackIndex(Mutex<Vec<Known>>);

/// What is known of one pack.
#[derive(Debug)]
struct Known {
    /// How far it was read.
    upto: u64,
    logs: HashMap<Box<str>, Extents>,
}

impl PackIndex {
    /// The bytes of the log of this name; `None` when no pack has it. Blocks.
    pub(crate) fn read(&self, layout: &Layout, run: RunId, name: &str) -> io::Result<Option<Vec<u8>>> {
        let mut packs = self.refreshed(layout, run)?;
        for (number, pack) in packs.iter_mut().enumerate() {
            let Some(extents) = pack.logs.get(name) else { continue };
            let file = File::open(layout.pack(run, number))?;
            let mut bytes = vec![0; extents.iter().map(|(_, length)| *length as usize).sum()];
            let mut rest = bytes.as_mut_slice();
            for (offset, length) in extents {
                let (piece, behind) = rest.split_at_mut(*length as usize);
                file.read_exact_at(piece, *offset)?;
                rest = behind;
            }
            return Ok(Some(bytes));
        }
        Ok(None)
    }

    /// The names of all logs. Blocks.
    pub(crate) fn names(&self, layout: &Layout, run: RunId) -> io::Result<Vec<String>> {
        let packs = self.refreshed(layout, run)?;
        Ok(packs.iter().flat_map(|pack| pack.logs.keys()).map(|name| name.to_string()).collect())
    }

    fn refreshed(&self, layout: &Layout, run: RunId) -> io::Result<MutexGuard<'_, Vec<Known>>> {
        let mut packs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for number in 0.. {
            let file = match File::open(layout.pack(run, number)) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error),
            };
            if packs.len() == number {
                packs.push(Known { upto: MAGIC.len() as u64, logs: HashMap::new() });
            }
            let known = &mut packs[number];
            if file.metadata()?.len() <= known.upto || !has_magic(&file)? {
                continue;
            }
            let mut scan = Scan::new(&file, known.upto)?;
            while let Some((name, extent)) = scan.next()? {
                match known.logs.get_mut(name) {
                    Some(extents) => extents.push(extent),
                    None => drop(known.logs.insert(name.into(), vec![extent])),
                }
            }
            known.upto = scan.offset;
        }
        Ok(packs)
    }
}

/// Reads pieces one after another.
struct Scan<'a> {
    input: BufReader<&'a File>,
    /// Behind the last whole piece.
    offset: u64,
    piece: Vec<u8>,
}

impl<'a> Scan<'a> {
    fn new(mut file: &'a File, offset: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { input: BufReader::with_capacity(64 * 1024, file), offset, piece: Vec::new() })
    }

    /// The next whole piece: whose it is, and where its bytes lie.
    fn next(&mut self) -> io::Result<Option<(&str, (u64, u32))>> {
        let mut header = [0; 8];
        if !fill(&mut self.input, &mut header)? {
            return Ok(None);
        }
        let (length, sum) = header.split_at(4);
        let size = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        if !(2..=MAX_PIECE).contains(&size) {
            return Ok(None);
        }
        self.piece.resize(size, 0);
        if !fill(&mut self.input, &mut self.piece)? || checksum(length, &self.piece) != sum {
            return Ok(None);
        }
        let (name_length, rest) = self.piece.split_at(2);
        let name_length = usize::from(u16::from_le_bytes(name_length.try_into().expect("two bytes")));
        let Some((name, bytes)) = rest.split_at_checked(name_length) else { return Ok(None) };
        let Ok(name) = std::str::from_utf8(name) else { return Ok(None) };
        let begin = self.offset + (HEADER + name_length) as u64;
        self.offset += (8 + size) as u64;
        Ok(Some((name, (begin, u32::try_from(bytes.len()).expect("shorter than a piece")))))
    }
}

fn has_magic(file: &File) -> io::Result<bool> {
    let mut magic = [0; MAGIC.len()];
    match file.read_exact_at(&mut magic, 0) {
        Ok(()) if magic == MAGIC => Ok(true),
        Ok(()) => Err(io::Error::new(ErrorKind::InvalidData, "the file is not a pack of logs of this version")),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn checksum(length: &[u8], piece: &[u8]) -> [u8; 4] {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(piece);
    hasher.finalize().to_le_bytes()
}

/// Writes a log that was small into a file of its own, which is there whole or not at all.
pub(crate) fn unpack(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = PathBuf::from(format!("{}.new", path.display()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    std::fs::rename(&unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        layout: Layout,
        run: RunId,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let layout = Layout::create(folder.path()).expect("writable");
            Self { folder, layout, run: RunId::from_parts(1, 1) }
        }

        fn take(&self) -> OpenPack {
            OpenPack::take(&self.layout, self.run, Reached::default()).expect("a pack")
        }

        fn read(&self, index: &PackIndex, name: &str) -> Option<Vec<u8>> {
            index.read(&self.layout, self.run, name).expect("readable")
        }

        fn packs(&self) -> usize {
            std::fs::read_dir(self.layout.logs_of(self.run)).expect("a folder").count()
        }
    }

    #[test]
    fn pieces_of_many_logs_are_put_together_and_new_ones_are_seen() {
        let bench = Bench::new();
        let (pack, index) = (bench.take(), PackIndex::default());
        assert_eq!(bench.read(&index, "a"), None);
        for (name, bytes) in [("a", "one "), ("b", "other"), ("a", ""), ("a", "two")] {
            pack.append(name, bytes.as_bytes()).expect("writable");
        }
        assert_eq!(bench.read(&index, "a").as_deref(), Some(&b"one two"[..]));
        pack.append("a", b" three").expect("writable");
        assert_eq!(bench.read(&index, "a").as_deref(), Some(&b"one two three"[..]));
        let mut names = index.names(&bench.layout, bench.run).expect("readable");
        names.sort();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_pack_has_one_writer_and_the_next_takes_another() {
        let bench = Bench::new();
        let (first, second) = (bench.take(), bench.take());
        first.append("a", b"1").expect("writable");
        second.append("b", b"2").expect("writable");
        assert_eq!(bench.packs(), 2);
        let index = PackIndex::default();
        assert_eq!((bench.read(&index, "a"), bench.read(&index, "b")), (Some(b"1".to_vec()), Some(b"2".to_vec())));
        drop(first);
        bench.take().append("a", b"!").expect("writable");
        assert_eq!((bench.packs(), bench.read(&index, "a")), (2, Some(b"1!".to_vec())));
    }

    #[test]
    fn a_pack_cut_off_or_damaged_anywhere_ends_behind_its_last_whole_piece_and_goes_on_there() {
        let bench = Bench::new();
        let pack = bench.take();
        pack.append("a", b"kept").expect("writable");
        let path = bench.layout.pack(bench.run, 0);
        let whole = std::fs::metadata(&path).expect("it is there").len();
        pack.append("a", b"torn").expect("writable");
        drop(pack);
        let bytes = std::fs::read(&path).expect("readable");
        for cut in usize::try_from(whole).expect("small")..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).expect("writable");
            assert_eq!(bench.read(&PackIndex::default(), "a").as_deref(), Some(&b"kept"[..]), "cut at {cut}");
            let mut damaged = bytes.clone();
            damaged[cut] ^= 1;
            std::fs::write(&path, &damaged).expect("writable");
            assert_eq!(bench.read(&PackIndex::default(), "a").as_deref(), Some(&b"kept"[..]), "damaged at {cut}");
        }
        bench.take().append("a", b" on").expect("writable");
        assert_eq!(bench.read(&PackIndex::default(), "a").as_deref(), Some(&b"kept on"[..]));
    }

    #[test]
    fn what_is_no_pack_is_refused_and_left_alone() {
        let bench = Bench::new();
        drop(bench.take());
        let path = bench.layout.pack(bench.run, 0);
        std::fs::write(&path, "something else").expect("writable");
        assert!(OpenPack::take(&bench.layout, bench.run, Reached::default()).is_err());
        assert_eq!(std::fs::read(&path).expect("readable"), b"something else");
        assert!(bench.folder.path().exists());
    }
}
