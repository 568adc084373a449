/**
 * Knows every place of the language where an input of the pipeline is named: its
 * own key, expressions and templates, and what triggers hand in. Children and step
 * types have inputs of their own, whatever they are called.
 */
import { celReferences } from "./celReferences";
import { childOf, entriesOf, type ResolvedNode } from "./resolvedNode";
import { expressionsIn, type Reference } from "./stepReferences";
import { templateReferences } from "./templateReferences";

const SCOPES = new Set(["inputs"]);

/** Every mention of `input`, its own key included. */
export function inputReferences(pipeline: ResolvedNode | null, input: string): Reference[] {
  const spoken = { name: input, scopes: SCOPES };
  const inText = [...expressionsIn(pipeline, null)].flatMap(({ scalar, way }) => {
    if (typeof scalar.value !== "string") return [];
    const ranges = way === "cel" ? celReferences(scalar.value, spoken) : templateReferences(scalar.value, spoken);
    return ranges.length === 0 ? [] : [{ scalar, ranges }];
  });
  const keys = [childOf(pipeline, "inputs"), ...handedIn(childOf(pipeline, "triggers"))]
    .flatMap((inputs) => entriesOf(inputs))
    .filter(({ name }) => name === input)
    .map(({ key }) => ({ scalar: key, ranges: [{ from: 0, to: input.length }] }));
  return [...keys, ...inText];
}

/** The `inputs` of each trigger, whichever its sort. */
function* handedIn(triggers: ResolvedNode | null): Generator<ResolvedNode | null> {
  for (const { value } of entriesOf(triggers)) for (const one of value?.kind === "seq" ? value.items : [value]) yield childOf(one, "inputs");
}
