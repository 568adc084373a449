//! Results in the format of JUnit, which test pages of code hosts and build servers read.

use std::fmt::Write as _;

use loopline_dsl::render_pretty;

use crate::report::FileReport;

/// One suite a file, one test a case. Times are those of the simulated clock.
pub fn junit(files: &[FileReport]) -> String {
    let failed = |report: &FileReport| report.cases.iter().filter(|case| !case.passed()).count();
    let tests: usize = files.iter().map(|report| report.cases.len()).sum();
    let failures: usize = files.iter().map(failed).sum();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"loopline test\" tests=\"{tests}\" failures=\"{failures}\">");
    for report in files {
        let (name, count) = (escaped(&report.file), report.cases.len());
        let _ = writeln!(out, "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{}\">", failed(report));
        for case in &report.cases {
            let seconds = case.took_ms as f64 / 1000.0;
            let case_name = escaped(&case.name);
            let _ = write!(out, "    <testcase classname=\"{name}\" name=\"{case_name}\" time=\"{seconds:.3}\"");
            let Some(first) = case.findings.first() else {
                out.push_str("/>\n");
                continue;
            };
            let all = render_pretty(&report.file, &report.text, &case.findings, false);
            let _ = write!(
                out,
                ">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                first.code.as_str(),
                escaped(&first.message),
                escaped(all.trim_end())
            );
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Text as XML takes it. What XML cannot hold at all is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn xml_stays_xml_whatever_people_write() {
        assert_eq!(escaped("a <b> & \"c\"\u{1b}[0m\n"), "a &lt;b&gt; &amp; &quot;c&quot;[0m\n");
    }
}
