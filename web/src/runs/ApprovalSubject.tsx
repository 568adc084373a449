/** What exactly is approved: its digest, and what is different from what was approved last. */
import { useQuery } from "@tanstack/react-query";
import { Fingerprint } from "lucide-react";
import type { RunView } from "../api/types";
import { FailedToLoad } from "../ui/FailedToLoad";
import { Skeleton } from "../ui/Skeleton";
import { say } from "../words/say";
import { type LastApproved, lastApproved } from "./lastApproved";

const MOST = 12;

export function ApprovalSubject({ run, step, visit, digest }: { run: RunView; step: string; visit: number; digest: string }) {
  const before = useQuery({ queryKey: ["run", run.id, "approved-before", step, visit], queryFn: () => lastApproved(run, step, visit), staleTime: Number.POSITIVE_INFINITY });
  return (
    <section aria-label={say("subject.title")} className="space-y-2 text-body">
      <h2 className="text-small font-medium text-faint">{say("subject.title")}</h2>
      <p className="flex items-start gap-2">
        <Fingerprint aria-hidden size={15} className="mt-0.5 shrink-0 text-faint" />
        <span>
          <span className="text-muted">{say("subject.digest")} </span>
          <code title={digest} className="[overflow-wrap:anywhere]">{digest.slice(0, 19)}</code>
        </span>
      </p>
      {before.error !== null ? (
        <FailedToLoad what={say("subject.title")} error={before.error} onRetry={() => void before.refetch()} />
      ) : before.data === undefined ? (
        <Skeleton rows={2} className="h-5" />
      ) : (
        <Before before={before.data.last} />
      )}
    </section>
  );
}

function Before({ before }: { before: LastApproved | null }) {
  if (before === null) return <p className="text-muted">{say("subject.first")}</p>;
  const { where, inputs, outputs, changes } = before;
  const nothing = inputs.length === 0 && outputs.length === 0 && changes.length === 0;
  return (
    <div className="space-y-1.5">
      <p>{where.run === null ? say("subject.sinceVisit", { visit: where.visit }) : say("subject.sinceRun", { number: where.run })}</p>
      {nothing && <p className="text-muted">{say("subject.nothing")}</p>}
      {!nothing && (
        <ul aria-label={say("subject.differs")} className="list-disc space-y-0.5 pl-5 marker:text-faint">
          {changes.slice(0, MOST).map((sentence) => (
            <li key={sentence} className="[overflow-wrap:anywhere]">{sentence}</li>
          ))}
          {changes.length > MOST && <li>{say("save.more", { count: changes.length - MOST })}</li>}
          {[...inputs, ...outputs].slice(0, MOST).map(({ name, was, is }) => (
            <li key={name} className="[overflow-wrap:anywhere]">
              <span className="font-mono text-small text-muted">{name}</span> <del className="font-mono text-small text-bad-ink no-underline">{was}</del> <span aria-hidden className="text-faint">→</span> <ins className="font-mono text-small text-ok-ink no-underline">{is}</ins>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
