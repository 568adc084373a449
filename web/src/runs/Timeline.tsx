/** The Timeline tab: a lane a step, a bar a visit and attempt, waiting hatched, idle stretches compressed, the critical path marked. */
import { ChartGantt } from "lucide-react";
import { useMemo } from "react";
import type { GraphView, RunEvent, RunView } from "../api/types";
import { Notice } from "../ui/Notice";
import { appearanceOf, TONE_SOLID } from "../ui/statusAppearance";
import { clockWords, durationWords } from "../ui/time";
import { useNow } from "../ui/useNow";
import { say } from "../words/say";
import { type Bar, scaleOf, timelineBars } from "./timelineBars";

export interface TimelineProps {
  readonly graph: GraphView;
  readonly run: RunView;
  readonly events: readonly RunEvent[];
  readonly onSelect: (step: string, visit: number) => void;
}

const HATCHED = "bg-[repeating-linear-gradient(135deg,var(--color-wait)_0_3px,var(--color-wait-tint)_3px_7px)]";

export function Timeline({ graph, run, events, onSelect }: TimelineProps) {
  const now = useNow(run.finished_at == null ? 1000 : 3_600_000);
  const bars = useMemo(() => timelineBars(graph, run, events, now), [graph, run, events, now]);
  const scale = useMemo(() => scaleOf(bars), [bars]);
  if (bars.lanes.length === 0) return <Notice icon={ChartGantt} title={say("timeline.none")}>{say("timeline.none.about")}</Notice>;
  const percent = (moment: number) => `${scale(moment) * 100}%`;
  const width = (from: number, to: number) => `max(3px, ${(scale(to) - scale(from)) * 100}%)`;
  return (
    <div role="region" aria-label={say("timeline.label")} tabIndex={0} className="h-full overflow-auto bg-surface focus-visible:outline-offset-[-2px]">
      <div className="min-w-[40rem] pb-6">
        <header className="sticky top-0 z-10 flex h-8 items-center border-b border-line bg-surface text-micro text-faint">
          <span className="w-44 shrink-0 px-4">{say("timeline.step")}</span>
          <span className="relative mr-5 h-full flex-1">
            <span className="absolute left-0 top-2 font-mono">{clockWords(new Date(bars.from).toISOString())}</span>
            <span className="absolute right-0 top-2 font-mono">{clockWords(new Date(bars.to).toISOString())}</span>
          </span>
        </header>
        <ol aria-label={say("timeline.lanes")} className="relative">
          <li aria-hidden className="pointer-events-none absolute inset-y-0 right-5 left-44">
            {bars.gaps.map((gap) => (
              <span key={gap.from} data-gap className="absolute inset-y-0 border-x border-dashed border-edge bg-sunken" style={{ left: percent(gap.from), width: width(gap.from, gap.to) }} />
            ))}
          </li>
          {bars.lanes.map(({ step, bars: own }) => (
            <li key={step} className="relative flex h-9 items-center border-b border-line">
              <span className={`w-44 shrink-0 truncate px-4 font-mono text-small font-medium ${own.some(({ critical }) => critical) ? "" : "text-muted"}`}>{step}</span>
              <span className="relative mr-5 h-full flex-1">
                {own.map((bar) => (
                  <BarButton key={`${bar.visit} ${bar.attempt} ${bar.from}`} bar={bar} left={percent(bar.from)} width={width(bar.from, bar.to)} onSelect={onSelect} />
                ))}
              </span>
            </li>
          ))}
        </ol>
        <footer className="flex flex-wrap items-center gap-x-5 gap-y-1 px-4 pt-3 text-small text-muted">
          <span className="flex items-center gap-1.5"><span aria-hidden className="h-3 w-6 rounded border-2 border-ink bg-ok" />{say("timeline.critical")}</span>
          <span className="flex items-center gap-1.5"><span aria-hidden className={`h-3 w-6 rounded ${HATCHED}`} />{say("timeline.waits")}</span>
          {bars.gaps.map((gap) => (
            <span key={gap.from} className="flex items-center gap-1.5">
              <span aria-hidden className="h-3 w-4 border-x border-dashed border-edge bg-sunken" />
              {say("timeline.gap", { time: durationWords(gap.to - gap.from), from: clockWords(new Date(gap.from).toISOString()) })}
            </span>
          ))}
        </footer>
      </div>
    </div>
  );
}

function BarButton({ bar, left, width, onSelect }: { bar: Bar; left: string; width: string; onSelect: TimelineProps["onSelect"] }) {
  const { step, visit, attempt, status, from, to, waits, critical } = bar;
  const { word, tone } = appearanceOf(status);
  const words = say("timeline.bar", { step, visit, attempt, status: word, time: durationWords(to - from) });
  return (
    <button
      type="button"
      aria-label={critical ? `${words}, ${say("timeline.critical").toLowerCase()}` : words}
      title={words}
      data-waits={waits}
      data-critical={critical}
      onClick={() => onSelect(step, visit)}
      style={{ left, width }}
      className={`absolute top-1.5 h-6 overflow-hidden rounded ${waits ? HATCHED : TONE_SOLID[tone]} ${critical ? "border-2 border-ink" : ""} hover:brightness-110`}
    />
  );
}
