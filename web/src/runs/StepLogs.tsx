/** The Logs tab: which visit and attempt, and the lines. Visits and attempts have a choice each. */
import { useQuery } from "@tanstack/react-query";
import { Clock3, Download, ScrollText, UserCheck } from "lucide-react";
import { useMemo, useState } from "react";
import { client, type LogPlace, rawLog } from "../api/client";
import { messageOf } from "../api/problem";
import type { StepDefinition, StepView } from "../api/types";
import { Notice } from "../ui/Notice";
import { CONTROL } from "../ui/SchemaField";
import { useSettled } from "../ui/useSettled";
import { logMatches } from "./logMatches";
import { LogSearch } from "./LogSearch";
import { LogView } from "./LogView";
import { recordOf } from "../ui/canvas/runOverlay";
import { useStepLog } from "./useStepLog";
import { say } from "../words/say";

const KEPT_FOR_MS = 60_000;

/** What of a log the address names. */
export interface LogAddress {
  readonly attempt: number | undefined;
  readonly line: number | undefined;
}

export interface StepLogsProps {
  readonly run: string;
  readonly definition: StepDefinition;
  readonly step: StepView;
  /** The visit in view; null where the step was not reached. */
  readonly visit: number | null;
  readonly onVisit: (visit: number) => void;
  readonly place: LogAddress;
  readonly onPlace: (place: LogAddress) => void;
}

export function StepLogs({ run, definition, step, visit, onVisit, place, onPlace }: StepLogsProps) {
  const [timestamps, setTimestamps] = useRemembered("loopline.timestamps");
  const [wrap, setWrap] = useRemembered("loopline.wrap");
  const isCurrent = visit === step.visit;
  const record = visit === null ? undefined : recordOf(step, visit);
  const attempts = Math.max(1, isCurrent ? step.attempt : (record?.attempts ?? 1));
  const attempt = place.attempt !== undefined && place.attempt <= attempts ? place.attempt : attempts;
  const writes = definition.kind === "run" || definition.kind === "container" || definition.kind === "http";
  const begun = visit !== null && (record !== undefined || (isCurrent && step.status !== "pending")) && (!isCurrent || step.attempt > 0) && (record?.status ?? step.status) !== "skipped";
  const [sought, setSought] = useState("");
  const [match, setMatch] = useState({ of: "", at: 0 });
  const log = useStepLog({ run, step: definition.id, visit: visit ?? 0, attempt }, begun && writes);

  const settled = useSettled(sought);
  const found = useMemo(() => logMatches(log.lines, log.count, settled), [log.lines, log.count, settled]);
  // A long log is searched by the server while the page still reads it.
  const total = useQuery({
    queryKey: ["run", run, "log-total", definition.id, visit, attempt, settled],
    queryFn: ({ signal }) => client.logTotal({ run, step: definition.id, visit: visit ?? 0, attempt }, settled, signal),
    enabled: settled !== "" && log.state === "loading",
    gcTime: 0,
    retry: false,
  });
  const inAll = Math.max(found.length, log.state === "loading" ? (total.data ?? 0) : 0);
  const foundAt = match.of === settled ? Math.min(match.at, found.length - 1) : 0;

  if (!writes) return <Notice icon={definition.kind === "approval" ? UserCheck : Clock3} title={say("log.none")}>{say("log.none.about", { kind: definition.kind })}</Notice>;
  if (!begun) return <Notice icon={ScrollText} title={say(step.status === "skipped" ? "status.skipped" : visit === null ? "log.notReached" : "log.notStarted")}>{say("log.appears")}</Notice>;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-1.5 text-small text-muted">
        <label className="flex items-center gap-1.5">
          {say("log.visit")}
          <select className={`${CONTROL} h-7 !w-auto`} value={visit} onChange={(event) => onVisit(Number(event.target.value))}>
            {numbersUpTo(step).map((one) => (
              <option key={one} value={one}>{one === step.visit ? say("log.latest", { visit: one }) : one}</option>
            ))}
          </select>
        </label>
        <label className="flex items-center gap-1.5">
          {say("log.attempt")}
          <select className={`${CONTROL} h-7 !w-auto`} value={attempt} onChange={(event) => onPlace({ attempt: Number(event.target.value) === attempts ? undefined : Number(event.target.value), line: undefined })}>
            {Array.from({ length: attempts }, (_, at) => (
              <option key={at + 1} value={at + 1}>{say("log.of", { at: at + 1, count: attempts })}</option>
            ))}
          </select>
        </label>
        <Toggle label={say("log.timestamps")} on={timestamps} onChange={setTimestamps} />
        <Toggle label={say("log.wrap")} on={wrap} onChange={setWrap} />
        <LogSearch text={sought} onText={setSought} found={found} total={inAll} at={foundAt} onGo={(at) => setMatch({ of: settled, at })} />
        <RawLog place={{ run, step: definition.id, visit: visit ?? 0, attempt }} />
        <span role="status" className="ml-auto flex items-center gap-1.5">
          {log.state === "live" && <span aria-hidden className="size-1.5 animate-breathe rounded-full bg-busy" />}
          {say(`log.state.${log.state}`)}
          {log.count > 0 && ` · ${say(log.count === 1 ? "log.line" : "log.lines", { count: log.count.toLocaleString() })}`}
        </span>
      </div>
      {log.count === 0 && log.state !== "live" && log.state !== "loading" ? (
        <Notice icon={ScrollText} title={say(log.state === "failed" ? "log.unreadable" : "log.empty")} />
      ) : (
        <LogView key={`${visit} ${attempt}`} lines={log.lines} count={log.count} wrap={wrap} line={place.line ?? null} found={found[foundAt] ?? null} onLine={(line) => onPlace({ attempt: attempt === attempts ? undefined : attempt, line })} live={log.state === "live"} timestamps={timestamps} label={say("log.label", { step: definition.id, visit: visit ?? 1 })} />
      )}
    </div>
  );
}

