//! The rules of the language have names, by which tests speak of them. Each is stated once.

/// The groups of rules: the letter, how many there are, what they are about.
const GROUPS: [(char, usize, &str); 8] = [
    ('T', 6, "the text"),
    ('S', 9, "steps"),
    ('X', 7, "expressions and templates"),
    ('E', 8, "forward edges"),
    ('G', 9, "loop edges"),
    ('M', 5, "many, inside, after"),
    ('W', 6, "waiting"),
    ('P', 6, "what a run promises"),
];

/// All of them: `T1`, `T2` …
pub fn all() -> Vec<String> {
    GROUPS.iter().flat_map(|(letter, count, _)| (1..=*count).map(move |number| format!("{letter}{number}"))).collect()
}

/// The mark that stands where a rule is stated.
pub fn mark(rule: &str) -> String {
    format!("<a id=\"{}\"></a>(**{rule}**)", rule.to_lowercase())
}

/// A table of all rules, each a link to where it is stated.
pub fn table(page_of: &dyn Fn(&str) -> String) -> String {
    let mut lines = vec!["| about | rules |".to_owned(), "| --- | --- |".to_owned()];
    for (letter, count, about) in GROUPS {
        let links = (1..=count).map(|number| {
            let rule = format!("{letter}{number}");
            format!("[{rule}]({}#{})", page_of(&rule), rule.to_lowercase())
        });
        lines.push(format!("| {about} | {} |", links.collect::<Vec<_>>().join(" ")));
    }
    lines.join("\n")
}
