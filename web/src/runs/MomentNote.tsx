/** Says that the page shows the run as it was, and leads back. Actions are off meanwhile. */
import { History, Radio } from "lucide-react";
import { Button } from "../ui/Button";
import { say } from "../words/say";

export function MomentNote({ at, last, onLive }: { at: number; last: number; onLive: () => void }) {
  return (
    <div role="status" className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-accent-tint px-4 py-1.5 text-small text-accent-ink sm:px-5">
      <History aria-hidden size={13} />
      <span>{say("travel.about", { at, count: last })}</span>
      <Button size="small" className="ml-auto" onClick={onLive}>
        <Radio aria-hidden size={12} />
        {say("travel.live")}
      </Button>
    </div>
  );
}
