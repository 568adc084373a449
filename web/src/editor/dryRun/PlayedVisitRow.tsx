/** One visit of the dry run: what came of it, and the choice of what it does. */
import { ChevronRight } from "lucide-react";
import { useId, useState } from "react";
import { CONTROL } from "../../ui/SchemaField";
import { StatusIcon } from "../../ui/StatusIcon";
import { appearanceOf } from "../../ui/statusAppearance";
import { durationWords } from "../../ui/time";
import { say } from "../../words/say";
import { type Choices, type Does, isWork, type MadeUp, type Outcome, outcomeOf } from "./dryRunCase";
import { usualOf } from "./playDraft";
import { type PlayedVisit, withoutItems } from "./playedVisits";

export interface PlayedVisitRowProps {
  readonly visit: PlayedVisit;
  readonly choices: Choices;
  readonly made: MadeUp;
  readonly selected: boolean;
  /** At the moment that is looked at it has begun. */
  readonly passed: boolean;
  /** Null goes back to what is usual. */
  readonly onChoose: (outcome: Outcome | null) => void;
  readonly onShow: () => void;
}

const FAILURES: Readonly<Record<string, readonly string[]>> = {
  run: ["exit", "timeout", "signal", "oom", "lost"],
  container: ["exit", "timeout", "signal", "oom", "image", "lost"],
  http: ["http_status", "connection", "timeout", "expectation"],
  pipeline: ["child", "timeout"],
};

export function PlayedVisitRow({ visit, choices, made, selected, passed, onChoose, onShow }: PlayedVisitRowProps) {
  const [open, setOpen] = useState(false);
  const { step, number, kind, status, error } = visit;
  const usual = usualOf(kind);
  const outcome = outcomeOf(choices, step, number, usual);
  const options = optionsOf(kind);
  const name = number > 1 ? say("dry.visit", { step, visit: number }) : step;
  const choose = (change: Partial<Outcome>) => {
    const next = { ...outcome, ...change };
    const plain = next.does === usual && next.values === undefined && next.after === "" && !next.onwards;
    // Back to what is usual; unless an earlier visit says otherwise of all that follow.
    onChoose(plain && !choices.has(`${step} ${number}`) && number === 1 ? null : next);
  };
  return (
    <li data-visit-of={step.split("/")[0]} className={`border-b border-line last:border-b-0 ${selected ? "bg-accent-tint" : "bg-surface"} ${passed ? "" : "opacity-60"}`}>
      <div className="flex min-h-10 items-center gap-2 px-2.5 py-1">
        <button type="button" onClick={onShow} aria-label={say("dry.show", { visit: name, status: appearanceOf(status).word })} className="flex min-w-0 flex-1 items-center gap-2 rounded py-1 text-left hover:underline">
          <StatusIcon status={status} size={14} />
          <span className="min-w-0">
            <span className="block truncate font-mono text-small font-semibold">{name}</span>
            <span className="block truncate text-micro text-muted">
              {appearanceOf(status).word}
              {visit.beganAt > 0 && ` · +${durationWords(visit.beganAt).replace(/ 0[ms]$/, "")}`}
              {visit.attempts > 1 && ` · ${say("dry.attempts", { count: visit.attempts })}`}
              {error !== null && outcome.does !== `fail ${error.kind}` && ` · ${failureWords(error.kind)}`}
            </span>
          </span>
        </button>
        {options.length > 0 && (
          <select
            aria-label={say("dry.does", { visit: name })}
            value={outcome.does}
            onChange={(event) => choose({ does: event.target.value as Does, values: undefined })}
            className={`${CONTROL} h-7 !w-40 shrink-0 text-small ${outcome.does === usual ? "" : "!border-accent"}`}
          >
            {options.map((does) => (
              <option key={does} value={does}>{doesWords(does)}</option>
            ))}
          </select>
        )}
        {options.length > 0 && (
          <button type="button" aria-label={say("dry.details", { visit: name })} aria-expanded={open} onClick={() => setOpen(!open)} className="grid size-7 shrink-0 place-items-center rounded-control text-faint hover:bg-hover hover:text-ink">
            <ChevronRight aria-hidden size={14} className={`transition-transform duration-100 ${open ? "rotate-90" : ""}`} />
          </button>
        )}
      </div>
      {open && (
        <div className="space-y-2.5 border-t border-line px-3 pt-2 pb-3">
          {isWork(kind) && <AfterField text={outcome.after} onCommit={(after) => choose({ after })} />}
          {(outcome.does === "succeeds" || outcome.does === "signal" || outcome.does === "approve") && (
            <ValuesField label={say(outcome.does === "signal" ? "dry.payload" : outcome.does === "approve" ? "dry.fields" : kind === "http" ? "dry.answer" : "dry.outputs")} values={outcome.values ?? usualValues(visit, made)} onCommit={(values) => choose({ values })} />
          )}
          <label className="flex items-center gap-2 text-small">
            <input type="checkbox" className="size-4" checked={outcome.onwards} onChange={(event) => choose({ onwards: event.target.checked })} />
            {say("dry.onwards")}
          </label>
        </div>
      )}
    </li>
  );
}

