/** The head of a run: state, pipeline, number, who started it, how long, share, Pause, Cancel and Rerun. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, ChevronRight, CircleUser, Clock3, GitCommitHorizontal, Pause, Play } from "lucide-react";
import { useState } from "react";
import { client } from "../api/client";
import { messageOf } from "../api/problem";
import type { RunView } from "../api/types";
import { Ago } from "../ui/Ago";
import { Button } from "../ui/Button";
import { Elapsed } from "../ui/Elapsed";
import { Modal } from "../ui/Modal";
import { usePageCommands } from "../ui/pageCommands";
import { StatusBadge } from "../ui/StatusBadge";
import { say } from "../words/say";
import { RerunMenu } from "./RerunMenu";
import { ShareLink } from "./ShareLink";
import { triggerWords } from "../ui/triggerWords";

export interface RunHeaderProps {
  readonly run: RunView;
  /** The selected step. */
  readonly step: string | null;
  /** What is seen is past: nothing can be done to it. */
  readonly past: boolean;
  readonly onChangedInputs: (() => void) | null;
}

export function RunHeader({ run, step, past, onChangedInputs }: RunHeaderProps) {
  const commit = run.labels["commit"];
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line bg-surface px-4 py-2.5 sm:px-5">
      <h1 className="flex min-w-0 items-center gap-1.5 text-title font-semibold">
        <Link to="/pipelines/$project/$name" params={{ project: run.project, name: run.pipeline }} className="truncate rounded text-muted hover:text-ink">
          {run.pipeline}
        </Link>
        <ChevronRight aria-hidden size={14} className="shrink-0 text-faint" />
        <span className="whitespace-nowrap">{run.name ?? say("run.number", { number: run.number })}</span>
      </h1>
      <span role="status" aria-label={say("run.status")}>
        <StatusBadge status={run.status} />
      </span>
      <dl className="flex flex-wrap items-center gap-x-4 gap-y-1 text-small text-muted [&_dt]:sr-only [&>div]:flex [&>div]:items-center [&>div]:gap-1.5">
        <div>
          <dt>{say("run.elapsed")}</dt>
          <Clock3 aria-hidden size={13} className="text-faint" />
          <dd><Elapsed from={run.created_at} to={run.finished_at ?? null} /></dd>
        </div>
        {commit !== undefined && (
          <div>
            <dt>{say("run.commit")}</dt>
            <GitCommitHorizontal aria-hidden size={13} className="text-faint" />
            <dd className="font-mono" title={commit}>{commit.slice(0, 10)}</dd>
          </div>
        )}
        <div>
          <dt>{say("run.started")}</dt>
          <CircleUser aria-hidden size={13} className="text-faint" />
          <dd>
            {triggerWords(run.trigger)} · <Ago at={run.created_at} />
          </dd>
        </div>
        {run.parent != null && (
          <div>
            <dt>{say("run.parent")}</dt>
            <dd>
              <Link to="/runs/$id" params={{ id: run.parent.run }} className="rounded text-accent-ink underline-offset-2 hover:underline">
                {say("run.childOf", { step: run.parent.step })}
              </Link>
            </dd>
          </div>
        )}
        {run.epoch > 1 && (
          <div>
            <dt>{say("run.epoch")}</dt>
            <dd>{say("run.rerunNumber", { number: run.epoch - 1 })}</dd>
          </div>
        )}
      </dl>
      <div className="ml-auto flex items-center gap-2">
        <ShareLink />
        {past ? null : (run.finished_at ?? null) === null ? (
          <>
            <PauseRun run={run} />
            <CancelRun run={run} />
          </>
        ) : (
          <RerunMenu run={run} step={step} onChangedInputs={onChangedInputs} />
        )}
      </div>
    </header>
  );
}

/** Pausing loses nothing, so it asks nothing: steps that run go on, nothing new starts. */
function PauseRun({ run }: { run: RunView }) {
  const verb = run.status === "paused" ? "resume" : "pause";
  const change = useMutation({ mutationFn: () => client.pause(run.id, verb) });
  usePageCommands(() => ({ commands: run.status === "cancelling" ? [] : [{ id: "pause", label: say(verb === "pause" ? "run.pause" : "run.resume"), icon: verb === "pause" ? Pause : Play, perform: () => change.mutate() }] }));
  if (run.status === "cancelling") return null;
  return (
    <>
      {change.error !== null && <p role="alert" className="text-small text-bad-ink">{messageOf(change.error)}</p>}
      <Button onClick={() => change.mutate()} disabled={change.isPending} title={say(verb === "pause" ? "run.pause.about" : "run.resume.about")}>
        {verb === "pause" ? <Pause aria-hidden size={14} /> : <Play aria-hidden size={14} />}
        {say(verb === "pause" ? "run.pause" : "run.resume")}
      </Button>
    </>
  );
}

function CancelRun({ run }: { run: RunView }) {
  const [asking, setAsking] = useState(false);
  usePageCommands(() => ({ commands: run.status === "cancelling" ? [] : [{ id: "cancel", label: say("run.cancel.do"), icon: Ban, perform: () => setAsking(true) }] }));
  const cancel = useMutation({ mutationFn: () => client.cancel(run.id), onSuccess: () => setAsking(false) });
  return (
    <>
      <Button look="danger" onClick={() => setAsking(true)} disabled={run.status === "cancelling"}>
        <Ban aria-hidden size={14} />
        {say("common.cancel")}
      </Button>
      <Modal open={asking} onClose={() => setAsking(false)} title={say("run.cancel.ask", { number: run.number, pipeline: run.pipeline })} description={say("run.cancel.about")}>
        {cancel.error !== null && <p role="alert" className="px-5 text-body text-bad-ink">{messageOf(cancel.error)}</p>}
        <footer className="flex justify-end gap-2 px-5 pt-2 pb-4">
          <Button onClick={() => setAsking(false)}>{say("run.cancel.keep")}</Button>
          <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate()}>{say("run.cancel.do")}</Button>
        </footer>
      </Modal>
    </>
  );
}
