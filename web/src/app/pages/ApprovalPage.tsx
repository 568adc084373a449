/** `/approvals/:run/:step`: one question, for the phone of who is asked. The address names the visit, so that an old link decides nothing new. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowRight, CircleCheck, CircleDashed, CircleSlash, CircleX, Clock3, type LucideIcon, Undo2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { GraphView, RunView } from "../../api/types";
import { ApprovalBar } from "../../runs/ApprovalBar";
import { type ApprovalState, approvalState } from "../../runs/approvalState";
import { ApprovalSubject } from "../../runs/ApprovalSubject";
import { ClosedNote } from "../../runs/ClosedNote";
import { StaleNote } from "../../runs/StaleNote";
import { useLiveRun } from "../../runs/useLiveRun";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { Skeleton } from "../../ui/Skeleton";
import { StatusBadge } from "../../ui/StatusBadge";
import { say } from "../../words/say";
import { usePageTitle } from "../PageHead";

const route = getRouteApi("/approvals/$run/$step");

export function ApprovalPage() {
  const { run: id, step } = route.useParams();
  const { visit } = route.useSearch();
  const { run, definition } = useLiveRun(id);
  usePageTitle(say("approval.of", { step }));
  if (run.data !== undefined && definition.data !== undefined) return <LoadedApproval key={`${id} ${step} ${visit ?? ""}`} run={run.data} graph={definition.data.graph} step={step} visit={visit} />;
  const failed = run.error !== null ? run : definition;
  return failed.error === null ? <Skeleton rows={6} /> : <FailedToLoad what={say("what.run")} error={failed.error} onRetry={() => void failed.refetch()} />;
}

function LoadedApproval({ run, graph, step, visit }: { run: RunView; graph: GraphView; step: string; visit: number | undefined }) {
  const [closed, setClosed] = useState<string | null>(null);
  // Held to what was asked when the page was opened: what comes later is another question.
  const [asked] = useState(() => {
    const now = approvalState(run, step, visit);
    return visit ?? (now.kind === "open" ? now.visit : undefined);
  });
  const state = approvalState(run, step, asked);
  return (
    <div className="h-full overflow-auto">
      <StaleNote />
      {closed !== null && <ClosedNote message={closed} onClose={() => setClosed(null)} />}
      <div className="mx-auto max-w-2xl pb-8 sm:pt-6">
        <header className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3 sm:px-5">
          <h1 className="text-title font-semibold">
            {run.pipeline} <span className="text-muted">{run.name ?? say("run.number", { number: run.number })}</span>
          </h1>
          <span role="status" aria-label={say("run.status")}><StatusBadge status={run.status} /></span>
          <Link to="/runs/$id" params={{ id: run.id }} search={{ step }} className="ml-auto flex items-center gap-1 rounded text-body text-accent-ink underline-offset-2 hover:underline">
            {say("approval.openRun")}
            <ArrowRight aria-hidden size={14} />
          </Link>
        </header>
        {state.kind === "open" ? (
          <>
            <div className="overflow-hidden border-y border-line sm:rounded-card sm:border">
              <ApprovalBar narrow run={run} graph={graph} step={step} visit={state.visit} wait={state.wait} onClosed={setClosed} />
            </div>
            <div className="mt-3 border-y border-line bg-surface px-4 py-3 sm:rounded-card sm:border sm:px-5">
              <ApprovalSubject run={run} step={step} visit={state.visit} digest={state.wait.digest} />
            </div>
          </>
        ) : (
          <ClosedApproval run={run} step={step} state={state} />
        )}
      </div>
    </div>
  );
}

const LOOKS: Readonly<Record<Exclude<ApprovalState["kind"], "open">, { icon: LucideIcon; look: string }>> = {
  approved: { icon: CircleCheck, look: "text-ok-ink" },
  rejected: { icon: CircleX, look: "text-bad-ink" },
  expired: { icon: Clock3, look: "text-wait-ink" },
  cancelled: { icon: CircleSlash, look: "text-idle-ink" },
  superseded: { icon: Undo2, look: "text-loop-ink" },
  notYet: { icon: CircleDashed, look: "text-idle-ink" },
  unknown: { icon: CircleDashed, look: "text-idle-ink" },
};

function ClosedApproval({ run, step, state }: { run: RunView; step: string; state: Exclude<ApprovalState, { kind: "open" }> }) {
  const { icon: Icon, look } = LOOKS[state.kind];
  const now = approvalState(run, step, undefined);
  return (
    <section role="status" aria-label={say("approval.of", { step })} className="flex gap-3 border-y border-line bg-surface px-4 py-4 sm:rounded-card sm:border sm:px-5">
      <Icon aria-hidden size={20} className={`shrink-0 ${look}`} />
      <div className="min-w-0 space-y-1 text-body">
        <p className="text-title font-semibold">{say(`approval.is.${state.kind}`, { step, visit: "visit" in state ? state.visit : 1 })}</p>
        {"by" in state && state.by !== null && <Line>{say("approval.is.by", { by: state.by })}</Line>}
        {"comment" in state && state.comment !== null && <Line>{state.comment}</Line>}
        <Line>{say("approval.is.about")}</Line>
        {now.kind === "open" && (
          <Link to="/approvals/$run/$step" params={{ run: run.id, step }} search={{ visit: now.visit }} className="inline-flex items-center gap-1 rounded font-medium text-accent-ink underline-offset-2 hover:underline">
            {say("approval.is.now", { visit: now.visit })}
            <ArrowRight aria-hidden size={14} />
          </Link>
        )}
      </div>
    </section>
  );
}

function Line({ children }: { children: ReactNode }) {
  return <p className="text-muted [overflow-wrap:anywhere]">{children}</p>;
}
