//! What a cache holds: a tar with the files, folders and links beneath some paths of the workspace, as they are.
//!
//! Times of files are kept, because build tools ask for them. Links are kept as links, and nothing is ever read or
//! written through one that leads out of the workspace.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, symlink};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use loopline_ports::files::is_beneath;
use tar::{Archive, Builder, EntryType, Header};

use super::beneath::{Folder, Why, folder_for};
use super::{Halt, shown};

/// How much was packed or laid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Archived {
    files: u64,
    bytes: u64,
}

impl Archived {
    pub(super) fn in_words(self) -> String {
        let files = if self.files == 1 { "1 file".to_owned() } else { format!("{} files", self.files) };
        match self.bytes {
            bytes if bytes < 10_000 => format!("{files}, {bytes} bytes"),
            bytes if bytes < 10_000_000 => format!("{files}, {} KiB", bytes >> 10),
            bytes => format!("{files}, {} MiB", bytes >> 20),
        }
    }
}

/// Packs what lies at these paths; what is not there is left out, but not all of it. Blocks.
pub(super) fn pack(workspace: &Path, paths: &[String], to: &mut dyn Write) -> io::Result<Archived> {
    let mut packing = Packing { tar: Builder::new(to), packed: Archived::default() };
    let mut any = false;
    for path in paths {
        let path: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        any |= packing.at(workspace, &path)?;
    }
    if !any {
        return Err(io::Error::other("nothing lies at its paths"));
    }
    packing.tar.into_inner()?.flush()?;
    Ok(packing.packed)
}

struct Packing<'a> {
    tar: Builder<&'a mut dyn Write>,
    packed: Archived,
}

impl Packing<'_> {
    /// Packs what lies there, if anything does.
    fn at(&mut self, workspace: &Path, path: &[&str]) -> io::Result<bool> {
        let mut folder = Folder::open(workspace)?;
        let Some((last, around)) = path.split_last() else {
            self.all_in(&folder, "")?;
            return Ok(true);
        };
        for part in around {
            folder = match Folder::open(&folder.place(part)) {
                Ok(folder) => folder,
                Err(error) if is_absent(&error) => return Ok(false),
                Err(error) => return Err(error),
            };
            if !folder.real_path()?.starts_with(workspace) {
                return Err(io::Error::other(format!("`{}` lies outside the workspace", shown(&path.join("/")))));
            }
        }
        self.one(&folder, last, &path.join("/"))
    }

    fn all_in(&mut self, folder: &Folder, path: &str) -> io::Result<()> {
        for name in folder.names()? {
            let Some(name) = name.to_str() else {
                return Err(io::Error::other(format!("the name of a file in `{}` is not UTF-8", shown(path))));
            };
            let here = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
            self.one(folder, name, &here)?;
        }
        Ok(())
    }

    fn one(&mut self, folder: &Folder, name: &str, path: &str) -> io::Result<bool> {
        let place = folder.place(name);
        let data = match fs::symlink_metadata(&place) {
            Ok(data) => data,
            Err(error) if is_absent(&error) => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut header = Header::new_gnu();
        header.set_mode(data.mode() & 0o777);
        header.set_mtime(data.mtime().max(0).unsigned_abs());
        header.set_size(0);
        if data.is_symlink() {
            header.set_entry_type(EntryType::Symlink);
            self.tar.append_link(&mut header, path, fs::read_link(&place)?)?;
            self.packed.files += 1;
        } else if data.is_dir() {
            header.set_entry_type(EntryType::Directory);
            self.tar.append_data(&mut header, format!("{path}/"), io::empty())?;
            self.all_in(&folder.folder(name)?, path)?;
        } else if data.is_file() {
            header.set_entry_type(EntryType::Regular);
            self.file(&place, path, &mut header)?;
        }
        // Pipes and sockets mean nothing in another run.
        Ok(true)
    }

    /// A file that changes meanwhile would be a mixture.
    fn file(&mut self, place: &Path, path: &str, header: &mut Header) -> io::Result<()> {
        let file =
            OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK).open(place)?;
        let before = file.metadata()?;
        header.set_size(before.len());
        let mut content = Exactly { file: &file, left: before.len() };
        self.tar.append_data(header, path, &mut content)?;
        let after = file.metadata()?;
        let version =
            |data: &fs::Metadata| (data.len(), data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec());
        if content.left > 0 || version(&before) != version(&after) {
            return Err(io::Error::other(format!("`{}` changed while it was being kept", shown(path))));
        }
        self.packed.files += 1;
        self.packed.bytes += before.len();
        Ok(())
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// So many bytes, whatever the file has: the tar stays one.
struct Exactly<'a> {
    file: &'a File,
    left: u64,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Lays what was packed, over what is there. When that fails, what was laid is removed again. Blocks.
pub(super) fn unpack(workspace: &Path, tar: impl Read, halt: &Halt) -> Result<Archived, Why> {
    let mut laying = Laying { workspace, laid: Vec::new(), archived: Archived::default() };
    match laying.all(Archive::new(tar), halt) {
        Ok(()) => Ok(laying.archived),
        Err(why) => {
            for path in laying.laid.iter().rev() {
                if let Ok((folder, name)) = folder_for(workspace, path) {
                    let _ = fs::remove_file(folder.place(name));
                }
            }
            Err(why)
        }
    }
}

struct Laying<'a> {
    workspace: &'a Path,
    laid: Vec<String>,
    archived: Archived,
}

