//! Where the values of secrets come from, as the command line says it.

use std::path::PathBuf;
use std::sync::Arc;

use loopline_ports::clock::SystemClock;
use loopline_ports::secrets::{SecretSource, SecretStore, Vault, VaultError};
use loopline_secrets::{KeyFrom, NoVault, Resealed, SealedVault, SecretFile, SourceSpec, Sources};

use crate::arguments::Serve;
use crate::exit::Failure;

/// The variable that may hold the key of secrets.
const SECRETS_KEY: &str = "LOOPLINE_SECRETS_KEY";

/// Where the values of secrets come from.
#[derive(Clone)]
pub enum SecretsFrom {
    /// Files that were read.
    Files(SecretFile),
    /// The database, where they are sealed with a key from there; and then these.
    Database(KeyFrom, Vec<SourceSpec>),
}

impl Default for SecretsFrom {
    /// None at all.
    fn default() -> Self {
        Self::Files(SecretFile::default())
    }
}

impl SecretsFrom {
    /// The secrets of these files.
    pub fn files(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut secrets = SecretFile::default();
        for path in paths {
            secrets.read(path).map_err(|error| Failure::usage(error.to_string()))?;
        }
        Ok(Self::Files(secrets))
    }

    /// Those of a server.
    pub fn server(arguments: &Serve) -> Result<Self, Failure> {
        let text = std::env::var(SECRETS_KEY).ok().filter(|text| !text.is_empty());
        let key = match (&arguments.secrets_key, text) {
            (Some(_), Some(_)) => {
                let told = format!("the key of secrets is given twice: with --secrets-key and in {SECRETS_KEY}");
                return Err(Failure::usage(told).hint("leave one of them out"));
            }
            (Some(path), None) => KeyFrom::File(path.clone()),
            (None, Some(text)) => KeyFrom::Text(text.into()),
            (None, None) => KeyFrom::OwnFile(arguments.data.join("secrets.key")),
        };
        Ok(Self::Database(key, arguments.secrets_from.clone()))
    }

    /// What attempts ask, and what people change.
    pub async fn open(self, store: Arc<dyn SecretStore>) -> anyhow::Result<(Arc<dyn SecretSource>, Arc<dyn Vault>)> {
        let (key, sources) = match self {
            Self::Files(secrets) => {
                return Ok((Arc::new(Sources::default().then(Arc::new(secrets))), Arc::new(NoVault)));
            }
            Self::Database(key, sources) => (key, sources),
        };
        let vault = SealedVault::new(store, key, Arc::new(SystemClock));
        match vault.reseal().await {
            Ok(Resealed { moved, unreadable }) => {
                if moved > 0 {
                    tracing::info!(
                        secrets = moved,
                        "all that an older key had sealed is sealed with the first one now"
                    );
                }
                if !unreadable.is_empty() {
                    let secrets = unreadable.join(", ");
                    tracing::error!(%secrets, "no key that was given opens these; steps that need them will fail");
                }
            }
            // Runs that need no secret go on; those that do say why they cannot.
            Err(error @ VaultError::Key(_)) => tracing::error!(%error, "secrets cannot be read"),
            Err(error) => return Err(error.into()),
        }
        let first = Sources::default().then(Arc::new(vault.clone()));
        let all = sources.into_iter().fold(first, |sources, next| sources.then(next.open()));
        Ok((Arc::new(all), Arc::new(vault)))
    }
}
