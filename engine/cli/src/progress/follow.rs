//! Following one run until it is over.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::answers::Answers;
use super::printer::{Printer, duration_text};
use crate::client::{Client, ServerEvent, segment};
use crate::exit::Failure;

/// What is followed, and how.
pub struct Following {
    /// Where the run is.
    pub client: Client,
    /// Which.
    pub run: String,
    /// Only what happens behind this event.
    pub after: u64,
    /// Answers given beforehand.
    pub answers: Answers,
    /// Ask on the terminal when a step waits for people.
    pub ask: bool,
    /// Ctrl-C asks the run to end; otherwise it only ends the following.
    pub cancel_on_interrupt: bool,
}

/// How the following ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// The run is over.
    Over,
    /// Ctrl-C.
    Interrupted,
}

enum Happening {
    Event(Json),
    Log { step: String, line: Json },
    LogEnd { step: String, key: (u64, u64) },
    Typed { step: String, visit: u64, digest: String, text: String },
    StreamEnded(Result<(), Failure>),
}

/// Prints the run as it goes on. Ends when it is over and everything it wrote has been printed.
pub async fn follow(following: Following, printer: &mut Printer) -> Result<Followed, Failure> {
    let (sender, mut happenings) = mpsc::unbounded_channel();
    // Unbounded is safe: what comes in is what one run writes, and every line is printed at once.
    let mut watcher = Watcher {
        following,
        printer,
        sender,
        steps: BTreeMap::new(),
        asked: BTreeMap::new(),
        events: VecDeque::new(),
        ended: None,
    };
    watcher.listen();
    let mut interrupted = false;
    loop {
        tokio::select! {
            happening = happenings.recv() => {
                let Some(happening) = happening else { return Ok(Followed::Over) };
                watcher.take(happening).await?;
                watcher.pump().await?;
                if watcher.is_done() {
                    watcher.printer.end();
                    watcher.ended.take().unwrap_or(Ok(()))?;
                    return Ok(if interrupted { Followed::Interrupted } else { Followed::Over });
                }
            }
            _ = tokio::signal::ctrl_c() => {
                if interrupted || !watcher.following.cancel_on_interrupt {
                    watcher.printer.end();
                    return Ok(Followed::Interrupted);
                }
                interrupted = true;
                watcher.printer.line("ending the run; Ctrl-C once more leaves at once");
                watcher.cancel().await?;
            }
        }
    }
}

struct Watcher<'a> {
    following: Following,
    printer: &'a mut Printer,
    sender: mpsc::UnboundedSender<Happening>,
    steps: BTreeMap<String, StepSeen>,
    /// Visits that were asked about, by step.
    asked: BTreeMap<String, u64>,
    /// Events that wait until the log of what they end has been printed.
    events: VecDeque<Json>,
    /// How the event stream ended.
    ended: Option<Result<(), Failure>>,
}

/// What is known of a step.
#[derive(Default)]
struct StepSeen {
    status: String,
    visit: u64,
    attempt: u64,
    /// The attempt whose log is being read.
    reading: Option<(u64, u64)>,
}

