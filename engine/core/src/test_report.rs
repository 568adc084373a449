//! Results of tests that a step has run, as people look at them. No expression reads them.

use serde::{Deserialize, Serialize};

/// How many tests there were, and how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestCounts {
    /// All of them.
    pub tests: u32,
    /// Those that failed, or could not be run.
    pub failed: u32,
    /// Those that were left out.
    pub skipped: u32,
}

/// What a step's files of results say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestReport {
    /// Of all files, and of all tests, also those that are not among `cases`.
    pub counts: TestCounts,
    /// The tests: first those that failed, then the others, each in the order of the files. At most 10,000.
    pub cases: Vec<TestCase>,
    /// How many of the tests are not among them.
    pub left_out: u32,
    /// Files that could not be read, or not whole, and why.
    pub problems: Vec<String>,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestCase {
    /// What it belongs to: its class, or else its suite.
    pub suite: String,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: TestStatus,
    /// How long it took, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Why it failed or was left out, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it said besides: a place, a comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TestStatus {
    /// As it should.
    Passed,
    /// Not as it should.
    Failed,
    /// It could not be run to its end.
    Error,
    /// It was left out.
    Skipped,
}

impl TestStatus {
    /// It counts as failed.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::Error)
    }
}
