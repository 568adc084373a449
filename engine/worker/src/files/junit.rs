//! Test results in JUnit's format, as so many tools write it: `testsuites` or `testsuite`, and in them `testcase`s with
//! `failure`, `error` or `skipped`. What else stands there is passed over.

use loopline_core::test_report::{TestCase, TestCounts, TestReport, TestStatus};
use roxmltree::{Document, Node, ParsingOptions};

use crate::mask::Secrets;

/// More tests are counted, and not listed.
const MAX_CASES: usize = 10_000;

/// A text is cut behind so many bytes.
const MAX_TEXT: usize = 4 * 1024;

/// Elements and texts of one file.
const MAX_NODES: u32 = 2_000_000;

/// What several files say together.
#[derive(Default)]
pub(super) struct Results {
    bad: Vec<TestCase>,
    others: Vec<TestCase>,
    counts: TestCounts,
    problems: Vec<String>,
}

impl Results {
    /// Something that could not be read.
    pub(super) fn problem(&mut self, why: String) {
        self.problems.push(why);
    }

    /// Adds what a file says; `Err` says why it cannot be read, and nothing of it is added then.
    pub(super) fn add(&mut self, text: &str, secrets: &Secrets) -> Result<(), String> {
        let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|error| format!("it is no XML: {error}"))?;
        let root = document.root_element();
        if !matches!(root.tag_name().name(), "testsuites" | "testsuite") {
            return Err(format!("it holds `{}`, and no test results", clipped(root.tag_name().name())));
        }
        for node in root.descendants().filter(|node| node.has_tag_name("testcase")) {
            let case = case(node, secrets);
            self.counts.tests += 1;
            self.counts.failed += u32::from(case.status.is_bad());
            self.counts.skipped += u32::from(case.status == TestStatus::Skipped);
            let list = if case.status.is_bad() { &mut self.bad } else { &mut self.others };
            if list.len() < MAX_CASES {
                list.push(case);
            }
        }
        Ok(())
    }

    /// All of it, those that failed first.
    pub(super) fn report(self) -> TestReport {
        let Self { mut bad, others, counts, problems } = self;
        bad.extend(others);
        bad.truncate(MAX_CASES);
        TestReport { counts, left_out: counts.tests - bad.len() as u32, cases: bad, problems }
    }
}

fn case(node: Node<'_, '_>, secrets: &Secrets) -> TestCase {
    let found = |name: &str| node.children().find(|child| child.has_tag_name(name));
    let (status, about) = if let Some(failure) = found("failure") {
        (TestStatus::Failed, Some(failure))
    } else if let Some(error) = found("error") {
        (TestStatus::Error, Some(error))
    } else if let Some(skipped) = found("skipped") {
        (TestStatus::Skipped, Some(skipped))
    } else {
        (TestStatus::Passed, None)
    };
    let told = |text: &str| {
        let text = text.trim();
        (!text.is_empty()).then(|| secrets.mask(&clipped(text)))
    };
    let suite = node.attribute("classname").filter(|class| !class.is_empty());
    let around = node.ancestors().find(|around| around.has_tag_name("testsuite"));
    let suite = suite.or_else(|| around?.attribute("name")).unwrap_or_default();
    let seconds = node.attribute("time").and_then(|time| time.trim().replace(',', "").parse::<f64>().ok());
    TestCase {
        suite: told(suite).unwrap_or_default(),
        name: told(node.attribute("name").unwrap_or_default()).unwrap_or_default(),
        status,
        // A float beyond what fits becomes the largest number, and one that is none becomes 0.
        duration_ms: seconds.filter(|seconds| *seconds >= 0.0).map(|seconds| (seconds * 1000.0).round() as u64),
        message: about.and_then(|about| told(about.attribute("message")?)),
        details: about.and_then(|about| told(about.text()?)),
    }
}

fn clipped(text: &str) -> String {
    match text.len() <= MAX_TEXT {
        true => text.to_owned(),
        false => format!("{}…", &text[..text.floor_char_boundary(MAX_TEXT)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> TestReport {
        let mut results = Results::default();
        let secrets = Secrets::new(["hunter22"]);
        for text in texts {
            if let Err(why) = results.add(text, &secrets) {
                results.problem(why);
            }
        }
        results.report()
    }

    #[test]
    fn tests_are_told_with_how_they_ended_and_those_that_failed_come_first() {
        let report = read(&[
            r#"<?xml version="1.0"?><testsuites><testsuite name="api"><testcase name="adds" classname="math" time="0.0125"/>
               <testcase name="sends" time="1,200.5"><failure message="hunter22 &lt;no&gt;" type="x"><![CDATA[at line 3]]></failure></testcase>
               <testcase name="later"><skipped/></testcase></testsuite></testsuites>"#,
            r#"<testsuite name="web"><testcase name="breaks"><error>panic</error></testcase></testsuite>"#,
        ]);
        assert_eq!(report.counts, TestCounts { tests: 4, failed: 2, skipped: 1 });
        let shown: Vec<_> = report.cases.iter().map(|c| (&*c.suite, &*c.name, c.status, c.duration_ms)).collect();
        use TestStatus::{Error, Failed, Passed, Skipped};
        assert_eq!(
            shown,
            [
                ("api", "sends", Failed, Some(1_200_500)),
                ("web", "breaks", Error, None),
                ("math", "adds", Passed, Some(13)),
                ("api", "later", Skipped, None)
            ]
        );
        assert_eq!(report.cases[0].message.as_deref(), Some("*** <no>"));
        assert_eq!(report.cases[0].details.as_deref(), Some("at line 3"));
        assert_eq!(report.cases[1].details.as_deref(), Some("panic"));
    }

    #[test]
    fn what_is_no_test_result_is_said_and_spoils_nothing_else() {
        let bomb = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>"#;
        let report = read(&["<testsuite><testcase", "<html/>", bomb, "<testsuite><testcase name='good'/></testsuite>"]);
        assert_eq!((report.counts.tests, report.problems.len()), (1, 3), "{:?}", report.problems);
        assert!(report.problems[0].starts_with("it is no XML: "), "{:?}", report.problems);
        assert_eq!(report.problems[1], "it holds `html`, and no test results");
    }

    #[test]
    fn of_too_many_tests_those_that_failed_are_listed() {
        let many: String = (0..12_000).map(|n| format!("<testcase name='{n}'/>")).collect();
        let report = read(&[&format!("<testsuite>{many}<testcase name='bad'><failure/></testcase></testsuite>")]);
        assert_eq!((report.counts.tests, report.cases.len(), report.left_out), (12_001, 10_000, 2_001));
        assert_eq!(report.cases[0].name, "bad");
        let long = read(&[&format!("<testsuite><testcase name='{}'/></testsuite>", "ä".repeat(9_000))]);
        assert!(long.cases[0].name.len() <= MAX_TEXT + 3);
    }
}
