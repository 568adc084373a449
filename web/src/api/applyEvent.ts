/**
 * Brings a run forward by one event of the stream. The changes replace what they
 * name; nothing is computed here, because only the server knows the rules.
 */
import type { EdgeView, ItemView, LoopView, RunEvent, RunView } from "./types";

export type Applied = { readonly kind: "applied"; readonly run: RunView } | { readonly kind: "known" } | { readonly kind: "gap" };

export function applyEvent(run: RunView, event: RunEvent): Applied {
  if (event.seq <= run.last_seq) return { kind: "known" };
  if (event.seq !== run.last_seq + 1) return { kind: "gap" };
  const { changes } = event;
  return {
    kind: "applied",
    run: {
      ...run,
      ...changes.run,
      last_seq: event.seq,
      steps: stepsAfter(run, changes),
      edges: replaced(run.edges, changes.edges, edgeKey),
      loops: replaced(run.loops, changes.loops, loopKey),
      compensations: changes.compensations ?? run.compensations,
    },
  };
}

/** A step that runs many times comes without its items: it keeps those of its visit, and the ones that changed come apart. */
function stepsAfter(run: RunView, changes: RunEvent["changes"]): RunView["steps"] {
  const steps = { ...run.steps, ...changes.steps };
  for (const [id, step] of Object.entries(changes.steps)) {
    const before = run.steps[id];
    if (step.items == null && before?.items != null && before.visit === step.visit) steps[id] = { ...step, items: before.items };
  }
  const copies = new Map<string, ItemView[]>();
  for (const { step: id, index, item } of changes.items) {
    const step = steps[id];
    if (step?.items == null) continue;
    const items = copies.get(id) ?? [...step.items];
    items[index] = item;
    copies.set(id, items);
    steps[id] = { ...step, items };
  }
  return steps;
}

const edgeKey = (edge: EdgeView) => `${edge.from} ${edge.to} ${edge.on}`;
const loopKey = (loop: LoopView) => `${loop.from} ${loop.index}`;

function replaced<Item>(all: readonly Item[], changed: readonly Item[], keyOf: (item: Item) => string): Item[] {
  if (changed.length === 0) return [...all];
  const byKey = new Map(changed.map((item) => [keyOf(item), item]));
  return all.map((item) => byKey.get(keyOf(item)) ?? item);
}
