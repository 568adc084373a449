/** What happens on each choice of an approval, in words, read from the graph. */
import type { GraphView } from "../api/types";

export interface Outlook {
  readonly approve: string;
  readonly reject: string;
}

export function approvalOutlook(graph: GraphView, step: string, onReject: string | null): Outlook {
  const behind = (conditions: readonly string[]) => graph.steps.filter((other) => other.needs.some((need) => need.step === step && conditions.includes(need.on))).map((other) => other.id);
  const next = behind(["ok", "succeeded", "completed", "always"]);
  const handlers = behind(["failed", "catch", "completed", "always"]);
  return {
    approve: next.length === 0 ? "the run goes on" : `continues with ${listed(next)}`,
    reject: onReject !== null ? `goes back to ${onReject}` : handlers.length > 0 ? `goes on with ${listed(handlers)}` : "the run fails",
  };
}

function listed(ids: readonly string[]): string {
  return ids.length <= 2 ? ids.join(" and ") : `${ids[0]} and ${ids.length - 1} more`;
}
