//! `loopline doctor`: what stands in the way of a server, and what mends it.

use crate::arguments::{Doctor, Output};
use crate::doctor::{Finding, Verdict, examine};
use crate::exit::{Exit, Outcome};

/// Prints what was found; fails when a server would not do what it promises.
pub async fn doctor(arguments: Doctor) -> Outcome {
    let findings = examine(&arguments.settings).await;
    match arguments.output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&findings).map_err(anyhow::Error::from)?),
        Output::Table => print(&findings),
    }
    let worst = findings.iter().map(|finding| finding.verdict).max();
    Ok(if worst == Some(Verdict::Failed) { Exit::Failed } else { Exit::Success })
}

fn print(findings: &[Finding]) {
    let widest = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
    for Finding { check, verdict, says, fix } in findings {
        let sign = match verdict {
            Verdict::Good => console::style("ok  ").green(),
            Verdict::Warning => console::style("warn").yellow(),
            Verdict::Failed => console::style("FAIL").red(),
        };
        println!("{sign}  {check:widest$}  {says}");
        if let Some(fix) = fix {
            println!("{:1$}fix: {fix}", "", widest + 8);
        }
    }
    let of = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    match (of(Verdict::Failed), of(Verdict::Warning)) {
        (0, 0) => println!("nothing stands in the way"),
        (0, warnings) => println!("nothing stands in the way; {} to know about", things(warnings)),
        (failed, _) => println!("{} to mend", things(failed)),
    }
}

fn things(count: usize) -> String {
    if count == 1 { "1 thing".to_owned() } else { format!("{count} things") }
}
