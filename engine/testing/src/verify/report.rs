//! A verdict in words and numbers.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::Verdict;
use super::explore::Ending;

impl Verdict {
    /// Some run did not end, or some step cannot start.
    pub fn is_bad(&self) -> bool {
        let Self { explored, .. } = self;
        let never = explored.complete && explored.unsure.is_empty() && !explored.uncovered.steps.is_empty();
        never || explored.endings.contains_key("endless") || explored.endings.contains_key("hangs")
    }

    /// As one JSON document.
    pub fn json(&self) -> Json {
        json!({
            "pipeline": self.pipeline,
            "every_run_ends": self.bounds.every_run_ends(),
            "bounds": self.bounds,
            "explored": self.explored,
        })
    }

    /// For people.
    pub fn for_people(&self) -> String {
        let mut out = format!("{}\n", self.pipeline);
        self.proved(&mut out);
        self.tried(&mut out);
        out
    }

    fn proved(&self, out: &mut String) {
        let bounds = &self.bounds;
        let _ = match bounds.unlimited.as_slice() {
            [] => writeln!(out, "  proved: every run ends, because each loop has a budget"),
            all => writeln!(out, "  not proved: runs end only if these end by themselves: {}", all.join(", ")),
        };
        if !bounds.answered_by_others.is_empty() {
            let all = bounds.answered_by_others.join(", ");
            let _ = writeln!(out, "  provided that somebody answers, for there is no timeout: {all}");
        }
        if !bounds.other_pipelines.is_empty() {
            let all = bounds.other_pipelines.join(", ");
            let _ = writeln!(out, "  provided that runs of other pipelines end: {all}");
        }
        let _ = writeln!(out, "  visits, at most and as seen:");
        for bound in &bounds.steps {
            let most = bound.visits.map_or("no bound".to_owned(), |visits| visits.to_string());
            let seen = self.explored.visits.get(&bound.step).copied().unwrap_or(0);
            let _ = writeln!(out, "    {:<24} {most:>10} {seen:>8}", bound.step);
        }
    }

    fn tried(&self, out: &mut String) {
        let explored = &self.explored;
        let runs = explored.runs;
        let _ = match explored.complete {
            true => writeln!(out, "  tried: {runs} runs, which are all ways that made-up answers can take"),
            false => writeln!(out, "  tried: {runs} runs, and stopped there; there are more ways"),
        };
        for (status, ending) in &explored.endings {
            let _ = write!(out, "    {status}: {}", ending.runs);
            told(ending, out);
        }
        if let Some(longest) = &explored.longest {
            let _ = write!(out, "  the most visits");
            told(longest, out);
        }
        for (what, all) in explored.uncovered.sorts() {
            let _ = writeln!(out, "  {what}: {}", all.join(", "));
        }
        for (step, why) in &explored.unsure {
            let _ = writeln!(out, "  not tried further, for made-up values do not do for `{step}`: {why}");
        }
    }
}

fn told(ending: &Ending, out: &mut String) {
    let when = if ending.when.is_empty() { String::new() } else { format!(", when {}", ending.when.join(" and ")) };
    let _ = writeln!(out, "{when}: {}", ending.way);
    if let Some(waits_for) = &ending.waits_for {
        let _ = writeln!(out, "      {waits_for}");
    }
}
