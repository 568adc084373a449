import ELK from "elkjs/lib/elk.bundled.js";
import { describe, expect, it } from "vitest";
import { type GraphLayout, readLayout, roundedPath } from "./graphLayout";
import { type Direction, INSIDE_HEIGHT, layoutInput, NODE_HEIGHT, NODE_WIDTH } from "./layoutInput";
import { miniLayout } from "./miniLayout";
import { type PipelineGraph, project } from "./pipelineGraph";
import { neighbour } from "./neighbours";
import { anchored } from "./stableLayout";
import { regionShapes } from "./regionShape";

/** `"build < lint ~ test:failed"`: a step, what it needs, where it goes back to. */
function graph(...lines: string[]): PipelineGraph {
  const steps = lines.map((line) => {
    const [head = "", loops = ""] = line.split("~").map((part) => part.trim());
    const [id = "", needs = ""] = head.split("<").map((part) => part.trim());
    const list = (text: string) => text.split(" ").filter((word) => word !== "");
    return { id, needs: list(needs).map((step) => ({ step, on: "ok" })), goto: list(loops).map((to) => ({ to, on: "failed", max: 2, region: [] as string[] })) };
  });
  for (const step of steps) {
    for (const loop of step.goto) {
      loop.region = [loop.to];
      for (const other of steps) if (other.needs.some((need) => loop.region.includes(need.step))) loop.region.push(other.id);
    }
  }
  return { steps };
}

async function layOut(of: PipelineGraph, direction: Direction): Promise<GraphLayout> {
  const projection = project(of);
  return readLayout(await new ELK().layout(layoutInput(projection, direction)), projection, direction);
}

const release = graph("build", "lint", "unit < build ~ unit", "e2e < build", "approve < lint unit e2e ~ build", "deploy < approve", "verify < deploy ~ deploy build", "announce < verify");

describe.each(["right", "down"] as const)("laid out to the %s", (direction) => {
  const along = (point: { x: number; y: number } | undefined) => (direction === "right" ? point?.x : point?.y) ?? Number.NaN;

  it("puts every step behind what it needs, loops or not", async () => {
    const { nodes } = await layOut(release, direction);
    for (const step of release.steps) for (const need of step.needs) expect(along(nodes.get(step.id))).toBeGreaterThan(along(nodes.get(need.step)));
  });

  it("routes every loop past the boxes", async () => {
    const { nodes, lines } = await layOut(release, direction);
    for (const { id } of project(release).loops) {
      const line = lines.get(id) ?? [];
      expect(line.length).toBeGreaterThan(2);
      for (const corner of line.slice(1, -1)) {
        for (const box of nodes.values()) {
          const inside = corner.x > box.x && corner.x < box.x + box.width && corner.y > box.y && corner.y < box.y + box.height;
          expect(inside).toBe(false);
        }
      }
    }
  });

  it("gives every loop a pill of its own place", async () => {
    const { pills } = await layOut(release, direction);
    const places = [...pills.values()];
    expect(places.length).toBe(4);
    for (const [at, one] of places.entries()) for (const other of places.slice(at + 1)) expect(Math.abs(one.x - other.x) >= 50 || Math.abs(one.y - other.y) >= 20).toBe(true);
  });
});

it("draws one box around a region, wider for an enclosing one, but never over a step left alone", async () => {
  const layout = await layOut(release, "right");
  const shapes = new Map(regionShapes(project(release), layout).map((shape) => [shape.to, shape]));
  expect(shapes.get("deploy")?.boxes.length).toBe(1);
  for (const shape of shapes.values()) expect(shape.header.y).toBeLessThan(layout.nodes.get(shape.to)?.y ?? 0);
  const beside = await layOut(graph("a", "b < a ~ a", "c < b", "x", "y < x", "z < y c"), "right");
  const [region] = regionShapes(project(graph("a", "b < a ~ a", "c < b", "x", "y < x", "z < y c")), beside);
  const alone = beside.nodes.get("y");
  for (const box of region?.boxes ?? []) {
    const covers = alone !== undefined && alone.x < box.x + box.width && box.x < alone.x + alone.width && alone.y < box.y + box.height && box.y < alone.y + alone.height;
    expect(covers).toBe(false);
  }
});

