//! Random cyclic pipelines, as the text that a user would write. Whatever is drawn compiles.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;

/// How many steps a pipeline has at the most.
pub const STEPS: usize = 40;

#[derive(Debug, Clone)]
pub struct DrawnPipeline {
    pub steps: Vec<DrawnStep>,
    pub finally: Vec<DrawnStep>,
    pub fail_fast: bool,
    pub visits: Option<u8>,
    pub timeout: bool,
    pub output: Option<(u8, u16)>,
}

#[derive(Debug, Clone)]
pub struct DrawnStep {
    pub name: u16,
    pub kind: Kind,
    /// Which of the steps shortly before it, and on which condition.
    pub needs: Vec<(u16, u8)>,
    pub join: u8,
    pub condition: Option<(u8, u16)>,
    pub gotos: Vec<DrawnGoto>,
    pub repeat: Option<(u8, bool)>,
    pub retry: Option<(u8, u8)>,
    /// Of a step that runs many times: how many, and `max_parallel`, `fail_fast`, `tolerate`.
    pub many: Option<(u8, u8)>,
    pub allow_failure: bool,
    pub uninterruptible: bool,
    pub timeout: bool,
    pub sees: Option<(u8, u16)>,
    pub output: Option<u8>,
    /// Until which step behind it, and `on`, `per`, `retry`.
    pub compensate: Option<(u16, u8)>,
    /// The steps of a pipeline in place.
    pub inside: Vec<DrawnStep>,
    /// For what one kind alone has: quorum, `allow_self`, fields, signal, schema, `if` …
    pub flavour: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Run,
    Http,
    Set,
    Sleep,
    Approval,
    Wait,
    Pipeline,
}

#[derive(Debug, Clone)]
pub struct DrawnGoto {
    pub to: u16,
    pub on: u8,
    pub max: u8,
    pub condition: Option<u8>,
    pub delay: bool,
    pub goes_on: bool,
    pub drain: bool,
}

pub fn pipelines() -> impl Strategy<Value = DrawnPipeline> {
    let steps = prop_oneof![5 => vec(step(2), 1..8), 3 => vec(step(1), 1..16), 1 => vec(step(0), 1..=STEPS)];
    let finally = prop_oneof![3 => Just(Vec::new()).boxed(), 1 => vec(step(1), 1..4).boxed()];
    let output = weighted(0.3, (any::<u8>(), any::<u16>()));
    let around = (prop::bool::weighted(0.15), weighted(0.2, 1u8..5), prop::bool::weighted(0.1), output);
    (steps, finally, around).prop_map(|(steps, finally, (fail_fast, visits, timeout, output))| DrawnPipeline {
        steps,
        finally,
        fail_fast,
        visits,
        timeout,
        output,
    })
}

/// `depth`: how many pipelines in place may lie in one another.
fn step(depth: u32) -> BoxedStrategy<DrawnStep> {
    let kind = prop_oneof![
        10 => Just(Kind::Run),
        1 => Just(Kind::Http),
        2 => Just(Kind::Set),
        1 => Just(Kind::Sleep),
        2 => Just(Kind::Approval),
        2 => Just(Kind::Wait),
        if depth > 0 { 1 } else { 0 } => Just(Kind::Pipeline),
    ];
    let inside = match depth {
        0 => Just(Vec::new()).boxed(),
        _ => vec(step(depth - 1), 1..4).boxed(),
    };
    let condition = prop_oneof![4 => Just(0u8), 4 => 1u8..8];
    let needs = vec((any::<u16>(), condition), 0..4);
    let join = prop_oneof![5 => Just(0u8), 2 => Just(1u8), 1 => Just(2u8), 1 => Just(3u8)];
    let flow = (
        (0u16..1_000, kind, inside),
        needs,
        join,
        weighted(0.2, (0u8..8, any::<u16>())),
        prop_oneof![5 => Just(Vec::new()).boxed(), 3 => vec(goto(), 1..3).boxed()],
        weighted(0.06, (1u8..4, any::<bool>())),
    );
    let around = (
        weighted(0.15, (2u8..4, any::<u8>())),
        weighted(0.15, (0u8..5, any::<u8>())),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.15),
        any::<bool>(),
        weighted(0.4, (0u8..8, any::<u16>())),
        weighted(0.25, 0u8..4),
        (weighted(0.2, (any::<u16>(), any::<u8>())), any::<u8>()),
    );
    let drawn = (flow, around).prop_map(|(((name, kind, inside), needs, join, condition, gotos, repeat), around)| {
        let (retry, many, allow_failure, uninterruptible, timeout, sees, output, (compensate, flavour)) = around;
        DrawnStep {
            name,
            kind,
            needs,
            join,
            condition,
            gotos,
            repeat,
            retry,
            many,
            allow_failure,
            uninterruptible,
            timeout,
            sees,
            output,
            compensate,
            inside: if kind == Kind::Pipeline { inside } else { Vec::new() },
            flavour,
        }
    });
    drawn.boxed()
}

