import { expect, it } from "vitest";
import type { RunView } from "./types";
import { stepsInside } from "./stepsInside";

it("names what lies inside by what is around it", () => {
  const gate = { status: "waiting" };
  const steps = {
    one: { child: { steps: { gate } }, items: null },
    many: { child: null, items: [{ child: null }, { child: { steps: { gate } } }] },
  } as unknown as RunView["steps"];
  expect([...stepsInside(steps)].map(([name]) => name)).toEqual(["one", "one/gate", "many", "many[1]/gate"]);
});
