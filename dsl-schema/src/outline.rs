//! A graph as people look at it: steps with one-line summaries, edges, loops with what they re-open.

use loopline_core::expr::Template;
use loopline_core::graph::{
    Action, ChildPipeline, Condition, ContainerCommand, GotoOn, Graph, HttpAction, Input, Items, Join, Many,
    Requirement, SetValue, SleepAction, Step, With,
};
use serde::Serialize;
use serde_json::Value as Json;

/// What the web pages draw.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GraphView {
    /// Name of the pipeline.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What a run is given, by name.
    pub inputs: Vec<InputView>,
    /// In the order of their ids.
    pub steps: Vec<StepOutline>,
    /// Those of `finally`, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finally: Vec<StepOutline>,
    /// Keys that this engine cannot run.
    pub unsupported: Vec<Requirement>,
}

/// An input.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InputView {
    /// Its name.
    pub name: String,
    /// Its JSON Schema.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub schema: Json,
    /// Must be given.
    pub required: bool,
    /// Taken when it is not given.
    #[cfg_attr(feature = "openapi", schema(value_type = Value))]
    pub default: Json,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepOutline {
    /// Its id.
    pub id: String,
    /// What it does: `run`, `http`, `container`, `approval`, `wait`, `sleep`, `pipeline`, `set`.
    pub kind: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it does, on one line.
    pub summary: String,
    /// Forward edges into it.
    pub needs: Vec<NeedView>,
    /// How they are joined.
    pub join: JoinView,
    /// Its `if`.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// Loop edges out of it.
    pub goto: Vec<GotoView>,
    /// 1: no retry.
    pub retry_max_attempts: u32,
    /// Bound of an attempt, or of the wait for people.
    pub timeout_ms: Option<u64>,
    /// Its failure does not fail the run.
    pub allow_failure: bool,
    /// Who may decide an approval.
    pub approvers: Vec<String>,
    /// How many of them must.
    pub quorum: u32,
    /// The items that it runs many times for.
    pub many: Option<ManyOutline>,
    /// What it runs, where that is a pipeline.
    pub child: Option<ChildOutline>,
    /// What undoes it.
    pub compensate: Option<CompensateOutline>,
}

/// What a step runs many times for.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ManyOutline {
    /// In one line: `for each suite of unit, e2e`, `matrix: os × rust`.
    pub summary: String,
    /// Another name for `item`.
    #[serde(rename = "as")]
    pub alias: Option<String>,
    /// Names of the axes; empty: it is a list.
    pub axes: Vec<String>,
    /// How many run at the same time; `null`: all.
    pub max_parallel: Option<u32>,
}

/// The pipeline that a step runs.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChildOutline {
    /// One that has a name.
    Named {
        /// `name` or `project/name`.
        name: String,
    },
    /// One that is written in place.
    InPlace {
        /// Its steps, in the order of their ids.
        #[cfg_attr(feature = "openapi", schema(no_recursion))]
        steps: Vec<StepOutline>,
    },
}

/// What undoes a step.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompensateOutline {
    /// What it does: `run`, `http`, `container`.
    pub kind: String,
    /// The same, on one line.
    pub summary: String,
    /// While this step has succeeded, nothing is undone.
    pub until: Option<String>,
}

/// A forward edge.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NeedView {
    /// Where it comes from.
    pub step: String,
    /// When it is live.
    pub on: Condition,
}

/// How forward edges are joined.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JoinView {
    /// None blocked, one live.
    All,
    /// So many live.
    AtLeast {
        /// How many.
        count: u32,
    },
}

/// A loop edge.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GotoView {
    /// Where it goes back to.
    pub to: String,
    /// Which outcome fires it.
    pub on: GotoOn,
    /// And only if this holds.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// How often it may fire; `null` is unlimited.
    pub max: Option<u32>,
    /// Wait before the region is judged anew.
    pub delay_ms: u64,
    /// The steps it re-opens.
    pub region: Vec<String>,
}

/// The outline of a graph.
pub fn outline(graph: &Graph) -> GraphView {
    GraphView {
        name: graph.name.clone(),
        description: graph.description.clone(),
        inputs: graph.inputs.iter().map(|(name, input)| input_view(name, input)).collect(),
        steps: steps(graph),
        finally: graph.finally.as_deref().map(steps).unwrap_or_default(),
        unsupported: graph.requires.clone(),
    }
}

fn steps(graph: &Graph) -> Vec<StepOutline> {
    graph.indices().map(|ix| step_outline(graph, ix)).collect()
}

fn input_view(name: &str, input: &Input) -> InputView {
    InputView {
        name: name.to_owned(),
        schema: input.schema.clone(),
        required: input.required,
        default: input.default.clone(),
    }
}

