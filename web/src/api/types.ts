/**
 * Short names for the generated types, and nothing else: when the server's
 * document names a schema differently, this is the one file that changes.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Diagnostic = Schemas["Diagnostic"];
export type GraphView = Schemas["GraphView"];
export type StepDefinition = Schemas["StepOutline"];
export type InputView = Schemas["InputView"];
export type PipelineSummary = Schemas["PipelineSummary"];
export type PipelineList = Schemas["PipelineList"];
export type LatestRun = Schemas["RunBar"];
export type Pipeline = Schemas["Pipeline"];
export type Validation = Schemas["Validation"];
export type RunStatus = Schemas["RunStatus"];
export type StepStatus = Schemas["StepStatus"];
export type RunSummary = Schemas["RunListItem"];
export type RunList = Schemas["RunList"];
export type RunView = Schemas["RunView"];
export type RunEvent = Schemas["RunEvent"];
export type RunEvents = Schemas["RunEvents"];
export type RunDefinition = Schemas["RunDefinition"];
export type StepView = Schemas["StepView"];
export type VisitView = Schemas["VisitView"];
export type Failure = Schemas["Failure"];
export type RunError = Schemas["RunError"];
export type EdgeView = Schemas["EdgeView"];
export type LoopView = Schemas["LoopView"];
export type ItemView = Schemas["ItemView"];
export type WaitingFor = Schemas["WaitingFor"];
export type ApprovalWait = Extract<WaitingFor, { kind: "approval" }>;
export type LogLine = Schemas["LogLine"];
export type LogPage = Schemas["LogPage"];
export type Completions = Schemas["Completions"];
export type Hover = Schemas["Hover"];
export type StepWhy = Schemas["StepWhy"];
export type DryRun = Schemas["DryRun"];
export type Evaluated = Schemas["Evaluated"];
export type EvaluationError = Schemas["EvaluationError"];
export type IssuedToken = Schemas["IssuedToken"];
export type Token = Schemas["Token"];
export type TokenBody = Schemas["TokenBody"];
export type TokenList = Schemas["TokenList"];
export type SecretList = Schemas["SecretList"];
export type SecretSummary = Schemas["SecretSummary"];
