/** The icon of a status in its colour. Decorative: the word stands beside it or in a label. */
import type { RunStatus, StepStatus } from "../api/types";
import { appearanceOf, TONE_TEXT } from "./statusAppearance";

export function StatusIcon({ status, size = 15 }: { status: RunStatus | StepStatus; size?: number }) {
  const { icon: Icon, tone, spins } = appearanceOf(status);
  return <Icon aria-hidden size={size} strokeWidth={2.2} className={`shrink-0 ${TONE_TEXT[tone]} ${spins ? "animate-spin-slow" : ""}`} />;
}
