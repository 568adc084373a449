/** An event of a run's history in words. Unknown kinds are shown by their name, never dropped. */
import type { RunEvent } from "../api/types";

export function eventWords({ event }: RunEvent): string {
  const { type, ...facts } = event as { type: string } & Record<string, unknown>;
  const about = ["step", "visit", "attempt", "status", "decision", "by", "actor"]
    .filter((name) => facts[name] !== undefined && facts[name] !== null && typeof facts[name] !== "object")
    .map((name) => (name === "visit" || name === "attempt" ? `${name} ${String(facts[name])}` : String(facts[name])));
  return [type.replaceAll("_", " "), ...about].join(" · ");
}
