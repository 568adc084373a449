/** Which step lies in which direction of another: along the edges, and beside it. */
import type { GraphLayout } from "./graphLayout";
import type { Projection } from "./pipelineGraph";

export type Arrow = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown";

export function neighbour(projection: Projection, layout: GraphLayout, from: string, arrow: Arrow): string | null {
  const right = layout.direction === "right";
  const forward = right ? "ArrowRight" : "ArrowDown";
  const backward = right ? "ArrowLeft" : "ArrowUp";
  const here = layout.nodes.get(from);
  if (here === undefined) return null;
  const across = (id: string) => (right ? layout.nodes.get(id)?.y : layout.nodes.get(id)?.x) ?? 0;
  const along = (id: string) => (right ? layout.nodes.get(id)?.x : layout.nodes.get(id)?.y) ?? 0;
  const own = right ? here.y : here.x;
  const nearest = (ids: readonly string[]) => ids.toSorted((a, b) => Math.abs(across(a) - own) - Math.abs(across(b) - own))[0] ?? null;
  if (arrow === forward) return nearest(projection.forward.filter((edge) => edge.from === from).map((edge) => edge.to));
  if (arrow === backward) return nearest(projection.forward.filter((edge) => edge.to === from).map((edge) => edge.from));
  const sign = arrow === "ArrowUp" || arrow === "ArrowLeft" ? -1 : 1;
  const beside = projection.order.filter((id) => id !== from && Math.abs(along(id) - along(from)) < 40 && Math.sign(across(id) - own) === sign);
  return nearest(beside);
}
