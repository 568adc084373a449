/** An event of a run's history in words. Unknown kinds are shown by their name, never dropped. */
import type { RunEvent } from "../api/types";
import { say, type Words } from "../words/say";

type Facts = Readonly<Record<string, unknown>>;

export function eventWords({ event }: RunEvent): string {
  const facts = event as Facts;
  // What an event is about stands in `key` (an attempt) or `timer`, how it ended in `outcome`.
  const all = { ...recordOf(facts["key"]), ...recordOf(facts["timer"]), ...recordOf(facts["outcome"]), ...facts };
  const words = [
    typeWords(String(facts["type"])),
    wordOf(all, "step"),
    wordOf(all, "visit", "event.of.visit"),
    wordOf(all, "attempt", "event.of.attempt"),
    wordOf(all, "item", "event.of.item"),
    wordOf(all, "status"),
    wordOf(all, "decision"),
    wordOf(all, "by", "event.of.by"),
    wordOf(all, "comment"),
    wordOf(all, "reason"),
  ];
  return words.filter((word) => word !== null).join(" · ");
}

const KNOWN = [
  "run_created",
  "attempt_started",
  "attempt_finished",
  "child_finished",
  "timer_fired",
  "approval_decided",
  "signal_received",
  "callback_received",
  "attempt_unplaced",
  "slot_granted",
  "pause_requested",
  "resume_requested",
  "rerun_requested",
  "parent_asked",
  "cancel_requested",
] as const;

function typeWords(type: string): string {
  const known = KNOWN.find((one) => one === type);
  return known === undefined ? type.replaceAll("_", " ") : say(`event.${known}`);
}

function wordOf(facts: Facts, name: string, words: Words | null = null): string | null {
  const value = facts[name];
  if (typeof value !== "string" && typeof value !== "number") return null;
  return words === null ? String(value) : say(words, { value });
}

function recordOf(value: unknown): Facts {
  return typeof value === "object" && value !== null ? (value as Facts) : {};
}