fn step_outline(graph: &Graph, ix: loopline_core::id::StepIx) -> StepOutline {
    let step = graph.step(ix);
    let id = |ix| graph.step(ix).id.to_string();
    let goto = |(index, goto): (usize, &loopline_core::graph::Goto)| GotoView {
        to: id(goto.to),
        on: goto.on,
        condition: goto.condition.as_ref().map(|cel| cel.source().to_owned()),
        max: goto.max,
        delay_ms: goto.delay_ms,
        region: graph.shape().region(graph.shape().entry(ix, index)).iter().map(id).collect(),
    };
    let (approvers, quorum) = match &step.action {
        Action::Approval(approval) => (approval.approvers.clone(), approval.quorum),
        _ => (Vec::new(), 1),
    };
    StepOutline {
        id: step.id.to_string(),
        kind: step.action.kind().to_owned(),
        name: step.name.clone(),
        description: step.description.clone(),
        summary: summary(step),
        needs: step.needs.iter().map(|need| NeedView { step: id(need.step), on: need.on }).collect(),
        join: match step.join {
            Join::All => JoinView::All,
            Join::AtLeast(count) => JoinView::AtLeast { count },
        },
        condition: step.condition.as_ref().map(|cel| cel.source().to_owned()),
        goto: step.goto.iter().enumerate().map(goto).collect(),
        retry_max_attempts: step.retry.max_attempts,
        timeout_ms: step.timeout_ms,
        allow_failure: step.allow_failure,
        approvers,
        quorum,
        many: step.many.as_deref().map(many_outline),
        child: match &step.action {
            Action::Pipeline(child) => Some(match &child.pipeline {
                ChildPipeline::Named(name) => ChildOutline::Named { name: name.clone() },
                ChildPipeline::InPlace(inside) => ChildOutline::InPlace { steps: steps(inside) },
            }),
            _ => None,
        },
        compensate: step.compensate.as_deref().map(|compensate| CompensateOutline {
            kind: compensate.action.kind().to_owned(),
            summary: action_summary(&compensate.action),
            until: compensate.until.map(id),
        }),
    }
}

fn many_outline(many: &Many) -> ManyOutline {
    ManyOutline {
        summary: crate::drawing::many(many),
        alias: many.alias.clone(),
        axes: match &many.items {
            Items::List(_) => Vec::new(),
            Items::Matrix { axes, .. } => axes.keys().cloned().collect(),
        },
        max_parallel: many.max_parallel,
    }
}

/// What a step does, on one line.
pub(crate) fn summary(step: &Step) -> String {
    match &step.with {
        Some(with) => cut(&step_type(with)),
        None => action_summary(&step.action),
    }
}

/// What is done, on one line.
pub(crate) fn action_summary(action: &Action) -> String {
    let text = match action {
        Action::Run(run) => first_line(run.script.source()),
        Action::Http(http) => {
            let HttpAction { method, url, .. } = &**http;
            format!("{method} {}", url.source())
        }
        Action::Approval(approval) => first_line(approval.message.source()),
        Action::Sleep(SleepAction::For(ms)) => crate::duration::write(*ms),
        Action::Sleep(SleepAction::Until(until)) => format!("until {}", until.source()),
        Action::Set(values) => values.iter().map(|(name, value)| set_value(name, value)).collect::<Vec<_>>().join(", "),
        Action::Wait(wait) => wait.signal.clone(),
        Action::Container(container) => match &container.command {
            ContainerCommand::Script(script) => {
                format!("{}: {}", container.image.source(), first_line(script.source()))
            }
            ContainerCommand::Arguments { command, args } => {
                let words = command.iter().chain(args).map(Template::source);
                std::iter::once(container.image.source()).chain(words).collect::<Vec<_>>().join(" ")
            }
        },
        Action::Pipeline(child) => match &child.pipeline {
            ChildPipeline::Named(name) => name.clone(),
            ChildPipeline::InPlace(graph) => count_of_steps(graph.steps.len()),
        },
    };
    cut(&text)
}

/// What a pipeline in place is, in short.
pub(crate) fn count_of_steps(count: usize) -> String {
    match count {
        1 => "1 step".to_owned(),
        count => format!("{count} steps"),
    }
}

/// What the type is given tells more than the text of a script that others wrote.
fn step_type(with: &With) -> String {
    let values: Vec<_> = with
        .values
        .iter()
        .map(|(name, value)| format!("{name} = {}", serde_json::to_string(value).unwrap_or_default()))
        .collect();
    if values.is_empty() { with.uses.clone() } else { format!("{}: {}", with.uses, values.join(", ")) }
}

fn set_value(name: &str, value: &SetValue) -> String {
    match value {
        SetValue::Cel(cel) => format!("{name} = {}", first_line(cel.source())),
        SetValue::Literal(json) => format!("{name} = {json}"),
        SetValue::Template(value) => format!("{name} = {}", serde_json::to_string(value).unwrap_or_default()),
    }
}

/// The first line that says something: no empty line, no comment.
pub(crate) fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.clone().find(|line| !line.starts_with('#')).or_else(|| lines.next());
    first.unwrap_or_default().to_owned()
}

/// As much of a line as a summary has room for.
pub(crate) fn cut(text: &str) -> String {
    const LONGEST: usize = 120;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(LONGEST - 1).collect();
    cut.push('…');
    cut
}
