import { expect, it } from "vitest";
import type { DryRun, GraphView } from "../../api/types";
import { caseOf, type Choices, type Does, madeUpIn, type Outcome, outcomeOf } from "./dryRunCase";
import { playDraft } from "./playDraft";
import { playedVisits, statesOf } from "./playedVisits";
import { sampleValue } from "./sampleValue";

const graph = { name: "p", inputs: [], unsupported: [], steps: [{ id: "build", kind: "run" }, { id: "ask", kind: "approval" }] } as unknown as GraphView;
const kinds = new Map([["build", "run"], ["ask", "approval"]]);
const outcome = (does: Does, more: Partial<Outcome> = {}): Outcome => ({ does, after: "", onwards: false, ...more });
const choices = (...all: [string, Outcome][]): Choices => new Map(all);
const mocks = (chosen: Choices, made = new Map()) => (caseOf({ inputs: {}, choices: chosen }, kinds, made, [])["mock"] as Record<string, unknown[]>)["build"] ?? [];

it("mocks one visit, and gives the others what was made up", () => {
  const made = new Map([["build", { outputs: { n: "x" } }]]);
  expect(mocks(choices(["build 2", outcome("fail exit", { after: "90s" })]), made).slice(0, 3)).toEqual([{ outputs: { n: "x" } }, { after: "90s", fail: "exit" }, { outputs: { n: "x" } }]);
});

it("lets later visits do the same, until one says otherwise", () => {
  const chosen = choices(["build 2", outcome("fail exit", { onwards: true })], ["build 4", outcome("succeeds")]);
  expect([1, 2, 3, 4, 5].map((visit) => outcomeOf(chosen, "build", visit, "succeeds").does)).toEqual(["succeeds", "fail exit", "fail exit", "succeeds", "succeeds"]);
});

it("says nothing of people among the mocks", () => {
  expect(caseOf({ inputs: { a: 1 }, choices: choices(["ask 1", outcome("reject")]) }, kinds, new Map(), [{ at: 60_000, does: { reject: { ask: "ada" } } }])).toEqual({
    inputs: { a: 1 },
    mock: {},
    at: { "60000ms": [{ reject: { ask: "ada" } }] },
  });
});

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
const step = (status: string, visit: number, more = {}) => ({ status, visit, attempt: 1, outputs: {}, artifacts: {}, visits: [], older_visits: 0, started_at: at(0), ...more });
const event = (seq: number, seconds: number, steps: Record<string, unknown>, facts: object = { type: "x" }) => ({ seq, at: at(seconds), event: facts, changes: { run: { status: "running" }, steps, items: [], edges: [], loops: [], compensations: null } });
const wait = (quorum = 1) => ({ kind: "approval", message: "Go?", approvers: ["user:kim", "group:ops"], quorum, fields: {}, until: at(7200) });

it("tells the visits of a loop apart, and how the earlier ones ended", () => {
  const failed = { visit: 1, status: "failed", error: { kind: "exit", message: "no" }, attempts: 2 };
  const events = [event(1, 0, { build: step("running", 1) }), event(2, 5, { build: step("queued", 2, { visits: [failed] }) }), event(3, 9, { build: step("succeeded", 2, { finished_at: at(9), visits: [failed] }) })];
  const visits = playedVisits(graph, events as never);
  expect(visits.map(({ key, status, beganAt, attempts }) => ({ key, status, beganAt, attempts }))).toEqual([
    { key: "build 1", status: "failed", beganAt: 0, attempts: 2 },
    { key: "build 2", status: "succeeded", beganAt: 5000, attempts: 1 },
  ]);
});

it("counts the visits of steps in place over all attempts at what holds them", () => {
  const inside = (status: string, finished_at: string | null) => ({ outer: step("running", 1, { child: { steps: { gate: step(status, 1, { finished_at }) } } }) });
  const events = [event(1, 0, inside("running", null)), event(2, 1, inside("failed", at(1))), event(3, 2, inside("running", null))];
  expect(playedVisits(graph, events as never).filter((one) => one.step === "outer/gate").map(({ key }) => key)).toEqual(["outer/gate 1", "outer/gate 2"]);
});

it("reads what was made up from the history, by the name that a mock has", () => {
  const finished = (key: object, result: object) => event(1, 0, {}, { type: "attempt_finished", key, outcome: { status: "succeeded", result } });
  const events = [finished({ step: "build" }, { exit_code: 0, outputs: { n: "x" }, stdout: "1" }), finished({ step: "ping", within: "p.1.2/q[3].1.1" }, { response: { status: 204, headers: {}, body: "{}", json: {} } }), finished({ step: "said" }, {})];
  expect([...madeUpIn(events as never, (one) => one === "said")]).toEqual([
    ["build", { outputs: { n: "x" }, stdout: "1" }],
    ["p/q/ping", { response: { status: 204, headers: {}, json: {} } }],
  ]);
});

it("rebuilds the moments of the run from the changes alone", () => {
  const run = { last_seq: 2, status: "succeeded", steps: { build: step("succeeded", 1) }, edges: [{ from: "a", to: "b", on: "ok", state: "live" }], loops: [{ from: "b", index: 0, used: 3 }] };
  const [first] = statesOf(run as never, [event(1, 0, { build: step("running", 1) })] as never);
  expect([first?.steps["build"]?.status, first?.edges[0]?.state, first?.loops[0]?.used]).toEqual(["running", "undecided", 0]);
});

/** Answers like the server: asks until it is told who decides. */
async function played(chosen: Choices, quorum = 1): Promise<Record<string, unknown>[]> {
  const sent: Record<string, unknown>[] = [];
  await playDraft("text", { inputs: {}, choices: chosen }, kinds, new Map(), {
    payloadOf: () => null,
    send: (_, one) => {
      sent.push(one);
      return Promise.resolve({ graph, run: null, findings: [], waits_for: null, took_ms: 0, events: [event(1, 30, { ask: step("waiting", 1, { waiting_for: wait(quorum) }) })] } as unknown as DryRun);
    },
  });
  return sent;
}

it("has whoever is asked answer a minute later, by name before by group", async () => {
  const sent = await played(choices(), 2);
  expect(sent.map((one) => one["at"])).toEqual([{}, { "60000ms": [{ approve: { ask: { by: ["kim", "ada"] } } }] }]);
});

it("leaves people silent where that was chosen", async () => {
  expect((await played(choices(["ask 1", outcome("nothing")]))).length).toBe(1);
});

it.each([
  [{ type: "integer", minimum: 3 }, 3],
  [{ type: "number", exclusiveMinimum: 0 }, 1],
  [{ type: "integer", maximum: -2 }, -2],
  [{ enum: ["a", "b"] }, "a"],
  [{ type: "object", required: ["n"], properties: { n: { type: "boolean" }, m: { type: "string" } } }, { n: false }],
  [{ type: "array", minItems: 2, items: { type: "string" } }, ["x", "x"]],
  [undefined, {}],
])("makes a small value for %o", (schema, value) => expect(sampleValue(schema)).toEqual(value));
