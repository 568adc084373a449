/**
 * The log of one attempt: first what is there, page by page, then what comes.
 * Lines are collected and handed on once per frame, because a build can print
 * thousands in one.
 */
import { useEffect, useState } from "react";
import { client, type LogPlace, logsUrl } from "../api/client";
import { Problem } from "../api/problem";
import { followServerEvents } from "../api/serverEvents";
import type { LogLine } from "../api/types";

export interface StepLog {
  /** Grows in place: a log may have a million lines, and copying them with each page would take longer than reading them. */
  readonly lines: readonly LogLine[];
  readonly count: number;
  readonly state: "loading" | "live" | "complete" | "none" | "failed";
}

const EMPTY: StepLog = { lines: [], count: 0, state: "loading" };

export function useStepLog({ run, step, visit, attempt }: LogPlace, enabled: boolean): StepLog {
  const [log, setLog] = useState<StepLog>(EMPTY);
  useEffect(() => {
    setLog(EMPTY);
    if (!enabled) return;
    const stop = new AbortController();
    const place = { run, step, visit, attempt };
    const lines: LogLine[] = [];
    let state: StepLog["state"] = "loading";
    let frame = 0;
    const show = (next: StepLog["state"]) => {
      state = next;
      if (frame !== 0) return;
      frame = requestAnimationFrame(() => {
        frame = 0;
        setLog({ lines, count: lines.length, state });
      });
    };
    const read = async () => {
      let after = 0;
      for (;;) {
        const page = await client.logs(place, after, stop.signal).catch(unlessMissing);
        // An attempt that has printed nothing has no log yet; the stream waits for it.
        if (page === null) break;
        for (const line of page.lines) lines.push(line);
        if (page.complete) return show("complete");
        if (page.lines.length === 0 || page.next === after) break;
        after = page.next;
        show("loading");
      }
      show("live");
      await followServerEvents({
        url: () => logsUrl(place, lines.at(-1)?.n ?? 0),
        signal: stop.signal,
        onRefused: (problem) => show(problem.status === 404 ? "none" : "failed"),
        onEvent: ({ name, data }) => {
          if (name !== "line") return;
          const line = JSON.parse(data) as LogLine;
          if (line.n > (lines.at(-1)?.n ?? 0)) lines.push(line);
          show("live");
        },
      });
      if (!stop.signal.aborted && state === "live") show("complete");
    };
    read().catch(() => !stop.signal.aborted && show("failed"));
    return () => {
      stop.abort();
      cancelAnimationFrame(frame);
    };
  }, [run, step, visit, attempt, enabled]);
  return log;
}

function unlessMissing(error: unknown): null {
  if (error instanceof Problem && error.status === 404) return null;
  throw error;
}
