/**
 * Knows every place of the language where a step is named, and in which way:
 * as a plain name, as `step.artifact`, inside CEL, or inside a template.
 * A new key of the language that names a step gets its line here.
 */
import { celReferences } from "./celReferences";
import { childOf, entriesOf, type ResolvedNode, type ResolvedScalar } from "./resolvedNode";
import { templateReferences } from "./templateReferences";
import type { TextRange } from "./textRange";

const SCOPES = new Set(["steps", "previous"]);

type Way = "name" | "artifact" | "cel" | "template";

interface Place {
  readonly scalar: ResolvedScalar;
  readonly way: Way;
}

export interface Reference {
  readonly scalar: ResolvedScalar;
  /** Ranges of the name within the scalar's value. */
  readonly ranges: readonly TextRange[];
}

/** Every mention of `step`, its own key included. */
export function stepReferences(pipeline: ResolvedNode | null, step: string): Reference[] {
  return [...placesInPipeline(pipeline)].flatMap(({ scalar, way }) => {
    const ranges = typeof scalar.value === "string" ? mentions(scalar.value, way, step) : [];
    return ranges.length === 0 ? [] : [{ scalar, ranges }];
  });
}

/** Every scalar that the engine computes: conditions, outputs, templates. */
export function* expressionsIn(pipeline: ResolvedNode | null, step: string | null): Generator<{ readonly scalar: ResolvedScalar; readonly way: "cel" | "template" }> {
  for (const { scalar, way } of placesInPipeline(pipeline, step)) if (way === "cel" || way === "template") yield { scalar, way };
}

/**
 * Scalars that mean nothing by themselves: what stands under `x-` keys. An
 * anchor there lends its text to the places that do mean something.
 */
export function scalarsWithoutMeaning(pipeline: ResolvedNode | null): Set<ResolvedScalar> {
  const bodies = [pipeline, ...entriesOf(childOf(pipeline, "steps")).map(({ value }) => value)];
  const extensions = bodies.flatMap((body) => entriesOf(body).filter(({ name }) => name.startsWith("x-")));
  return new Set(extensions.flatMap(({ value }) => [...scalarsIn(value)]));
}

function* scalarsIn(node: ResolvedNode | null): Generator<ResolvedScalar> {
  if (node?.kind === "scalar") yield node;
  if (node?.kind === "seq") for (const item of node.items) yield* scalarsIn(item);
  if (node?.kind === "map") {
    for (const { key, value } of node.pairs) {
      yield* scalarsIn(key);
      yield* scalarsIn(value);
    }
  }
}

function mentions(value: string, way: Way, step: string): TextRange[] {
  const whole = { from: 0, to: step.length };
  switch (way) {
    case "name":
      return value === step ? [whole] : [];
    case "artifact":
      return value === step || value.startsWith(`${step}.`) ? [whole] : [];
    case "cel":
      return celReferences(value, { name: step, scopes: SCOPES });
    case "template":
      return templateReferences(value, { name: step, scopes: SCOPES });
  }
}

/** Of one step only where one is named. */
function* placesInPipeline(pipeline: ResolvedNode | null, only: string | null = null): Generator<Place> {
  for (const { name, value } of entriesOf(pipeline)) {
    if (name === "steps" || name === "finally") {
      for (const { name: id, key, value: body } of entriesOf(value)) {
        if (only !== null && id !== only) continue;
        yield { scalar: key, way: "name" };
        yield* placesInStep(body);
      }
    } else if (only !== null) continue;
    else if (name === "outputs") yield* values(value, "cel");
    else if (name === "x-layout") for (const { key } of entriesOf(value)) yield { scalar: key, way: "name" };
    else if (!isProse(name)) yield* everywhere(value, "template");
  }
}

