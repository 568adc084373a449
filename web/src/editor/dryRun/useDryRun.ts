/**
 * A dry run beside the editor: what was chosen, what came of it, and the moment
 * that is looked at. Played anew whenever the text or a choice changes.
 */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { client } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Diagnostic, GraphView, RunEvent, RunStatus, RunView } from "../../api/types";
import { isPlainMap, type Plain } from "../../document/plainValue";
import { type CanvasOverlay } from "../../ui/canvas/canvasModel";
import { runOverlay, visitsOfRegions } from "../../ui/canvas/runOverlay";
import { type Field, fieldOf, typedValue } from "../../ui/schemaField";
import { useSettled } from "../../ui/useSettled";
import type { Choices, MadeUp, Outcome } from "./dryRunCase";
import { type Play, playDraft } from "./playDraft";
import { kindsOf, type PlayedVisit, statesOf } from "./playedVisits";
import { sampleValue } from "./sampleValue";

export interface DryRunMoment {
  /** From 0; the last one is the end. */
  readonly at: number;
  readonly events: readonly RunEvent[];
  readonly run: RunView;
}

export interface DryRunState {
  readonly fields: readonly Field[];
  readonly textOf: (field: Field) => string;
  readonly problemOf: (field: Field) => string | null;
  readonly onInput: (field: Field, text: string) => void;
  readonly visits: readonly PlayedVisit[];
  readonly choices: Choices;
  readonly made: MadeUp;
  readonly choose: (key: string, outcome: Outcome | null) => void;
  readonly reset: () => void;
  readonly moment: DryRunMoment | null;
  /** How the run stands in the end. */
  readonly end: RunStatus;
  readonly goTo: (at: number) => void;
  readonly overlay: CanvasOverlay | null;
  readonly findings: readonly Diagnostic[];
  readonly waitsFor: string | null;
  readonly tookMs: number;
  /** The text does not compile: there is nothing to play. */
  readonly invalid: boolean;
  readonly error: unknown;
  /** What is shown is of an earlier text or choice. */
  readonly outdated: boolean;
}

const NO_MADE: MadeUp = new Map();

export function useDryRun(active: boolean, project: string, text: string, pipeline: Plain, graph: GraphView | null): DryRunState {
  const [choices, setChoices] = useState<Choices>(new Map());
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const [position, setPosition] = useState<{ readonly of: unknown; readonly at: number } | null>(null);
  const [made, setMade] = useState<MadeUp>(NO_MADE);

  const fields = useMemo(() => (graph?.inputs ?? []).map((input) => fieldOf(input.name, input.schema as Record<string, unknown>, input.required, input.default ?? (input.required ? sampleValue(input.schema) : null))), [graph?.inputs]);
  const textOf = (field: Field) => typed[field.name] ?? field.initial;
  const read = fields.map((field) => ({ field, typed: typedValue(field, textOf(field)) }));
  const readable = read.every(({ typed: one }) => one.ok);
  const inputs = Object.fromEntries(read.flatMap(({ field, typed: one }) => (one.ok && one.value !== undefined ? [[field.name, one.value]] : [])));

  const setting = useSettled(JSON.stringify({ text, inputs, choices: [...choices] }));
  const kinds = useMemo(() => kindsOf(graph === null ? [] : [...graph.steps, ...(graph.finally ?? [])]), [graph]);
  const play = useQuery({
    queryKey: ["dry-run", project, setting],
    queryFn: ({ signal }): Promise<Play> => {
      const asked = JSON.parse(setting) as { text: string; inputs: Record<string, unknown>; choices: [string, Outcome][] };
      return playDraft(asked.text, { inputs: asked.inputs, choices: new Map(asked.choices) }, kinds, made, {
        send: (definition, played) => client.dryRun(project, definition, played, signal),
        payloadOf: (step) => sampleValue(signalSchema(pipeline, step)),
      });
    },
    enabled: active && readable && graph !== null,
    placeholderData: keepPreviousData,
    retry: (failures, error) => failures < 1 && !(error instanceof Problem && error.status !== 0),
    refetchOnWindowFocus: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 10_000,
  });
  const problem = play.error instanceof Problem ? play.error : null;
  const shown = play.error === null ? (play.data ?? null) : null;
  useEffect(() => {
    if (play.data !== undefined) setMade(play.data.made);
  }, [play.data]);

  const states = useMemo(() => (shown?.answer.run == null ? [] : statesOf(shown.answer.run, shown.answer.events)), [shown]);
  const last = states.length - 1;
  // What is played anew is looked at from its end.
  const at = position !== null && position.of === shown ? Math.min(position.at, last) : last;
  const run = states[at];
  const overlay = useMemo(() => {
    if (!active || shown === null || run === undefined) return null;
    const history = shown.answer.events.slice(0, at + 1);
    return stoppedAt(runOverlay(shown.answer.graph, run, visitsOfRegions(shown.answer.graph, run, history), null), history.at(-1)?.at ?? run.created_at);
  }, [active, shown, run, at]);
  const goTo = useCallback((next: number) => setPosition({ of: shown, at: next }), [shown]);
  const findings = problem?.diagnostics ?? shown?.answer.findings ?? [];

  return {
    fields,
    textOf,
    problemOf: (field) => {
      const own = typedValue(field, textOf(field));
      return own.ok ? (findings.find(({ pointer }) => pointer === `/inputs/${field.name}`)?.message ?? null) : own.reason;
    },
    onInput: (field, next) => setTyped({ ...typed, [field.name]: next }),
    visits: shown?.visits ?? [],
    choices,
    made,
    choose: (key, outcome) => setChoices(outcome === null ? new Map([...choices].filter(([one]) => one !== key)) : new Map(choices).set(key, outcome)),
    reset: () => {
      setChoices(new Map());
      setTyped({});
    },
    moment: shown === null || run === undefined ? null : { at, events: shown.answer.events, run },
    end: shown?.answer.run?.status ?? "running",
    goTo,
    overlay,
    findings,
    waitsFor: shown?.answer.waits_for ?? null,
    tookMs: shown?.answer.took_ms ?? 0,
    invalid: problem?.slug === "invalid-pipeline",
    error: problem !== null && problem.diagnostics.length > 0 ? null : play.error,
    outdated: active && (play.isFetching || play.isPlaceholderData),
  };
}

/** The clock of a dry run stands still: what goes on has lasted until the moment that is looked at, and what takes no time says none. */
function stoppedAt(overlay: CanvasOverlay, moment: string): CanvasOverlay {
  const stopped = [...overlay.steps].map(([id, step]) => {
    const finishedAt = step.finishedAt ?? moment;
    return [id, { ...step, finishedAt, startedAt: step.startedAt === finishedAt ? null : step.startedAt }] as const;
  });
  return { ...overlay, steps: new Map(stopped) };
}

/** Of a step by its path, as the text says it. */
function signalSchema(pipeline: Plain, path: string): unknown {
  let around: Plain | undefined = pipeline;
  for (const [at, id] of path.split("/").entries()) {
    if (at > 0) around = isPlainMap(around) ? around["pipeline"] : undefined;
    const steps: Plain | undefined = isPlainMap(around) ? around["steps"] : undefined;
    around = isPlainMap(steps) ? steps[id] : undefined;
  }
  const wait = isPlainMap(around) ? around["wait"] : undefined;
  return isPlainMap(wait) ? wait["schema"] : undefined;
}
