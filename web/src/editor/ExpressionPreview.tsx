/**
 * What the expression or template under the caret gives with the values of a run
 * of the past. The server computes it, and puts `***` where a secret would stand.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { SquareFunction } from "lucide-react";
import { useId, useState } from "react";
import { client } from "../api/client";
import { messageOf } from "../api/problem";
import type { EvaluationError, RunSummary } from "../api/types";
import type { ExpressionInText } from "../document/expressionAt";
import { appearanceOf } from "../ui/statusAppearance";
import { agoWords } from "../ui/time";
import { useNow } from "../ui/useNow";
import { useSettled } from "../ui/useSettled";
import { say } from "../words/say";

export interface ExpressionPreviewProps {
  /** `project/name`. */
  readonly pipeline: string;
  readonly expression: ExpressionInText | null;
}

const MOST_RUNS = 20;
const NO_RUNS: readonly RunSummary[] = [];

export function ExpressionPreview({ pipeline, expression }: ExpressionPreviewProps) {
  const id = useId();
  const [chosen, setChosen] = useState<string | null>(null);
  const runs = useQuery({ queryKey: ["runs", "preview", pipeline], queryFn: () => client.runs({ pipeline, limit: MOST_RUNS }), refetchInterval: 15_000 }).data?.items ?? NO_RUNS;
  const now = useNow(30_000);
  const run = runs.find((one) => one.id === chosen)?.id ?? runs[0]?.id ?? null;
  // As text: an equal expression is not another one.
  const settled = useSettled(JSON.stringify(expression));
  const asked = JSON.parse(settled) as ExpressionInText | null;
  const answer = useQuery({
    queryKey: ["evaluate", run, settled],
    queryFn: ({ signal }) => client.evaluate(run ?? "", asked?.way === "cel" ? { expression: asked.source } : { template: asked?.source ?? "" }, asked?.step ?? null, signal),
    enabled: run !== null && asked !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <section aria-label={say("preview.title")} className="flex max-h-[45%] shrink-0 flex-col border-t border-line bg-surface">
      <header className="flex min-h-9 items-center gap-2 px-3">
        <SquareFunction aria-hidden size={15} className="shrink-0 text-faint" />
        {expression === null || asked === null ? (
          <p className="text-small text-faint">{say("preview.none")}</p>
        ) : run === null ? (
          <p className="text-small text-muted">{say("preview.noRun")}</p>
        ) : (
          <>
            <label htmlFor={id} className="shrink-0 text-small text-muted">{say("preview.in")}</label>
            <select id={id} value={run} onChange={(event) => setChosen(event.target.value)} className="h-7 min-w-0 max-w-64 rounded-control border border-edge bg-surface px-2 text-small">
              {runs.map((one) => (
                <option key={one.id} value={one.id}>{`#${one.number} · ${appearanceOf(one.status).word} · ${agoWords(one.created_at, now)}`}</option>
              ))}
            </select>
            {answer.data !== undefined && "value" in answer.data && <span className="ml-auto shrink-0 text-micro text-faint">{typeWords(answer.data.value)}</span>}
          </>
        )}
      </header>
      {expression !== null && asked !== null && run !== null && (
        <div role="status" aria-label={say("preview.value")} className="min-h-0 overflow-auto px-3 pb-2.5">
          {answer.error !== null ? (
            <p className="text-small text-bad-ink">{messageOf(answer.error)}</p>
          ) : answer.data === undefined ? null : "error" in answer.data ? (
            <Failed source={asked.source} error={answer.data.error} />
          ) : (
            <pre tabIndex={0} className={`text-small leading-5 [overflow-wrap:anywhere] whitespace-pre-wrap ${answer.isPlaceholderData ? "opacity-50" : ""}`}>{valueWords(answer.data.value)}</pre>
          )}
        </div>
      )}
    </section>
  );
}

/** Why there is no value, with the part of the expression that is to blame. */
function Failed({ source, error: { message, help, from, to } }: { source: string; error: EvaluationError }) {
  const start = Math.min(from ?? 0, source.length);
  const end = Math.max(start, Math.min(to ?? start, source.length));
  // Of a long script only the lines around the place.
  const first = source.lastIndexOf("\n", start - 1) + 1;
  const next = source.indexOf("\n", end);
  return (
    <div className="text-small">
      <p className="font-medium text-bad-ink [overflow-wrap:anywhere]">{message}</p>
      {from != null && end > start && (
        <pre className="mt-0.5 leading-5 [overflow-wrap:anywhere] whitespace-pre-wrap">
          {source.slice(first, start)}
          <mark className="rounded bg-bad-tint text-bad-ink underline decoration-wavy underline-offset-2">{source.slice(start, end)}</mark>
          {source.slice(end, next === -1 ? undefined : next)}
        </pre>
      )}
      {help != null && <p className="mt-0.5 text-muted">{help}</p>}
    </div>
  );
}

function valueWords(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function typeWords(value: unknown): string {
  if (value === null) return say("type.null");
  if (Array.isArray(value)) return say("type.list", { count: value.length });
  switch (typeof value) {
    case "string":
      return say("type.string", { count: value.length });
    case "number":
      return say(Number.isInteger(value) ? "type.integer" : "type.number");
    case "boolean":
      return say("type.boolean");
    default:
      return say("type.map", { count: Object.keys(value as object).length });
  }
}
