//! Results of files of tests, for people and for programs.

use std::fmt::Write as _;

use loopline_dsl::{DiagnosticJson, duration, render_pretty, to_json};
use serde::Serialize;

use crate::coverage::Uncovered;
use crate::run::CaseResult;
use crate::trace::TraceLine;

/// What came of one file of tests.
#[derive(Debug)]
pub struct FileReport {
    /// Its name, as people gave it.
    pub file: String,
    /// Its text.
    pub text: String,
    /// What came of its cases, in their order.
    pub cases: Vec<CaseResult>,
}

/// Coverage of one pipeline.
#[derive(Debug, Clone, Serialize)]
pub struct PipelineCoverage {
    /// The file of the pipeline.
    pub pipeline: String,
    /// What was gone of it, and what not.
    #[serde(flatten)]
    pub uncovered: Uncovered,
}

/// All that was run, in one shape for programs.
#[derive(Debug, Serialize)]
struct Document<'a> {
    passed: usize,
    failed: usize,
    cases: Vec<CaseJson<'a>>,
    coverage: &'a [PipelineCoverage],
}

#[derive(Debug, Serialize)]
struct CaseJson<'a> {
    file: &'a str,
    name: &'a str,
    passed: bool,
    took_ms: u64,
    events: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<DiagnosticJson>,
    #[serde(skip_serializing_if = "<[TraceLine]>::is_empty")]
    trace: &'a [TraceLine],
}

impl FileReport {
    /// A line a case; of one that failed all that was found, and what happened when.
    pub fn for_people(&self, color: bool) -> String {
        let mut out = format!("{}\n", self.file);
        for case in &self.cases {
            let mark = if case.passed() { "✓" } else { "✗" };
            let _ = writeln!(out, "  {mark} {} ({})", case.name, duration::write(case.took_ms));
            if case.passed() {
                continue;
            }
            for line in render_pretty(&self.file, &self.text, &case.findings, color).lines() {
                let _ = writeln!(out, "{}", if line.is_empty() { String::new() } else { format!("    {line}") });
            }
            let _ = writeln!(out, "    what happened:");
            for TraceLine { at_ms, what } in &case.trace {
                let _ = writeln!(out, "    {:>10}  {what}", duration::write(*at_ms));
            }
            out.push('\n');
        }
        out
    }
}

impl PipelineCoverage {
    /// A line, and what no case has done.
    pub fn for_people(&self) -> String {
        let Uncovered { ways, gone, .. } = &self.uncovered;
        let mut out = format!("coverage of {}: {gone} of {ways} ways\n", self.pipeline);
        for (what, all) in self.uncovered.sorts() {
            let _ = writeln!(out, "  {what}: {}", all.join(", "));
        }
        out
    }
}

/// Everything as one JSON document.
pub fn json(files: &[FileReport], coverage: &[PipelineCoverage]) -> serde_json::Value {
    let mut cases = Vec::new();
    for report in files {
        for case in &report.cases {
            cases.push(CaseJson {
                file: &report.file,
                name: &case.name,
                passed: case.passed(),
                took_ms: case.took_ms,
                events: case.events,
                findings: to_json(&report.text, &case.findings),
                trace: if case.passed() { &[] } else { &case.trace },
            });
        }
    }
    let failed = cases.iter().filter(|case| !case.passed).count();
    let document = Document { passed: cases.len() - failed, failed, cases, coverage };
    serde_json::to_value(document).expect("it has only string keys")
}
