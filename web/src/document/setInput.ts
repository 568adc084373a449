/** Adds, changes or removes an input of the pipeline. */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import type { PairPlace } from "./pairSplices";
import { isPlainMap, type Plain, type PlainMap, samePlain } from "./plainValue";

/** Keys of the schema that are not named go; those that stay keep their spelling. */
export const setInput = (name: string, schema: Readonly<Record<string, Plain>>): EditCommand =>
  editCommand(say("input.set", { input: name }), () => null, (editing) => {
    const path = ["inputs", name];
    const now = editing.read(path);
    if (!isPlainMap(now)) {
      const place = editing.read(["inputs"]) === undefined ? placeOfInputs(editing.value) : { kind: "last" as const };
      return editing.set(path, { ...schema } as PlainMap, place);
    }
    for (const key of Object.keys(now)) if (!Object.hasOwn(schema, key) && Object.keys(editing.read(path) as PlainMap).length > 1) editing.remove([...path, key]);
    for (const [key, value] of Object.entries(schema)) if (!samePlain(editing.read([...path, key]), value)) editing.set([...path, key], value);
    for (const key of Object.keys(editing.read(path) as PlainMap)) if (!Object.hasOwn(schema, key)) editing.remove([...path, key]);
  });

export const removeInput = (name: string): EditCommand =>
  editCommand(
    say("input.remove", { input: name }),
    (document) => (isPlainMap(document.value) && isPlainMap(document.value["inputs"]) && Object.hasOwn(document.value["inputs"], name) ? null : say("input.none", { input: name })),
    (editing) => {
      const inputs = editing.read(["inputs"]);
      editing.remove(isPlainMap(inputs) && Object.keys(inputs).length > 1 ? ["inputs", name] : ["inputs"]);
    },
  );

/** Above the steps, where a reader looks for them. */
function placeOfInputs(pipeline: Plain): PairPlace {
  const keys = isPlainMap(pipeline) ? Object.keys(pipeline) : [];
  const before = keys[keys.indexOf("steps") - 1];
  return before === undefined ? { kind: "last" } : { kind: "after", key: before };
}
