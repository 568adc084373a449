/**
 * Asks for a decision: what is approved, by whom, what each choice leads to.
 * Sends the visit and digest that the reader saw, so a page left open can never
 * decide something else; the server answers 409 and the bar says so.
 */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check, Hourglass, Undo2, Users, X } from "lucide-react";
import { useId, useState } from "react";
import { client } from "../api/client";
import { messageOf, Problem } from "../api/problem";
import { runQuery } from "../api/queries";
import type { ApprovalWait, GraphView, RunView } from "../api/types";
import { Button } from "../ui/Button";
import { CONTROL, SchemaField } from "../ui/SchemaField";
import { fieldOf } from "../ui/schemaField";
import { agoWords, elapsedWords } from "../ui/time";
import { triggerWords } from "../ui/triggerWords";
import { useNow } from "../ui/useNow";
import { useSchemaForm } from "../ui/useSchemaForm";
import { approvalOutlook } from "./approvalOutlook";
import { say } from "../words/say";

export interface ApprovalBarProps {
  readonly run: RunView;
  readonly graph: GraphView;
  readonly step: string;
  readonly visit: number;
  readonly wait: ApprovalWait;
  /** On its own page: what is typed stands beneath what is asked. */
  readonly narrow?: boolean;
  /** The server refused because this visit has been decided, superseded or changed meanwhile. */
  readonly onClosed: (message: string) => void;
}

export function ApprovalBar({ run, graph, step, visit, wait, narrow = false, onClosed }: ApprovalBarProps) {
  const queries = useQueryClient();
  const now = useNow(30_000);
  const commentId = useId();
  const [comment, setComment] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const fields = Object.entries(wait.fields ?? {}).map(([name, schema]) => fieldOf(name, schema as Record<string, unknown>, !("default" in (schema as object)), null));
  const form = useSchemaForm(fields);
  const outlook = approvalOutlook(graph, step, wait.on_reject ?? null);
  const decide = useMutation({
    mutationFn: ({ decision, values }: { decision: "approve" | "reject"; values: Record<string, unknown> }) =>
      client.decide(run.id, step, decision, {
        visit,
        ...(wait.digest == null ? {} : { digest: wait.digest }),
        ...(comment === "" ? {} : { comment }),
        ...(fields.length === 0 ? {} : { fields: values }),
      }),
    // The event stream brings the new state; fetching it too shows it when the stream is down.
    onSuccess: () => queries.invalidateQueries({ queryKey: runQuery(run.id).queryKey, exact: true }),
    onError: (error) => {
      if (error instanceof Problem && form.blame(error.objections)) return;
      if (!(error instanceof Problem) || error.status !== 409) return setRefusal(messageOf(error));
      onClosed(error.message);
      void queries.invalidateQueries({ queryKey: runQuery(run.id).queryKey, exact: true });
    },
  });
  const send = (decision: "approve" | "reject") => {
    const values = form.read();
    if (values !== null) decide.mutate({ decision, values });
  };
  return (
    <section aria-label={say("approval.of", { step })} className="border-b border-l-[3px] border-b-line border-l-wait bg-[color-mix(in_oklab,var(--color-wait-tint)_45%,var(--color-surface))] px-4 py-3 sm:px-5">
      <div className="flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-72 space-y-1">
          <p className="flex items-center gap-1.5 text-small font-medium text-wait-ink">
            <Hourglass aria-hidden size={14} />
            <span>{say(visit > 1 ? "approval.needsAgain" : "approval.needs", { step, visit })}</span>
          </p>
          <p className="text-title font-semibold [overflow-wrap:anywhere] whitespace-pre-wrap">{wait.message}</p>
          <p className="flex flex-wrap items-center gap-x-3 gap-y-0.5 text-small text-muted">
            <span className="flex items-center gap-1">
              <Users aria-hidden size={13} />
              {wait.approvers.length === 0 ? say("approval.anyone") : wait.approvers.join(", ")}
            </span>
            {wait.quorum > 1 && <span>{say("approval.quorum", { count: wait.decisions.filter((one) => one.decision === "approved").length, quorum: wait.quorum })}</span>}
            {!wait.allow_self && <span>{say("approval.notSelf")}</span>}
            {wait.until != null && <TimeLeft until={wait.until} />}
            <span>{say("approval.asked", { trigger: run.trigger.actor ?? triggerWords(run.trigger), ago: agoWords(run.created_at, now) })}</span>
            {!narrow && (
              <Link to="/approvals/$run/$step" params={{ run: run.id, step }} search={{ visit }} className="rounded text-accent-ink underline-offset-2 hover:underline">
                {say("approval.ownPage")}
              </Link>
            )}
          </p>
          {wait.decisions.map((one) => (
            <p key={`${one.by} ${one.at}`} className="text-small text-muted">
              {say(one.decision === "approved" ? "approval.approvedBy" : "approval.rejectedBy", { by: one.by })}
              {one.comment ? `: ${one.comment}` : ""}
            </p>
          ))}
        </div>
        <form
          className={`w-full space-y-2.5 ${narrow ? "" : "sm:w-[27rem]"}`}
          onSubmit={(event) => {
            event.preventDefault();
            send("approve");
          }}
        >
          <div className={`grid gap-2.5 ${fields.length > 0 ? "sm:grid-cols-2" : ""}`}>
            {fields.map((field) => (
              <SchemaField key={field.name} field={field} text={form.textOf(field)} error={form.errorOf(field)} onChange={(text) => form.change(field, text)} />
            ))}
            <div>
              <label htmlFor={commentId} className={fields.length > 0 ? "mb-1 block text-small font-medium" : "sr-only"}>{say("approval.comment")}</label>
              <input id={commentId} value={comment} placeholder={say("approval.commentHint")} onChange={(event) => setComment(event.target.value)} className={`${CONTROL} h-8`} />
            </div>
          </div>
          <div className="grid grid-cols-2 gap-2">
            <Button type="submit" look="approve" className="!h-12 flex-col !gap-0.5 leading-4" disabled={decide.isPending}>
              <span className="flex items-center gap-1.5"><Check aria-hidden size={15} />{say("approval.approve")}</span>
              <span className="text-micro font-normal">{outlook.approve}</span>
            </Button>
            <Button look="danger" className="!h-12 flex-col !gap-0.5 leading-4" disabled={decide.isPending} onClick={() => send("reject")}>
              <span className="flex items-center gap-1.5">{wait.on_reject == null ? <X aria-hidden size={15} /> : <Undo2 aria-hidden size={15} />}{say("approval.reject")}</span>
              <span className="text-micro font-normal text-muted">{outlook.reject}</span>
            </Button>
          </div>
          {refusal !== null && <p role="alert" className="rounded-control border border-bad bg-bad-tint px-3 py-2 text-body font-medium text-bad-ink">{refusal}</p>}
        </form>
      </div>
    </section>
  );
}

function TimeLeft({ until }: { until: string }) {
  const now = useNow(1000);
  return <span className="tabular-nums">{say("approval.left", { time: elapsedWords(Date.parse(until) - now) })}</span>;
}
