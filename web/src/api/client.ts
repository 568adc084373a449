/**
 * One function per route of the contract. The server is the same origin; the
 * types are generated from its own description.
 */
import { connection } from "./connection";
import { Problem } from "./problem";
import { session } from "./session";
import type { Completions, DryRun, Evaluated, Hover, IssuedToken, LogPage, Pipeline, PipelineList, RunDefinition, RunEvents, RunList, RunView, SecretList, SecretSummary, StepWhy, TokenBody, TokenList, Validation } from "./types";

/** `"gate"` and all behind it, `"test[4]"` for one item alone. */
export type Rerun = "everything" | "failed" | readonly string[];

const BASE = "/api/v1";

export interface RunFilter {
  readonly status?: string | undefined;
  readonly pipeline?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

export interface DecisionBody {
  readonly visit: number;
  readonly comment?: string;
  readonly fields?: Record<string, unknown>;
  readonly digest?: string;
}

export interface LogPlace {
  readonly run: string;
  readonly step: string;
  readonly visit: number;
  readonly attempt: number;
}

export const client = {
  pipelines: () => getJson<PipelineList>("/pipelines"),
  pipeline: (project: string, name: string) => getJson<Pipeline>(pipelinePath(project, name)),
  /** Here and below: among the step types and pipelines of a project. */
  validate: (project: string, yaml: string, signal?: AbortSignal) => send<Validation>("POST", `/validate${query({ project })}`, yamlBody(yaml), signal),
  /** Null where the server does not know the route: an editor without completion is still one. */
  complete: (project: string, text: string, offset: number, signal?: AbortSignal) =>
    optional(send<Completions>("POST", `/complete${query({ project })}`, jsonBody({ text, offset }), signal)),
  hover: (project: string, text: string, offset: number, signal?: AbortSignal) =>
    optional(send<Hover | null>("POST", `/hover${query({ project })}`, jsonBody({ text, offset }), signal)),
  /** Plays a definition with mocked outcomes; stores and starts nothing. */
  dryRun: (project: string, definition: string, played: Record<string, unknown>, signal?: AbortSignal) =>
    send<DryRun>("POST", `/dry-run${query({ project })}`, jsonBody({ definition, case: played }), signal),
  /** What an expression or a template gives with the values of a run. */
  evaluate: (run: string, what: { readonly expression: string } | { readonly template: string }, step: string | null, signal?: AbortSignal) =>
    send<Evaluated>("POST", `${runPath(run)}/evaluate`, jsonBody({ ...what, ...(step === null ? {} : { step }) }), signal),
  /** A file of the app itself. */
  asset: async <Answer>(url: string): Promise<Answer> => {
    const response = await fetch(url);
    if (!response.ok) throw await Problem.from(response);
    return (await response.json()) as Answer;
  },
  startRun: (project: string, name: string, inputs: Record<string, unknown>) =>
    send<RunView>("POST", `${pipelinePath(project, name)}/runs`, jsonBody({ inputs }, { "idempotency-key": crypto.randomUUID() })),
  /** Runs a text that is stored under no name. */
  runDraft: (project: string, definition: string, inputs: Record<string, unknown>) =>
    send<RunView>("POST", "/runs", jsonBody({ project, definition, inputs }, { "idempotency-key": crypto.randomUUID() })),
  savePipeline: (project: string, name: string, yaml: string, etag: string) =>
    send<Pipeline>("PUT", pipelinePath(project, name), yamlBody(yaml, { "if-match": `"${etag}"` })),
  /** Stores a pipeline that must not be there yet. */
  createPipeline: (project: string, name: string, yaml: string) => send<Pipeline>("PUT", pipelinePath(project, name), yamlBody(yaml, { "if-none-match": "*" })),
  runs: (filter: RunFilter) => getJson<RunList>(`/runs${query(filter)}`),
  run: (id: string) => getJson<RunView>(runPath(id)),
  definition: (id: string) => getJson<RunDefinition>(`${runPath(id)}/definition`),
  runAt: (id: string, seq: number, signal?: AbortSignal) => getJson<RunView>(`${runPath(id)}?at=${seq}`, signal),
  /** What follows an event, as much as the server gives at once. */
  events: (id: string, after: number) => getJson<RunEvents>(`${runPath(id)}/events?after=${after}`),
  why: (id: string, step: string, at: number | null, signal?: AbortSignal) => getJson<StepWhy>(`${runPath(id)}/steps/${encodeURIComponent(step)}/why${query({ at: at ?? undefined })}`, signal),
  pause: (id: string, verb: "pause" | "resume") => send<RunView>("POST", `${runPath(id)}/${verb}`, jsonBody({})),
  /** Of everything, of what has failed, or from steps and items on. The answer shows the run right after it was taken up again. */
  rerun: (id: string, what: Rerun) => send<RunView>("POST", `${runPath(id)}/rerun`, jsonBody(what === "everything" ? {} : what === "failed" ? { failed: true } : { from: what })),
  cancel: (id: string) => send<RunView>("POST", `${runPath(id)}/cancel`, jsonBody({})),
  decide: (id: string, step: string, decision: "approve" | "reject", body: DecisionBody) =>
    send<RunView>("POST", `${runPath(id)}/steps/${encodeURIComponent(step)}/${decision}`, jsonBody(body)),
  secrets: (project: string) => getJson<SecretList>(`/secrets${query({ project })}`),
  /** Without pipelines, all of the project may read it. */
  setSecret: (project: string, name: string, value: string, pipelines: readonly string[]) => send<SecretSummary>("PUT", secretPath(project, name), jsonBody({ value, pipelines })),
  removeSecret: (project: string, name: string) => send<void>("DELETE", secretPath(project, name), { headers: {} }),
  tokens: () => getJson<TokenList>("/tokens"),
  createToken: (token: TokenBody) => send<IssuedToken>("POST", "/tokens", jsonBody(token)),
  revokeToken: (id: string) => send<void>("DELETE", `/tokens/${encodeURIComponent(id)}`, { headers: {} }),
  /** Gets a session, which the browser keeps in a cookie. */
  logIn: async (token: string) => {
    await send<unknown>("POST", "/session", jsonBody({ token }));
    session.begun();
  },
  /** How many lines of the whole log hold a text, by the server's count. */
  logTotal: async (place: LogPlace, text: string, signal?: AbortSignal) => (await getJson<LogPage>(`${logPath(place, 0)}&search=${encodeURIComponent(text)}`, signal)).total ?? null,
  logs: (place: LogPlace, after: number, signal?: AbortSignal) => getJson<LogPage>(logPath(place, after), signal),
};

export function eventsUrl(run: string, after: number): string {
  return `${BASE}${runPath(run)}/events?after=${after}`;
}

export function logsUrl(place: LogPlace, after: number): string {
  return `${BASE}${logPath(place, after)}`;
}

/** A log as its step wrote it. */
export async function rawLog(place: LogPlace): Promise<Blob> {
  const response = await fetch(`${BASE}${logPath(place, 0)}`, { headers: { accept: "text/plain" } });
  if (response.status === 401) session.refused();
  if (!response.ok) throw await Problem.from(response);
  return response.blob();
}

function logPath({ run, step, visit, attempt }: LogPlace, after: number): string {
  return `${runPath(run)}/steps/${encodeURIComponent(step)}/logs${query({ visit, attempt, after })}`;
}

function runPath(id: string): string {
  return `/runs/${encodeURIComponent(id)}`;
}

function pipelinePath(project: string, name: string): string {
  return `/pipelines/${encodeURIComponent(project)}/${encodeURIComponent(name)}`;
}

function secretPath(project: string, name: string): string {
  return `/secrets/${encodeURIComponent(name)}${query({ project })}`;
}

function query(values: object): string {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? "" : `?${text}`;
}

interface Body {
  readonly headers: Record<string, string>;
  readonly body?: string;
}

function jsonBody(value: unknown, headers: Record<string, string> = {}): Body {
  return { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(value) };
}

function yamlBody(yaml: string, headers: Record<string, string> = {}): Body {
  return { headers: { ...headers, "content-type": "application/yaml" }, body: yaml };
}

function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return request<Answer>(path, { headers: { accept: "application/json" }, signal: signal ?? null });
}

function send<Answer>(method: string, path: string, { headers, body }: Body, signal?: AbortSignal): Promise<Answer> {
  return request<Answer>(path, { method, headers: { accept: "application/json", ...headers }, body: body ?? null, signal: signal ?? null });
}

async function optional<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 405)) return null;
    throw error;
  }
}

async function request<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(BASE + path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    connection.lost();
    throw Problem.unreachable();
  }
  connection.reached();
  if (response.status === 401) session.refused();
  if (!response.ok) throw await Problem.from(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