it("draws nothing for an empty pipeline", async () => {
  const layout = await layOut(graph(), "right");
  expect(layout.nodes.size).toBe(0);
  expect(miniLayout(graph())).toEqual({ nodes: [], edges: [], columns: 0, rows: 0 });
});

it("puts a thumbnail's steps into columns by depth", () => {
  const { nodes, columns, rows } = miniLayout(release);
  expect(nodes.find((node) => node.id === "approve")?.column).toBe(2);
  expect([columns, rows]).toEqual([6, 2]);
});

it("rounds corners without leaving the line", () => {
  expect(roundedPath([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 10 }], 4)).toBe("M 0 0 L 6 0 Q 10 0 10 4 L 10 10");
});

const SMALL_EDITS: Readonly<Record<string, PipelineGraph>> = {
  "a step at the end": graph("build", "lint", "unit < build ~ unit", "e2e < build", "approve < lint unit e2e ~ build", "deploy < approve", "verify < deploy ~ deploy build", "announce < verify", "new < announce"),
  "a step in an edge": graph("build", "lint", "unit < build ~ unit", "e2e < build", "approve < lint unit e2e ~ build", "deploy < approve", "verify < deploy ~ deploy build", "new < verify", "announce < new"),
  "a step beside others": graph("build", "lint", "unit < build ~ unit", "e2e < build", "new < build", "approve < lint unit e2e ~ build", "deploy < approve", "verify < deploy ~ deploy build", "announce < verify"),
  "a loop more": graph("build", "lint", "unit < build ~ unit", "e2e < build", "approve < lint unit e2e ~ build", "deploy < approve ~ approve", "verify < deploy ~ deploy build", "announce < verify"),
};

it.each(Object.entries(SMALL_EDITS))("moves little for %s", async (_, edited) => {
  const before = await layOut(release, "right");
  const after = anchored(await layOut(edited, "right"), before);
  const moves = [...before.nodes].map(([id, box]) => Math.hypot(box.x - (after.nodes.get(id)?.x ?? 0), box.y - (after.nodes.get(id)?.y ?? 0)));
  // Half of the steps stay to the pixel, and none goes further than one column.
  expect(moves.filter((move) => move < 1).length * 2).toBeGreaterThanOrEqual(moves.length);
  expect(Math.max(...moves)).toBeLessThanOrEqual(NODE_WIDTH + 60);
  expect(moves.reduce((sum, move) => sum + move, 0) / moves.length).toBeLessThan(80);
});

it("leads along the edges and beside", async () => {
  const layout = await layOut(release, "right");
  const lead = (id: string, arrow: Parameters<typeof neighbour>[3]) => neighbour(project(release), layout, id, arrow);
  expect(lead("build", "ArrowRight")).toMatch(/unit|e2e/);
  expect(lead("deploy", "ArrowLeft")).toBe("approve");
  expect([lead("unit", "ArrowDown"), lead("unit", "ArrowUp")]).toContain("e2e");
  expect(lead("announce", "ArrowRight")).toBeNull();
});

it("gives room to a pipeline in place, and still leads edges to its sides", async () => {
  const plain = graph("a", "b < a ~ a", "c < b");
  const holding: PipelineGraph = { steps: plain.steps.map((step) => (step.id === "b" ? { ...step, child: { kind: "in_place", steps: [0, 0] } } : step)) };
  const { nodes, lines } = await layOut(holding, "right");
  const box = nodes.get("b");
  expect(box?.height).toBe(NODE_HEIGHT + INSIDE_HEIGHT);
  expect(lines.get("forward:a:b")?.at(-1)?.y).toBe((box?.y ?? 0) + (box?.height ?? 0) / 2);
  expect(lines.get("loop:b:0")?.[0]?.y).toBe((box?.y ?? 0) + (box?.height ?? 0));
});
