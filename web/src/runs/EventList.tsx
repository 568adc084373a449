/** The Events tab: the run's history, newest first, each with what it changed. */
import { useQuery } from "@tanstack/react-query";
import { eventsQuery } from "../api/queries";
import type { RunEvent } from "../api/types";
import { FailedToLoad } from "../ui/FailedToLoad";
import { Skeleton } from "../ui/Skeleton";
import { StatusIcon } from "../ui/StatusIcon";
import { appearanceOf } from "../ui/statusAppearance";
import { clockWords } from "../ui/time";
import { eventWords } from "../ui/eventWords";
import { say } from "../words/say";

export function EventList({ run, onSelect }: { run: string; onSelect: (step: string) => void }) {
  const events = useQuery(eventsQuery(run));
  if (events.isPending) return <Skeleton rows={8} className="h-9" />;
  if (events.error !== null) return <FailedToLoad what={say("what.history")} error={events.error} onRetry={() => void events.refetch()} />;
  return (
    <ol aria-label={say("events.label")} tabIndex={0} className="h-full overflow-auto p-4">
      {events.data.events.toReversed().map((event) => (
        <li key={event.seq} className="flex gap-4 border-b border-line py-2 last:border-b-0">
          <span className="w-8 shrink-0 text-right font-mono text-small text-faint">{event.seq}</span>
          <time dateTime={event.at} className="w-16 shrink-0 font-mono text-small text-faint">{clockWords(event.at)}</time>
          <div className="min-w-0 flex-1">
            <p className="text-body font-medium [overflow-wrap:anywhere]">{eventWords(event)}</p>
            <Changes event={event} onSelect={onSelect} />
          </div>
        </li>
      ))}
    </ol>
  );
}

function Changes({ event, onSelect }: { event: RunEvent; onSelect: (step: string) => void }) {
  const steps = Object.entries(event.changes.steps);
  if (steps.length === 0) return null;
  return (
    <p className="mt-1 flex flex-wrap gap-1.5">
      {steps.map(([id, step]) => (
        <button key={id} type="button" onClick={() => onSelect(id)} className="inline-flex h-6 items-center gap-1 rounded-full border border-line bg-surface px-2 text-micro text-muted hover:border-edge hover:text-ink">
          <StatusIcon status={step.status} size={11} />
          <span className="font-mono">{id}</span>
          {appearanceOf(step.status).word.toLowerCase()}
          {step.visit > 1 && ` · ${say("run.visit", { visit: step.visit })}`}
        </button>
      ))}
    </p>
  );
}