fn goto() -> impl Strategy<Value = DrawnGoto> {
    let words = (any::<u16>(), prop_oneof![3 => Just(0u8), 4 => 1u8..5], 1u8..4, weighted(0.25, 0u8..5));
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.3), prop::bool::weighted(0.3));
    (words, flags).prop_map(|((to, on, max, condition), (delay, goes_on, drain))| DrawnGoto {
        to,
        on,
        max,
        condition,
        delay,
        goes_on,
        drain,
    })
}

impl DrawnStep {
    /// It may have an output `n`.
    fn has_n(&self) -> bool {
        matches!(self.kind, Kind::Run | Kind::Set) && self.many.is_none()
    }
}

const CONDITIONS: [&str; 7] = ["ok", "succeeded", "failed", "catch", "completed", "skipped", "always"];
const OUTCOMES: [&str; 5] = ["failed", "succeeded", "rejected", "timeout", "completed"];

/// Which of those there are. When another one is taken away, the choice stays: so what is drawn shrinks well.
pub fn choose<T>(draw: u16, among: impl IntoIterator<Item = T>, told: impl Fn(&T) -> String) -> Option<T> {
    let weight = |text: String| {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(draw).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash ^ (hash >> 29)
    };
    among.into_iter().max_by_key(|one| weight(told(one)))
}

/// How far back a forward edge reaches at the most.
const WINDOW: usize = 6;

impl DrawnPipeline {
    /// The file.
    pub fn text(&self) -> String {
        let drawn = Writer::new(&self.steps, "", &[]);
        let mut text = "version: 1\nname: p\n".to_owned();
        if self.fail_fast {
            text.push_str("fail_fast: true\n");
        }
        if let Some(visits) = self.visits {
            let _ = writeln!(text, "limits: {{visits: {visits}}}");
        }
        if self.timeout {
            text.push_str("timeout: 1m\n");
        }
        text.push_str("steps:\n");
        for at in 0..self.steps.len() {
            let _ = writeln!(text, "  {}: {{{}}}", drawn.name(at), drawn.step(at).join(", "));
        }
        if !self.finally.is_empty() {
            let finally = Writer::new(&self.finally, "f_", &drawn.names);
            text.push_str("finally:\n");
            for at in 0..self.finally.len() {
                let _ = writeln!(text, "  {}: {{{}}}", finally.name(at), finally.step(at).join(", "));
            }
        }
        if let Some((variant, of)) = self.output {
            let _ = writeln!(text, "outputs: {{o: '{}'}}", drawn.output(variant, of));
        }
        text
    }
}

struct Writer<'a> {
    steps: &'a [DrawnStep],
    names: Vec<String>,
    /// Of `finally`: the steps of the run.
    outer: &'a [String],
    /// By step: the edges into it, and all that lead to it.
    needs: Vec<Vec<(usize, u8)>>,
    ancestors: Vec<BTreeSet<usize>>,
}

