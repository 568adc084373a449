/**
 * What someone chose for a dry run, as the case that the server plays: a case of
 * a file of tests without `expect`, so that what was played can be kept as one.
 */
import type { RunEvent } from "../../api/types";
import { withoutItems } from "./playedVisits";

/** A failure is named by its kind. */
export type Does = "succeeds" | `fail ${string}` | "approve" | "reject" | "signal" | "nothing";

export interface Outcome {
  readonly does: Does;
  /** Outputs, the answer's body, the signal's payload, the approval's fields; undefined: made up. */
  readonly values?: unknown;
  /** How long an attempt takes, as a duration of the language; empty: no time. */
  readonly after: string;
  /** Later visits do the same until one says otherwise. */
  readonly onwards: boolean;
}

/** By `step visit`. */
export type Choices = ReadonlyMap<string, Outcome>;

/** What people and other systems do, each at its moment in milliseconds. */
export interface Act {
  readonly at: number;
  readonly does: Readonly<Record<string, unknown>>;
}

/** What the server made up for a step that nothing was said of. */
export type MadeUp = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export interface Setting {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly choices: Choices;
}

const WORK = new Set(["run", "container", "http", "pipeline"]);
/** A visit beyond the list would stop the play. */
const MOST_VISITS = 100;

export function isWork(kind: string): boolean {
  return WORK.has(kind);
}

export function caseOf({ inputs, choices }: Setting, kinds: ReadonlyMap<string, string>, made: MadeUp, acts: readonly Act[]): Record<string, unknown> {
  const mocked = [...new Set([...choices.keys()].map((key) => key.slice(0, key.lastIndexOf(" "))))].filter((step) => isWork(kinds.get(step) ?? ""));
  const at: Record<string, Readonly<Record<string, unknown>>[]> = {};
  for (const act of acts) (at[`${act.at}ms`] ??= []).push(act.does);
  return {
    inputs,
    mock: Object.fromEntries(mocked.map((step) => [step, mocksOf(step, kinds.get(step) ?? "", choices, made.get(withoutItems(step)) ?? {})])),
    at,
  };
}

function mocksOf(step: string, kind: string, choices: Choices, made: Readonly<Record<string, unknown>>): unknown[] {
  return Array.from({ length: MOST_VISITS }, (_, at) => mockOf(outcomeOf(choices, step, at + 1, "succeeds"), kind, made));
}

/** What is said of this visit, or of an earlier one for all that follow. */
export function outcomeOf(choices: Choices, step: string, visit: number, usual: Does): Outcome {
  const own = choices.get(`${step} ${visit}`);
  if (own !== undefined) return own;
  for (let before = visit - 1; before >= 1; before--) {
    const earlier = choices.get(`${step} ${before}`);
    if (earlier !== undefined) return earlier.onwards ? earlier : { does: usual, after: "", onwards: false };
  }
  return { does: usual, after: "", onwards: false };
}

function mockOf({ does, values, after }: Outcome, kind: string, made: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const takes = after === "" ? {} : { after };
  if (does.startsWith("fail ")) return { ...takes, fail: does.slice("fail ".length) };
  if (values === undefined) return { ...takes, ...made };
  return { ...takes, ...(kind === "http" ? { response: { ...recordOf(made["response"]), body: undefined, json: values } } : { ...made, outputs: values }) };
}

/** What a mock says to give what the server made up, read from the history. */
export function madeUpIn(events: readonly RunEvent[], mocked: (step: string) => boolean): Map<string, Record<string, unknown>> {
  const found = new Map<string, Record<string, unknown>>();
  for (const { event } of events) {
    const facts = event as Readonly<Record<string, unknown>>;
    const key = recordOf(facts["key"]);
    const outcome = recordOf(facts["outcome"]);
    const step = `${around(key["within"])}${String(key["step"])}`;
    if (mocked(step)) continue;
    if (facts["type"] === "child_finished") found.set(step, { outputs: recordOf(facts["outputs"]) });
    if (facts["type"] !== "attempt_finished" || outcome["status"] !== "succeeded") continue;
    const { outputs, stdout, response } = recordOf(outcome["result"]);
    found.set(step, {
      ...(outputs === undefined ? {} : { outputs }),
      ...(stdout === undefined || stdout === null ? {} : { stdout }),
      ...(response === undefined || response === null ? {} : { response: answerOf(recordOf(response)) }),
    });
  }
  return found;
}

/** `p.1.1/q[2].1.1`: visit and attempt of what is around it do not belong to a step's name. */
function around(within: unknown): string {
  if (typeof within !== "string" || within === "") return "";
  return `${within.split("/").map((one) => withoutItems(one.replace(/\..*$/, ""))).join("/")}/`;
}

function answerOf({ status, headers, json }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...(status === undefined ? {} : { status }), ...(headers === undefined ? {} : { headers }), ...(json === undefined ? {} : { json }) };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