function Toggle({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="flex items-center gap-1.5">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

/** The bytes as the step wrote them, in a window of their own or as a file. */
function RawLog({ place }: { place: LogPlace }) {
  const [problem, setProblem] = useState<string | null>(null);
  const open = (as: "page" | "file") => {
    setProblem(null);
    // A window that is opened later than the click would be held back.
    const view = as === "page" ? window.open("", "_blank") : null;
    rawLog(place).then(
      (blob) => {
        const url = URL.createObjectURL(blob);
        if (view !== null) view.location.href = url;
        else {
          const link = document.createElement("a");
          link.href = url;
          link.download = `${place.step}-${place.visit}-${place.attempt}.log`;
          link.click();
        }
        setTimeout(() => URL.revokeObjectURL(url), KEPT_FOR_MS);
      },
      (error: unknown) => {
        view?.close();
        setProblem(messageOf(error));
      },
    );
  };
  return (
    <span className="flex items-center gap-1">
      <button type="button" onClick={() => open("page")} className="h-7 rounded-control px-1.5 hover:bg-hover hover:text-ink">{say("log.raw")}</button>
      <button type="button" aria-label={say("log.download")} title={say("log.download")} onClick={() => open("file")} className="grid size-7 place-items-center rounded-control hover:bg-hover hover:text-ink">
        <Download aria-hidden size={14} />
      </button>
      {problem !== null && <span role="alert" className="text-bad-ink">{problem}</span>}
    </span>
  );
}

function useRemembered(key: string): [boolean, (on: boolean) => void] {
  const [on, setOn] = useState(() => localStorage.getItem(key) === "on");
  return [
    on,
    (next) => {
      setOn(next);
      localStorage.setItem(key, next ? "on" : "off");
    },
  ];
}

function numbersUpTo(step: StepView): number[] {
  const numbers = new Set([...step.visits.map((one) => one.visit), step.visit]);
  return [...numbers].toSorted((a, b) => b - a);
}
