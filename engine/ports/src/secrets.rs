//! Values that no history, log or page may hold.
//!
//! A pipeline names secrets; whoever drives it asks a [`SecretSource`] for the values right before an attempt that needs them
//! starts, and hands them to the worker with it. Nothing of that is written down, except what a [`SecretStore`] keeps sealed.

use std::fmt;

use async_trait::async_trait;
use loopline_core::time::Timestamp;
pub use secrecy::{ExposeSecret, SecretString};

use crate::access::{Act, Asker};
use crate::journal::JournalError;

/// A secret may not be longer, in bytes: it travels in the environment of a process.
pub const LONGEST: usize = 64 * 1024;

/// Who asks for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking<'a> {
    /// The project of the pipeline.
    pub project: &'a str,
    /// Its name in there.
    pub pipeline: &'a str,
}

/// A source cannot be asked now, or gave something that is no secret. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Knows the values of secrets.
#[async_trait]
pub trait SecretSource: Send + Sync + 'static {
    /// The value; `None` where this source has none of that name for that pipeline. What cannot be told now, because a
    /// file cannot be read or a program fails, is an error: the secret may well exist.
    async fn value(&self, asking: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError>;
}

/// Knows none.
#[derive(Debug, Clone, Copy)]
pub struct NoSecrets;

#[async_trait]
impl SecretSource for NoSecrets {
    async fn value(&self, _: Asking<'_>, _: &str) -> Result<Option<SecretString>, SecretError> {
        Ok(None)
    }
}

/// What may be told of a stored secret: everything but its value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretEntry {
    /// The project it belongs to.
    pub project: String,
    /// Its name there.
    pub name: String,
    /// The pipelines of the project that may read it, sorted; none: all of them.
    pub pipelines: Vec<String>,
    /// When its value was set last.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: String,
}

/// A value that can be opened with a key which is not stored beside it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Keeps sealed values. When a change returns, it is on disk, with its row of the audit in the same transaction.
#[async_trait]
pub trait SecretStore: Send + Sync + 'static {
    /// Stores a secret in the place of whatever had its name.
    async fn put_secret(&self, entry: SecretEntry, value: Sealed, act: Act) -> Result<(), JournalError>;

    /// The secret of that name.
    async fn secret(&self, project: &str, name: &str) -> Result<Option<(SecretEntry, Sealed)>, JournalError>;

    /// All secrets with their sealed values, sorted by project and name; of one project, where one is named.
    async fn secrets(&self, project: Option<&str>) -> Result<Vec<(SecretEntry, Sealed)>, JournalError>;

    /// Puts `value` in the place of `was`; `false` where something else stands there by now.
    async fn reseal_secret(&self, entry: &SecretEntry, was: &Sealed, value: Sealed) -> Result<bool, JournalError>;

    /// Removes a secret; `false` where there was none, and then there is no row.
    async fn remove_secret(&self, project: &str, name: &str, act: Act) -> Result<bool, JournalError>;
}

/// Why a stored secret cannot be changed or read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nothing is stored here, now or ever.
    #[error("{0}")]
    None(String),
    /// The name or the value cannot be one.
    #[error("{0}")]
    Invalid(String),
    /// The key cannot be had, or opens nothing.
    #[error("{0}")]
    Key(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] JournalError),
}

/// Secrets that people set. Values go in, and never out again.
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// Those of a project, sorted by name.
    async fn list(&self, project: &str) -> Result<Vec<SecretEntry>, VaultError>;

    /// Sets a value; says what is told of it from now on. When this returns, every attempt that starts sees it.
    async fn set(&self, secret: NewSecret) -> Result<SecretEntry, VaultError>;

    /// Removes one; `false` where there was none.
    async fn remove(&self, project: &str, name: &str, by: Asker) -> Result<bool, VaultError>;
}

/// A secret as somebody sets it.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The project it belongs to.
    pub project: String,
    /// Its name there.
    pub name: String,
    /// The pipelines of the project that may read it; none: all of them.
    pub pipelines: Vec<String>,
    /// What it is.
    pub value: SecretString,
    /// Who sets it.
    pub by: Asker,
}
