//! Several files as one tar: entries as they are, in the order of their paths, with nothing of time, owner or machine in
//! them. So equal files are equal bytes, and how many they are is known before the first is sent.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use loopline_ports::blobs::{BlobError, Blobs};
use loopline_ports::files::{FileList, ListedFile};
use tar::{EntryType, Header};

const BLOCK: u64 = 512;

/// A name that is longer stands in an entry of its own.
const MAX_NAME: usize = 100;

/// Bytes of the tar of these files.
pub(crate) fn size(list: &FileList) -> u64 {
    let entry = |file: &ListedFile| head(file).len() as u64 + file.size.next_multiple_of(BLOCK);
    list.files.iter().map(entry).sum::<u64>() + 2 * BLOCK
}

/// The tar of these files, read as it is sent.
pub(crate) fn tar(blobs: Arc<dyn Blobs>, list: FileList) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let files = stream::iter(list.files.into_iter().map(Ok::<_, io::Error>));
    let entries = files.and_then(move |file| {
        let blobs = blobs.clone();
        async move {
            let failed = |error: BlobError| io::Error::other(error.to_string());
            let content = blobs.open(&file.digest).await.map_err(failed)?;
            let content = content.ok_or_else(|| io::Error::other(format!("{} is not kept any more", file.digest)))?;
            let padding = file.size.next_multiple_of(BLOCK) - file.size;
            let head = stream::iter([Ok(Bytes::from(head(&file)))]);
            Ok(head.chain(content.map_err(failed)).chain(stream::iter([Ok(zeros(padding))])))
        }
    });
    entries.try_flatten().chain(stream::iter([Ok(zeros(2 * BLOCK))]))
}

fn zeros(count: u64) -> Bytes {
    const ZEROS: &[u8] = &[0; 2 * BLOCK as usize];
    Bytes::from_static(&ZEROS[..usize::try_from(count).unwrap_or(0).min(ZEROS.len())])
}

/// What stands before the content of a file.
fn head(file: &ListedFile) -> Vec<u8> {
    let mut head = Vec::new();
    let path = file.path.as_bytes();
    if path.len() > MAX_NAME {
        // With the zero that ends it.
        let size = path.len() as u64 + 1;
        head.extend(block(b"././@LongLink", EntryType::GNULongName, size, 0o644));
        head.extend(path);
        head.resize(head.len() + (size.next_multiple_of(BLOCK) - size + 1) as usize, 0);
    }
    let mode = if file.executable { 0o755 } else { 0o644 };
    head.extend(block(&path[..path.len().min(MAX_NAME)], EntryType::Regular, file.size, mode));
    head
}

fn block(name: &[u8], kind: EntryType, size: u64, mode: u32) -> [u8; BLOCK as usize] {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    *header.as_bytes()
}
