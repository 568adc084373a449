/** Beneath the graph: which moment of the run is seen. Live, or after an event of the past, with marks where it failed, was decided or went round. */
import { ChevronLeft, ChevronRight, Pause, Play, Radio } from "lucide-react";
import { useEffect, useState } from "react";
import type { RunEvent } from "../api/types";
import { eventWords } from "../ui/eventWords";
import { clockWords } from "../ui/time";
import { say } from "../words/say";
import { type Mark, marksOf } from "./historyMarks";

export interface TimeTravelProps {
  readonly last: number;
  /** Null while the run is followed live. */
  readonly at: number | null;
  /** As much of the history as is at hand. */
  readonly events: readonly RunEvent[];
  readonly onGo: (at: number | null) => void;
}

const EVERY_MS = 450;
/** However long a run was, its replay ends within a minute or two. */
const MOST_MOMENTS = 200;

const COLOURS: Readonly<Record<Mark["kind"], string>> = { failure: "bg-bad", approval: "bg-wait", loop: "bg-loop" };

export function TimeTravel({ last, at, events, onGo }: TimeTravelProps) {
  const [playing, setPlaying] = useState(false);
  const seen = at ?? last;
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      const next = seen + Math.max(1, Math.ceil(last / MOST_MOMENTS));
      onGo(next >= last ? null : next);
      if (next >= last) setPlaying(false);
    }, EVERY_MS);
    return () => clearTimeout(timer);
  }, [playing, seen, last, onGo]);
  const go = (next: number) => {
    setPlaying(false);
    onGo(next >= last ? null : Math.max(1, next));
  };
  const event = events.find(({ seq }) => seq === seen);
  const words = event === undefined ? "" : eventWords(event);
  return (
    <section aria-label={say("travel.title")} className="flex h-12 shrink-0 items-center gap-1 border-t border-line bg-surface pr-3 pl-2">
      <Step label={say("dry.previous")} icon={ChevronLeft} disabled={seen <= 1} onClick={() => go(seen - 1)} />
      <Step
        label={say(playing ? "dry.pause" : "travel.replay")}
        icon={playing ? Pause : Play}
        disabled={last < 2}
        onClick={() => {
          if (!playing && at === null) onGo(1);
          setPlaying(!playing);
        }}
      />
      <Step label={say("dry.next")} icon={ChevronRight} disabled={at === null} onClick={() => go(seen + 1)} />
      <div className="relative mx-2 h-full min-w-16 flex-1">
        <span aria-hidden className="absolute inset-x-2 top-1.5 h-2">
          {marksOf(events).map(({ seq, kind }) => (
            <span key={`${seq} ${kind}`} data-mark={kind} className={`absolute h-2 w-0.5 -translate-x-1/2 rounded-full ${COLOURS[kind]}`} style={{ left: `${last < 2 ? 0 : ((seq - 1) / (last - 1)) * 100}%` }} />
          ))}
        </span>
        <input
          type="range"
          aria-label={say("travel.moment")}
          aria-valuetext={`${say("dry.event", { at: seen, count: last })}${words === "" ? "" : `: ${words}`}`}
          min={1}
          max={Math.max(1, last)}
          value={seen}
          onChange={(change) => go(Number(change.target.value))}
          className="absolute inset-x-0 top-4 w-full"
        />
      </div>
      <span className="hidden w-72 min-w-0 truncate text-small text-muted md:block">
        {event !== undefined && <span className="mr-2 font-mono text-faint">{clockWords(event.at)}</span>}
        {words}
      </span>
      <span className="w-24 shrink-0 text-right text-small text-muted tabular-nums">{at === null ? <span className="inline-flex items-center gap-1"><Radio aria-hidden size={12} />{say("travel.latest")}</span> : say("dry.event", { at, count: last })}</span>
    </section>
  );
}

function Step({ label, icon: Icon, disabled, onClick }: { label: string; icon: typeof Play; disabled: boolean; onClick: () => void }) {
  return (
    <button type="button" aria-label={label} title={label} disabled={disabled} onClick={onClick} className="grid size-8 shrink-0 place-items-center rounded-control text-muted hover:bg-hover hover:text-ink disabled:opacity-40">
      <Icon aria-hidden size={15} />
    </button>
  );
}
