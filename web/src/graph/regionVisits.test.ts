import { expect, it } from "vitest";
import { type HistoryEntry, regionResult, regionVisits, type StepProgress } from "./regionVisits";

/** `"build:2:running"` for each step that an event changed. */
function history(...events: string[]): { log: HistoryEntry[]; now: Record<string, StepProgress> } {
  const now: Record<string, StepProgress> = {};
  const log = events.map((event, at) => {
    const steps: Record<string, StepProgress> = {};
    for (const change of event.split(" ")) {
      const [id = "", number = "", status = ""] = change.split(":");
      const visit = Number(number);
      const past = (now[id]?.visits ?? []).filter((one) => one.visit !== visit);
      const visits = status === "pending" ? past : [...past, { visit, status }];
      // A source's last visit ends in the very event that re-opens it.
      const ended = event.includes(`${id}!`) ? past : visits;
      now[id] = steps[id] = { status, visit, visits: ended };
    }
    return { seq: at + 1, changes: { steps } };
  });
  return { log, now };
}

const region = { to: "build", steps: ["build", "check", "ship"] };

it("gives each region visit the visits that its steps had reached", () => {
  const { log, now } = history(
    "build:1:running check:1:pending ship:1:pending",
    "build:1:succeeded check:1:running",
    "build:2:running check:2:pending",
    "build:2:succeeded check:2:running",
    "check:2:succeeded ship:1:running",
  );
  const visits = regionVisits(region, log, now);
  expect(visits.map((one) => [one.visit, one.current, Object.fromEntries(one.steps)])).toEqual([
    [1, false, { build: 1, check: 1, ship: null }],
    [2, true, { build: 2, check: 2, ship: 1 }],
  ]);
});

it("colours a past visit by its worst end and the current one by what goes on", () => {
  const steps = {
    build: { status: "succeeded", visit: 2, visits: [{ visit: 1, status: "succeeded" }, { visit: 2, status: "succeeded" }] },
    check: { status: "running", visit: 2, visits: [{ visit: 1, status: "failed" }, { visit: 2, status: "running" }] },
  };
  const visit = (number: number, current: boolean) => ({ visit: number, current, steps: new Map([["build", number], ["check", number]]) });
  expect(regionResult(visit(1, false), steps)).toBe("failed");
  expect(regionResult(visit(2, true), steps)).toBe("running");
});

it("knows only the current visit while the history is not there yet", () => {
  const visits = regionVisits(region, [], { build: { status: "running", visit: 3, visits: [] } });
  expect(visits.map((one) => one.visit)).toEqual([3]);
});

it("leaves out the visit in which the history at hand begins: it is not known whole", () => {
  const { log, now } = history("build:1:running", "build:1:succeeded check:1:running", "build:2:running check:2:pending", "check:2:running", "build:3:running check:3:pending");
  expect(regionVisits(region, log.slice(1), now).map((one) => one.visit)).toEqual([2, 3]);
  expect(regionVisits(region, log.slice(3), now).map((one) => one.visit)).toEqual([3]);
});
