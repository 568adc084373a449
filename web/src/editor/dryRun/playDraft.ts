/**
 * Plays a draft on the server. People and signals act at moments that only the
 * play itself tells, so it is played until nobody is waited for any more: each
 * time with one act more, a minute after it was asked for.
 */
import type { DryRun } from "../../api/types";
import { type Act, caseOf, type Choices, isWork, type MadeUp, madeUpIn, type Outcome, outcomeOf, type Setting } from "./dryRunCase";
import { type PlayedVisit, playedVisits, withoutItems } from "./playedVisits";

export interface Play {
  readonly answer: DryRun;
  readonly visits: readonly PlayedVisit[];
  readonly made: MadeUp;
}

export interface Player {
  readonly send: (definition: string, played: Record<string, unknown>) => Promise<DryRun>;
  /** What a signal carries where nobody has said it. */
  readonly payloadOf: (step: string) => unknown;
}

const MINUTE_MS = 60_000;
/** Of people and signals; a loop that asks more often is seen well enough by then. */
const MOST_ACTS = 40;

export async function playDraft(definition: string, setting: Setting, kinds: ReadonlyMap<string, string>, known: MadeUp, player: Player): Promise<Play> {
  const made = new Map(known);
  const acts: Act[] = [];
  const acted = new Set<string>();
  for (;;) {
    const answer = await player.send(definition, caseOf(setting, kinds, made, acts));
    const mocked = new Set([...setting.choices.keys()].map((key) => key.slice(0, key.lastIndexOf(" "))));
    for (const [step, values] of madeUpIn(answer.events, (one) => mocked.has(one))) made.set(step, values);
    const visits = playedVisits(answer.graph, answer.events);
    const next = acts.length < MOST_ACTS ? visits.find((visit) => !acted.has(visit.key) && actOf(visit, setting.choices, player) !== null) : undefined;
    const act = next === undefined ? null : actOf(next, setting.choices, player);
    if (next === undefined || act === null) return { answer, visits, made };
    acted.add(next.key);
    acts.push(act);
  }
}

/** Who is asked answers, unless it was chosen that nobody does. */
export function usualOf(kind: string): Outcome["does"] {
  return kind === "approval" ? "approve" : kind === "wait" ? "signal" : "succeeds";
}

function actOf({ step, number, kind, wait }: PlayedVisit, choices: Choices, player: Player): Act | null {
  if (wait === null || isWork(kind)) return null;
  const { does, values } = outcomeOf(choices, step, number, usualOf(kind));
  if (does === "nothing") return null;
  // Before its time is up, however short that is.
  const at = wait.at + Math.max(1, Math.min(MINUTE_MS, Math.floor((wait.left ?? Number.POSITIVE_INFINITY) / 2)));
  if (wait.for.kind === "signal") return { at, does: { signal: { [wait.for.name]: values === undefined ? player.payloadOf(withoutItems(step)) : values } } };
  const decision = { by: whoDecides(wait.for.approvers, does === "reject" ? 1 : wait.for.quorum), ...(values === undefined ? {} : { fields: values }) };
  return { at, does: { [does]: { [step]: decision } } };
}

const PEOPLE = ["ada", "bob", "eve", "dan", "kim", "lee", "max", "ute", "zoe", "ian"];

/** Those that the file names, then anybody of the groups that it names. */
function whoDecides(approvers: readonly string[], quorum: number): string[] {
  const named = approvers.flatMap((one) => (one.startsWith("user:") ? [one.slice("user:".length)] : []));
  return [...named, ...PEOPLE.filter((one) => !named.includes(one))].slice(0, Math.max(1, quorum));
}
