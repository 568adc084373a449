/**
 * The steps of a run and everything that lies inside of them, by the names people
 * write: `gate`, and in a pipeline in place `child/gate` or `child[2]/gate`.
 */
import type { RunView, StepView } from "./types";

export function* stepsInside(steps: RunView["steps"], around = ""): Generator<readonly [string, StepView]> {
  for (const [id, step] of Object.entries(steps)) {
    const name = `${around}${id}`;
    yield [name, step];
    if (step.child != null) yield* stepsInside(step.child.steps, `${name}/`);
    for (const [index, item] of (step.items ?? []).entries()) {
      if (item.child != null) yield* stepsInside(item.child.steps, `${name}[${index}]/`);
    }
  }
}