impl<'a> Writer<'a> {
    fn new(steps: &'a [DrawnStep], prefix: &str, outer: &'a [String]) -> Self {
        let mut writer = Self { steps, names: Vec::new(), outer, needs: Vec::new(), ancestors: Vec::new() };
        for (at, step) in steps.iter().enumerate() {
            // Names do not stand in the order in which the steps lead to one another.
            let mut name = format!("{prefix}{}{}", (b'a' + (step.name % 26) as u8) as char, step.name);
            while writer.names.contains(&name) {
                name.push('x');
            }
            writer.names.push(name);
            let mut needs: Vec<(usize, u8)> = Vec::new();
            for (draw, on) in &step.needs {
                let from = choose(*draw, at.saturating_sub(WINDOW)..at, |from| writer.name(*from));
                needs.extend(from.filter(|from| needs.iter().all(|(known, _)| known != from)).map(|from| (from, *on)));
            }
            let ancestors = needs.iter().flat_map(|(from, _)| writer.ancestors[*from].iter().copied().chain([*from]));
            let ancestors = ancestors.collect();
            writer.ancestors.push(ancestors);
            writer.needs.push(needs);
        }
        writer
    }

    fn name(&self, at: usize) -> String {
        self.names[at].clone()
    }

    /// What the whole gives back.
    fn output(&self, variant: u8, of: u16) -> String {
        let of = self.one_of(of, 0..self.steps.len()).expect("there is a step");
        match variant % 3 {
            0 => format!("steps.{of}.status"),
            1 => format!("steps.{of}.visit"),
            _ => format!("1 / (steps.{of}.visit - 1)"),
        }
    }

    /// One of these steps, by its name.
    fn one_of(&self, draw: u16, among: impl IntoIterator<Item = usize>) -> Option<String> {
        choose(draw, among, |at| self.name(*at)).map(|at| self.name(at))
    }

    fn ancestors(&self, at: usize) -> &BTreeSet<usize> {
        &self.ancestors[at]
    }

    fn goes_back_to(&self, at: usize, goto: &DrawnGoto) -> usize {
        let before = self.ancestors(at).iter().copied().chain([at]);
        choose(goto.to, before, |at| self.name(*at)).expect("a step may go back to itself")
    }

    /// Steps that lie in a region with this one.
    fn companions(&self, at: usize) -> Vec<usize> {
        let mut found = BTreeSet::new();
        for (source, step) in self.steps.iter().enumerate() {
            let own = self.repeats(source).map(|_| source);
            for to in step.gotos.iter().map(|goto| self.goes_back_to(source, goto)).chain(own) {
                let region = |y: usize| y == to || self.ancestors(y).contains(&to);
                if region(at) {
                    found.extend((0..self.steps.len()).filter(|y| region(*y)));
                }
            }
        }
        found.into_iter().collect()
    }

    fn repeats(&self, at: usize) -> Option<(u8, bool)> {
        self.steps[at].repeat
    }

    fn step(&self, at: usize) -> Vec<String> {
        let step = &self.steps[at];
        let mut keys = Vec::new();
        let needs = &self.needs[at];
        if needs.iter().all(|(_, on)| *on == 0) && !needs.is_empty() {
            let names: Vec<String> = needs.iter().map(|(from, _)| self.name(*from)).collect();
            keys.push(format!("needs: [{}]", names.join(", ")));
        } else if !needs.is_empty() {
            let word = |on: u8| CONDITIONS[on.saturating_sub(1) as usize];
            let edges: Vec<String> =
                needs.iter().map(|(from, on)| format!("{}: {}", self.name(*from), word(*on))).collect();
            keys.push(format!("needs: {{{}}}", edges.join(", ")));
        }
        match step.join {
            1 if needs.len() > 1 => keys.push("join: any".to_owned()),
            2 if needs.len() > 1 => keys.push("join: {at_least: 2}".to_owned()),
            3 if needs.len() > 2 => keys.push("join: {at_least: 3}".to_owned()),
            _ => {}
        }
        if let Some((variant, of)) = step.condition {
            keys.push(format!("if: '{}'", self.condition(at, variant, of)));
        }
        keys.extend(self.work(at, step));
        if let Some((max, every)) = self.repeats(at) {
            let every = if every { ", every: 2s" } else { "" };
            keys.push(format!("repeat: {{until: 'steps.{}.visit >= 3'{every}, max: {max}}}", self.name(at)));
        }
        let gotos: Vec<String> = step.gotos.iter().map(|goto| self.goto(at, goto)).collect();
        if !gotos.is_empty() {
            keys.push(format!("goto: [{}]", gotos.join(", ")));
        }
        if step.allow_failure {
            keys.push("allow_failure: true".to_owned());
        }
        keys
    }

