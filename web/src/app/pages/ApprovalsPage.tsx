/** What waits for a person: every open approval, with the way to its run. */
import { useQuery } from "@tanstack/react-query";
import { UserCheck } from "lucide-react";
import { waitingRunsQuery } from "../../api/queries";
import { FailedToLoad } from "../../ui/FailedToLoad";
import { Notice } from "../../ui/Notice";
import { Skeleton } from "../../ui/Skeleton";
import { ApprovalRow } from "../ApprovalRow";
import { PageHead } from "../PageHead";
import { say } from "../../words/say";

export function ApprovalsPage() {
  const waiting = useQuery(waitingRunsQuery());
  const open = waiting.data?.items.flatMap((run) => run.waiting_steps.map((step) => ({ run, step }))) ?? [];
  return (
    <div className="flex h-full flex-col">
      <PageHead title={say("frame.approvals")}>{open.length > 0 && <span className="text-body text-faint tabular-nums">{open.length}</span>}</PageHead>
      <div className="min-h-0 flex-1 overflow-auto">
        {waiting.isPending ? (
          <Skeleton rows={4} />
        ) : waiting.data === undefined ? (
          <FailedToLoad what={say("what.approvals")} error={waiting.error} onRetry={() => void waiting.refetch()} />
        ) : open.length === 0 ? (
          <Notice icon={UserCheck} title={say("approvals.none")}>{say("approvals.none.about")}</Notice>
        ) : (
          <ul aria-label={say("approvals.open")}>
            {open.map(({ run, step }) => (
              <ApprovalRow key={`${run.id} ${step}`} run={run} step={step} />
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