function* placesInStep(body: ResolvedNode | null): Generator<Place> {
  const rawScript = isFalse(childOf(body, "template"));
  for (const { name, value } of entriesOf(body)) {
    switch (name) {
      case "needs":
        yield* names(value);
        break;
      case "goto":
        for (const entry of value?.kind === "seq" ? value.items : value === null ? [] : [value]) {
          yield* values(childOf(entry, "to"), "name");
          yield* values(childOf(entry, "if"), "cel");
        }
        break;
      case "fetch":
        yield* everywhere(value, "artifact");
        break;
      case "if":
      case "outputs":
        yield* values(value, "cel");
        break;
      case "set":
        yield* expressions(value);
        break;
      case "foreach":
      case "matrix":
        // A string is an expression that yields the list; a list holds templates.
        if (value?.kind === "map") for (const entry of entriesOf(value)) yield* entry.value?.kind === "scalar" ? expressions(entry.value) : everywhere(entry.value, "template");
        else yield* expressions(value);
        break;
      case "repeat":
      case "sleep":
      case "wait":
        yield* withCondition(value);
        break;
      case "http":
        yield* everywhere(without(value, "expect"), "template");
        yield* withCondition(childOf(value, "expect"));
        break;
      case "compensate":
        yield* values(childOf(value, "until"), "name");
        yield* placesInStep(without(value, "until"));
        break;
      case "pipeline":
        // Steps written in place are a scope of their own; only what is handed in is ours.
        yield* everywhere(without(value, "steps", "finally", "outputs"), "template");
        break;
      case "run":
        if (!rawScript) yield* everywhere(value, "template");
        break;
      case "container":
        yield* everywhere(rawScript ? without(value, "run") : value, "template");
        break;
      default:
        if (!isProse(name)) yield* everywhere(value, "template");
    }
  }
}

/** `needs: a`, `needs: [a, b]`, `needs: {a: catch}`. */
function* names(node: ResolvedNode | null): Generator<Place> {
  if (node?.kind === "scalar") yield { scalar: node, way: "name" };
  else if (node?.kind === "seq") for (const item of node.items) yield* names(item);
  else for (const { key } of entriesOf(node)) yield { scalar: key, way: "name" };
}

/** The scalar itself, or the scalars directly under a mapping; a mapping below is a schema. */
function* values(node: ResolvedNode | null, way: Way): Generator<Place> {
  if (node?.kind === "scalar") yield { scalar: node, way };
  else for (const { value } of entriesOf(node)) if (value?.kind === "scalar") yield { scalar: value, way };
}

function* everywhere(node: ResolvedNode | null, way: Way): Generator<Place> {
  if (node?.kind === "scalar") yield { scalar: node, way };
  else if (node?.kind === "seq") for (const item of node.items) yield* everywhere(item, way);
  else for (const { value } of entriesOf(node)) yield* everywhere(value, way);
}

/** CEL, or a template where the string is one: both are allowed in `set` and `items`. */
function* expressions(node: ResolvedNode | null): Generator<Place> {
  for (const { scalar } of everywhere(node, "cel")) {
    const isTemplate = typeof scalar.value === "string" && scalar.value.trimStart().startsWith("{{");
    yield { scalar, way: isTemplate ? "template" : "cel" };
  }
}

/** Templates, but for `if` and `until` right below, which hold CEL. */
function* withCondition(node: ResolvedNode | null): Generator<Place> {
  yield* values(childOf(node, "if"), "cel");
  yield* values(childOf(node, "until"), "cel");
  yield* everywhere(without(node, "if", "until"), "template");
}

function without(node: ResolvedNode | null, ...names: string[]): ResolvedNode | null {
  if (node?.kind !== "map") return node;
  return { ...node, pairs: node.pairs.filter(({ key }) => key.kind !== "scalar" || !names.includes(String(key.value))) };
}

/** What a reader reads and the engine does not: never scanned. */
function isProse(name: string): boolean {
  return name === "description" || name === "inputs" || name.startsWith("x-");
}

function isFalse(node: ResolvedNode | null): boolean {
  return node?.kind === "scalar" && node.value === false;
}
