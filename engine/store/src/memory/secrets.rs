//! Sealed secrets.

use async_trait::async_trait;
use loopline_ports::access::Act;
use loopline_ports::journal::JournalError;
use loopline_ports::secrets::{Sealed, SecretEntry, SecretStore};

use super::MemoryStore;

#[async_trait]
impl SecretStore for MemoryStore {
    async fn put_secret(&self, entry: SecretEntry, value: Sealed, act: Act) -> Result<(), JournalError> {
        let mut tables = self.tables();
        tables.tell(&act)?;
        tables.secrets.insert((entry.project.clone(), entry.name.clone()), (entry, value));
        Ok(())
    }

    async fn secret(&self, project: &str, name: &str) -> Result<Option<(SecretEntry, Sealed)>, JournalError> {
        Ok(self.tables().secrets.get(&(project.to_owned(), name.to_owned())).cloned())
    }

    async fn secrets(&self, project: Option<&str>) -> Result<Vec<(SecretEntry, Sealed)>, JournalError> {
        let tables = self.tables();
        let wanted =
            tables.secrets.values().filter(|(entry, _)| project.is_none_or(|project| entry.project == project));
        Ok(wanted.cloned().collect())
    }

    async fn reseal_secret(&self, entry: &SecretEntry, was: &Sealed, value: Sealed) -> Result<bool, JournalError> {
        let mut tables = self.tables();
        let stored = tables.secrets.get_mut(&(entry.project.clone(), entry.name.clone()));
        let Some((_, sealed)) = stored.filter(|(_, sealed)| sealed == was) else { return Ok(false) };
        *sealed = value;
        Ok(true)
    }

    async fn remove_secret(&self, project: &str, name: &str, act: Act) -> Result<bool, JournalError> {
        let mut tables = self.tables();
        let gone = tables.secrets.remove(&(project.to_owned(), name.to_owned())).is_some();
        if gone {
            tables.tell(&act)?;
        }
        Ok(gone)
    }
}
