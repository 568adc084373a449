/** The events of a history that one looks for: failures, decisions, loops that went round. */
import type { RunEvent } from "../api/types";

export interface Mark {
  readonly seq: number;
  readonly kind: "failure" | "approval" | "loop";
}

export function marksOf(events: readonly RunEvent[]): Mark[] {
  return events.flatMap(({ seq, event, changes }): Mark[] => {
    if (changes.loops.some(({ used }) => used > 0)) return [{ seq, kind: "loop" }];
    if (event.type === "approval_decided") return [{ seq, kind: "approval" }];
    return event.type === "attempt_finished" && event.outcome.status === "failed" ? [{ seq, kind: "failure" }] : [];
  });
}

/** Whether an event is about the step itself. */
export function isAbout({ event, changes }: RunEvent, step: string): boolean {
  const named = "key" in event ? event.key.step : "step" in event ? event.step : null;
  return named === step || Object.hasOwn(changes.steps, step);
}
