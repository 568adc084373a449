//! What stands in the environment of a step: an allow-list of the engine's own, the step's, and what names the attempt.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use loopline_core::command::AttemptSpec;

use crate::process_tree::MARK;

/// What passes from the engine without being named, besides `LC_*`.
const PASSED: [&str; 6] = ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"];

/// Where programs are looked for when the engine itself does not know.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An environment, in the order of the names.
pub(crate) type Environment = BTreeMap<OsString, OsString>;

/// The part of the engine's environment that steps see.
pub(crate) fn passed_on(engine: impl IntoIterator<Item = (OsString, OsString)>, named: &[String]) -> Environment {
    let passes = |name: &OsStr| {
        name.to_str().is_some_and(|name| {
            PASSED.contains(&name) || name.starts_with("LC_") || named.iter().any(|other| other == name)
        })
    };
    let mut environment: Environment = engine.into_iter().filter(|(name, _)| passes(name)).collect();
    environment.entry("PATH".into()).or_insert_with(|| USUAL_PATH.into());
    environment
}

/// The part of it that was named: what an image says of itself stands.
pub(crate) fn only_named(passed: &Environment, named: &[String]) -> Environment {
    let is_named = |name: &OsStr| name.to_str().is_some_and(|name| named.iter().any(|other| other == name));
    passed.iter().filter(|(name, _)| is_named(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The files and folders that an attempt is told about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places<'a> {
    /// The workspace of the run.
    pub(crate) workspace: &'a Path,
    /// Where outputs are written.
    pub(crate) output: &'a Path,
    /// Where a summary is written.
    pub(crate) summary: &'a Path,
}

/// The whole environment of an attempt. `own` are the step's variables; those that name the attempt cannot be changed.
pub(crate) fn of_attempt(
    passed: &Environment,
    own: BTreeMap<String, String>,
    spec: &AttemptSpec,
    places: Places<'_>,
) -> Environment {
    let key = &spec.id.key;
    let mut environment = passed.clone();
    environment.insert("CI".into(), "true".into());
    environment.extend(own.into_iter().map(|(name, value)| (name.into(), value.into())));
    let named: [(&str, OsString); 10] = [
        ("LOOPLINE_RUN_ID", spec.id.run.to_string().into()),
        ("LOOPLINE_PIPELINE", spec.pipeline.clone().into()),
        ("LOOPLINE_STEP", key.step.as_str().into()),
        ("LOOPLINE_VISIT", key.visit.to_string().into()),
        ("LOOPLINE_ATTEMPT", key.attempt.to_string().into()),
        ("LOOPLINE_WORKSPACE", places.workspace.into()),
        ("LOOPLINE_OUTPUT", places.output.into()),
        ("LOOPLINE_SUMMARY", places.summary.into()),
        ("LOOPLINE_IDEMPOTENCY_KEY", spec.idempotency_key.clone().into()),
        (MARK, spec.id.to_string().into()),
    ];
    environment.extend(named.map(|(name, value)| (name.into(), value)));
    if let Some(item) = key.item {
        let item = spec.item_key.clone().unwrap_or_else(|| item.to_string());
        environment.insert("LOOPLINE_ITEM".into(), item.into());
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_allowed_or_named_passes() {
        let engine = ["PATH", "HOME", "LC_ALL", "LC_", "AWS_SECRET_ACCESS_KEY", "LCX", "LOOPLINE_TOKEN", "PROXY"];
        let engine = engine.map(|name| (name.into(), "x".into()));
        let passed = passed_on(engine, &["PROXY".to_owned()]);
        assert_eq!(passed.keys().collect::<Vec<_>>(), ["HOME", "LC_", "LC_ALL", "PATH", "PROXY"]);
    }

    #[test]
    fn there_is_always_a_path() {
        assert_eq!(passed_on([], &[]), Environment::from([("PATH".into(), USUAL_PATH.into())]));
    }
}