    fn goto(&self, at: usize, goto: &DrawnGoto) -> String {
        let own = self.name(at);
        let mut text = format!("{{to: {}, ", self.name(self.goes_back_to(at, goto)));
        let _ = write!(text, "on: {}, ", OUTCOMES[goto.on as usize]);
        match goto.condition {
            None => {}
            Some(0) => text.push_str("if: 'visit < 3', "),
            Some(1) => drop(write!(text, "if: 'steps.{own}.visit != 2', ")),
            Some(2) => drop(write!(text, "if: 'steps.{own}.status == \"failed\"', ")),
            Some(3) => text.push_str("if: '1 / (visit - 2) >= 0', "),
            Some(_) if !self.steps[at].has_n() => {}
            Some(_) => drop(write!(text, "if: 'has(steps.{own}.outputs.n) && steps.{own}.outputs.n == 1', ")),
        }
        if goto.delay {
            text.push_str("delay: 5s, ");
        }
        if goto.goes_on {
            text.push_str("on_exhausted: continue, ");
        }
        if goto.drain {
            text.push_str("in_flight: drain, ");
        }
        let unlimited = goto.delay && goto.to.is_multiple_of(4);
        let max = if unlimited { "unlimited".to_owned() } else { goto.max.to_string() };
        text + &format!("max: {max}}}")
    }

    fn condition(&self, at: usize, variant: u8, of: u16) -> String {
        let ancestor = self.one_of(of, self.ancestors(at).iter().copied()).or_else(|| self.outer_one(of));
        let companion = self.one_of(of, self.companions(at));
        let with_n = self.one_of(of, self.ancestors(at).iter().copied().filter(|a| self.steps[*a].has_n()));
        match (variant, ancestor, companion) {
            (0, Some(a), _) => format!("steps.{a}.status == \"succeeded\""),
            (1, Some(a), _) => format!("steps.{a}.visit < 2"),
            (2, ..) if with_n.is_some() => {
                let a = with_n.unwrap_or_default();
                format!("has(steps.{a}.outputs.n) && steps.{a}.outputs.n > 1")
            }
            (3, Some(a), _) => format!("steps.{a}.error == null"),
            (4, _, Some(y)) => format!("previous.{y} == null || previous.{y}.status == \"failed\""),
            (5, _, Some(y)) => format!("previous.{y} == null || previous.{y}.visit != 1"),
            (6, ..) => "1 / (visit - 2) >= -1".to_owned(),
            _ => "visit != 2".to_owned(),
        }
    }

    fn outer_one(&self, of: u16) -> Option<String> {
        choose(of, self.outer, |name| (*name).clone()).cloned()
    }

    /// A value that shows what the step sees.
    fn sight(&self, at: usize, variant: u8, of: u16) -> String {
        if !self.outer.is_empty() && variant == 7 {
            return "run.status".to_owned();
        }
        let ancestor = self.one_of(of, self.ancestors(at).iter().copied()).or_else(|| self.outer_one(of));
        let companion = self.one_of(of, self.companions(at));
        let plain = |at: &usize| self.steps[*at].many.is_none();
        let plain_ancestor = self.one_of(of, self.ancestors(at).iter().copied().filter(plain));
        let plain_companion = self.one_of(of, self.companions(at).into_iter().filter(plain));
        let (ancestor, companion) = match variant {
            2 | 6 => (plain_ancestor, plain_companion),
            _ => (ancestor, companion),
        };
        match (variant, ancestor, companion) {
            (0, Some(a), _) => format!("steps.{a}.status"),
            (1, Some(a), _) => format!("steps.{a}.visit"),
            (2, Some(a), _) => format!("steps.{a}.outputs"),
            (3, Some(a), _) => format!("steps.{a}.error == null ? \"none\" : steps.{a}.error.kind"),
            (4, _, Some(y)) => format!("previous.{y} == null ? \"none\" : previous.{y}.status"),
            (5, _, Some(y)) => format!("previous.{y} == null ? 0 : previous.{y}.visit"),
            (6, _, Some(y)) => format!("previous.{y} == null ? {{}} : previous.{y}.outputs"),
            _ => "visit".to_owned(),
        }
    }

