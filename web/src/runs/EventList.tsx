/** The history of a run, or of one step of it, newest first, each event with what it changed. Older ones come when they are asked for. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { client } from "../api/client";
import type { RunEvent } from "../api/types";
import { Button } from "../ui/Button";
import { FailedToLoad } from "../ui/FailedToLoad";
import { Notice } from "../ui/Notice";
import { Skeleton } from "../ui/Skeleton";
import { StatusIcon } from "../ui/StatusIcon";
import { appearanceOf } from "../ui/statusAppearance";
import { clockWords } from "../ui/time";
import { eventWords } from "../ui/eventWords";
import { say } from "../words/say";
import { isAbout } from "./historyMarks";

export interface EventListProps {
  readonly run: string;
  /** The end of the history; undefined while it is being read. */
  readonly recent: readonly RunEvent[] | undefined;
  readonly error: Error | null;
  /** Only what is about this step. */
  readonly only?: string;
  readonly onSelect: (step: string) => void;
  /** Shows the run as it was right after the event. */
  readonly onMoment: (seq: number) => void;
  readonly onRetry: () => void;
}

const PAGE = 500;

export function EventList({ run, recent, error, only, onSelect, onMoment, onRetry }: EventListProps) {
  const first = recent?.[0]?.seq ?? 1;
  const older = useInfiniteQuery({
    queryKey: ["run", run, "older", first],
    queryFn: async ({ pageParam: before }) => (await client.events(run, Math.max(0, before - 1 - PAGE))).events.filter(({ seq }) => seq < before),
    initialPageParam: first,
    getNextPageParam: (page, _, before) => ((page[0]?.seq ?? 1) > 1 && page[0]?.seq !== before ? page[0]?.seq : undefined),
    enabled: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (recent === undefined) return error === null ? <Skeleton rows={8} className="h-9" /> : <FailedToLoad what={say("what.history")} error={error} onRetry={onRetry} />;
  const all = [...(older.data?.pages.toReversed().flat() ?? []), ...recent];
  const shown = (only === undefined ? all : all.filter((event) => isAbout(event, only))).toReversed();
  const more = (all[0]?.seq ?? 1) > 1;
  if (shown.length === 0 && !more) return <Notice icon={History} title={say("events.none")} />;
  return (
    <div className="h-full overflow-auto p-4" role="region" aria-label={say("events.label")} tabIndex={0}>
      <ol aria-label={say("events.label")}>
        {shown.map((event) => (
          <li key={event.seq} className="group flex gap-4 border-b border-line py-2 [contain-intrinsic-size:auto_2.5rem] [content-visibility:auto] last:border-b-0">
            <span className="w-8 shrink-0 text-right font-mono text-small text-faint">{event.seq}</span>
            <time dateTime={event.at} title={event.at} className="w-16 shrink-0 font-mono text-small text-faint">{clockWords(event.at)}</time>
            <div className="min-w-0 flex-1">
              <p className="text-body font-medium [overflow-wrap:anywhere]">{eventWords(event)}</p>
              {only === undefined && <Changes event={event} onSelect={onSelect} />}
            </div>
            <button type="button" aria-label={say("events.moment", { at: event.seq })} onClick={() => onMoment(event.seq)} className="h-6 shrink-0 rounded px-1.5 text-small text-accent-ink opacity-0 group-hover:opacity-100 hover:underline focus-visible:opacity-100">
              {say("events.show")}
            </button>
          </li>
        ))}
      </ol>
      {more && (
        <div className="flex items-center gap-3 py-3">
          <Button size="small" disabled={older.isFetching} onClick={() => void (older.data === undefined ? older.refetch() : older.fetchNextPage())}>{say(older.isFetching ? "events.loading" : "events.older")}</Button>
          <span className="text-small text-faint">{say("events.before", { count: (all[0]?.seq ?? 1) - 1 })}</span>
        </div>
      )}
    </div>
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
