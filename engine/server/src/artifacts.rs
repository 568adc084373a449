//! `/runs/{id}/steps/{step}/artifacts/{name}`: files that a step kept, as they are, or several of them as a tar.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::TryStreamExt as _;
use loopline_core::id::{InvalidStepId, RunId, Seq, StepId, UnitPath};
use loopline_core::outcome::{ArtifactRef, TestsRef};
use loopline_core::view::{ItemView, StepView};
use loopline_ports::files::FileList;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::VisibleRun;
use crate::app::App;
use crate::archive;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// Nothing of a download may run in the page's origin.
pub(crate) const SANDBOX: &str = "default-src 'none'; sandbox";

/// A list of files is not longer.
const MAX_LIST: usize = 64 << 20;

/// Which version, and what of it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ArtifactQuery {
    /// `sha256:…`, to be sure of the version; the one of the current visit unless said.
    digest: Option<String>,
    /// As it was right after this event: that of an earlier visit, say.
    at: Option<Seq>,
    /// Of an artifact of several files, the one with this path.
    file: Option<String>,
}

/// Which version.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FilesQuery {
    /// As it was right after this event: that of an earlier visit, say.
    at: Option<Seq>,
}

/// The files of an artifact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtifactFiles {
    /// In the order of their paths.
    files: Vec<ArtifactFile>,
}

/// One file of an artifact.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArtifactFile {
    /// Where it lay, beneath the workspace.
    path: String,
    /// Bytes.
    size: u64,
    /// `sha256:…` of its content.
    digest: String,
    /// It could be executed.
    executable: bool,
}

/// Downloads what a step has kept in its current visit: the file, or a tar of all files where they are several. The tar of
/// equal files is equal, byte by byte.
#[utoipa::path(get, path = "/runs/{id}/steps/{step}/artifacts/{name}", operation_id = "get_artifact", tag = "runs",
    params(("id" = RunId, Path), ("step" = String, Path, description = "The step, `child/build` inside of another; `build[4]` for an item of it"), ("name" = String, Path), ArtifactQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn artifact(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step, name)): Path<(String, String, String)>,
    Query(query): Query<ArtifactQuery>,
) -> Result<Response, Problem> {
    let kept = kept(&app, &run, &step, &name, query.at).await?;
    let missing = || Problem::not_found(format!("what `{step}` has kept as `{name}` is not there any more"));
    if query.digest.is_some_and(|digest| digest != kept.digest) {
        return Err(Problem::not_found(format!("`{step}` keeps no artifact `{name}` of that digest")));
    }
    let blobs = &app.parts().blobs;
    let (digest, size, file_name) = match (kept.files, query.file) {
        (None, None) => (kept.digest.clone(), kept.size, kept.file_name.clone()),
        (None, Some(_)) => return Err(Problem::not_found(format!("the artifact `{name}` is one file by itself"))),
        (Some(_), None) => {
            let list = list(&app, &kept).await?.ok_or_else(missing)?;
            let size = archive::size(&list);
            let content = Body::from_stream(archive::tar(blobs.clone(), list));
            return download(content, size, &kept.file_name, &kept.digest);
        }
        (Some(_), Some(path)) => {
            let list = list(&app, &kept).await?.ok_or_else(missing)?;
            let unknown = || Problem::not_found(format!("the artifact `{name}` has no such file"));
            let file = list.find(&path).ok_or_else(unknown)?;
            let file_name = path.rsplit('/').next().unwrap_or_default().to_owned();
            (file.digest.clone(), file.size, file_name)
        }
    };
    let content = blobs.open(&digest).await?.ok_or_else(missing)?;
    download(Body::from_stream(content), size, &file_name, &digest)
}