    fn work(&self, at: usize, step: &DrawnStep) -> Vec<String> {
        let mut keys = Vec::new();
        let works = matches!(step.kind, Kind::Run | Kind::Http | Kind::Pipeline);
        let flavour = |bit: u8| step.flavour & (1 << bit) != 0;
        match step.kind {
            Kind::Run => keys.push("run: 'true'".to_owned()),
            Kind::Http => {
                let expect = if flavour(0) { ", expect: {if: 'response.status < 202'}" } else { "" };
                keys.push(format!("http: {{url: 'http://127.0.0.1/x'{expect}}}"));
            }
            Kind::Set => {
                let (variant, of) = step.sees.unwrap_or((7, 0));
                let fails = if flavour(0) && flavour(1) { ", bad: '1 / (visit - 2)'" } else { "" };
                keys.push(format!("set: {{n: 'visit', sees: '{}'{fails}}}", self.sight(at, variant, of)));
            }
            Kind::Sleep => keys.push(match step.flavour % 4 {
                0 => "sleep: {until: '\"2026-09-21T14:13:25Z\"'}".to_owned(),
                1 => "sleep: {until: 'visit < 2 ? \"2026-09-21T14:13:19Z\" : \"soon\"'}".to_owned(),
                _ => "sleep: 3s".to_owned(),
            }),
            Kind::Approval => {
                let mut words = vec!["message: 'Visit {{ visit }}?'".to_owned()];
                if flavour(0) {
                    words.push("quorum: 2".to_owned());
                }
                if flavour(1) {
                    words.push("allow_self: false".to_owned());
                }
                if flavour(2) {
                    words.push("approvers: ['group:ops', 'user:ada', 'user:bob', 'user:eve']".to_owned());
                }
                if flavour(3) {
                    words.push(
                        "fields: {c: {type: integer, default: 5, maximum: 9}, d: {type: string, required: false}}"
                            .to_owned(),
                    );
                }
                if step.timeout {
                    words.push("timeout: 10s".to_owned());
                }
                keys.push(format!("approval: {{{}}}", words.join(", ")));
            }
            Kind::Pipeline => {
                let inside = Writer::new(&step.inside, "", &[]);
                let steps: Vec<String> = (0..step.inside.len())
                    .map(|at| format!("{}: {{{}}}", inside.name(at), inside.step(at).join(", ")))
                    .collect();
                let mut words = vec![format!("steps: {{{}}}", steps.join(", "))];
                if flavour(0) {
                    words.push(format!("outputs: {{n: '{}'}}", inside.output(step.flavour / 16, step.name)));
                }
                if flavour(1) {
                    words.push("inputs: {v: '{{ visit }}'}".to_owned());
                }
                keys.push(format!("pipeline: {{{}}}", words.join(", ")));
                if step.timeout {
                    keys.push("timeout: 10s".to_owned());
                }
            }
            Kind::Wait => {
                let mut words = vec![format!("signal: {}", if flavour(0) { "go" } else { "done" })];
                if flavour(1) {
                    words.push("schema: {type: object, required: [k]}".to_owned());
                }
                if flavour(2) {
                    words.push("if: 'payload.k > 1'".to_owned());
                }
                if step.timeout {
                    words.push("timeout: 10s".to_owned());
                }
                keys.push(format!("wait: {{{}}}", words.join(", ")));
                if flavour(3) {
                    keys.push("outputs: {k: 'payload.k + 1'}".to_owned());
                }
            }
        }
        if !works {
            return keys;
        }
        if let Some((of, words)) = step.compensate {
            keys.push(self.compensate(at, of, words));
        }
        match step.output {
            _ if step.kind == Kind::Pipeline => {}
            Some(0) if step.flavour.is_multiple_of(2) => {
                let (raw, differs) =
                    if step.kind == Kind::Run { ("size(stdout)", 3) } else { ("response.status", 203) };
                keys.push(format!("outputs: {{c: '1 / ({raw} - {differs})'}}"));
            }
            Some(0) => {
                let (variant, of) = step.sees.unwrap_or((7, 0));
                let sight = self.sight(at, variant, of);
                keys.push(format!("outputs: {{c: '1 / (visit - 2)', saw: '[{sight}, attempt]'}}"));
            }
            Some(_) if step.kind == Kind::Run => keys.push("outputs: {n: {type: integer}}".to_owned()),
            _ => {}
        }
        // A template that cannot be filled in fails the attempt before it is handed out.
        let fails = if step.flavour.is_multiple_of(16) { ", SEEN_TOO: '{{ cel \"1 / (visit - 2)\" }}'" } else { "" };
        if let Some((variant, of)) = step.sees {
            let sight = self.sight(at, variant, of);
            let one = if step.many.is_some() { ", item" } else { "" };
            let sight = format!("[{sight}, visit, attempt{one}]").replace('"', "\\\"");
            keys.push(format!("env: {{SEEN: '{{{{ json (cel \"{sight}\") }}}}'{fails}}}"));
        }
        if let Some((items, words)) = step.many {
            keys.push(self.many(at, items, words));
        }
        if let Some((attempts, on)) = step.retry {
            let on = ["", ", on: [timeout, 'exit:75']", ", on: [contract, template, exit]"][on as usize % 3];
            keys.push(format!("retry: {{max_attempts: {attempts}, initial: 1s, factor: 3, max: 2s{on}}}"));
        }
        if step.uninterruptible {
            keys.push("interruptible: false".to_owned());
        }
        keys
    }

