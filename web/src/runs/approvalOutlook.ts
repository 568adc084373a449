/** What happens on each choice of an approval, in words, read from the graph. */
import type { GraphView } from "../api/types";
import { say } from "../words/say";

export interface Outlook {
  readonly approve: string;
  readonly reject: string;
}

export function approvalOutlook(graph: GraphView, step: string, onReject: string | null): Outlook {
  const behind = (conditions: readonly string[]) => graph.steps.filter((other) => other.needs.some((need) => need.step === step && conditions.includes(need.on))).map((other) => other.id);
  const next = behind(["ok", "succeeded", "completed", "always"]);
  const handlers = behind(["failed", "catch", "completed", "always"]);
  return {
    approve: next.length === 0 ? say("outlook.goesOn") : say("outlook.continues", { steps: listed(next) }),
    reject: onReject !== null ? say("outlook.back", { step: onReject }) : handlers.length > 0 ? say("outlook.handled", { steps: listed(handlers) }) : say("outlook.fails"),
  };
}

function listed(ids: readonly string[]): string {
  return ids.length <= 2 ? ids.join(say("outlook.and")) : say("outlook.more", { step: ids[0] ?? "", count: ids.length - 1 });
}
