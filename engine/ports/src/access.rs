//! Who may reach what, and who has changed what: tokens, and the audit.
//!
//! A token is 32 random bytes that are stored as a SHA-256 hash. Nobody can guess so many, so a slow hash would protect
//! nothing; and a hash is looked up, so that no comparison tells by its time how much of a guess was right.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use loopline_core::canonical;
use loopline_core::id::{RunId, Seq};
use loopline_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::journal::JournalError;

/// What a caller may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Triggers, cancels, reruns.
    Operator,
    /// Changes pipelines.
    Editor,
    /// Changes everything.
    Admin,
    /// Decides approvals; stands apart from the others.
    Approver,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Operator, Self::Editor, Self::Admin, Self::Approver];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Approver => "approver",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or_else(|| format!("`{text}` is no role; there are viewer, operator, editor, admin and approver"))
    }
}

/// Pipelines that a token reaches: `*`, `team-a/*`, `team-a/deploy`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pattern {
    /// Everything, now and later.
    All,
    /// All of a project.
    Project(String),
    /// One pipeline.
    Pipeline(String, String),
}

impl Pattern {
    fn reaches(&self, project: &str, pipeline: &str) -> bool {
        match self {
            Self::All => true,
            Self::Project(own) => own == project,
            Self::Pipeline(own, name) => own == project && name == pipeline,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Project(project) => write!(f, "{project}/*"),
            Self::Pipeline(project, name) => write!(f, "{project}/{name}"),
        }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A name of a project or a pipeline: `[a-z][a-z0-9-]{0,62}`.
pub fn is_slug(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 63
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` names no pipelines; write `*`, `project/*` or `project/pipeline`");
        match text.split_once('/') {
            None if text == "*" => Ok(Self::All),
            Some((project, "*")) if is_slug(project) => Ok(Self::Project(project.to_owned())),
            Some((project, name)) if is_slug(project) && is_slug(name) => {
                Ok(Self::Pipeline(project.to_owned(), name.to_owned()))
            }
            _ => Err(wrong()),
        }
    }
}

/// How far somebody reaches: all that any of the patterns names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reach(BTreeSet<Pattern>);

impl Reach {
    /// Everything.
    pub fn all() -> Self {
        Self(BTreeSet::from([Pattern::All]))
    }

    /// The patterns.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter()
    }

    /// One pipeline.
    pub fn reaches(&self, project: &str, pipeline: &str) -> bool {
        self.0.iter().any(|pattern| pattern.reaches(project, pipeline))
    }

    /// All that a project has.
    pub fn reaches_project(&self, project: &str) -> bool {
        self.0.iter().any(|pattern| matches!(pattern, Pattern::All) || *pattern == Pattern::Project(project.to_owned()))
    }

    /// All that there is.
    pub fn reaches_all(&self) -> bool {
        self.0.contains(&Pattern::All)
    }

    /// Nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Pattern> for Reach {
    fn from_iter<I: IntoIterator<Item = Pattern>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

/// What is stored of a token instead of itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash(String);

impl TokenHash {
    /// Of the clear text.
    pub fn of(clear: &str) -> Self {
        Self(canonical::hex(&Sha256::digest(clear)))
    }

    /// Hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of its token. A piece of a hash of something that nobody can guess tells nothing.
    pub fn id(&self) -> String {
        self.0[..12].to_owned()
    }
}

/// What may be told of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEntry {
    /// Which.
    pub id: String,
    /// The name that its bearer acts under.
    pub name: String,
    /// What they are.
    pub roles: BTreeSet<Role>,
    /// How far they reach.
    pub reach: Reach,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute or so.
    pub used_at: Option<Timestamp>,
}

impl TokenEntry {
    /// It counts at this moment.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| now < at)
    }
}

/// Who asks for a change, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// The name that it is recorded under.
    pub name: String,
    /// The token that they came with; none: the person at the machine, or a part of the engine.
    pub token: Option<String>,
    /// The address that they came from.
    pub from: Option<String>,
}

impl From<&str> for Asker {
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), token: None, from: None }
    }
}

/// One change, as the audit keeps it. Never holds a value that was set, nor a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Asker,
    /// What was done: `run_created`, `token.revoke` …
    pub does: String,
    /// To what: `run 01J…`, `secret default/TOKEN`.
    pub on: String,
    /// The event of the run that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<(RunId, Seq)>,
    /// Digest of what was there.
    pub before: Option<String>,
    /// Digest of what is there now.
    pub after: Option<String>,
}

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// 1, 2, 3 … without gap.
    pub n: u64,
    /// An [`Act`], as the JSON that was written.
    pub entry: String,
    /// Of the row and of the hash before it.
    pub hash: String,
}

impl AuditRow {
    /// The row behind this one; behind `None` the first.
    pub fn next(before: Option<(u64, &str)>, entry: String) -> Self {
        let (n, hash) = before.unwrap_or((0, ""));
        let n = n + 1;
        let hash = canonical::hex(&Sha256::digest(format!("{hash}\n{n}\n{entry}")));
        Self { n, entry, hash }
    }
}

impl TokenEntry {
    /// Digest of what is told of it, but for its use.
    pub fn digest(&self) -> String {
        canonical::digest(&json!({
            "id": self.id, "name": self.name, "roles": self.roles, "reach": self.reach,
            "expires_at": self.expires_at.map(|at| at.0), "revoked_at": self.revoked_at.map(|at| at.0),
        }))
    }
}

/// Keeps tokens and the audit. When a change returns, it is on disk with its row of the audit, in one transaction.
#[async_trait]
pub trait AccessStore: Send + Sync + 'static {
    /// Stores a new token; `false` where there is one of that hash.
    async fn put_token(&self, entry: &TokenEntry, hash: &TokenHash, act: Act) -> Result<bool, JournalError>;

    /// The token of that hash, whether or not it is in force.
    async fn token(&self, hash: &TokenHash) -> Result<Option<TokenEntry>, JournalError>;

    /// All tokens, the oldest first. They are never forgotten: a server that has had one asks for one.
    async fn tokens(&self) -> Result<Vec<TokenEntry>, JournalError>;

    /// Takes a token back; `false` where there is none, or it was taken back before.
    async fn revoke_token(&self, id: &str, at: Timestamp, act: Act) -> Result<bool, JournalError>;

    /// It was used.
    async fn touch_token(&self, id: &str, at: Timestamp) -> Result<(), JournalError>;

    /// A change that stands in no database.
    async fn tell(&self, act: Act) -> Result<(), JournalError>;

    /// Rows of the audit behind this one, in order, at most `limit`.
    async fn audit(&self, after: u64, limit: u32) -> Result<Vec<AuditRow>, JournalError>;
}

/// Has no token, and keeps no audit: for what nobody but its owner can reach.
#[derive(Debug, Clone, Copy)]
pub struct NoAccess;

#[async_trait]
impl AccessStore for NoAccess {
    async fn put_token(&self, _: &TokenEntry, _: &TokenHash, _: Act) -> Result<bool, JournalError> {
        Err(JournalError::Unavailable("no tokens are kept here".to_owned()))
    }

    async fn token(&self, _: &TokenHash) -> Result<Option<TokenEntry>, JournalError> {
        Ok(None)
    }

    async fn tokens(&self) -> Result<Vec<TokenEntry>, JournalError> {
        Ok(Vec::new())
    }

    async fn revoke_token(&self, _: &str, _: Timestamp, _: Act) -> Result<bool, JournalError> {
        Ok(false)
    }

    async fn touch_token(&self, _: &str, _: Timestamp) -> Result<(), JournalError> {
        Ok(())
    }

    async fn tell(&self, _: Act) -> Result<(), JournalError> {
        Ok(())
    }

    async fn audit(&self, _: u64, _: u32) -> Result<Vec<AuditRow>, JournalError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_reach_what_they_name() {
        let reach =
            |texts: &[&str]| texts.iter().map(|text| text.parse::<Pattern>().expect("a pattern")).collect::<Reach>();
        assert!(reach(&["*"]).reaches("a", "b") && reach(&["*"]).reaches_project("a") && reach(&["*"]).reaches_all());
        let project = reach(&["team-a/*"]);
        assert!(project.reaches("team-a", "x") && project.reaches_project("team-a") && !project.reaches_all());
        assert!(!project.reaches("team-ab", "x") && !project.reaches("team", "x"));
        let one = reach(&["team-a/deploy", "b/*"]);
        assert!(one.reaches("team-a", "deploy") && !one.reaches("team-a", "deploy-x") && one.reaches("b", "c"));
        assert!(!one.reaches_project("team-a") && one.reaches_project("b"));
        assert!(!Reach::default().reaches("a", "b"));
        for wrong in ["", "a", "a/", "/a", "*/*", "*/a", "a/b/c", "A/*", "a/**", "a b/*", "../*"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_row_holds_the_hash_of_the_one_before() {
        let first = AuditRow::next(None, "{}".to_owned());
        let second = AuditRow::next(Some((first.n, &first.hash)), "{}".to_owned());
        assert_eq!((first.n, second.n), (1, 2));
        assert_ne!(first.hash, second.hash);
        assert_eq!(first.hash, canonical::hex(&Sha256::digest("\n1\n{}")));
    }
}
