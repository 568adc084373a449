//! Files that are kept from run to run under a key. Each may be gone at any time; none is ever anything but what was kept.

use std::fs::File;
use std::io::{self, Write};

use async_trait::async_trait;

use crate::blobs::BlobError;

/// Who shares a cache: equal keys of different scopes have nothing to do with each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheScope {
    /// The project of the pipeline.
    pub project: String,
    /// What the run may be trusted with.
    pub trust: Trust,
    /// What the cache holds: one that holds other files serves nobody.
    pub paths: Vec<String>,
}

/// Whether what a run leaves may be used by others (rule W6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Of the project itself.
    Own,
    /// Of somebody who cannot write to it, as a fork's.
    Foreign,
}

impl Trust {
    /// The word in the names of caches.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Foreign => "foreign",
        }
    }
}

/// A cache that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCache {
    /// Its whole key.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// What a cache holds, checked against what was kept.
#[derive(Debug)]
pub struct CacheContent {
    /// At its beginning.
    pub file: File,
    /// How many bytes of it are the content.
    pub size: u64,
}

/// What became of a cache that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheKept {
    /// It is there now, with so many bytes.
    New(u64),
    /// Somebody else was first; what they kept stays.
    There,
    /// It is larger than all caches together may be.
    TooLarge {
        /// How large they may be.
        limit: u64,
    },
}

/// Writes the content of a cache; called once, where blocking does no harm.
pub type WriteCache = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()> + Send>;

/// Keeps caches.
#[async_trait]
pub trait Caches: Send + Sync + 'static {
    /// The cache with this key; else the newest of those whose keys begin with the first of `beginnings` that any does.
    async fn find_cache(
        &self,
        scope: &CacheScope,
        key: &str,
        beginnings: &[String],
    ) -> Result<Option<FoundCache>, BlobError>;

    /// Opens a cache that was found, and counts it as used; `None` when it is gone by now. When this returns, the
    /// content is whole; one that is not is removed, and an error.
    async fn open_cache(&self, scope: &CacheScope, key: &str) -> Result<Option<CacheContent>, BlobError>;

    /// Keeps what `write` writes under the key, unless there is one by then. Nobody ever sees a part of it. When all
    /// caches together have become too large, those that were not used for longest are removed.
    async fn keep_cache(&self, scope: &CacheScope, key: &str, write: WriteCache) -> Result<CacheKept, BlobError>;
}
