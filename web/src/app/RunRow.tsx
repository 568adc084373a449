/** One run in a list. */
import { Link } from "@tanstack/react-router";
import type { RunSummary } from "../api/types";
import { Ago } from "../ui/Ago";
import { Elapsed } from "../ui/Elapsed";
import { StatusBadge } from "../ui/StatusBadge";
import { say } from "../words/say";
import { triggerWords } from "../ui/triggerWords";

export function RunRow({ run }: { run: RunSummary }) {
  const reason = run.error == null ? (run.waiting_steps.length > 0 ? say("row.waits", { steps: run.waiting_steps.join(", ") }) : "") : `${run.error.step == null ? "" : `${run.error.step}: `}${run.error.message}`;
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-surface px-4 py-2 hover:bg-hover sm:flex-nowrap sm:px-6">
      <span className="w-28 shrink-0"><StatusBadge status={run.status} /></span>
      <Link to="/runs/$id" params={{ id: run.id }} className="truncate rounded text-body font-medium after:absolute after:inset-0">
        {run.pipeline} <span className="text-muted">#{run.number}</span>
      </Link>
      <span className="min-w-0 flex-1 truncate text-small text-muted max-sm:basis-full">{reason}</span>
      <span className="shrink-0 text-small text-muted">
        {triggerWords(run.trigger)}
      </span>
      <span className="w-20 shrink-0 text-right text-small text-muted"><Elapsed from={run.created_at} to={run.finished_at ?? null} /></span>
      <span className="w-24 shrink-0 text-right text-small text-muted"><Ago at={run.created_at} /></span>
    </li>
  );
}