impl Laying<'_> {
    fn all(&mut self, mut tar: Archive<impl Read>, halt: &Halt) -> Result<(), Why> {
        let unreadable = |error: io::Error| format!("it cannot be read: {error}");
        for entry in tar.entries().map_err(unreadable)? {
            if halt.is_asked() {
                return Err("the step was ended".to_owned());
            }
            let mut entry = entry.map_err(unreadable)?;
            let path = String::from_utf8(entry.path_bytes().into_owned()).map_err(|error| error.to_string())?;
            let path = path.trim_end_matches('/').to_owned();
            if !is_beneath(&path) {
                return Err(format!("`{}` is no path beneath the workspace", shown(&path)));
            }
            let (folder, name) = folder_for(self.workspace, &path)?;
            let place = folder.place(name);
            let cannot = |error: io::Error| format!("`{}` cannot be written: {error}", shown(&path));
            match entry.header().entry_type() {
                EntryType::Directory => match fs::create_dir(&place) {
                    Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(cannot(error)),
                    _ => {}
                },
                EntryType::Symlink => {
                    let target = entry.link_name().map_err(unreadable)?.unwrap_or_default().into_owned();
                    make_way(&place).and_then(|()| symlink(target, &place)).map_err(cannot)?;
                    self.archived.files += 1;
                    self.laid.push(path);
                }
                EntryType::Regular => {
                    let mode = entry.header().mode().map_err(unreadable)?;
                    let modified = UNIX_EPOCH + Duration::from_secs(entry.header().mtime().map_err(unreadable)?);
                    let mut write = || -> io::Result<u64> {
                        make_way(&place)?;
                        let mut file =
                            OpenOptions::new().write(true).create_new(true).mode(mode & 0o777).open(&place)?;
                        let bytes = io::copy(&mut entry, &mut file)?;
                        file.set_modified(modified)?;
                        Ok(bytes)
                    };
                    let written = write();
                    self.laid.push(path.clone());
                    self.archived.bytes += written.map_err(cannot)?;
                    self.archived.files += 1;
                }
                _ => return Err(format!("`{}` is neither a file nor a folder nor a link", shown(&path))),
            }
        }
        Ok(())
    }
}

