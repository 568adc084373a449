/** Loop edges: an entry in the `goto` of the step that they leave. */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import type { Plain, PlainMap } from "./plainValue";
import { leadsTo, type LoopFields, stepGraph, type StepGraph } from "./stepGraph";
import { placeOfKey, placeOfLoopKey } from "./stepKeys";
import type { YamlEditing } from "./yamlEditing";

/** What is not named stays as it is; null takes a key away. */
export type LoopChange = { readonly [Key in keyof LoopFields]?: LoopFields[Key] | null };

export const addLoop = (from: string, loop: LoopFields): EditCommand =>
  editCommand(
    say("loop.add", { from, to: loop.to }),
    (document) => whyNotLoop(stepGraph(document.value), from, loop.to) ?? whyNotMax(loop.max ?? null),
    (editing) => {
      const path = ["steps", from, "goto"];
      const entry = inOrder(loop);
      const now = editing.read(path);
      if (Array.isArray(now) && now.length > 0) editing.append(path, entry);
      else editing.set(path, [entry], placeOfKey(editing.read(["steps", from]), "goto"));
    },
  );

export const changeLoop = (from: string, index: number, change: LoopChange): EditCommand =>
  editCommand(
    say("loop.change", { from, to: change.to ?? "" }),
    (document) => {
      const graph = stepGraph(document.value);
      const now = graph.get(from)?.goto[index];
      if (now === undefined) return say("loop.none");
      return whyNotLoop(graph, from, change.to ?? now.to) ?? (change.max === undefined ? null : whyNotMax(change.max));
    },
    (editing) => {
      const path = ["steps", from, "goto", index];
      for (const [key, value] of Object.entries(change) as [string, Plain | undefined][]) {
        const now = editing.read([...path, key]);
        if (value === undefined || now === value) continue;
        if (value !== null) editing.set([...path, key], value, placeOfLoopKey(editing.read(path), key));
        else if (now !== undefined) editing.remove([...path, key]);
      }
    },
  );

export const removeLoop = (from: string, index: number): EditCommand =>
  editCommand(
    say("loop.remove", { from, to: "" }),
    (document) => (stepGraph(document.value).get(from)?.goto[index] === undefined ? say("loop.none") : null),
    (editing) => takeLoop(editing, from, index),
  );

export function takeLoop(editing: YamlEditing, from: string, index: number): void {
  const path = ["steps", from, "goto"];
  const list = editing.read(path);
  editing.remove(Array.isArray(list) && list.length > 1 ? [...path, index] : path);
}

/** A loop leads to the step itself, or to one that leads to it. */
export function whyNotLoop(graph: StepGraph, from: string, to: string): string | null {
  for (const step of [from, to]) if (!graph.has(step)) return say("edit.noStep", { step });
  return from === to || leadsTo(graph, to, from) ? null : say("loop.forward", { from, to });
}

function whyNotMax(max: number | "unlimited" | null): string | null {
  const fits = max === "unlimited" || (max !== null && Number.isInteger(max) && max >= 1 && max <= 1_000_000);
  return fits ? null : say("loop.max");
}

function inOrder({ to, on, if: condition, max, delay }: LoopFields): PlainMap {
  const entry: Record<string, Plain | undefined> = { to, on, if: condition, max, delay };
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as PlainMap;
}
