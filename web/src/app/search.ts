/** What stands in the search part of each address, read leniently: an odd link still opens the page. */
import type { RunStatus } from "../api/types";

const RUN_TABS = ["graph", "timeline", "events", "io", "yaml"] as const;
const DOCK_TABS = ["logs", "outputs", "visits", "events", "why"] as const;

export type RunTab = (typeof RUN_TABS)[number];
export type DockTab = (typeof DOCK_TABS)[number];

export interface RunSearch {
  readonly tab?: RunTab;
  readonly step?: string;
  readonly dock?: DockTab;
  /** A visit of the selected step other than the one in view. */
  readonly visit?: number;
  /** An attempt of it other than the latest. */
  readonly attempt?: number;
  /** A line of the log. */
  readonly line?: number;
  /** The run as it was after this event. */
  readonly at?: number;
  /** The visit that the pinned one is compared with. */
  readonly against?: number;
  /** `build:1`: the loop to `build` pinned to its first visit. */
  readonly pin?: string;
}

export interface PipelineSearch {
  readonly step?: string;
}

export interface ApprovalSearch {
  /** The visit that was asked about when the link was made. */
  readonly visit?: number;
}

export interface RunsSearch {
  readonly status?: RunStatus;
  readonly pipeline?: string;
}

export interface SecretsSearch {
  readonly project?: string;
}

type Raw = Record<string, unknown>;

export function runSearch(raw: Raw): RunSearch {
  return compact({
    tab: oneOf(raw["tab"], RUN_TABS),
    step: text(raw["step"]),
    dock: oneOf(raw["dock"], DOCK_TABS),
    visit: count(raw["visit"]),
    attempt: count(raw["attempt"]),
    line: count(raw["line"]),
    at: count(raw["at"]),
    against: count(raw["against"]),
    pin: text(raw["pin"]),
  });
}

export function pipelineSearch(raw: Raw): PipelineSearch {
  return compact({ step: text(raw["step"]) });
}

export function approvalSearch(raw: Raw): ApprovalSearch {
  return compact({ visit: count(raw["visit"]) });
}

export const RUN_STATUSES = ["queued", "running", "waiting", "paused", "cancelling", "succeeded", "failed", "cancelled"] as const satisfies readonly RunStatus[];

export function runsSearch(raw: Raw): RunsSearch {
  return compact({ status: oneOf(raw["status"], RUN_STATUSES), pipeline: text(raw["pipeline"]) });
}

export function secretsSearch(raw: Raw): SecretsSearch {
  return compact({ project: text(raw["project"]) });
}

function count(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) > 0 ? (value as number) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function oneOf<Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined {
  return choices.find((choice) => choice === value);
}

type Compact<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> };

function compact<Values extends Raw>(values: Values): Compact<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Compact<Values>;
}
