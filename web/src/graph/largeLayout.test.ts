import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Box } from "./graphLayout";
import { largeLayout } from "./largeLayout";
import { project, type Projection } from "./pipelineGraph";

/** Steps that need some of those before them, and loops back to where they came from. */
const graphs = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), loops: fc.array(fc.nat(), { maxLength: 2 }) }), { minLength: 1, maxLength: 60 })
  .map((steps) =>
    project({
      steps: steps.map(({ needs, loops }, at) => ({
        id: `s${at}`,
        needs: [...new Set(at === 0 ? [] : needs.map((need) => `s${need % at}`))].map((step) => ({ step, on: "ok" })),
        goto: loops.map((to) => ({ to: `s${to % (at + 1)}`, on: "failed", max: 2, region: [] })),
      })),
    }),
  );

function thousand(): Projection {
  const steps = Array.from({ length: 1000 }, (_, at) => {
    const row = Math.floor(at / 20) * 20 - 20;
    return {
      id: `s${at}`,
      needs: at < 20 ? [] : [0, 7, 13].map((by) => ({ step: `s${row + ((at + by) % 20)}`, on: "ok" })),
      goto: at % 100 === 99 ? [{ to: `s${at - 20}`, on: "failed", max: 2, region: [] }] : [],
    };
  });
  return project({ steps });
}

const apart = (a: Box, b: Box) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;

describe.each(["right", "down"] as const)("many steps to the %s", (direction) => {
  const along = (at: { x: number; y: number } | undefined) => (direction === "right" ? at?.x : at?.y) ?? Number.NaN;

  it("stand apart from each other, each behind what it needs", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { nodes } = largeLayout(graph, direction);
        const boxes = [...nodes.values()];
        expect(boxes.length).toBe(graph.order.length);
        for (const [at, one] of boxes.entries()) for (const other of boxes.slice(at + 1)) expect(apart(one, other)).toBe(true);
        for (const { from, to } of graph.forward) expect(along(nodes.get(to))).toBeGreaterThan(along(nodes.get(from)));
      }),
    );
  });

  it("have lines from side to side that cross no step", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { nodes, lines } = largeLayout(graph, direction);
        for (const { id, from, to } of [...graph.forward, ...graph.loops]) {
          const line = lines.get(id) ?? [];
          const [source, target] = [nodes.get(from), nodes.get(to)];
          expect(touches(source, line[0])).toBe(true);
          expect(touches(target, line.at(-1))).toBe(true);
          for (const corner of line.slice(1, -1)) {
            for (const box of nodes.values()) {
              expect(corner.x > box.x && corner.x < box.x + box.width && corner.y > box.y && corner.y < box.y + box.height).toBe(false);
            }
          }
        }
      }),
    );
  });
});

function touches(box: Box | undefined, at: { x: number; y: number } | undefined): boolean {
  return box !== undefined && at !== undefined && at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height;
}

it("has a thousand at once, and the same each time", () => {
  const graph = thousand();
  const first = largeLayout(graph, "right");
  const start = performance.now();
  const second = largeLayout(graph, "right");
  // A hundredth of what elk takes; a hundred times as long on the slowest machine would still be in time.
  expect(performance.now() - start).toBeLessThan(2000);
  expect([...second.nodes]).toEqual([...first.nodes]);
  expect(second.lines.size).toBe(graph.forward.length + graph.loops.length);
});
