//! A verdict in words and numbers.

use std::fmt::Write as _;

use loopline_dsl::drawing::Trail;
use serde_json::{Value as Json, json};

use super::Verdict;
use super::explore::Ending;

impl Verdict {
    /// Some run did not end, or some step cannot start.
    pub fn is_bad(&self) -> bool {
        let Self { explored, .. } = self;
        let never = explored.is_exhaustive() && explored.unsure.is_empty() && !explored.uncovered.steps.is_empty();
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

    /// The ways that can be drawn, by their numbers from 1.
    pub fn trails(&self) -> Vec<&Trail> {
        let faults = self.explored.faults.iter().map(|fault| &fault.trail);
        faults.chain(&self.explored.longest_trail).collect()
    }

    fn orders(&self, out: &mut String) {
        let orders = &self.explored.orders;
        let _ = match (orders.matter, orders.left_out) {
            (false, _) if !orders.parallel => Ok(()),
            (false, _) => writeln!(out, "    in whichever order parallel steps end, it comes to the same"),
            (true, false) => {
                writeln!(out, "    and {} runs in other orders, which are all that can matter", orders.runs)
            }
            (true, true) => {
                writeln!(out, "    and {} runs in other orders, and stopped there; more orders can matter", orders.runs)
            }
        };
    }

    fn tried(&self, out: &mut String) {
        let explored = &self.explored;
        let runs = explored.runs;
        let _ = match explored.complete {
            true => writeln!(
                out,
                "  tried: {} runs, which are all ways that made-up answers can take",
                runs - explored.orders.runs
            ),
            false => writeln!(out, "  tried: {runs} runs, and stopped there; there are more ways"),
        };
        self.orders(out);
        for (status, ending) in &explored.endings {
            let _ = write!(out, "    {status}: {}", ending.runs);
            told(ending, out);
        }
        if !explored.faults.is_empty() {
            let _ = writeln!(out, "  what can go wrong:");
        }
        for (fault, number) in explored.faults.iter().zip(1..) {
            let runs = if fault.ending.runs == 1 { "1 run".to_owned() } else { format!("{} runs", fault.ending.runs) };
            let _ = writeln!(out, "    [{number}] {}, in {runs}", fault.says);
            below(&fault.ending, out);
        }
        let numbered = explored.faults.iter().zip(1..).filter(|(fault, _)| fault.left_behind);
        let left_behind: Vec<String> = numbered.map(|(_, number)| format!("[{number}]")).collect();
        if !left_behind.is_empty() {
            let all = left_behind.join(" ");
            let _ = writeln!(out, "    what was done before {all} stays as it is: no compensation, no `finally`");
        }
        if let Some(longest) = &explored.longest {
            let _ = writeln!(out, "  [{}] the most visits", explored.faults.len() + 1);
            below(longest, out);
        }
        for (what, all) in explored.uncovered.sorts() {
            let _ = writeln!(out, "  {what}: {}", all.join(", "));
        }
        for (step, kept_out) in &explored.kept_out {
            let _ = writeln!(out, "    nearest to `{step}`: {}", kept_out.says);
            below(&kept_out.ending, out);
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

/// The way to something, on lines of their own.
fn below(ending: &Ending, out: &mut String) {
    if !ending.when.is_empty() {
        let _ = writeln!(out, "        when {}", ending.when.join(" and "));
    }
    if !ending.way.is_empty() {
        let _ = writeln!(out, "        {}", ending.way);
    }
}
