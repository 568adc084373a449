import { expect, it } from "vitest";
import { changeSummary } from "./changeSummary";
import { PipelineDocument } from "./pipelineDocument";

function check(before: string, after: string, ...sentences: string[]) {
  const value = (steps: string) => PipelineDocument.parse(`steps: {${steps}}`).value;
  expect(changeSummary(value(before), value(after))).toEqual(sentences);
}

const LINE = "deploy: {run: d}, verify: {needs: deploy, run: v, goto: [{to: deploy, on: failed, max: 3}]}";

it("tells a changed budget", () => check(LINE, LINE.replace("max: 3", "max: 5"), "Loop verify → deploy: max: 3 → 5"));
it("tells a new loop beside an old one", () =>
  check(LINE, LINE.replace("[{to: deploy, on: failed, max: 3}]", "[{to: deploy, on: failed, max: 3}, {to: deploy, on: timeout, max: 1}]"), "New loop verify → deploy on timeout, max 1"));
it("tells a rename once, not at every mention", () => check(`${LINE}, x: {if: steps.deploy.visit > 1, run: x}`, `${LINE.replaceAll("deploy", "release")}, x: {if: steps.release.visit > 1, run: x}`, "Step deploy is now called release"));
it("tells steps, edges and keys", () =>
  check("a: {run: x}, b: {needs: a, run: y, timeout: 1m}", "a: {run: z}, n: {needs: a, run: q}, b: {needs: n, run: y}", "New step n", "a: run: x → z", "b needs n", "b no longer needs a", "b: timeout removed"));
it("says nothing where nothing has changed", () => check(LINE, LINE.replaceAll(", ", " ,   ")));