function optionsOf(kind: string): readonly Does[] {
  if (kind === "approval") return ["approve", "reject", "nothing"];
  if (kind === "wait") return ["signal", "nothing"];
  return isWork(kind) ? ["succeeds", ...(FAILURES[kind] ?? []).map((one) => `fail ${one}` as const)] : [];
}

function doesWords(does: Does): string {
  return does.startsWith("fail ") ? failureWords(does.slice("fail ".length)) : say(`dry.does.${does as "succeeds" | "approve" | "reject" | "signal" | "nothing"}`);
}

const KNOWN_FAILURES = ["exit", "timeout", "signal", "oom", "image", "lost", "http_status", "connection", "expectation", "child"] as const;

function failureWords(kind: string): string {
  const known = KNOWN_FAILURES.find((one) => one === kind);
  return known === undefined ? kind : say(`dry.fail.${known}`);
}

function usualValues({ step, kind, wait }: PlayedVisit, made: MadeUp): unknown {
  if (wait?.for.kind === "approval") return Object.fromEntries(Object.entries(wait.for.fields ?? {}).map(([name, schema]) => [name, (schema as { default?: unknown }).default ?? null]));
  const values = made.get(withoutItems(step));
  return kind === "http" ? ((values?.["response"] as { json?: unknown } | undefined)?.json ?? null) : (values?.["outputs"] ?? {});
}

function AfterField({ text, onCommit }: { text: string; onCommit: (after: string) => void }) {
  const id = useId();
  const [typed, setTyped] = useState(text);
  const wrong = typed !== "" && !/^(\d+(ms|s|m|h|d))+$/.test(typed);
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-small font-medium">{say("dry.after")}</label>
      <input id={id} value={typed} placeholder="90s" aria-invalid={wrong} {...(wrong ? { "aria-describedby": `${id}-wrong` } : {})} onChange={(event) => setTyped(event.target.value)} onBlur={() => !wrong && onCommit(typed)} onKeyDown={(event) => event.key === "Enter" && !wrong && onCommit(typed)} className={`${CONTROL} h-8`} />
      {wrong && <p id={`${id}-wrong`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{say("loop.delay.wrong")}</p>}
    </div>
  );
}

function ValuesField({ label, values, onCommit }: { label: string; values: unknown; onCommit: (values: unknown) => void }) {
  const id = useId();
  const shown = JSON.stringify(values, null, 2);
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? shown;
  const read = readJson(text);
  const commit = () => {
    if (typed === null || !read.ok) return;
    setTyped(null);
    if (typed !== shown) onCommit(read.value);
  };
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-small font-medium">{label}</label>
      <textarea id={id} value={text} rows={Math.min(8, text.split("\n").length)} spellCheck={false} aria-invalid={!read.ok} {...(read.ok ? {} : { "aria-describedby": `${id}-wrong` })} onChange={(event) => setTyped(event.target.value)} onBlur={commit} className={`${CONTROL} py-1.5 font-mono text-small leading-5`} />
      {!read.ok && <p id={`${id}-wrong`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{say("form.json")}</p>}
    </div>
  );
}

function readJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}
