/** A status as colour, icon and word. */
import type { RunStatus, StepStatus } from "../api/types";
import { appearanceOf, TONE_TEXT, TONE_TINT } from "./statusAppearance";
import { StatusIcon } from "./StatusIcon";

export function StatusBadge({ status, word }: { status: RunStatus | StepStatus; word?: string }) {
  const { word: usual, tone } = appearanceOf(status);
  return (
    <span className={`inline-flex h-6 items-center gap-1.5 rounded-full px-2 pr-2.5 text-small font-medium whitespace-nowrap ${TONE_TINT[tone]} ${TONE_TEXT[tone]}`}>
      <StatusIcon status={status} size={14} />
      {word ?? usual}
    </span>
  );
}