    /// `foreach`, over a list that stands there, was computed, or has keys; or a `matrix`.
    fn many(&self, at: usize, items: u8, words: u8) -> String {
        let with_n = self.ancestors(at).iter().copied().find(|a| self.steps[*a].has_n()).map(|a| self.name(a));
        let mut text = match (words / 16, with_n) {
            (0, _) => {
                let include =
                    ["", ", include: [{k: 0, m: 3}]", ", include: [{w: 5}, {l: b, m: 1}]"][items as usize % 3];
                let exclude = ["", ", exclude: [{k: 0, l: a}]"][words as usize % 2];
                return format!("matrix: {{axes: {{k: [0, 1], l: [a, b]}}{exclude}{include}}}");
            }
            (1, _) => "items: 'visit < 2 ? [3, 1, 2] : [7]', as: one".to_owned(),
            (2..5, Some(a)) => format!("items: 'has(steps.{a}.outputs.n) ? [steps.{a}.outputs.n, 1] : []', as: one"),
            (5, Some(a)) => format!("items: 'has(steps.{a}.outputs.n) ? steps.{a}.outputs.n : [1]', as: one"),
            _ => {
                let list: Vec<String> = (0..items).map(|item| item.to_string()).collect();
                let key = if words / 16 == 6 { ", key: 'one % 3'" } else { "" };
                format!("items: [{}], as: one{key}", list.join(", "))
            }
        };
        let _ = match words % 4 {
            0 => write!(text, ", max_parallel: {}", 1 + words / 4 % 2),
            1 => write!(text, ", fail_fast: true, tolerate: {}", words / 4 % 2),
            2 => write!(text, ", max_parallel: 2, fail_fast: true"),
            _ => write!(text, ", tolerate: {}", words / 4 % 3),
        };
        format!("foreach: {{{text}}}")
    }

    fn compensate(&self, at: usize, of: u16, words: u8) -> String {
        let own = self.name(at);
        let mut text = "run: undo".to_owned();
        let behind = (0..self.steps.len()).filter(|y| self.ancestors[*y].contains(&at));
        if let Some(until) = self.one_of(of, behind).filter(|_| words.is_multiple_of(3)) {
            let _ = write!(text, ", until: {until}");
        }
        text.push_str(["", ", on: [failed, cancelled]", ", on: [cancelled]", ""][words as usize / 4 % 4]);
        text.push_str(["", ", per: visit"][words as usize / 16 % 2]);
        text.push_str(["", ", retry: {max_attempts: 2, initial: 1s, factor: 3, max: 2s}"][words as usize / 32 % 2]);
        if words >= 64 {
            let sight = self.sight(at, words % 7, of).replace('"', "\\\"");
            let sight = format!("[{sight}, visit, attempt, steps.{own}.outputs, steps.{own}.visit]");
            let fails = if words.is_multiple_of(16) { ", SEEN_TOO: '{{ cel \"1 / (visit - 2)\" }}'" } else { "" };
            let _ = write!(text, ", env: {{SEEN_UNDONE: '{{{{ json (cel \"{sight}\") }}}}'{fails}}}");
        }
        format!("compensate: {{{text}}}")
    }
}
