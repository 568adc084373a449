/** A log: only the lines in sight are in the page, the end is followed until someone scrolls up. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { LogLine } from "../api/types";
import { AnsiText } from "./AnsiText";
import { say } from "../words/say";

const LINE_HEIGHT = 20;

export interface LogViewProps {
  /** The same list while it grows; `count` says how far. */
  readonly lines: readonly LogLine[];
  readonly count: number;
  readonly wrap: boolean;
  /** The line that the address names. */
  readonly line: number | null;
  /** The position of the line that a search has come to. */
  readonly found: number | null;
  readonly onLine: (line: number) => void;
  readonly live: boolean;
  readonly timestamps: boolean;
  readonly label: string;
}

export function LogView({ lines, count, wrap, line: named, found, onLine, live, timestamps, label }: LogViewProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(named === null);
  const rows = useVirtualizer({ count, getScrollElement: () => scroller.current, estimateSize: () => LINE_HEIGHT, overscan: 24 });

  useEffect(() => {
    const element = scroller.current;
    if (following && element !== null) element.scrollTop = element.scrollHeight;
  }, [following, count]);

  // Once it has been read that far; after that the reader scrolls.
  const shown = useRef<number | null>(null);
  useEffect(() => {
    if (named === null || shown.current === named || count < named) return;
    shown.current = named;
    setFollowing(false);
    rows.scrollToIndex(named - 1, { align: "center" });
  }, [named, count, rows]);

  useEffect(() => {
    if (found === null) return;
    setFollowing(false);
    rows.scrollToIndex(found, { align: "center" });
  }, [found, rows]);

  // Going up lets go at once; only coming down to the end takes hold again.
  const lastTop = useRef(0);
  const onScroll = () => {
    const element = scroller.current;
    if (element === null) return;
    const top = element.scrollTop;
    if (top < lastTop.current - 1) setFollowing(false);
    else if (element.scrollHeight - top - element.clientHeight < LINE_HEIGHT * 1.5) setFollowing(true);
    lastTop.current = top;
  };
  const gutter = String(lines.at(-1)?.n ?? 1).length;
  return (
    <div className="relative min-h-0 flex-1">
      {/* A log that scrolls needs the keyboard's focus. */}
      <div ref={scroller} role="log" aria-label={label} aria-live="off" tabIndex={0} onScroll={onScroll} onWheel={(event) => event.deltaY < 0 && setFollowing(false)} className="size-full overflow-auto bg-sunken font-mono text-small focus-visible:outline-offset-[-2px]">
        <div className={`relative ${wrap ? "" : "min-w-max"}`} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const line = lines[row.index];
            if (line === undefined) return null;
            return (
              <div
                key={row.key}
                ref={wrap ? rows.measureElement : undefined}
                data-index={row.index}
                data-stream={line.stream}
                data-found={row.index === found ? "" : undefined}
                aria-current={line.n === named ? "true" : undefined}
                className={`absolute left-0 flex pr-4 leading-5 ${wrap ? "w-full" : "min-w-full"} ${row.index === found ? "bg-wait-tint" : line.n === named ? "bg-accent-tint" : "hover:bg-hover"}`}
                style={{ top: row.start, ...(wrap ? {} : { height: LINE_HEIGHT }) }}
              >
                <button type="button" tabIndex={-1} aria-label={say("log.lineLink", { line: line.n })} onClick={() => onLine(line.n)} className={`sticky left-0 flex shrink-0 items-start justify-end self-stretch pr-3 pl-4 text-faint tabular-nums select-none hover:text-accent-ink hover:underline ${row.index === found ? "bg-wait-tint" : line.n === named ? "bg-accent-tint" : "bg-sunken"}`} style={{ width: `calc(${gutter}ch + 1.75rem)` }}>
                  {line.n}
                </button>
                {timestamps && <time className="shrink-0 pr-3 text-faint">{line.at.slice(11, 23)}</time>}
                <span className={`${wrap ? "min-w-0 [overflow-wrap:anywhere] whitespace-pre-wrap" : "whitespace-pre"} ${line.stream === "stderr" ? "text-bad-ink" : line.stream === "system" ? "text-busy-ink italic" : ""}`}>
                  <AnsiText text={line.text} />
                </span>
              </div>
            );
          })}
        </div>
      </div>
      {!following && (
        <button type="button" onClick={() => setFollowing(true)} className="absolute right-4 bottom-3 flex h-7 animate-appear items-center gap-1.5 rounded-full border border-line bg-raised px-3 text-small font-medium shadow-floating hover:bg-hover">
          <ArrowDown aria-hidden size={13} />
          {say(live ? "log.follow" : "log.toEnd")}
        </button>
      )}
    </div>
  );
}