/// Removes what is in the way of a file or a link.
fn make_way(place: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    fn folder() -> (TempDir, PathBuf) {
        let folder = TempDir::new().expect("a folder");
        let workspace = folder.path().canonicalize().expect("it is there").join("workspace");
        fs::create_dir(&workspace).expect("it is made");
        (folder, workspace)
    }

    fn packed(workspace: &Path, paths: &[&str]) -> io::Result<Vec<u8>> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let mut bytes = Vec::new();
        pack(workspace, &paths, &mut bytes)?;
        Ok(bytes)
    }

    fn tar_with(path: &str, kind: EntryType, link: &str) -> Vec<u8> {
        let mut header = Header::new_gnu();
        // The builder refuses to write what these tests need.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_size(if kind == EntryType::Regular { 1 } else { 0 });
        if kind == EntryType::Symlink {
            header.set_link_name(link).expect("short");
        }
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        if kind == EntryType::Regular {
            bytes.extend([b'x'; 1]);
            bytes.extend([0; 511]);
        }
        bytes
    }

    #[test]
    fn what_was_packed_is_laid_as_it_was() {
        let (_a, from) = folder();
        fs::create_dir_all(from.join("target/deep/empty")).expect("made");
        fs::write(from.join("target/run.sh"), "#!/bin/sh\n").expect("written");
        fs::set_permissions(from.join("target/run.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("set");
        let long = format!("target/deep/{}", "n".repeat(180));
        fs::write(from.join(&long), "long").expect("written");
        symlink("../run.sh", from.join("target/deep/link")).expect("made");
        let old = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        File::options().write(true).open(from.join(&long)).expect("there").set_modified(old).expect("set");
        let bytes = packed(&from, &["target", "none"]).expect("it is packed");

        let (_b, to) = folder();
        fs::create_dir(to.join("target")).expect("made");
        fs::write(to.join("target/run.sh"), "something older").expect("written");
        fs::write(to.join("target/other"), "stays").expect("written");
        let laid = unpack(&to, &*bytes, &Halt::default()).expect("it is laid");
        assert_eq!(laid, Archived { files: 3, bytes: 14 });
        assert_eq!(fs::read_to_string(to.join("target/run.sh")).expect("there"), "#!/bin/sh\n");
        assert_eq!(fs::metadata(to.join("target/run.sh")).expect("there").mode() & 0o777, 0o755);
        assert_eq!(fs::metadata(to.join(&long)).expect("there").modified().expect("known"), old);
        assert_eq!(fs::read_link(to.join("target/deep/link")).expect("a link"), Path::new("../run.sh"));
        assert!(to.join("target/deep/empty").is_dir() && to.join("target/other").is_file());
    }

    #[test]
    fn nothing_at_all_is_no_cache() {
        let (_folder, workspace) = folder();
        let error = packed(&workspace, &["target", "deep/er"]).expect_err("nothing is there");
        assert_eq!(error.to_string(), "nothing lies at its paths");
    }

    #[test]
    fn nothing_is_written_outside() {
        let (around, workspace) = folder();
        symlink("..", workspace.join("up")).expect("made");
        for tar in [
            tar_with("../out", EntryType::Regular, ""),
            tar_with("/tmp/out", EntryType::Regular, ""),
            tar_with("up/out", EntryType::Regular, ""),
            tar_with("a/../../out", EntryType::Regular, ""),
            [tar_with("link", EntryType::Symlink, ".."), tar_with("link/out", EntryType::Regular, "")].concat(),
            tar_with("pipe", EntryType::Fifo, ""),
        ] {
            assert!(unpack(&workspace, &*tar, &Halt::default()).is_err());
            assert!(!around.path().join("out").exists());
        }
        assert!(fs::symlink_metadata(workspace.join("link")).is_err(), "what was laid by then is gone again");
        assert!(packed(&workspace, &["up/workspace"]).is_err(), "nor read");
    }

    #[test]
    fn what_is_cut_off_leaves_nothing() {
        let (_a, from) = folder();
        fs::write(from.join("a"), "first").expect("written");
        fs::write(from.join("b"), "x".repeat(5000)).expect("written");
        let bytes = packed(&from, &["a", "b"]).expect("it is packed");
        let (_b, to) = folder();
        assert!(unpack(&to, &bytes[..3000], &Halt::default()).is_err());
        assert_eq!(fs::read_dir(&to).expect("there").count(), 0);
    }
}
