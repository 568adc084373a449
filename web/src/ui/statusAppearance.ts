/** How a status looks: one icon, one word and one tone each, used wherever a status is shown. */
import { Ban, CircleCheck, CircleDashed, CircleX, Clock3, Hourglass, type LucideIcon, LoaderCircle, PauseCircle, SkipForward } from "lucide-react";
import type { RunStatus, StepStatus } from "../api/types";

export type Tone = "ok" | "bad" | "busy" | "wait" | "idle";

export interface Appearance {
  readonly word: string;
  readonly icon: LucideIcon;
  readonly tone: Tone;
  readonly spins?: boolean;
}

const APPEARANCES: Readonly<Record<RunStatus | StepStatus, Appearance>> = {
  pending: { word: "Not started", icon: CircleDashed, tone: "idle" },
  queued: { word: "Queued", icon: Clock3, tone: "idle" },
  running: { word: "Running", icon: LoaderCircle, tone: "busy", spins: true },
  waiting: { word: "Waiting", icon: Hourglass, tone: "wait" },
  paused: { word: "Paused", icon: PauseCircle, tone: "wait" },
  cancelling: { word: "Cancelling", icon: LoaderCircle, tone: "idle", spins: true },
  succeeded: { word: "Succeeded", icon: CircleCheck, tone: "ok" },
  failed: { word: "Failed", icon: CircleX, tone: "bad" },
  skipped: { word: "Skipped", icon: SkipForward, tone: "idle" },
  cancelled: { word: "Cancelled", icon: Ban, tone: "idle" },
};

export function appearanceOf(status: RunStatus | StepStatus): Appearance {
  return APPEARANCES[status];
}

export const TONE_TEXT: Readonly<Record<Tone, string>> = { ok: "text-ok-ink", bad: "text-bad-ink", busy: "text-busy-ink", wait: "text-wait-ink", idle: "text-idle-ink" };
export const TONE_TINT: Readonly<Record<Tone, string>> = { ok: "bg-ok-tint", bad: "bg-bad-tint", busy: "bg-busy-tint", wait: "bg-wait-tint", idle: "bg-idle-tint" };
export const TONE_SOLID: Readonly<Record<Tone, string>> = { ok: "bg-ok", bad: "bg-bad", busy: "bg-busy", wait: "bg-wait", idle: "bg-idle" };
export const TONE_STROKE: Readonly<Record<Tone, string>> = { ok: "var(--color-ok)", bad: "var(--color-bad)", busy: "var(--color-busy)", wait: "var(--color-wait)", idle: "var(--color-idle)" };
