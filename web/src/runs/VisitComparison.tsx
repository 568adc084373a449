/** Two visits of a loop beside each other: what each step did in them, and which outputs differ. */
import { useId } from "react";
import type { RunView, VisitView } from "../api/types";
import type { RegionVisit } from "../graph/regionVisits";
import { recordOf } from "../ui/canvas/runOverlay";
import { CONTROL } from "../ui/SchemaField";
import { StatusBadge } from "../ui/StatusBadge";
import { durationWords } from "../ui/time";
import { say } from "../words/say";

export interface VisitComparisonProps {
  readonly run: RunView;
  readonly region: string;
  readonly visits: readonly RegionVisit[];
  readonly pinned: number;
  readonly against: number | null;
  readonly onAgainst: (visit: number | undefined) => void;
}

export function VisitComparison({ run, region, visits, pinned, against, onAgainst }: VisitComparisonProps) {
  const id = useId();
  const [one, other] = [visits.find(({ visit }) => visit === pinned), visits.find(({ visit }) => visit === against)];
  return (
    <section aria-label={say("compare.title", { region })} className="max-h-[38dvh] shrink-0 overflow-auto border-b border-line bg-surface" tabIndex={0}>
      <div className="flex items-center gap-2 px-4 py-1.5 text-small text-muted sm:px-5">
        <label htmlFor={id}>{say("compare.with", { visit: pinned })}</label>
        <select id={id} value={against ?? ""} onChange={(event) => onAgainst(event.target.value === "" ? undefined : Number(event.target.value))} className={`${CONTROL} h-7 !w-auto`}>
          <option value="">—</option>
          {visits.filter(({ visit }) => visit !== pinned).map(({ visit, current }) => (
            <option key={visit} value={visit}>{current ? say("log.latest", { visit }) : visit}</option>
          ))}
        </select>
      </div>
      {one !== undefined && other !== undefined && (
        <table className="w-full text-left text-small">
          <thead className="text-micro text-faint">
            <tr className="[&>th]:border-y [&>th]:border-line [&>th]:px-4 [&>th]:py-1 [&>th]:font-medium">
              <th scope="col">{say("timeline.step")}</th>
              <th scope="col">{say("visits.visit", { visit: pinned })}</th>
              <th scope="col">{say("visits.visit", { visit: other.visit })}</th>
              <th scope="col" className="w-full">{say("compare.differs")}</th>
            </tr>
          </thead>
          <tbody>
            {rowsOf(run, one, other).map(({ step, a, b }) => (
              <tr key={step} className="border-b border-line align-top whitespace-nowrap [&>td]:px-4 [&>td]:py-1.5 [&>th]:px-4 [&>th]:py-1.5">
                <th scope="row" className="font-mono font-medium">{step}</th>
                <td><Record record={a} /></td>
                <td><Record record={b} /></td>
                <td className="whitespace-normal"><Differences a={a} b={b} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Record({ record }: { record: VisitView | undefined }) {
  if (record === undefined) return <span className="text-faint">{say("overlay.notReached")}</span>;
  const took = record.started_at == null || record.finished_at == null ? null : Date.parse(record.finished_at) - Date.parse(record.started_at);
  return (
    <span className="flex items-center gap-2">
      <StatusBadge status={record.status} />
      {took !== null && <span className="text-muted tabular-nums">{durationWords(took)}</span>}
    </span>
  );
}

function Differences({ a, b }: { a: VisitView | undefined; b: VisitView | undefined }) {
  const names = [...new Set([...Object.keys(a?.outputs ?? {}), ...Object.keys(b?.outputs ?? {})])];
  const differing = names.filter((name) => words(a?.outputs[name]) !== words(b?.outputs[name]));
  const [before, after] = [a?.error?.message, b?.error?.message];
  if (differing.length === 0 && before === after) return a?.status === b?.status ? <span className="text-faint">{say("compare.same")}</span> : null;
  return (
    <ul className="space-y-0.5">
      {differing.map((name) => (
        <li key={name} className="[overflow-wrap:anywhere]">
          <span className="font-mono text-muted">{name}</span> <span className="font-mono">{words(a?.outputs[name])}</span> <span aria-hidden className="text-faint">→</span> <span className="font-mono font-medium">{words(b?.outputs[name])}</span>
        </li>
      ))}
      {before !== after && <li className="text-bad-ink [overflow-wrap:anywhere]">{before ?? "—"} → {after ?? "—"}</li>}
    </ul>
  );
}

/** In the order in which they began; what neither visit has reached comes last. */
function rowsOf(run: RunView, one: RegionVisit, other: RegionVisit) {
  const rows = [...one.steps.keys()].map((step) => ({ step, a: recordIn(run, step, one), b: recordIn(run, step, other) }));
  const began = ({ a, b }: (typeof rows)[number]) => a?.started_at ?? b?.started_at ?? "~";
  return rows.toSorted((x, y) => (began(x) < began(y) ? -1 : began(x) > began(y) ? 1 : 0));
}

function recordIn(run: RunView, step: string, { steps }: RegionVisit): VisitView | undefined {
  const [visit, view] = [steps.get(step) ?? null, run.steps[step]];
  return visit === null || view === undefined ? undefined : recordOf(view, visit);
}

function words(value: unknown): string {
  return value === undefined ? "—" : typeof value === "string" ? value : JSON.stringify(value);
}
