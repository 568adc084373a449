//! What engine and supervisor say to each other: JSON behind its length, four bytes, big endian.
//!
//! Every version greets in the same way, and knows `attach`, `cancel`, `forget` and reports in this form; so a newer
//! engine can see an older supervisor through. `start` goes only to a supervisor of the engine's own version. Words and
//! fields that the other side does not know are skipped.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use loopline_core::command::AttemptSpec;
use loopline_core::id::AttemptId;
use loopline_core::outcome::Outcome;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::config::{Containers, Limits, Workspaces};

/// Raised when `start` or a report changes its meaning.
pub(crate) const VERSION: u32 = 1;

/// No message is longer: the largest holds two captured outputs of 256 KiB, each byte spelled in six.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;

/// What a supervisor works under, all its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The version of the program.
    pub(crate) build: String,
    /// Where records of attempts are kept.
    pub(crate) data: PathBuf,
    /// Where logs and artifacts are kept.
    pub(crate) blobs: PathBuf,
    /// Where caches are kept.
    pub(crate) caches: PathBuf,
    /// How many bytes they may have together, if that is said.
    pub(crate) max_caches: Option<u64>,
    /// Where steps work.
    pub(crate) workspaces: Workspaces,
    /// What steps see of the engine's environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// Processes at the same time.
    pub(crate) max_parallel: usize,
    /// The boot of the machine.
    pub(crate) boot_id: String,
    /// Who runs containers, and what they may be given.
    pub(crate) containers: Containers,
    /// What of the environment was named, which is all that containers see of it.
    pub(crate) pass_env: Vec<String>,
    /// How much attempts may write.
    pub(crate) limits: Limits,
    /// How long it stays with neither engine nor attempt.
    pub(crate) linger: Duration,
    /// How long attempts go on without an engine; for ever, without a time.
    pub(crate) abandoned_after: Option<Duration>,
}

impl Settings {
    /// Tells settings apart without telling them.
    pub(crate) fn identity(&self) -> String {
        let settings = serde_json::to_value(self).expect("settings are plain data");
        loopline_core::canonical::digest(&settings)
    }
}

/// What the engine says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToSupervisor {
    /// The first word to a supervisor that was just started.
    Begin { version: u32, settings: Box<Settings> },
    /// The first word to one that was found.
    Hello { version: u32 },
    /// Start an attempt. The values of its secrets are kept in memory, and no longer than they are needed.
    Start { spec: Box<AttemptSpec>, secrets: BTreeMap<String, String> },
    /// Tell the outcome of this attempt, again if it was told before.
    Attach { id: AttemptId },
    /// End an attempt.
    Cancel { id: AttemptId },
    /// The outcome of this attempt need not be kept.
    Forget { id: AttemptId },
    /// A word of a newer version.
    #[serde(other)]
    Unknown,
}

/// What the supervisor says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "messages pass by one at a time")]
pub(crate) enum FromSupervisor {
    /// The answer to the first word. Takes starts only from an engine with the same identity.
    Welcome { version: u32, identity: String, attempts: Vec<AttemptId> },
    /// An attempt has begun.
    Started { id: AttemptId },
    /// An attempt is settled, and nothing of it is alive.
    Finished { id: AttemptId, outcome: Outcome },
    /// A word of a newer version.
    #[serde(other)]
    Unknown,
}

/// Adds a message to `buffer`.
pub(crate) fn encode(message: &impl Serialize, buffer: &mut Vec<u8>) -> io::Result<()> {
    let begin = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    serde_json::to_writer(&mut *buffer, message)?;
    let size = buffer.len() - begin - 4;
    if size > MAX_MESSAGE {
        buffer.truncate(begin);
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {size} bytes is too long")));
    }
    let size = u32::try_from(size).expect("shorter than MAX_MESSAGE");
    buffer[begin..begin + 4].copy_from_slice(&size.to_be_bytes());
    Ok(())
}

/// Sends one message.
pub(crate) async fn send(to: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> io::Result<()> {
    let mut buffer = Vec::new();
    encode(message, &mut buffer)?;
    to.write_all(&buffer).await
}

/// The next message; `None` when the other side has closed the connection between two of them.
pub(crate) async fn receive<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<T>> {
    let size = match from.read_u32().await {
        Ok(size) => size as usize,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    if size > MAX_MESSAGE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a message of {size} bytes is too long")));
    }
    let mut bytes = vec![0; size];
    from.read_exact(&mut bytes).await?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn received(bytes: &[u8]) -> io::Result<Option<ToSupervisor>> {
        receive(&mut &*bytes).await
    }

    fn framed(json: &str) -> Vec<u8> {
        let size = u32::try_from(json.len()).expect("short");
        [&size.to_be_bytes()[..], json.as_bytes()].concat()
    }

    #[tokio::test]
    async fn what_is_not_known_is_skipped_and_not_an_error() {
        let word = received(&framed(r#"{"type": "dance", "how": {"fast": true}}"#)).await;
        assert!(matches!(word, Ok(Some(ToSupervisor::Unknown))), "{word:?}");
        let field = received(&framed(r#"{"type": "hello", "version": 7, "new": 1}"#)).await;
        assert!(matches!(field, Ok(Some(ToSupervisor::Hello { version: 7 }))), "{field:?}");
    }

    #[tokio::test]
    async fn only_whole_messages_of_a_sane_size_are_read() {
        assert!(matches!(received(b"").await, Ok(None)));
        let whole = framed(r#"{"type": "hello", "version": 1}"#);
        for cut in 4..whole.len() {
            assert!(received(&whole[..cut]).await.is_err(), "cut at {cut}");
        }
        let error = received(&[0xff; 8]).await.expect_err("four gigabytes");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[tokio::test]
    async fn messages_come_one_after_another() {
        let mut bytes = Vec::new();
        for version in 1..=3 {
            encode(&ToSupervisor::Hello { version }, &mut bytes).expect("short");
        }
        let mut input = &*bytes;
        for expect in 1..=3 {
            let message = receive(&mut input).await;
            assert!(matches!(message, Ok(Some(ToSupervisor::Hello { version })) if version == expect), "{message:?}");
        }
    }
}
