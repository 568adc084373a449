import { expect, it } from "vitest";
import type { GraphView, RunEvent, RunView } from "../api/types";
import { scaleOf, timelineBars } from "./timelineBars";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

function graph(...steps: readonly { id: string; kind?: string; needs?: readonly string[]; goto?: string }[]): GraphView {
  return { steps: steps.map(({ id, kind = "run", needs = [], goto }) => ({ id, kind, needs: needs.map((step) => ({ step, on: "ok" })), goto: goto === undefined ? [] : [{ to: goto }] })) } as unknown as GraphView;
}

/** `build: [1, 0, 10, "succeeded"]`: visit, began, ended, how. */
function run(visits: Readonly<Record<string, readonly (readonly [number, number, number | null, string])[]>>, end: number | null): RunView {
  const steps = Object.fromEntries(
    Object.entries(visits).map(([id, all]) => [id, { visits: all.map(([visit, from, to, status]) => ({ visit, status, attempts: 1, outputs: {}, started_at: at(from), finished_at: to === null ? null : at(to) })) }]),
  );
  return { created_at: at(0), finished_at: end === null ? null : at(end), steps } as unknown as RunView;
}

const attempt = (type: string, seconds: number, number: number, status = "failed") => ({ at: at(seconds), event: { type, key: { step: "flaky", visit: 1, attempt: number, epoch: 1 }, outcome: { status } } }) as unknown as RunEvent;

const shown = ({ lanes }: ReturnType<typeof timelineBars>) => lanes.flatMap(({ bars }) => bars.map((bar) => `${bar.step}:${bar.visit}.${bar.attempt} ${(bar.from - Date.parse(at(0))) / 1000}-${(bar.to - Date.parse(at(0))) / 1000}${bar.waits ? " waits" : ""}${bar.critical ? " !" : ""}`));

it("has a bar for every visit, and marks what the end waited for", () => {
  const bars = timelineBars(
    graph({ id: "build" }, { id: "lint" }, { id: "ship", needs: ["build", "lint"] }),
    run({ build: [[1, 0, 30, "succeeded"]], lint: [[1, 0, 5, "succeeded"]], ship: [[1, 30, 40, "succeeded"]] }, 40),
    [],
    0,
  );
  expect(shown(bars)).toEqual(["build:1.1 0-30 !", "lint:1.1 0-5", "ship:1.1 30-40 !"]);
});

it("follows the path back over a loop", () => {
  const bars = timelineBars(
    graph({ id: "build" }, { id: "check", needs: ["build"], goto: "build" }),
    run({ build: [[1, 0, 10, "succeeded"], [2, 12, 20, "succeeded"]], check: [[1, 10, 12, "failed"], [2, 20, 22, "succeeded"]] }, 22),
    [],
    0,
  );
  expect(shown(bars).every((bar) => bar.endsWith("!"))).toBe(true);
});

it("has a bar for every attempt, and waiting between them", () => {
  const bars = timelineBars(
    graph({ id: "flaky" }),
    run({ flaky: [[1, 0, 25, "succeeded"]] }, 25),
    [attempt("attempt_started", 0, 1), attempt("attempt_finished", 5, 1), attempt("attempt_started", 15, 2), attempt("attempt_finished", 25, 2, "succeeded")],
    0,
  );
  expect(shown(bars)).toEqual(["flaky:1.1 0-5 !", "flaky:1.2 5-15 waits !", "flaky:1.2 15-25 !"]);
});

it("ends what still runs now", () => {
  expect(shown(timelineBars(graph({ id: "build" }), run({ build: [[1, 2, null, "running"]] }, null), [], Date.parse(at(9))))).toEqual(["build:1.1 2-9 !"]);
});

it("compresses a night of waiting, and keeps the order of moments", () => {
  const night = 12 * 3600;
  const bars = timelineBars(
    graph({ id: "build" }, { id: "ask", kind: "approval", needs: ["build"] }, { id: "ship", needs: ["ask"] }),
    run({ build: [[1, 0, 60, "succeeded"]], ask: [[1, 60, 60 + night, "succeeded"]], ship: [[1, 60 + night, 120 + night, "succeeded"]] }, 120 + night),
    [],
    0,
  );
  expect(bars.gaps).toEqual([{ from: Date.parse(at(60)), to: Date.parse(at(60 + night)) }]);
  const scale = scaleOf(bars);
  // The two minutes of work have nearly all of the width, the night what a gap is given.
  expect(scale(Date.parse(at(60)))).toBeCloseTo(0.48, 2);
  expect(scale(Date.parse(at(60 + night)))).toBeCloseTo(0.52, 2);
  const places = [0, 30, 60, 1000, night, 60 + night, 100 + night, 120 + night].map((seconds) => scale(Date.parse(at(seconds))));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect([places[0], places.at(-1)]).toEqual([0, 1]);
});

it("has no lane for what has not begun", () => {
  expect(timelineBars(graph({ id: "a" }, { id: "b" }), run({ a: [[1, 0, 1, "succeeded"]] }, 1), [], 0).lanes.map(({ step }) => step)).toEqual(["a"]);
});
