//! Secrets that people set, sealed in the store.

use std::sync::Arc;

use async_trait::async_trait;
use loopline_core::canonical;
use loopline_ports::access::{Act, Asker};
use loopline_ports::clock::Clock;
use loopline_ports::secrets::{
    Asking, ExposeSecret as _, NewSecret, Sealed, SecretEntry, SecretError, SecretSource, SecretStore, SecretString,
    Vault, VaultError,
};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use crate::key::{KeyError, KeyFrom, Keys};
use crate::name::{is_name, is_slug};
use crate::sources::is_secret;

/// Seals values and keeps them in a store, which never sees them otherwise.
#[derive(Clone)]
pub struct SealedVault {
    store: Arc<dyn SecretStore>,
    key: KeyFrom,
    clock: Arc<dyn Clock>,
}

/// What is sealed. The name is in it, so that a value which was moved under another name in the store is not taken for that one.
#[derive(Serialize, Deserialize)]
struct Content<'a> {
    project: &'a str,
    name: &'a str,
    value: std::borrow::Cow<'a, str>,
}

/// What [`SealedVault::reseal`] has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets that are sealed with the first key now, and were not.
    pub moved: usize,
    /// Those that no key opens, as `project/NAME`.
    pub unreadable: Vec<String>,
}

impl SealedVault {
    /// Keeps secrets in `store`, sealed with a key from there.
    pub fn new(store: Arc<dyn SecretStore>, key: KeyFrom, clock: Arc<dyn Clock>) -> Self {
        Self { store, key, clock }
    }

    /// Seals anew, with the first key, what an older one has sealed. Once it is done the older keys are not needed any more.
    pub async fn reseal(&self) -> Result<Resealed, VaultError> {
        let mut done = Resealed::default();
        let stored = self.store.secrets(None).await?;
        if stored.is_empty() {
            return Ok(done);
        }
        let keys = self.keys(KeyFrom::load).await?.ok_or_else(|| VaultError::Key(self.missing()))?;
        for (entry, sealed) in stored {
            match keys.open(&sealed.0) {
                Some((_, true)) => {}
                Some((plain, false)) => {
                    let again = Sealed(keys.seal(&plain).map_err(no_key)?);
                    // Where it was set anew meanwhile, it was sealed with the first key.
                    done.moved += usize::from(self.store.reseal_secret(&entry, &sealed, again).await?);
                }
                None => done.unreadable.push(format!("{}/{}", entry.project, entry.name)),
            }
        }
        Ok(done)
    }

    /// Those that no key opens, as `project/NAME`, of so many. Changes nothing.
    pub async fn unreadable(&self) -> Result<(Vec<String>, usize), VaultError> {
        let stored = self.store.secrets(None).await?;
        let keys = match self.keys(KeyFrom::load).await? {
            Some(keys) => keys,
            None if stored.is_empty() => return Ok((Vec::new(), 0)),
            None => return Err(VaultError::Key(self.missing())),
        };
        let shut = stored.iter().filter(|(_, sealed)| keys.open(&sealed.0).is_none());
        let shut = shut.map(|(entry, _)| format!("{}/{}", entry.project, entry.name)).collect();
        Ok((shut, stored.len()))
    }

    async fn keys<T: Send + 'static>(
        &self,
        load: impl FnOnce(&KeyFrom) -> Result<T, KeyError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let key = self.key.clone();
        let loaded = spawn_blocking(move || load(&key)).await;
        loaded.map_err(|gone| VaultError::Key(gone.to_string()))?.map_err(no_key)
    }

    fn act(&self, does: &str, project: &str, name: &str, by: Asker) -> Act {
        let on = format!("secret {project}/{name}");
        Act { at: self.clock.now(), by, does: does.to_owned(), on, event: None, before: None, after: None }
    }

    fn missing(&self) -> String {
        match &self.key {
            KeyFrom::OwnFile(path) | KeyFrom::File(path) => {
                format!("secrets are stored, and their key is not there any more: {}", path.display())
            }
            KeyFrom::Text(_) => "secrets are stored, and their key is not there any more".to_owned(),
        }
    }
}

/// Of what is stored, and not of the value: one that can be guessed could be found by its digest.
fn digest(entry: &SecretEntry, sealed: &Sealed) -> String {
    canonical::digest(&serde_json::json!({"pipelines": entry.pipelines, "sealed": canonical::hex(&sealed.0)}))
}

fn no_key(error: KeyError) -> VaultError {
    VaultError::Key(error.to_string())
}

