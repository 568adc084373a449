/** What waits for a person: every open approval, with the way to its run. */
import { useQuery } from "@tanstack/react-query";
import { UserCheck } from "lucide-react";
import { waitingRunsQuery } from "../../api/queries";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { Notice } from "../../ui/Notice";
import { Skeleton } from "../../ui/Skeleton";
import { ApprovalRow } from "../ApprovalRow";
import { PageHead } from "../PageHead";

export function ApprovalsPage() {
  const waiting = useQuery(waitingRunsQuery());
  const open = waiting.data?.items.flatMap((run) => run.waiting_steps.map((step) => ({ run, step }))) ?? [];
  return (
    <div className="flex h-full flex-col">
      <PageHead title="Approvals">{open.length > 0 && <span className="text-body text-faint tabular-nums">{open.length}</span>}</PageHead>
      <div className="min-h-0 flex-1 overflow-auto">
        {waiting.isPending ? (
          <Skeleton rows={4} />
        ) : waiting.data === undefined ? (
          <FailedToLoad what="list of approvals" error={waiting.error} onRetry={() => void waiting.refetch()} />
        ) : open.length === 0 ? (
          <Notice icon={UserCheck} title="Nothing waits for you">Runs that need a decision appear here.</Notice>
        ) : (
          <ul aria-label="Open approvals">
            {open.map(({ run, step }) => (
              <ApprovalRow key={`${run.id} ${step}`} run={run} step={step} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
