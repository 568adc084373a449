/** Says that the page shows the past, and leads back. Actions are off meanwhile. */
import * as Switch from "@radix-ui/react-switch";
import { Pin } from "lucide-react";
import { useId } from "react";
import { say } from "../words/say";

export interface PinnedNoteProps {
  readonly region: string;
  readonly visit: number;
  readonly latest: number;
  readonly onFollow: () => void;
}

export function PinnedNote({ region, visit, latest, onFollow }: PinnedNoteProps) {
  const id = useId();
  return (
    <div role="status" className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-loop-tint px-4 py-1.5 text-small text-loop-ink sm:px-5">
      <Pin aria-hidden size={13} />
      <span>
        {say("pinned.about", { visit, latest, region })}
      </span>
      <span className="ml-auto flex items-center gap-2">
        <label htmlFor={id} className="font-medium">{say("pinned.follow")}</label>
        <Switch.Root id={id} checked={false} onCheckedChange={onFollow} className="h-5 w-9 rounded-full border border-loop bg-surface p-0.5">
          <Switch.Thumb className="block size-3.5 rounded-full bg-loop transition-transform data-[state=checked]:translate-x-4" />
        </Switch.Root>
      </span>
    </div>
  );
}