/// Lists the files of an artifact of several.
#[utoipa::path(get, path = "/runs/{id}/steps/{step}/artifacts/{name}/files", operation_id = "list_artifact_files", tag = "runs",
    params(("id" = RunId, Path), ("step" = String, Path, description = "The step, `child/build` inside of another; `build[4]` for an item of it"), ("name" = String, Path), FilesQuery),
    responses((status = 200, body = ArtifactFiles),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub async fn artifact_files(
    State(app): State<App>,
    run: VisibleRun,
    Path((_id, step, name)): Path<(String, String, String)>,
    Query(query): Query<FilesQuery>,
) -> Result<Json<ArtifactFiles>, Problem> {
    let kept = kept(&app, &run, &step, &name, query.at).await?;
    let missing = || Problem::not_found(format!("what `{step}` has kept as `{name}` is not there any more"));
    let files = match kept.files {
        None => vec![ArtifactFile {
            path: kept.path.unwrap_or(kept.file_name),
            size: kept.size,
            digest: kept.digest,
            executable: kept.executable,
        }],
        Some(_) => {
            let list = list(&app, &kept).await?.ok_or_else(missing)?;
            let file = |file: loopline_ports::files::ListedFile| ArtifactFile {
                path: file.path,
                size: file.size,
                digest: file.digest,
                executable: file.executable,
            };
            list.files.into_iter().map(file).collect()
        }
    };
    Ok(Json(ArtifactFiles { files }))
}

/// What a step, or an item of it, has kept.
pub(crate) struct Unit {
    artifacts: BTreeMap<String, ArtifactRef>,
    pub(crate) summary: Option<ArtifactRef>,
    pub(crate) tests: Option<TestsRef>,
}

/// The step, or the item of it; `None` when there is no such one.
pub(crate) async fn unit(app: &App, run: &VisibleRun, unit: &str, at: Option<Seq>) -> Result<Option<Unit>, Problem> {
    let mut view = app.parts().driver.view(run.id(), at).await?;
    let unit: UnitPath = unit.parse().map_err(|error: InvalidStepId| Problem::not_found(error.to_string()))?;
    let Some(step) = step_of(&mut view.steps, &unit) else { return Ok(None) };
    let Some(item) = unit.item else {
        let StepView { artifacts, summary, tests, .. } = step;
        return Ok(Some(Unit { artifacts, summary, tests }));
    };
    let item = step.items.and_then(|items| items.into_iter().nth(item as usize));
    Ok(item.map(|ItemView { artifacts, summary, tests, .. }| Unit { artifacts, summary, tests }))
}

/// What the step, or the item of it, has kept under this name.
async fn kept(app: &App, run: &VisibleRun, step: &str, name: &str, at: Option<Seq>) -> Result<ArtifactRef, Problem> {
    let found = unit(app, run, step, at).await?.and_then(|mut unit| unit.artifacts.remove(name));
    found.ok_or_else(|| Problem::not_found(format!("`{step}` keeps no artifact `{name}`")))
}

/// The step, wherever it lies.
fn step_of(steps: &mut BTreeMap<StepId, StepView>, unit: &UnitPath) -> Option<StepView> {
    let mut steps = steps;
    for (id, item) in &unit.path.within {
        let around = steps.get_mut(id)?;
        let child = match item {
            None => &mut around.child,
            Some(item) => &mut around.items.as_mut()?.get_mut(*item as usize)?.child,
        };
        steps = &mut child.as_mut()?.steps;
    }
    steps.remove(&unit.path.step)
}

/// The list of its files; `None` when it is gone.
async fn list(app: &App, kept: &ArtifactRef) -> Result<Option<FileList>, Problem> {
    let Some(mut pieces) = app.parts().blobs.open(&kept.digest).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.try_next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_LIST {
            return Ok(None);
        }
    }
    Ok(FileList::from_bytes(&bytes).ok())
}

fn download(content: Body, size: u64, file_name: &str, digest: &str) -> Result<Response, Problem> {
    let text = |text: String| HeaderValue::from_str(&text).map_err(|error| Problem::not_found(error.to_string()));
    let file_name: String =
        file_name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::CONTENT_DISPOSITION, text(format!("attachment; filename=\"{file_name}\""))?),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (header::ETAG, text(format!("\"{digest}\""))?),
    ];
    Ok((headers, content).into_response())
}