impl Watcher<'_> {
    fn listen(&self) {
        let client = self.following.client.clone();
        let path = format!("/runs/{}/events?after={}", segment(&self.following.run), self.following.after);
        let sender = self.sender.clone();
        tokio::spawn(async move {
            let events = sender.clone();
            let result = client
                .events(&path, |ServerEvent { name, data }| {
                    if name == "end" {
                        return false;
                    }
                    serde_json::from_str(&data).is_ok_and(|event| events.send(Happening::Event(event)).is_ok())
                })
                .await;
            // The follower may be gone.
            let _ = sender.send(Happening::StreamEnded(result));
        });
    }

    async fn take(&mut self, happening: Happening) -> Result<(), Failure> {
        match happening {
            Happening::Event(event) => self.events.push_back(event),
            Happening::Log { step, line } => {
                let text = line["text"].as_str().unwrap_or_default();
                self.printer.output(&step, text, line["stream"] == "stderr");
            }
            Happening::LogEnd { step, key } => {
                if let Some(step) = self.steps.get_mut(&step)
                    && step.reading == Some(key)
                {
                    step.reading = None;
                }
            }
            Happening::Typed { step, visit, digest, text } => self.typed(&step, visit, &digest, text.trim()).await?,
            Happening::StreamEnded(result) => self.ended = Some(result),
        }
        Ok(())
    }

    /// Prints the events that wait for no log any more, in order.
    async fn pump(&mut self) -> Result<(), Failure> {
        while let Some(event) = self.events.front() {
            if self.ends_what_is_read(event) {
                return Ok(());
            }
            let event = self.events.pop_front().unwrap_or_default();
            self.event(&event).await?;
        }
        Ok(())
    }

    /// The event ends an attempt whose log is still on its way here: first the log, then the end.
    fn ends_what_is_read(&self, event: &Json) -> bool {
        super::inside::changed_in(&event["changes"]).iter().any(|(name, view)| {
            let Some((visit, attempt)) = self.steps.get(name).and_then(|step| step.reading) else { return false };
            let same = view["visit"].as_u64() == Some(visit) && view["attempt"].as_u64() == Some(attempt);
            !(same && matches!(view["status"].as_str(), Some("queued" | "running")))
        })
    }

    fn is_done(&self) -> bool {
        self.ended.is_some() && self.events.is_empty() && self.steps.values().all(|step| step.reading.is_none())
    }

    async fn event(&mut self, event: &Json) -> Result<(), Failure> {
        if let Some(steps) = event["changes"]["steps"].as_object() {
            if event["event"]["type"] == "run_created" {
                self.printer.steps_named(steps.keys().map(String::as_str));
            }
            let mut steps = super::inside::changed_in(&event["changes"]);
            // What ended is said before what began because of it.
            steps.sort_by_key(|(_, view)| !matches!(view["status"].as_str(), Some("succeeded" | "failed")));
            for (name, view) in steps {
                self.step(&name, &view).await?;
            }
        }
        Ok(())
    }

    async fn step(&mut self, name: &str, view: &Json) -> Result<(), Failure> {
        let status = view["status"].as_str().unwrap_or_default().to_owned();
        let visit = view["visit"].as_u64().unwrap_or(1);
        let attempt = view["attempt"].as_u64().unwrap_or(0);
        let known = self.steps.entry(name.to_owned()).or_default();
        let first = known.status.is_empty();
        let went_back = !first && visit > known.visit;
        let changed = first || known.status != status || known.visit != visit || known.attempt != attempt;
        let began_attempt = attempt > 0 && (known.attempt != attempt || known.visit != visit);
        let before = std::mem::replace(&mut known.status, status.clone());
        (known.visit, known.attempt) = (visit, attempt);
        if went_back && !matches!(before.as_str(), "succeeded" | "failed" | "skipped" | "cancelled") {
            self.say_past_visit(name, view, visit - 1);
        }
        // A pipeline in place writes no log: its steps do.
        if began_attempt && view["child"].is_null() {
            let of_visit = || view["visits"].as_array().and_then(|visits| visits.last()?["child_run"].as_str());
            match view["child_run"].as_str().or_else(of_visit) {
                // What a child run prints stands in the logs of its own steps.
                Some(child) => self.printer.step("▶", name, &format!("child run {child}")),
                None => self.read_log(name, visit, attempt),
            }
        }
        if !changed {
            return Ok(());
        }
        match status.as_str() {
            "queued" | "running" => self.printer.keep(name, "running"),
            "waiting" => self.waiting(name, view, visit).await?,
            "succeeded" | "failed" | "skipped" | "cancelled" => {
                self.printer.drop_step(name);
                let (mark, text) = ended(&status, view);
                self.printer.step(mark, name, &text);
            }
            _ => self.printer.drop_step(name),
        }
        Ok(())
    }

    /// A loop came back here: say how the visit before had ended, if that was not said.
    fn say_past_visit(&mut self, name: &str, view: &Json, visit: u64) {
        let past = view["visits"].as_array().into_iter().flatten().find(|past| past["visit"] == visit);
        if let Some(past) = past {
            let (mark, text) = ended(past["status"].as_str().unwrap_or_default(), past);
            let mark = if mark == "✗" { mark } else { "↺" };
            self.printer.drop_step(name);
            self.printer.step(mark, name, &format!("{text}; visit {} is next", visit + 1));
        }
    }

    fn read_log(&mut self, name: &str, visit: u64, attempt: u64) {
        self.steps.entry(name.to_owned()).or_default().reading = Some((visit, attempt));
        let said = if visit > 1 || attempt > 1 { format!("visit {visit}, attempt {attempt}") } else { String::new() };
        self.printer.step("▶", name, &said);
        let (client, sender, step) = (self.following.client.clone(), self.sender.clone(), name.to_owned());
        let (of_step, which) = super::inside::log_of(name);
        let path = format!(
            "/runs/{}/steps/{}/logs?visit={visit}&attempt={attempt}{which}",
            segment(&self.following.run),
            segment(of_step)
        );
        tokio::spawn(async move {
            // A log that cannot be read is no reason to fail the following: the run's own events go on.
            let _ = client
                .events(&path, |ServerEvent { name, data }| {
                    if name == "end" {
                        return false;
                    }
                    let Ok(line) = serde_json::from_str(&data) else { return true };
                    sender.send(Happening::Log { step: step.clone(), line }).is_ok()
                })
                .await;
            let _ = sender.send(Happening::LogEnd { step, key: (visit, attempt) });
        });
    }

    async fn waiting(&mut self, name: &str, view: &Json, visit: u64) -> Result<(), Failure> {
        let waiting = &view["waiting_for"];
        match waiting["kind"].as_str() {
            Some("approval") => self.approval(name, waiting, visit).await?,
            Some("retry") => {
                self.printer.keep(name, "waits for its next attempt");
                self.printer.step("↻", name, &format!("failed; attempt {} follows", waiting["attempt"]));
            }
            Some("timer") => {
                self.printer.keep(name, &format!("waits until {}", waiting["until"].as_str().unwrap_or("?")))
            }
            _ => self.printer.keep(name, "waits"),
        }
        Ok(())
    }

    async fn approval(&mut self, name: &str, waiting: &Json, visit: u64) -> Result<(), Failure> {
        if self.asked.get(name) == Some(&visit) {
            return Ok(());
        }
        self.asked.insert(name.to_owned(), visit);
        let digest = waiting["digest"].as_str().unwrap_or_default().to_owned();
        self.printer.step("?", name, waiting["message"].as_str().unwrap_or_default());
        if let Some(approve) = self.following.answers.next(name) {
            return self.decide(name, visit, &digest, approve, None).await;
        }
        let run = &self.following.run;
        if self.following.ask && self.printer.is_attended() {
            let back = waiting["on_reject"].as_str().map(|to| format!(" (goes back to {to})")).unwrap_or_default();
            self.printer.line(&format!(
                "  type approve or reject{back}, and a comment if you like; or decide at {}",
                self.following.client.page(run)
            ));
            let (sender, step) = (self.sender.clone(), name.to_owned());
            tokio::task::spawn_blocking(move || {
                let mut text = String::new();
                if std::io::stdin().read_line(&mut text).is_ok() {
                    // The follower may be gone.
                    let _ = sender.send(Happening::Typed { step, visit, digest, text });
                }
            });
        } else {
            self.printer.line(&format!("  waits for a decision: loopline approve {run} {name}   (or reject)"));
        }
        self.printer.keep(name, "waits for a decision");
        Ok(())
    }

    async fn typed(&mut self, step: &str, visit: u64, digest: &str, text: &str) -> Result<(), Failure> {
        let (word, comment) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let comment = (!comment.trim().is_empty()).then(|| comment.trim().to_owned());
        match word {
            "approve" | "a" | "y" | "yes" => self.decide(step, visit, digest, true, comment).await,
            "reject" | "r" | "n" | "no" => self.decide(step, visit, digest, false, comment).await,
            _ => {
                self.printer.line("  please type approve or reject");
                self.asked.remove(step);
                let waiting = json!({"digest": digest, "message": ""});
                self.approval(step, &waiting, visit).await
            }
        }
    }

    async fn decide(
        &mut self,
        step: &str,
        visit: u64,
        digest: &str,
        approve: bool,
        comment: Option<String>,
    ) -> Result<(), Failure> {
        let verb = if approve { "approve" } else { "reject" };
        let path = format!("/runs/{}/steps/{}/{verb}", segment(&self.following.run), segment(step));
        let mut body = json!({"visit": visit, "digest": digest});
        if let Some(comment) = comment {
            body["comment"] = comment.into();
        }
        match self.following.client.post(&path, &body, None).await {
            Ok(_) => Ok(()),
            // Someone else was faster, or a field is missing: said, and the run goes on waiting.
            Err(failure) => {
                self.printer.line(&failure.to_string());
                Ok(())
            }
        }
    }

    async fn cancel(&self) -> Result<(), Failure> {
        let path = format!("/runs/{}/cancel", segment(&self.following.run));
        self.following.client.post(&path, &json!({"reason": "Ctrl-C"}), None).await.map(drop)
    }
}

/// How a visit ended, in a mark and words.
fn ended(status: &str, view: &Json) -> (&'static str, String) {
    let time = |name: &str| view[name].as_str().and_then(loopline_core::time::Timestamp::parse);
    let took = match (time("started_at"), time("finished_at")) {
        (Some(from), Some(to)) => format!(" ({})", duration_text(to.ms_since(from))),
        _ => String::new(),
    };
    match status {
        "succeeded" => ("✓", format!("succeeded{took}")),
        "failed" => {
            let error = &view["error"];
            let kind = error["kind"].as_str().unwrap_or("failed");
            ("✗", format!("{kind}: {}{took}", error["message"].as_str().unwrap_or_default()))
        }
        "skipped" => ("-", format!("skipped: {}", view["skip_reason"].as_str().unwrap_or("?").replace('_', " "))),
        other => ("-", other.to_owned()),
    }
}
