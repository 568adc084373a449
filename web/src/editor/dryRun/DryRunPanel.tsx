/** The tab of the dry run: inputs, every visit with what it does, and what came of it. */
import { CircleAlert, FlaskConical, RotateCcw } from "lucide-react";
import { useEffect, useRef } from "react";
import { messageOf } from "../../api/problem";
import type { Diagnostic } from "../../api/types";
import { Button } from "../../ui/Button";
import { SchemaField } from "../../ui/SchemaField";
import { Skeleton } from "../../ui/Skeleton";
import { StatusBadge } from "../../ui/StatusBadge";
import { durationWords } from "../../ui/time";
import { say } from "../../words/say";
import { PlayedVisitRow } from "./PlayedVisitRow";
import type { DryRunState } from "./useDryRun";

export interface DryRunPanelProps {
  readonly play: DryRunState;
  readonly selected: string | null;
  readonly onSelect: (step: string) => void;
  readonly onProblems: () => void;
}

export function DryRunPanel({ play, selected, onSelect, onProblems }: DryRunPanelProps) {
  const { moment, visits } = play;
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (selected !== null) list.current?.querySelector(`[data-visit-of="${CSS.escape(selected)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    <section aria-label={say("dry.title")} className="h-full overflow-auto px-4 py-3" aria-busy={play.outdated}>
      <header className="mb-3 flex items-start gap-3">
        <p className="min-w-0 flex-1 text-small text-muted">{say("dry.about")}</p>
        <Button size="small" look="quiet" onClick={play.reset}>
          <RotateCcw aria-hidden size={12} />
          {say("dry.reset")}
        </Button>
      </header>
      {play.fields.length > 0 && (
        <fieldset className="mb-4 rounded-control border border-line px-3 pt-1.5 pb-3">
          <legend className="px-1 text-small font-semibold">{say("dry.inputs")}</legend>
          <div className="space-y-3">
            {play.fields.map((field) => (
              <SchemaField key={field.name} field={field} text={play.textOf(field)} error={play.problemOf(field)} onChange={(text) => play.onInput(field, text)} />
            ))}
          </div>
        </fieldset>
      )}
      {play.invalid ? (
        <div role="alert" className="rounded-control border border-bad bg-bad-tint px-3 py-2 text-body text-bad-ink">
          <p>{say("dry.invalid")}</p>
          <button type="button" onClick={onProblems} className="mt-1 rounded font-medium underline">{say("dry.problems")}</button>
        </div>
      ) : (
        <Findings findings={play.findings.filter(({ pointer, severity }) => severity === "error" && !play.fields.some((field) => pointer === `/inputs/${field.name}`))} onSelect={onSelect} />
      )}
      {play.error !== null && <p role="alert" className="rounded-control border border-bad bg-bad-tint px-3 py-2 text-body text-bad-ink">{messageOf(play.error)}</p>}
      {moment === null && play.findings.length === 0 && play.error === null && <Skeleton rows={5} className="h-9" />}
      {moment !== null && (
        <div className={`transition-opacity duration-150 ${play.outdated ? "opacity-60" : ""}`}>
          <p role="status" aria-label={say("dry.result")} className="mb-2 flex flex-wrap items-center gap-x-2 gap-y-1">
            <StatusBadge status={play.end} />
            <span className="text-small text-muted">{say("dry.took", { time: durationWords(play.tookMs).replace(/ 0[ms]$/, ""), count: moment.events.length })}</span>
            {play.waitsFor !== null && <span className="basis-full text-small text-wait-ink [overflow-wrap:anywhere]">{say("dry.waits", { what: play.waitsFor })}</span>}
          </p>
          <ol ref={list} aria-label={say("dry.visits")} className="overflow-hidden rounded-control border border-line">
            {visits.map((visit) => (
              <PlayedVisitRow
                key={visit.key}
                visit={visit}
                choices={play.choices}
                made={play.made}
                selected={selected !== null && visit.step.split("/")[0] === selected}
                passed={(moment.events[moment.at]?.seq ?? 0) >= visit.beganSeq}
                onChoose={(outcome) => play.choose(visit.key, outcome)}
                onShow={() => {
                  onSelect(visit.step.split("/")[0] ?? visit.step);
                  play.goTo(Math.max(0, visit.endedSeq - 1));
                }}
              />
            ))}
          </ol>
        </div>
      )}
    </section>
  );
}

function Findings({ findings, onSelect }: { findings: readonly Diagnostic[]; onSelect: (step: string) => void }) {
  if (findings.length === 0) return null;
  return (
    <ul aria-label={say("dry.findings")} role="alert" className="mb-3 space-y-2">
      {findings.map(({ code, message, help, pointer }) => {
        const step = /^\/(?:mock|at\/[^/]+(?:\/\d+)?\/(?:approve|reject))\/([^/~]+)/.exec(pointer ?? "")?.[1];
        return (
          <li key={`${code} ${pointer ?? ""} ${message}`} className="flex gap-2 rounded-control border border-bad bg-bad-tint px-3 py-2 text-small">
            <CircleAlert aria-hidden size={14} className="mt-0.5 shrink-0 text-bad-ink" />
            <div className="min-w-0 [overflow-wrap:anywhere]">
              <p className="font-medium text-bad-ink">{message}</p>
              {help != null && <p className="text-muted">{help}</p>}
              <p className="text-micro text-muted">
                <span className="font-mono">{code}</span>
                {pointer != null && <span className="font-mono"> {pointer}</span>}
                {step !== undefined && (
                  <button type="button" onClick={() => onSelect(step)} className="ml-2 rounded underline">{say("dry.showStep", { step })}</button>
                )}
              </p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

/** The way in, beside Save. */
export function DryRunButton({ pressed, onClick }: { pressed: boolean; onClick: () => void }) {
  return (
    <Button aria-pressed={pressed} onClick={onClick} title={say("dry.about")} className={pressed ? "!border-accent !bg-accent-tint !text-accent-ink" : ""}>
      <FlaskConical aria-hidden size={14} />
      {say("dry.title")}
    </Button>
  );
}
