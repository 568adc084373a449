/**
 * Brings a run forward by one event of the stream. The changes replace what they
 * name; nothing is computed here, because only the server knows the rules.
 */
import type { EdgeView, LoopView, RunEvent, RunView } from "../api/types";

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
      steps: { ...run.steps, ...changes.steps },
      edges: replaced(run.edges, changes.edges, edgeKey),
      loops: replaced(run.loops, changes.loops, loopKey),
    },
  };
}

const edgeKey = (edge: EdgeView) => `${edge.from} ${edge.to} ${edge.on}`;
const loopKey = (loop: LoopView) => `${loop.from} ${loop.index}`;

function replaced<Item>(all: readonly Item[], changed: readonly Item[], keyOf: (item: Item) => string): Item[] {
  if (changed.length === 0) return [...all];
  const byKey = new Map(changed.map((item) => [keyOf(item), item]));
  return all.map((item) => byKey.get(keyOf(item)) ?? item);
}
