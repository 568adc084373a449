import { expect, it } from "vitest";
import type { RunEvent, RunView } from "./types";
import { applyEvent } from "./applyEvent";

const run = {
  last_seq: 4,
  status: "running",
  error: null,
  finished_at: null,
  outputs: {},
  steps: { a: { status: "running", visit: 1 }, b: { status: "pending", visit: 1 } },
  edges: [{ from: "a", to: "b", on: "ok", state: "undecided" }],
  loops: [{ from: "b", index: 0, to: "a", on: "failed", used: 0, max: 2 }],
} as unknown as RunView;

const event = (seq: number, changes: object = {}) =>
  ({ seq, at: "", event: { type: "attempt_finished" }, changes: { run: null, steps: {}, items: [], edges: [], loops: [], ...changes } }) as unknown as RunEvent;

it("replaces what the event names and keeps the rest", () => {
  const applied = applyEvent(
    run,
    event(5, { run: { status: "waiting" }, steps: { a: { status: "succeeded", visit: 1 } }, edges: [{ from: "a", to: "b", on: "ok", state: "live" }], loops: [{ from: "b", index: 0, to: "a", on: "failed", used: 1, max: 2 }] }),
  );
  if (applied.kind !== "applied") throw new Error(applied.kind);
  expect(applied.run.status).toBe("waiting");
  expect(applied.run.last_seq).toBe(5);
  expect(applied.run.steps["a"]?.status).toBe("succeeded");
  expect(applied.run.steps["b"]).toBe(run.steps["b"]);
  expect(applied.run.edges[0]?.state).toBe("live");
  expect(applied.run.loops[0]?.used).toBe(1);
});

it("ignores what it knows and reports a gap", () => {
  expect(applyEvent(run, event(4)).kind).toBe("known");
  expect(applyEvent(run, event(6)).kind).toBe("gap");
});

it("keeps the items of a visit and replaces those that changed", () => {
  const items = [{ status: "running" }, { status: "running" }];
  const many = { ...run, steps: { a: { status: "running", visit: 1, items } } } as unknown as RunView;
  const changed = { steps: { a: { status: "running", visit: 1, items: null } }, items: [{ step: "a", index: 1, item: { status: "succeeded" } }] };
  const applied = applyEvent(many, event(5, changed));
  if (applied.kind !== "applied") throw new Error(applied.kind);
  expect(applied.run.steps["a"]?.items?.map((item) => item.status)).toEqual(["running", "succeeded"]);
  expect(items[1]?.status).toBe("running");
  const next = applyEvent(many, event(5, { steps: { a: { status: "pending", visit: 2, items: null } } }));
  if (next.kind !== "applied") throw new Error(next.kind);
  expect(next.run.steps["a"]?.items).toBeNull();
});
