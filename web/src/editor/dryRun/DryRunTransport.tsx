/** Beneath the graph: the moment of the dry run that is looked at, step by step or by itself. */
import { ChevronLeft, ChevronRight, Pause, Play, SkipBack, SkipForward } from "lucide-react";
import { useEffect, useState } from "react";
import { eventWords } from "../../ui/eventWords";
import { durationWords } from "../../ui/time";
import { say } from "../../words/say";
import type { DryRunMoment } from "./useDryRun";

/** Slow enough to read what a moment is about. */
const EVERY_MS = 650;

export function DryRunTransport({ moment, onGo }: { moment: DryRunMoment | null; onGo: (at: number) => void }) {
  const [playing, setPlaying] = useState(false);
  const at = moment?.at ?? 0;
  const last = (moment?.events.length ?? 1) - 1;
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (at < last) onGo(at + 1);
      if (at + 1 >= last) setPlaying(false);
    }, EVERY_MS);
    return () => clearTimeout(timer);
  }, [playing, at, last, onGo]);
  const go = (next: number) => {
    setPlaying(false);
    onGo(Math.max(0, Math.min(next, last)));
  };
  const event = moment?.events[at];
  const began = Date.parse(moment?.events[0]?.at ?? "");
  return (
    <section aria-label={say("dry.moments")} className="flex h-28 shrink-0 flex-col justify-center gap-1.5 border-t border-line bg-surface px-4">
      <div className="flex items-center gap-1">
        <Step label={say("dry.first")} icon={SkipBack} disabled={moment === null || at === 0} onClick={() => go(0)} />
        <Step label={say("dry.previous")} icon={ChevronLeft} disabled={moment === null || at === 0} onClick={() => go(at - 1)} />
        <Step
          label={say(playing ? "dry.pause" : "dry.play")}
          icon={playing ? Pause : Play}
          disabled={moment === null || last === 0}
          onClick={() => {
            if (!playing && at === last) onGo(0);
            setPlaying(!playing);
          }}
        />
        <Step label={say("dry.next")} icon={ChevronRight} disabled={moment === null || at === last} onClick={() => go(at + 1)} />
        <Step label={say("dry.last")} icon={SkipForward} disabled={moment === null || at === last} onClick={() => go(last)} />
        <input
          type="range"
          aria-label={say("dry.moment")}
          aria-valuetext={event === undefined ? "" : `${say("dry.event", { at: at + 1, count: last + 1 })}: ${eventWords(event)}`}
          min={0}
          max={Math.max(0, last)}
          value={at}
          disabled={moment === null}
          onChange={(change) => go(Number(change.target.value))}
          className="ml-2 min-w-0 flex-1"
        />
        <span className="w-28 shrink-0 text-right text-small text-muted tabular-nums">{moment === null ? "" : say("dry.event", { at: at + 1, count: last + 1 })}</span>
      </div>
      <p className="truncate pl-2 text-small" aria-live={playing ? "off" : "polite"}>
        {event !== undefined && (
          <>
            <span className="mr-2 font-mono text-faint">+{durationWords(Date.parse(event.at) - began).replace(/ 0[ms]$/, "")}</span>
            {eventWords(event)}
          </>
        )}
      </p>
    </section>
  );
}

function Step({ label, icon: Icon, disabled, onClick }: { label: string; icon: typeof Play; disabled: boolean; onClick: () => void }) {
  return (
    <button type="button" aria-label={label} title={label} disabled={disabled} onClick={onClick} className="grid size-8 place-items-center rounded-control text-muted hover:bg-hover hover:text-ink disabled:opacity-40">
      <Icon aria-hidden size={15} />
    </button>
  );
}
