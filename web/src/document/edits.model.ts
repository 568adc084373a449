/**
 * What edits mean, written once more and without a text: plain steps, brute
 * force, nothing of the code that splices. The tests play both side by side.
 */
import { isPlainMap, type Plain } from "./plainValue";
import type { LoopFields } from "./stepGraph";

export interface ModelStep {
  needs: Record<string, string>;
  goto: Record<string, unknown>[];
  keys: Record<string, unknown>;
}
export interface Model {
  steps: Record<string, ModelStep>;
  inputs: Record<string, unknown>;
  others: Record<string, unknown>;
}

export function modelOf(value: Plain): Model {
  const whole = isPlainMap(value) ? value : {};
  const { steps, inputs, "x-layout": _, ...others } = whole;
  return structuredClone({
    steps: Object.fromEntries(Object.entries(isPlainMap(steps) ? steps : {}).map(([id, body]) => [id, stepOf(body)])),
    inputs: Object.fromEntries(Object.entries(isPlainMap(inputs) ? inputs : {})),
    others: JSON.parse(JSON.stringify(others)) as Record<string, unknown>,
  });
}

function stepOf(body: Plain): ModelStep {
  const { needs, goto, ...keys } = isPlainMap(body) ? body : {};
  const list = typeof needs === "string" ? [needs] : Array.isArray(needs) ? needs : null;
  // `ok` and `succeeded` are what an edge means unless said.
  const condition = (on: unknown) => (on === null || on === "succeeded" ? "ok" : String(on));
  return {
    needs: Object.fromEntries(list !== null ? list.map((id) => [id, "ok"]) : isPlainMap(needs) ? Object.entries(needs).map(([id, on]) => [id, condition(on)]) : []),
    goto: JSON.parse(JSON.stringify(goto ?? [])) as Record<string, unknown>[],
    keys: JSON.parse(JSON.stringify(keys)) as Record<string, unknown>,
  };
}

export const meant = {
  add: (model: Model, id: string, keys: Record<string, unknown>, behind: string | null) => {
    model.steps[id] = { needs: behind === null ? {} : { [behind]: "ok" }, goto: [], keys };
  },
  between: (model: Model, id: string, keys: Record<string, unknown>, from: string, to: string) => {
    const target = model.steps[to];
    if (target === undefined) return;
    model.steps[id] = { needs: { [from]: target.needs[from] ?? "ok" }, goto: [], keys };
    delete target.needs[from];
    target.needs[id] = "ok";
  },
  delete: (model: Model, gone: string, mend: boolean) => {
    const before = Object.keys(model.steps[gone]?.needs ?? {}).filter((id) => id in model.steps && id !== gone);
    delete model.steps[gone];
    if (!mend) return;
    for (const [id, step] of Object.entries(model.steps)) {
      step.goto = step.goto.filter((loop) => loop["to"] !== gone);
      const on = step.needs[gone];
      if (on === undefined) continue;
      delete step.needs[gone];
      for (const need of before) if (need !== id && !(need in step.needs)) step.needs[need] = on;
    }
  },
  connect: (model: Model, from: string, to: string, on: string) => {
    const target = model.steps[to];
    if (target !== undefined) target.needs[from] = on;
  },
  disconnect: (model: Model, from: string, to: string) => {
    delete model.steps[to]?.needs[from];
  },
  addLoop: (model: Model, from: string, loop: LoopFields) => {
    model.steps[from]?.goto.push({ ...loop });
  },
  changeLoop: (model: Model, from: string, at: number, change: Record<string, unknown>) => {
    const entry = model.steps[from]?.goto[at];
    if (entry === undefined) return;
    for (const [key, value] of Object.entries(change)) {
      if (value === null) delete entry[key];
      else entry[key] = value;
    }
  },
  removeLoop: (model: Model, from: string, at: number) => {
    model.steps[from]?.goto.splice(at, 1);
  },
  set: (model: Model, step: string, key: string, value: unknown) => {
    const keys = model.steps[step]?.keys;
    if (keys !== undefined) keys[key] = value;
  },
  remove: (model: Model, step: string, key: string) => {
    delete model.steps[step]?.keys[key];
  },
};
