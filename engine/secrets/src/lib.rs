//! Where the values of secrets come from.
//!
//! ```text
//!  attempt that names secrets ──► Sources ──► SealedVault    set by people, sealed with a key, in the store
//!                                        ├──► Environment    variables of the engine with a prefix
//!                                        ├──► Folder         a file a secret
//!                                        ├──► Program        a program that prints one
//!                                        └──► SecretFile     NAME=VALUE, for a run in the foreground
//! ```
//!
//! Each is a [`SecretSource`]; [`Sources`] asks them in order. A value is neither logged nor part of an error, and lives no longer
//! than the attempt that it is for.

mod environment;
mod folder;
mod key;
mod name;
mod program;
mod secret_file;
mod sources;
mod vault;

pub use environment::Environment;
pub use folder::Folder;
pub use key::{KeyError, KeyFrom};
pub use program::Program;
pub use secret_file::{SecretFile, SecretFileError};
pub use sources::{SourceSpec, Sources};
pub use vault::{NoVault, Resealed, SealedVault};

#[cfg(doc)]
use loopline_ports::secrets::SecretSource;
