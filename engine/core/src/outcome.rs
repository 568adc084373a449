//! How an attempt ended: what a worker saw, and the failure that people read.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::test_report::TestCounts;

/// Why something failed. The words are part of the language: `retry.on` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The process ended with a code other than 0.
    Exit,
    /// The process was ended by a signal.
    Signal,
    /// Its time was over.
    Timeout,
    /// A status that is not expected.
    HttpStatus,
    /// No answer: name, connection, TLS.
    Connection,
    /// `expect.if` or `expect.schema` does not hold.
    Expectation,
    /// A person said no.
    Rejected,
    /// The process could not be started.
    Spawn,
    /// The image could not be had.
    Image,
    /// A template could not be filled in.
    Template,
    /// An expression could not be evaluated.
    Condition,
    /// A value does not fit what was declared.
    Contract,
    /// The worker is gone, and nobody knows how the attempt ended.
    Lost,
    /// A loop edge was to fire and its budget was used up.
    LoopExhausted,
    /// A child run failed.
    Child,
    /// More output than allowed.
    OutputLimit,
    /// Out of memory.
    Oom,
}

impl FailureKind {
    /// All of them, in the order of the language reference.
    pub const ALL: [Self; 17] = [
        Self::Exit,
        Self::Signal,
        Self::Timeout,
        Self::HttpStatus,
        Self::Connection,
        Self::Expectation,
        Self::Rejected,
        Self::Spawn,
        Self::Image,
        Self::Template,
        Self::Condition,
        Self::Contract,
        Self::Lost,
        Self::LoopExhausted,
        Self::Child,
        Self::OutputLimit,
        Self::Oom,
    ];

    /// The word in the YAML.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Signal => "signal",
            Self::Timeout => "timeout",
            Self::HttpStatus => "http_status",
            Self::Connection => "connection",
            Self::Expectation => "expectation",
            Self::Rejected => "rejected",
            Self::Spawn => "spawn",
            Self::Image => "image",
            Self::Template => "template",
            Self::Condition => "condition",
            Self::Contract => "contract",
            Self::Lost => "lost",
            Self::LoopExhausted => "loop_exhausted",
            Self::Child => "child",
            Self::OutputLimit => "output_limit",
            Self::Oom => "oom",
        }
    }

    /// What it means, in a sentence for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Exit => "The process ended with a code other than 0.",
            Self::Signal => "The process was ended by a signal.",
            Self::Timeout => "Its time was over.",
            Self::HttpStatus => "A status that is not expected.",
            Self::Connection => "No answer: name, connection, TLS.",
            Self::Expectation => "`expect.if` or `expect.schema` does not hold.",
            Self::Rejected => "A person said no.",
            Self::Spawn => "The process could not be started.",
            Self::Image => "The image could not be had.",
            Self::Template => "A template could not be filled in.",
            Self::Condition => "An expression could not be evaluated.",
            Self::Contract => "A value does not fit what was declared.",
            Self::Lost => "The worker is gone, and nobody knows how the attempt ended.",
            Self::LoopExhausted => "A loop edge was to fire and its budget was used up.",
            Self::Child => "A child run failed.",
            Self::OutputLimit => "More output than allowed.",
            Self::Oom => "Out of memory.",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure as people and expressions see it (`steps.x.error`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// What sort.
    pub kind: FailureKind,
    /// One plain sentence.
    pub message: String,
    /// For `exit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// For `signal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// For `http_status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The last 4 KiB of output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<String>,
    /// For `loop_exhausted` and `child`: the failure behind this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub cause: Option<Box<Failure>>,
}

impl Failure {
    /// A failure with nothing but a kind and a sentence.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), exit_code: None, signal: None, status: None, tail: None, cause: None }
    }
}

/// How an attempt ended, as its worker reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it was asked. Expectations, contracts and outputs are judged by core.
    Succeeded {
        /// What it left.
        result: RawResult,
    },
    /// It did not.
    Failed {
        /// Why.
        error: Failure,
        /// What it had left by then.
        result: RawResult,
    },
    /// It was ended because it was asked to be.
    Cancelled {
        /// What it had left by then.
        result: RawResult,
    },
}

/// What an attempt leaves behind: what `outputs` expressions are computed from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RawResult {
    /// Of a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Present only where the command asked to capture it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// Present only where the command asked to capture it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr: Option<String>,
    /// Of an HTTP request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<HttpResponse>,
    /// What the script appended to `$LOOPLINE_OUTPUT`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, Json>,
    /// Files that were kept, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub artifacts: BTreeMap<String, ArtifactRef>,
    /// What it told people of itself, in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<ArtifactRef>,
    /// The results of the tests that it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<TestsRef>,
}

/// Results of tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestsRef {
    /// Where the [report](crate::test_report::TestReport) is kept.
    pub digest: String,
    /// How many tests there were, and how they ended.
    #[serde(flatten)]
    pub counts: TestCounts,
}

/// An HTTP answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HttpResponse {
    /// Like 200.
    pub status: u16,
    /// Names in lower case; several values of one name joined by `, `.
    pub headers: BTreeMap<String, String>,
    /// The body as text, present only where the command asked to capture it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body as JSON, where it is JSON and the command asked to capture it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub json: Option<Json>,
}

/// A body that is `null` is a body: it must read back as it was written, or a replay would see another answer.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

/// Where a kept file or folder can be found again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArtifactRef {
    /// `sha256:…` of the content; where it holds `files`, of the list of them.
    pub digest: String,
    /// Bytes, of all files together.
    pub size: u64,
    /// File name to offer when it is downloaded.
    pub file_name: String,
    /// How many files it holds, where it is not one file by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// Where the file lay, beneath the workspace. Files of a list stand there with their paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The file could be executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
}
