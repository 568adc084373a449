/** What an edit of a pipeline means, in sentences: what a reader of the text difference would have to work out. */
import { say } from "../words/say";
import { isPlainMap, type Plain, samePlain } from "./plainValue";
import { type LoopFields, stepGraph, type StepLinks } from "./stepGraph";

export function changeSummary(before: Plain, after: Plain): string[] {
  const [old, now] = [stepGraph(before), stepGraph(after)];
  const renamed = renamedSteps([...old.values()].filter(({ id }) => !now.has(id)), [...now.values()].filter(({ id }) => !old.has(id)));
  const nameNow = (id: string) => renamed.get(id) ?? id;
  const cameFrom = new Map([...renamed].map(([from, to]) => [to, from]));
  const sentences: string[] = [];
  for (const [from, to] of renamed) sentences.push(say("change.renamed", { from, to }));
  for (const { id, goto } of now.values()) {
    if (old.has(id) || cameFrom.has(id)) continue;
    sentences.push(say("change.added", { step: id }), ...goto.map((loop) => loopAdded(id, loop)));
  }
  for (const id of old.keys()) if (!now.has(id) && !renamed.has(id)) sentences.push(say("change.deleted", { step: id }));
  for (const step of now.values()) {
    const was = old.get(cameFrom.get(step.id) ?? step.id);
    if (was !== undefined) sentences.push(...edgesChanged(was, step, nameNow, now.has.bind(now)), ...loopsChanged(was, step, nameNow), ...keysChanged(was, step, old, nameNow));
  }
  sentences.push(...rootChanged(before, after));
  return sentences;
}

/** A step that went and one that came, doing the same, are one step with another name. */
function renamedSteps(gone: readonly StepLinks[], come: readonly StepLinks[]): Map<string, string> {
  const renamed = new Map<string, string>();
  const free = new Set(come);
  for (const was of gone) {
    const twin = [...free].find((step) => samePlain(keysOf(step.body), keysOf(was.body)));
    if (twin === undefined) continue;
    renamed.set(was.id, twin.id);
    free.delete(twin);
  }
  return renamed;
}

function edgesChanged(was: StepLinks, step: StepLinks, nameNow: (id: string) => string, exists: (id: string) => boolean): string[] {
  const needs = new Map([...was.needs].map(([id, on]) => [nameNow(id), on]));
  const sentences: string[] = [];
  for (const [id, on] of step.needs) {
    if (!needs.has(id)) sentences.push(say("change.needs", { step: step.id, need: id }));
    else if ((needs.get(id) ?? "ok") !== (on ?? "ok")) sentences.push(say("change.condition", { step: step.id, need: id, from: needs.get(id) ?? "ok", to: on ?? "ok" }));
  }
  // That an edge to a deleted step is gone goes without saying.
  for (const id of needs.keys()) if (!step.needs.has(id) && exists(id)) sentences.push(say("change.needsNot", { step: step.id, need: id }));
  return sentences;
}

function loopsChanged(was: StepLinks, step: StepLinks, nameNow: (id: string) => string): string[] {
  const left = was.goto.map((loop) => ({ ...loop, to: nameNow(loop.to) }));
  const sentences: string[] = [];
  const take = (fits: (loop: LoopFields) => boolean) => {
    const at = left.findIndex(fits);
    return at === -1 ? undefined : left.splice(at, 1)[0];
  };
  // Equal ones first, so that a new loop beside an old one is not taken for a change of it.
  const open = step.goto.filter((loop) => take((one) => sameLoop(one, loop)) === undefined);
  for (const loop of open) {
    const before = take((one) => one.to === loop.to);
    const name = { from: step.id, to: loop.to };
    if (before === undefined) sentences.push(loopAdded(step.id, loop));
    else {
      const parts = (["on", "if", "max", "delay"] as const).filter((key) => before[key] !== loop[key]).map((key) => `${key}: ${before[key] ?? "—"} → ${loop[key] ?? "—"}`);
      sentences.push(say("change.loop", { ...name, parts: parts.length === 0 ? "…" : parts.join(", ") }));
    }
  }
  for (const loop of left) sentences.push(say("change.loopRemoved", { from: step.id, to: loop.to }));
  return sentences;
}

function loopAdded(from: string, loop: LoopFields): string {
  return say("change.loopAdded", { from, to: loop.to, on: loop.on ?? "failed", max: String(loop.max ?? "—") });
}

function sameLoop(a: LoopFields, b: LoopFields): boolean {
  return a.to === b.to && a.on === b.on && a.if === b.if && a.max === b.max && a.delay === b.delay;
}

function keysChanged(was: StepLinks, step: StepLinks, old: ReadonlyMap<string, unknown>, nameNow: (id: string) => string): string[] {
  const [before, after] = [keysOf(was.body), keysOf(step.body)];
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => {
    if (samePlain(before[key], after[key])) return false;
    // Names of renamed steps inside of expressions are what the rename says already.
    let text = JSON.stringify(before[key] ?? null);
    for (const id of old.keys()) if (nameNow(id) !== id) text = text.replaceAll(new RegExp(`\\b(steps|previous)\\.${id}\\b`, "g"), `$1.${nameNow(id)}`);
    return text !== JSON.stringify(after[key] ?? null);
  });
  return changed.map((key) => {
    const [from, to] = [before[key], after[key]];
    const short = (value: Plain | undefined) => (typeof value === "object" || value === undefined || String(value).length > 28 || String(value).includes("\n") ? null : String(value));
    if (from === undefined) return say("change.keyAdded", { step: step.id, key });
    if (to === undefined) return say("change.keyRemoved", { step: step.id, key });
    const [shortFrom, shortTo] = [short(from), short(to)];
    return shortFrom === null || shortTo === null ? say("change.key", { step: step.id, key }) : say("change.keyValue", { step: step.id, key, from: shortFrom, to: shortTo });
  });
}

function rootChanged(before: Plain, after: Plain): string[] {
  const [old, now] = [isPlainMap(before) ? before : {}, isPlainMap(after) ? after : {}];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) => {
    if (key === "steps" || key === "x-layout" || samePlain(old[key], now[key])) return [];
    const [from, to] = [old[key], now[key]];
    if (key !== "inputs") return [say("change.root", { key })];
    const [inputsBefore, inputsNow] = [isPlainMap(from) ? from : {}, isPlainMap(to) ? to : {}];
    return [...new Set([...Object.keys(inputsBefore), ...Object.keys(inputsNow)])].flatMap((input) =>
      samePlain(inputsBefore[input], inputsNow[input]) ? [] : [say(!(input in inputsBefore) ? "change.inputAdded" : !(input in inputsNow) ? "change.inputRemoved" : "change.input", { input })],
    );
  });
}

function keysOf(body: Plain): Readonly<Record<string, Plain>> {
  if (!isPlainMap(body)) return {};
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== "needs" && key !== "goto"));
}
