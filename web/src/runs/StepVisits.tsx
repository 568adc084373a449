/** All visits of a step, newest first; attempts are a column, never rows among the visits. */
import { Link } from "@tanstack/react-router";
import { CircleDashed } from "lucide-react";
import type { StepView } from "../api/types";
import { Ago } from "../ui/Ago";
import { Elapsed } from "../ui/Elapsed";
import { Notice } from "../ui/Notice";
import { StatusBadge } from "../ui/StatusBadge";
import { say } from "../words/say";

export function StepVisits({ step, visit, onVisit }: { step: StepView; visit: number | null; onVisit: (visit: number) => void }) {
  if (step.visits.length === 0) return <Notice icon={CircleDashed} title={say("log.notStarted")}>{say("visits.none")}</Notice>;
  return (
    <div className="h-full overflow-auto" tabIndex={0} role="region" aria-label={say("visits.label")}>
      <table className="w-full text-left text-body">
        <thead className="sticky top-0 bg-surface text-micro text-faint">
          <tr className="[&>th]:border-b [&>th]:border-line [&>th]:px-4 [&>th]:py-1.5 [&>th]:font-medium">
            <th scope="col">{say("log.visit")}</th>
            <th scope="col">{say("visits.status")}</th>
            <th scope="col">{say("visits.attempts")}</th>
            <th scope="col">{say("visits.duration")}</th>
            <th scope="col">{say("run.started")}</th>
            <th scope="col" className="w-full">{say("io.error")}</th>
          </tr>
        </thead>
        <tbody>
          {step.visits.toReversed().map((one) => (
            <tr key={one.visit} aria-current={one.visit === visit} className={`border-b border-line whitespace-nowrap [&>td]:px-4 [&>td]:py-1.5 ${one.visit === visit ? "bg-accent-tint" : "hover:bg-hover"}`}>
              <td>
                <button type="button" onClick={() => onVisit(one.visit)} className="rounded font-medium text-accent-ink underline-offset-2 hover:underline">
                  {say("visits.visit", { visit: one.visit })}
                </button>
              </td>
              <td>
                <StatusBadge status={one.status} />
                {one.child_run != null && (
                  <Link to="/runs/$id" params={{ id: one.child_run }} className="ml-2 rounded text-accent-ink underline-offset-2 hover:underline">
                    {say("visits.child")}
                  </Link>
                )}
              </td>
              <td className="tabular-nums">{one.attempts ?? 1}</td>
              <td>{one.started_at != null && <Elapsed from={one.started_at} to={one.finished_at ?? null} />}</td>
              <td className="text-muted">{one.started_at != null && <Ago at={one.started_at} />}</td>
              <td className="max-w-0 truncate text-muted">{one.error?.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {step.older_visits > 0 && (
        <p className="px-4 py-2 text-small text-faint">
          {say(step.older_visits === 1 ? "visits.older.one" : "visits.older", { count: step.older_visits.toLocaleString() })}
        </p>
      )}
    </div>
  );
}
