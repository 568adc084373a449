/** An event of a run's history in words. Unknown kinds are shown by their name, never dropped. */
import type { RunEvent } from "../api/types";

type Facts = Readonly<Record<string, unknown>>;

export function eventWords({ event }: RunEvent): string {
  const facts = event as Facts;
  // What an event is about stands in `key` (an attempt) or `timer`, how it ended in `outcome`.
  const all = { ...recordOf(facts["key"]), ...recordOf(facts["timer"]), ...recordOf(facts["outcome"]), ...facts };
  const words = [
    String(facts["type"]).replaceAll("_", " "),
    wordOf(all, "step"),
    wordOf(all, "visit", "visit "),
    wordOf(all, "attempt", "attempt "),
    wordOf(all, "item", "item "),
    wordOf(all, "status"),
    wordOf(all, "decision"),
    wordOf(all, "by", "by "),
    wordOf(all, "comment"),
    wordOf(all, "reason"),
  ];
  return words.filter((word) => word !== null).join(" · ");
}

function wordOf(facts: Facts, name: string, before = ""): string | null {
  const value = facts[name];
  return typeof value === "string" || typeof value === "number" ? `${before}${value}` : null;
}

function recordOf(value: unknown): Facts {
  return typeof value === "object" && value !== null ? (value as Facts) : {};
}
