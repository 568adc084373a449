/** One open approval in the list: its question and where it is asked. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronRight, Hourglass } from "lucide-react";
import { client } from "../api/client";
import type { RunSummary } from "../api/types";
import { stepsInside } from "../api/stepsInside";
import { Ago } from "../ui/Ago";
import { say } from "../words/say";

export function ApprovalRow({ run, step }: { run: RunSummary; step: string }) {
  const whole = useQuery({ queryKey: ["approval", run.id, step, run.status], queryFn: () => client.run(run.id) });
  const view = whole.data === undefined ? undefined : [...stepsInside(whole.data.steps)].find(([name]) => name === step)?.[1];
  const wait = view?.waiting_for?.kind === "approval" ? view.waiting_for : null;
  return (
    <li className="relative flex items-center gap-4 border-b border-line bg-surface px-4 py-3 hover:bg-hover sm:px-6">
      <Hourglass aria-hidden size={16} className="shrink-0 text-wait-ink" />
      <div className="min-w-0 flex-1">
        <Link to="/approvals/$run/$step" params={{ run: run.id, step }} search={view === undefined ? {} : { visit: view.visit }} className="block truncate rounded text-body font-medium after:absolute after:inset-0">
          {wait?.message ?? step}
        </Link>
        <p className="truncate text-small text-muted">
          {run.pipeline} #{run.number} · <span className="font-mono">{step}</span>
          {(view?.visit ?? 1) > 1 && ` · ${say("run.visit", { visit: view?.visit ?? 1 })}`}
          {wait !== null && wait.approvers.length > 0 && ` · ${wait.approvers.join(", ")}`}
        </p>
      </div>
      <span className="shrink-0 text-small text-muted"><Ago at={view?.started_at ?? run.created_at} /></span>
      <ChevronRight aria-hidden size={15} className="shrink-0 text-faint" />
    </li>
  );
}
