//! Caches of a step: laid before it begins, kept when it has succeeded. Whatever is wrong with one is a line in the log,
//! and never more: a cache makes a step faster, not different.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use loopline_core::command::{CacheWork, KeyPart};
use loopline_ports::blobs::BlobError;
use loopline_ports::caches::{CacheKept, CacheScope, Trust};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::beneath::{Why, open_file};
use super::cache_archive::{Archived, pack, unpack};
use super::selection::files_that_fit;
use super::{Halt, shown};
use crate::attempt::Context;
use crate::attempt_log::AttemptLog;

/// More files are not hashed for a key.
const MAX_HASHED: usize = 100_000;

/// A key is not longer.
const MAX_KEY: usize = 512;

/// A cache that is to be kept when the step has succeeded.
#[derive(Debug)]
pub(crate) struct ToKeep {
    key: String,
    scope: CacheScope,
}

/// Lays what there is into the workspace; says which are to be kept once the step has succeeded.
pub(super) async fn restore(context: &Context<'_>, workspace: &Path, log: &mut AttemptLog, halt: &Halt) -> Vec<ToKeep> {
    let mut to_keep = Vec::new();
    for work in &context.spec.cache {
        if halt.is_asked() {
            return Vec::new();
        }
        let keys = {
            let (workspace, work) = (workspace.to_owned(), work.clone());
            spawn_blocking(move || Keys::of(&work, &workspace)).await.unwrap_or_else(|gone| Err(gone.to_string()))
        };
        let keys = match keys {
            Ok(keys) => keys,
            Err(why) => {
                log.say(&format!("a cache is not used: {why}")).await;
                continue;
            }
        };
        let project = context.spec.pipeline.split('/').next().unwrap_or_default().to_owned();
        // What comes from a fork is not run yet; it will be `Foreign`.
        let scope = CacheScope { project, trust: Trust::Own, paths: work.paths.clone() };
        let key = shown(&keys.key);
        match lay(context, &scope, &keys, workspace, halt).await {
            Ok(Some((found, archived))) => {
                let what = archived.in_words();
                let line = if found == keys.key {
                    format!("cache `{key}`: laid {what}")
                } else {
                    format!("cache `{key}` is not there; laid {what} of `{}`", shown(&found))
                };
                log.say(&line).await;
                if found == keys.key {
                    continue;
                }
            }
            Ok(None) => log.say(&format!("cache `{key}` is not there")).await,
            Err(why) => log.say(&format!("cache `{key}` is not used: {why}")).await,
        }
        to_keep.push(ToKeep { key: keys.key, scope });
    }
    to_keep
}

/// Which key served, and what of it was laid.
async fn lay(
    context: &Context<'_>,
    scope: &CacheScope,
    keys: &Keys,
    workspace: &Path,
    halt: &Halt,
) -> Result<Option<(String, Archived)>, Why> {
    let said = |error: BlobError| error.to_string();
    let Some(found) = context.blobs.find_cache(scope, &keys.key, &keys.beginnings).await.map_err(said)? else {
        return Ok(None);
    };
    let Some(content) = context.blobs.open_cache(scope, &found.key).await.map_err(said)? else { return Ok(None) };
    let (workspace, halt) = (workspace.to_owned(), halt.clone());
    let unpacked = spawn_blocking(move || unpack(&workspace, content.file.take(content.size), &halt)).await;
    let archived = unpacked.unwrap_or_else(|gone| Err(gone.to_string()))?;
    Ok(Some((found.key, archived)))
}

/// Keeps those whose key was not there when the step began.
pub(super) async fn keep(context: &Context<'_>, workspace: &Path, log: &mut AttemptLog) {
    for ToKeep { key, scope } in context.caches_to_keep() {
        let packed = Arc::new(std::sync::Mutex::new(Archived::default()));
        let write = {
            let (workspace, paths, packed) = (workspace.to_owned(), scope.paths.clone(), packed.clone());
            move |to: &mut dyn io::Write| -> io::Result<()> {
                let done = pack(&workspace, &paths, to)?;
                *packed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = done;
                Ok(())
            }
        };
        let kept = context.blobs.keep_cache(&scope, &key, Box::new(write)).await;
        let key = shown(&key);
        let line = match kept {
            Ok(CacheKept::New(_)) => {
                let packed = packed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).in_words();
                format!("cache `{key}`: kept {packed}")
            }
            Ok(CacheKept::There) => format!("cache `{key}` was kept by another step meanwhile"),
            Ok(CacheKept::TooLarge { limit }) => {
                format!("cache `{key}` is not kept: it is larger than the {limit} bytes that all caches may have")
            }
            Err(error) => format!("cache `{key}` is not kept: {}", error.source),
        };
        log.say(&line).await;
    }
}

/// The keys of a cache, as they are looked for.
struct Keys {
    key: String,
    beginnings: Vec<String>,
}

impl Keys {
    /// Finds them out. Blocks.
    fn of(work: &CacheWork, workspace: &Path) -> Result<Self, Why> {
        let key = spelled(&work.key, workspace)?;
        if key.is_empty() {
            return Err("its key is empty".to_owned());
        }
        let beginnings = work.restore_keys.iter().map(|key| spelled(key, workspace)).collect::<Result<_, _>>()?;
        Ok(Self { key, beginnings })
    }
}

fn spelled(parts: &[KeyPart], workspace: &Path) -> Result<String, Why> {
    let mut key = String::new();
    for part in parts {
        match part {
            KeyPart::Text(text) => key.push_str(text),
            KeyPart::HashFiles(patterns) => key.push_str(&hash_files(workspace, patterns)?),
        }
    }
    if key.len() > MAX_KEY {
        return Err(format!("its key is {} bytes long, and may have {MAX_KEY}", key.len()));
    }
    Ok(key)
}

/// The hash of the files that fit, with their paths: neither of them can change without the other.
fn hash_files(workspace: &Path, patterns: &[String]) -> Result<String, Why> {
    let mut all = Sha256::new();
    for path in files_that_fit(workspace, patterns, MAX_HASHED)? {
        let mut file = open_file(workspace, &path)?.file;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 128 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("`{}` cannot be read: {error}", shown(&path))),
            }
        }
        all.update((path.len() as u64).to_le_bytes());
        all.update(path.as_bytes());
        all.update(hasher.finalize());
    }
    Ok(all.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