fn opened(keys: &Keys, entry: &SecretEntry, sealed: &Sealed) -> Result<SecretString, String> {
    let (plain, _) = keys.open(&sealed.0).ok_or("no key that this server has opens it; set it again")?;
    let plain = SecretString::from(String::from_utf8(plain).map_err(|_| "it is damaged; set it again")?);
    let content: Content<'_> =
        serde_json::from_str(plain.expose_secret()).map_err(|_| "it is damaged; set it again")?;
    if (content.project, content.name) != (&entry.project, &entry.name) {
        return Err("what is stored under its name belongs to another one; set it again".to_owned());
    }
    Ok(SecretString::from(content.value.into_owned()))
}

#[async_trait]
impl SecretSource for SealedVault {
    async fn value(&self, asking: Asking<'_>, name: &str) -> Result<Option<SecretString>, SecretError> {
        let refused = |error: VaultError| SecretError(error.to_string());
        let stored = self.store.secret(asking.project, name).await.map_err(|error| refused(error.into()))?;
        let Some((entry, sealed)) = stored else { return Ok(None) };
        if !entry.pipelines.is_empty() && entry.pipelines.iter().all(|pipeline| pipeline != asking.pipeline) {
            return Ok(None);
        }
        let keys = self.keys(KeyFrom::load).await.map_err(refused)?.ok_or_else(|| SecretError(self.missing()))?;
        opened(&keys, &entry, &sealed).map(Some).map_err(SecretError)
    }
}

#[async_trait]
impl Vault for SealedVault {
    async fn list(&self, project: &str) -> Result<Vec<SecretEntry>, VaultError> {
        if !is_slug(project) {
            return Ok(Vec::new());
        }
        Ok(self.store.secrets(Some(project)).await?.into_iter().map(|(entry, _)| entry).collect())
    }

    async fn set(&self, secret: NewSecret) -> Result<SecretEntry, VaultError> {
        let NewSecret { project, name, mut pipelines, value, by } = secret;
        if !is_name(&name) {
            let message =
                "a secret's name has letters, digits and _, does not begin with a digit, and is at most 255 long";
            return Err(VaultError::Invalid(message.to_owned()));
        }
        if let Some(other) = [&project].into_iter().chain(&pipelines).find(|name| !is_slug(name)) {
            return Err(VaultError::Invalid(format!("`{}` names no project and no pipeline", other.escape_debug())));
        }
        is_secret(value.expose_secret()).map_err(VaultError::Invalid)?;
        pipelines.sort_unstable();
        pipelines.dedup();
        let keys = match self.keys(KeyFrom::load).await? {
            Some(keys) => keys,
            // A new key beside values that only a lost one opens would hide the loss.
            None if !self.store.secrets(None).await?.is_empty() => return Err(VaultError::Key(self.missing())),
            None => self.keys(KeyFrom::load_or_make).await?,
        };
        let content = Content { project: &project, name: &name, value: value.expose_secret().into() };
        let plain = SecretString::from(serde_json::to_string(&content).expect("texts are JSON"));
        let sealed = Sealed(keys.seal(plain.expose_secret().as_bytes()).map_err(no_key)?);
        let before = self.store.secret(&project, &name).await?;
        let updated_by = by.name.clone();
        let entry = SecretEntry { project, name, pipelines, updated_at: self.clock.now(), updated_by };
        let act = Act {
            before: before.map(|(entry, sealed)| digest(&entry, &sealed)),
            after: Some(digest(&entry, &sealed)),
            ..self.act("secret.set", &entry.project, &entry.name, by)
        };
        self.store.put_secret(entry.clone(), sealed, act).await?;
        Ok(entry)
    }

    async fn remove(&self, project: &str, name: &str, by: Asker) -> Result<bool, VaultError> {
        if !is_slug(project) || !is_name(name) {
            return Ok(false);
        }
        let before = self.store.secret(project, name).await?;
        let before = before.map(|(entry, sealed)| digest(&entry, &sealed));
        let act = Act { before, ..self.act("secret.remove", project, name, by) };
        Ok(self.store.remove_secret(project, name, act).await?)
    }
}

/// Keeps nothing: runs in the foreground are given their secrets.
#[derive(Debug, Clone, Copy)]
pub struct NoVault;

impl NoVault {
    fn refused() -> VaultError {
        VaultError::None("a run in the foreground stores no secrets; it is given them with --secret-file".to_owned())
    }
}

#[async_trait]
impl Vault for NoVault {
    async fn list(&self, _: &str) -> Result<Vec<SecretEntry>, VaultError> {
        Ok(Vec::new())
    }

    async fn set(&self, _: NewSecret) -> Result<SecretEntry, VaultError> {
        Err(Self::refused())
    }

    async fn remove(&self, _: &str, _: &str, _: Asker) -> Result<bool, VaultError> {
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
