/** How a status looks: one icon, one word and one tone each, used wherever a status is shown. */
import { Ban, CircleCheck, CircleDashed, CircleX, Clock3, Hourglass, type LucideIcon, LoaderCircle, PauseCircle, SkipForward } from "lucide-react";
import type { RunStatus, StepStatus } from "../api/types";
import { say } from "../words/say";

export type Tone = "ok" | "bad" | "busy" | "wait" | "idle";

export interface Appearance {
  readonly word: string;
  readonly icon: LucideIcon;
  readonly tone: Tone;
  readonly spins?: boolean;
}

const APPEARANCES: Readonly<Record<RunStatus | StepStatus, Omit<Appearance, "word">>> = {
  pending: { icon: CircleDashed, tone: "idle" },
  queued: { icon: Clock3, tone: "idle" },
  running: { icon: LoaderCircle, tone: "busy", spins: true },
  waiting: { icon: Hourglass, tone: "wait" },
  paused: { icon: PauseCircle, tone: "wait" },
  cancelling: { icon: LoaderCircle, tone: "idle", spins: true },
  succeeded: { icon: CircleCheck, tone: "ok" },
  failed: { icon: CircleX, tone: "bad" },
  skipped: { icon: SkipForward, tone: "idle" },
  cancelled: { icon: Ban, tone: "idle" },
};

export function appearanceOf(status: RunStatus | StepStatus): Appearance {
  return { ...APPEARANCES[status], word: say(`status.${status}`) };
}

export const TONE_TEXT: Readonly<Record<Tone, string>> = { ok: "text-ok-ink", bad: "text-bad-ink", busy: "text-busy-ink", wait: "text-wait-ink", idle: "text-idle-ink" };
export const TONE_TINT: Readonly<Record<Tone, string>> = { ok: "bg-ok-tint", bad: "bg-bad-tint", busy: "bg-busy-tint", wait: "bg-wait-tint", idle: "bg-idle-tint" };
export const TONE_SOLID: Readonly<Record<Tone, string>> = { ok: "bg-ok", bad: "bg-bad", busy: "bg-busy", wait: "bg-wait", idle: "bg-idle" };
export const TONE_STROKE: Readonly<Record<Tone, string>> = { ok: "var(--color-ok)", bad: "var(--color-bad)", busy: "var(--color-busy)", wait: "var(--color-wait)", idle: "var(--color-idle)" };
