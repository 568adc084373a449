//! A journal that several servers share. One of them drives; the others pass requests on to it, through the database.

use async_trait::async_trait;
use loopline_core::id::RunId;
use tokio::sync::{broadcast, watch};

use crate::driver::Progress;
use crate::journal::{Journal, JournalError};

/// A request that another server left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    /// Which.
    pub id: i64,
    /// What is wanted, as JSON that only engines read.
    pub request: String,
}

/// What is heard of the other servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Events of this run are on disk.
    Written(RunId, Progress),
    /// A request was left for the server that drives.
    Forwarded,
    /// A request has its answer.
    Answered(i64),
    /// The connection was lost; whatever was said meanwhile was not heard.
    Missed,
}

/// A journal that several servers share.
#[async_trait]
pub trait SharedJournal: Journal {
    /// Takes over the runs if nobody has them. `true`: commits of this journal are taken from here on, and those of whoever
    /// had them before are not.
    async fn lead(&self) -> Result<bool, JournalError>;

    /// Whether this journal leads, and when that ends.
    fn leads(&self) -> watch::Receiver<bool>;

    /// Lets somebody else take over at once.
    async fn resign(&self);

    /// What is heard of the other servers from here on, and of this one.
    fn notices(&self) -> broadcast::Receiver<Notice>;

    /// Leaves a request for the server that drives, and gives its answer. Each request is taken once at the most: an error says
    /// whether it was not taken, or whether that is unknown.
    async fn forward(&self, request: String) -> Result<String, JournalError>;

    /// Takes the requests that were left and nobody has taken, in their order. Only for whoever leads.
    async fn take_forwarded(&self) -> Result<Vec<Forwarded>, JournalError>;

    /// Answers a request that was taken here.
    async fn answer(&self, id: i64, answer: String) -> Result<(), JournalError>;
}
