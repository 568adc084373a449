//! Lines on the terminal.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use console::{Term, style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::terminal_text::safe;

/// Writes lines; keeps a living line for each step that runs or waits, where there is a terminal.
pub struct Printer {
    live: Option<MultiProgress>,
    steps: BTreeMap<String, ProgressBar>,
    to_stderr: bool,
    colour: bool,
    width: usize,
}

impl Printer {
    /// Plain lines go to standard output, or to standard error when that is for something else.
    pub fn new(to_stderr: bool) -> Self {
        let term = if to_stderr { Term::stderr() } else { Term::stdout() };
        let live = term.features().is_attended();
        Self {
            live: live.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::term(term.clone(), 12))),
            steps: BTreeMap::new(),
            to_stderr,
            colour: term.features().colors_supported() && live,
            width: 0,
        }
    }

    /// Step names are padded to the longest, so that their output stands in a column.
    pub fn steps_named<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.width = names.map(str::len).max().unwrap_or(0).min(24);
    }

    /// A person can answer here.
    pub fn is_attended(&self) -> bool {
        self.live.is_some() && console::user_attended()
    }

    /// One line, as it stands.
    pub fn line(&self, text: &str) {
        match &self.live {
            // A terminal that went away is no reason to fail the run.
            Some(live) => drop(live.println(text)),
            // Whoever read the output may have gone; the run goes on.
            None if self.to_stderr => drop(writeln!(std::io::stderr(), "{text}")),
            None => drop(writeln!(std::io::stdout(), "{text}")),
        }
    }

    /// A line of a step's output.
    pub fn output(&self, step: &str, text: &str, is_stderr: bool) {
        let bar = if is_stderr { self.paint("┆", |s| s.yellow()) } else { self.paint("│", |s| s.dim()) };
        self.line(&format!("  {} {bar} {}", self.paint(&self.padded(step), |s| s.dim()), safe(text)));
    }

    /// Something happened to a step.
    pub fn step(&self, mark: &str, step: &str, text: &str) {
        let mark = match mark {
            "✓" => self.paint(mark, |s| s.green().bold()),
            "✗" => self.paint(mark, |s| s.red().bold()),
            "↺" => self.paint(mark, |s| s.magenta().bold()),
            "?" => self.paint(mark, |s| s.yellow().bold()),
            "▶" => self.paint(mark, |s| s.cyan()),
            _ => self.paint(mark, |s| s.dim()),
        };
        let name = self.paint(&self.padded(step), |s| s.bold());
        self.line(&format!("{mark} {name} {}", safe(text)));
    }

    /// A living line for a step that runs or waits.
    pub fn keep(&mut self, step: &str, text: &str) {
        let Some(live) = &self.live else { return };
        let padded = self.padded(step);
        let bar = self.steps.entry(step.to_owned()).or_insert_with(|| {
            let template = "{spinner:.cyan} {prefix:.bold} {msg} {elapsed:.dim}";
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = live.add(ProgressBar::new_spinner().with_style(style));
            bar.set_prefix(padded);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        bar.set_message(safe(text));
    }

    /// The step neither runs nor waits any more.
    pub fn drop_step(&mut self, step: &str) {
        if let Some(bar) = self.steps.remove(step) {
            bar.finish_and_clear();
        }
    }

    /// Takes all living lines away.
    pub fn end(&mut self) {
        for (_, bar) in std::mem::take(&mut self.steps) {
            bar.finish_and_clear();
        }
    }

    fn padded(&self, step: &str) -> String {
        format!("{step:width$}", width = self.width)
    }

    fn paint(
        &self,
        text: &str,
        with: impl Fn(console::StyledObject<String>) -> console::StyledObject<String>,
    ) -> String {
        if self.colour { with(style(text.to_owned()).force_styling(true)).to_string() } else { text.to_owned() }
    }
}

/// `850 ms`, `2.3 s`, `4 min 10 s`, `3 h 5 min`.
pub fn duration_text(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
        _ => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}
