//! Keeps the files that a step declares. Symbolic links are followed, but never out of the workspace.

use std::collections::BTreeMap;
use std::path::Path;

use loopline_core::outcome::{ArtifactRef, Failure, FailureKind};
use loopline_ports::blobs::Blobs;
use loopline_ports::files::{FileList, ListedFile};
use tokio::task::spawn_blocking;

use super::beneath::{Why, open_file};
use super::selection::{Chosen, choose};
use super::shown;
use crate::config::ArtifactLimits;

/// Keeps all of them, or says which one could not be kept and why.
pub(super) async fn keep_all(
    blobs: &dyn Blobs,
    workspace: &Path,
    wanted: &BTreeMap<String, String>,
    limits: ArtifactLimits,
) -> Result<BTreeMap<String, ArtifactRef>, Failure> {
    let mut kept = BTreeMap::new();
    for (name, text) in wanted {
        let keep = Keep { blobs, workspace, limits };
        let artifact = keep.one(name, text).await;
        let refuse = |why: Why| Failure::new(FailureKind::Contract, format!("artifact `{name}`: {why}"));
        kept.insert(name.clone(), artifact.map_err(refuse)?);
    }
    Ok(kept)
}

struct Keep<'a> {
    blobs: &'a dyn Blobs,
    workspace: &'a Path,
    limits: ArtifactLimits,
}

impl Keep<'_> {
    async fn one(&self, name: &str, text: &str) -> Result<ArtifactRef, Why> {
        let chosen = {
            let (workspace, text, most) = (self.workspace.to_owned(), text.to_owned(), self.limits.files);
            spawn_blocking(move || choose(&workspace, &text, most)).await.map_err(|gone| gone.to_string())??
        };
        match chosen {
            Chosen::File(path) => {
                let file = self.file(&path, self.limits.bytes).await?;
                let file_name = path.rsplit('/').next().unwrap_or(&path).to_owned();
                Ok(ArtifactRef { file_name, path: Some(path), ..file })
            }
            Chosen::Files(paths) => self.files(name, paths).await,
        }
    }

    async fn files(&self, name: &str, paths: Vec<String>) -> Result<ArtifactRef, Why> {
        let mut list = FileList::default();
        let mut left = self.limits.bytes;
        for path in paths {
            let ArtifactRef { digest, size, executable, .. } = self.file(&path, left).await?;
            left -= size;
            list.files.push(ListedFile { path, size, digest, executable });
        }
        let bytes = list.to_bytes().into();
        let kept = self.blobs.keep_bytes(bytes).await.map_err(|error| error.to_string())?;
        Ok(ArtifactRef {
            digest: kept.digest,
            size: list.size(),
            file_name: format!("{name}.tar"),
            files: Some(u32::try_from(list.files.len()).unwrap_or(u32::MAX)),
            ..ArtifactRef::default()
        })
    }

    async fn file(&self, path: &str, most: u64) -> Result<ArtifactRef, Why> {
        let opened = {
            let (workspace, path) = (self.workspace.to_owned(), path.to_owned());
            spawn_blocking(move || open_file(&workspace, &path)).await.map_err(|gone| gone.to_string())??
        };
        if opened.size > most {
            let limit = self.limits.bytes;
            return Err(format!("it would be larger than {limit} bytes, with `{}`; keep less of it", shown(path)));
        }
        // What the store says names the file by a path of ours.
        let failed = |error: loopline_ports::blobs::BlobError| format!("`{}`: {}", shown(path), error.source);
        self.blobs.keep_file(&opened.as_path()).await.map_err(failed)
    }
}
