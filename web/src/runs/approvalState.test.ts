import { expect, it } from "vitest";
import type { RunView } from "../api/types";
import { approvalState } from "./approvalState";
import { differences } from "./lastApproved";

function run(step: Record<string, unknown>): RunView {
  return { steps: { gate: { status: "pending", visit: 1, visits: [], waiting_for: null, outputs: {}, ...step } } } as unknown as RunView;
}
const wait = { kind: "approval", message: "Go on?" };

it("is open for the visit that waits, and no other", () => {
  const waiting = run({ status: "waiting", visit: 2, waiting_for: wait, visits: [{ visit: 1, status: "failed", outputs: {}, error: { kind: "rejected" } }] });
  expect(approvalState(waiting, "gate", undefined)).toMatchObject({ kind: "open", visit: 2 });
  expect(approvalState(waiting, "gate", 2).kind).toBe("open");
  expect(approvalState(waiting, "gate", 1).kind).toBe("rejected");
});

it("says how a closed one was closed", () => {
  const ended = (status: string, more: Record<string, unknown> = {}) => approvalState(run({ status, visits: [{ visit: 1, status, outputs: {}, ...more }] }), "gate", 1);
  expect(ended("succeeded", { outputs: { comment: "fine" } })).toMatchObject({ kind: "approved", comment: "fine" });
  expect(ended("failed", { error: { kind: "timeout" } }).kind).toBe("expired");
  expect(ended("failed", { error: { kind: "rejected" } }).kind).toBe("rejected");
  expect(ended("cancelled").kind).toBe("cancelled");
});

it("knows an older visit, one that has not begun, and a step that is not there", () => {
  expect(approvalState(run({ visit: 3, status: "waiting", waiting_for: wait }), "gate", 2)).toEqual({ kind: "superseded", visit: 2, current: 3 });
  expect(approvalState(run({}), "gate", undefined).kind).toBe("notYet");
  expect(approvalState(run({}), "door", undefined).kind).toBe("unknown");
});

it("tells what differs, by name", () => {
  expect(differences({ a: 1, b: "x", c: [1] }, { a: 2, b: "x", d: true }, "inputs.")).toEqual([
    { name: "inputs.a", was: "1", is: "2" },
    { name: "inputs.c", was: "[1]", is: "—" },
    { name: "inputs.d", was: "—", is: "true" },
  ]);
});
