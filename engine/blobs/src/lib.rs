//! Logs and artifacts as files. Workers write them, the server reads them, and no byte of them passes a history.
//!
//! ```text
//! DIR/logs/RUN/ATTEMPT.log    frames: what was read, when, from which stream      (frame, writer, lines, index)
//! DIR/logs/RUN/packed.0       such logs, as long as they are small                (pack)
//! DIR/artifacts/ab/cdef…      content under its SHA-256                           (artifacts)
//! DIR/caches/SCOPE/KEY        what steps keep from run to run                     (caches)
//! ```
//!
//! A log may be cut off at any byte by a crash and is still readable up to its last whole frame. Reading a log costs
//! memory for one page of it, however long it is. Start with [`DiskBlobs`].
//!
//! Nothing here decides what is kept how long, who may read it, or what a log means.

mod artifacts;
mod caches;
mod disk;
mod flush;
mod frame;
mod growth;
mod header;
mod index;
mod layout;
mod lines;
mod pack;
mod packed_writer;
mod shortening;
mod source;
mod writer;

pub use artifacts::{Digest, InvalidDigest};
pub use disk::DiskBlobs;
pub use flush::SharedFlush;
