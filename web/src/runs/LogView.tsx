/** A log: only the lines in sight are in the page, the end is followed until someone scrolls up. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { LogLine } from "../api/types";
import { AnsiText } from "./AnsiText";
import { say } from "../words/say";

const LINE_HEIGHT = 20;

export interface LogViewProps {
  readonly lines: readonly LogLine[];
  readonly live: boolean;
  readonly timestamps: boolean;
  readonly label: string;
}

export function LogView({ lines, live, timestamps, label }: LogViewProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => scroller.current, estimateSize: () => LINE_HEIGHT, overscan: 24 });

  useEffect(() => {
    const element = scroller.current;
    if (following && element !== null) element.scrollTop = element.scrollHeight;
  }, [following, lines.length]);

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
        <div className="relative min-w-max" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const line = lines[row.index];
            if (line === undefined) return null;
            return (
              <div key={row.key} data-stream={line.stream} className="absolute left-0 flex min-w-full pr-4 leading-5 hover:bg-hover" style={{ top: row.start, height: LINE_HEIGHT }}>
                <span aria-hidden className="sticky left-0 shrink-0 bg-sunken pr-3 pl-4 text-right text-faint select-none" style={{ width: `calc(${gutter}ch + 1.75rem)` }}>
                  {line.n}
                </span>
                {timestamps && <time className="shrink-0 pr-3 text-faint">{line.at.slice(11, 23)}</time>}
                <span className={`whitespace-pre ${line.stream === "stderr" ? "text-bad-ink" : line.stream === "system" ? "text-busy-ink italic" : ""}`}>
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
