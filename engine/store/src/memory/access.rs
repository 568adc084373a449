//! Tokens and the audit.

use async_trait::async_trait;
use loopline_core::time::Timestamp;
use loopline_ports::access::{AccessStore, Act, AuditRow, TokenEntry, TokenHash};
use loopline_ports::journal::JournalError;

use super::MemoryStore;

#[async_trait]
impl AccessStore for MemoryStore {
    async fn put_token(&self, entry: &TokenEntry, hash: &TokenHash, act: Act) -> Result<bool, JournalError> {
        let mut tables = self.tables();
        if tables.tokens.iter().any(|(known, other)| known == hash || other.id == entry.id) {
            return Ok(false);
        }
        tables.tell(&act)?;
        tables.tokens.push((hash.clone(), entry.clone()));
        Ok(true)
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<TokenEntry>, JournalError> {
        Ok(self.tables().tokens.iter().find(|(known, _)| known == hash).map(|(_, entry)| entry.clone()))
    }

    async fn tokens(&self) -> Result<Vec<TokenEntry>, JournalError> {
        let mut tokens: Vec<_> = self.tables().tokens.iter().map(|(_, entry)| entry.clone()).collect();
        tokens.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(tokens)
    }

    async fn revoke_token(&self, id: &str, at: Timestamp, act: Act) -> Result<bool, JournalError> {
        let mut tables = self.tables();
        let token = tables.tokens.iter_mut().find(|(_, token)| token.id == id && token.revoked_at.is_none());
        let Some((_, token)) = token else { return Ok(false) };
        token.revoked_at = Some(at);
        tables.tell(&act)?;
        Ok(true)
    }

    async fn touch_token(&self, id: &str, at: Timestamp) -> Result<(), JournalError> {
        if let Some((_, token)) = self.tables().tokens.iter_mut().find(|(_, token)| token.id == id) {
            token.used_at = Some(at);
        }
        Ok(())
    }

    async fn tell(&self, act: Act) -> Result<(), JournalError> {
        self.tables().tell(&act)
    }

    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRow>, JournalError> {
        let tables = self.tables();
        Ok(tables.audit.iter().filter(|row| row.n > after).take(limit as usize).cloned().collect())
    }
}
