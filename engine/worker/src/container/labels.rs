//! How containers, networks and volumes of ours are known again: by the name that follows from the attempt, and by
//! labels that say which attempt of which folder of data they belong to.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use loopline_core::canonical::digest;
use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::time::Timestamp;
use serde_json::json;

/// Whose folder of data.
pub(super) const DATA: &str = "dev.loopline.data";
/// Which attempt.
pub(super) const ATTEMPT: &str = "dev.loopline.attempt";
/// When it was made, in milliseconds by the worker's clock.
pub(super) const BEGAN: &str = "dev.loopline.began";

/// In the folder of data, once it has had a container.
const IDENTITY: &str = "containers.id";

/// The name of the container of an attempt, the same whenever it is asked for. Runs have ids of their own, so that no
/// other folder of data has an attempt of this name.
pub(super) fn name(id: &AttemptId) -> String {
    let told = digest(&json!(id.to_string()));
    format!("loopline-{}-{}", id.key.step, &told["sha256:".len()..][..16])
}

/// The labels of whatever belongs to the attempt. Those besides the first three are for people.
pub(super) fn of_attempt(spec: &AttemptSpec, identity: &str, began_at: Timestamp) -> HashMap<String, String> {
    let labels = [
        (DATA, identity.to_owned()),
        (ATTEMPT, spec.id.to_string()),
        (BEGAN, began_at.0.to_string()),
        ("dev.loopline.pipeline", spec.pipeline.clone()),
        ("dev.loopline.run", spec.id.run.to_string()),
        ("dev.loopline.step", spec.id.key.step.to_string()),
    ];
    labels.map(|(name, value)| (name.to_owned(), value)).into()
}

/// What tells this folder of data from all others, also from its own copy elsewhere. Made when it is first asked for.
/// Blocks.
pub(super) fn identity(data: &Path) -> io::Result<String> {
    match known_identity(data)? {
        Some(identity) => Ok(identity),
        None => {
            make(data)?;
            known_identity(data)?.ok_or_else(|| io::ErrorKind::NotFound.into())
        }
    }
}

/// The same, if it was ever asked for: without it, nothing of this folder has ever been in a container. Blocks.
pub(super) fn known_identity(data: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(data.join(IDENTITY)) {
        Ok(made) => {
            let place = data.canonicalize()?;
            Ok(Some(digest(&json!([made, place.to_string_lossy()]))["sha256:".len()..].to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Engine and supervisor may both come here: the first one's stays, and nobody ever sees a part of it.
fn make(data: &Path) -> io::Result<()> {
    fs::create_dir_all(data)?;
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let unfinished = data.join(format!("{IDENTITY}.{}", std::process::id()));
    let mut file = File::create(&unfinished)?;
    write!(file, "{:032x}", u128::from_le_bytes(random))?;
    file.sync_all()?;
    let linked = fs::hard_link(&unfinished, data.join(IDENTITY));
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(data)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_its_copy_are_told_apart() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        assert_eq!(known_identity(&one).expect("readable"), None);
        let identity_of_one = identity(&one).expect("it can be made");
        assert_eq!(identity(&one).expect("readable"), identity_of_one);
        fs::create_dir(&other).expect("a folder");
        fs::copy(one.join(IDENTITY), other.join(IDENTITY)).expect("a copy");
        assert_ne!(identity(&other).expect("readable"), identity_of_one);
        assert_eq!(fs::read_dir(&one).expect("readable").count(), 1, "nothing else is left there");
    }
}
