//! The findings of the compiler: a page for each code, and a list of all of them.

use loopline_dsl::{Code, Severity};

/// What codes are about, by the first number of each group.
const GROUPS: [(u32, &str); 15] = [
    (1, "The text"),
    (20, "The shape of values"),
    (30, "Names"),
    (40, "What a step does"),
    (60, "Forward edges"),
    (70, "Loop edges"),
    (80, "Expressions and templates"),
    (100, "The compiler itself"),
    (110, "The folder that holds the file"),
    (120, "Types"),
    (130, "What can be reached"),
    (140, "Many, inside, after"),
    (150, "Secrets, requests, workers"),
    (300, "Tests of pipelines"),
    (310, "What cases come to"),
];

/// The page of a code, beneath `diagnostics/`.
pub fn file(code: Code) -> String {
    format!("diagnostics/{}.md", code.as_str())
}

/// The page: that of `loopline explain`, with its severity, and its examples marked as what they show.
pub fn page(code: Code) -> String {
    let (title, rest) = code.page().split_once('\n').expect("a page has a title and a text");
    let mut about = format!("{title}\n\n*{}. [All findings](README.md)*\n{rest}", severity(code.severity()));
    // What only a run finds is nothing that the compiler could be asked for.
    about = about.replace("```yaml\npipeline:", "```yaml test\npipeline:");
    for fence in ["yaml", "yaml test"].into_iter().filter(|_| number(code) < 310) {
        if let Some((before, behind)) = about.split_once(&format!("\n## Wrong\n\n```{fence}\n")) {
            let word = severity(code.severity()).to_lowercase();
            about = format!("{before}\n## Wrong\n\n```{fence} {word} {}\n{behind}", code.as_str());
        }
    }
    about
}

/// All codes in tables, by what they are about. Links are relative to `diagnostics/`.
pub fn list() -> String {
    let mut sections = Vec::new();
    for (at, (first, about)) in GROUPS.iter().enumerate() {
        let end = GROUPS.get(at + 1).map_or(u32::MAX, |(next, _)| *next);
        let rows: Vec<_> = Code::ALL.iter().filter(|code| (*first..end).contains(&number(**code))).map(row).collect();
        if !rows.is_empty() {
            sections
                .push(format!("## {about}\n\n| code | severity | says |\n| --- | --- | --- |\n{}", rows.join("\n")));
        }
    }
    sections.join("\n\n")
}

fn row(code: &Code) -> String {
    let name = code.as_str();
    let title = code.page().lines().next().and_then(|line| line.split_once(": ")).map_or("", |(_, title)| title);
    format!("| [{name}]({name}.md) | {} | {} |", severity(code.severity()).to_lowercase(), crate::tables::cell(title))
}

fn number(code: Code) -> u32 {
    code.as_str().trim_start_matches('L').parse().expect("a code ends in a number")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Hint => "Hint",
    }
}
