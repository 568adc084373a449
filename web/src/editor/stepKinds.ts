/** The kinds of step that can be added, each with what it begins as. */
import type { Plain } from "../document/plainValue";
import type { Words } from "../words/say";

export interface StepKind {
  readonly kind: string;
  readonly words: Words;
  readonly hint: Words;
  /** What a new one is called. */
  readonly id: string;
  readonly body: Readonly<Record<string, Plain>>;
}

export const STEP_KINDS: readonly StepKind[] = [
  { kind: "run", words: "kind.run", hint: "kind.run.hint", id: "script", body: { run: "echo hello" } },
  { kind: "http", words: "kind.http", hint: "kind.http.hint", id: "request", body: { http: { url: "https://example.com" } } },
  { kind: "container", words: "kind.container", hint: "kind.container.hint", id: "container", body: { container: { image: "alpine:3.22", run: "echo hello" } } },
  { kind: "approval", words: "kind.approval", hint: "kind.approval.hint", id: "approve", body: { approval: { message: "Go on?", timeout: "24h" } } },
  { kind: "wait", words: "kind.wait", hint: "kind.wait.hint", id: "signal", body: { wait: { signal: "done", timeout: "24h" } } },
  { kind: "sleep", words: "kind.sleep", hint: "kind.sleep.hint", id: "pause", body: { sleep: "30s" } },
  { kind: "pipeline", words: "kind.pipeline", hint: "kind.pipeline.hint", id: "child", body: { pipeline: { steps: { first: { run: "echo hello" } } } } },
  { kind: "set", words: "kind.set", hint: "kind.set.hint", id: "compute", body: { set: { value: "1 + 1" } } },
];
