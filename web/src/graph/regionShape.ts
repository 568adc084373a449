/**
 * The faint hull behind the steps that a loop re-opens. It is one rounded box
 * with the loop's own edges inside where that covers no other step; else boxes
 * around its steps and bands along the edges between them, so that it never
 * covers a step that the loop leaves alone.
 */
import { type Box, type GraphLayout, grown, overlap, type Point } from "./graphLayout";
import type { LoopRegion, Projection } from "./pipelineGraph";

export interface RegionShape {
  readonly to: string;
  readonly bounds: Box;
  /** How far boxes and bands stand off; an enclosing region stands off further. */
  readonly margin: number;
  readonly boxes: readonly Box[];
  readonly bands: readonly (readonly Point[])[];
  readonly header: Point;
}

const MARGIN = 14;
const MARGIN_PER_LEVEL = 8;
/** The header straddles the upper border of the hull. */
const HEADER_HALF = 12;
const MOST_PIECES = 100;
const PILL_HALF = { right: { x: 0, y: 13 }, down: { x: 56, y: 0 } } as const;

export function regionShapes(projection: Projection, layout: GraphLayout): RegionShape[] {
  const levels = levelsOf(projection.regions);
  return projection.regions.flatMap((region) => {
    const target = layout.nodes.get(region.to);
    if (target === undefined) return [];
    const inside = new Set(region.steps);
    const boxes = region.steps.flatMap((id) => layout.nodes.get(id) ?? []);
    const bands = linesOf(projection.forward, inside, layout);
    const margin = MARGIN + MARGIN_PER_LEVEL * (levels.get(region.to) ?? 0);
    const whole = hullOf(boxes, linesOf(projection.loops, inside, layout), layout.direction, margin);
    const others = [...layout.nodes].filter(([id]) => !inside.has(id)).map(([, box]) => box);
    if (!others.some((box) => overlap(box, whole))) {
      return [{ to: region.to, margin: 0, boxes: [whole], bands: [], header: { x: whole.x + 14, y: whole.y - HEADER_HALF }, bounds: grown(whole, HEADER_HALF + 1) }];
    }
    // Pieces around a hundred steps tell no one what belongs together, and cost more to draw than all steps.
    const many = boxes.length > MOST_PIECES;
    const header = { x: target.x, y: target.y - margin - 2 * HEADER_HALF };
    return [{ to: region.to, margin, boxes: many ? [] : boxes, bands: many ? [] : bands, header, bounds: grown(many ? target : hullOf(boxes, bands, layout.direction, 0), margin + 2 * HEADER_HALF) }];
  });
}

function linesOf(edges: readonly { id: string; from: string; to: string }[], inside: ReadonlySet<string>, layout: GraphLayout): (readonly Point[])[] {
  return edges.filter((edge) => inside.has(edge.from) && inside.has(edge.to)).map((edge) => layout.lines.get(edge.id) ?? []);
}

/** How many regions lie one in the other beneath each: the smallest first, which all others can hold. */
function levelsOf(regions: readonly LoopRegion[]): Map<string, number> {
  const levels = new Map<string, number>();
  const smaller: LoopRegion[] = [];
  for (const region of regions.toSorted((a, b) => a.steps.length - b.steps.length)) {
    const inside = new Set(region.steps);
    const enclosed = smaller.filter((other) => other.steps.length < region.steps.length && other.steps.every((id) => inside.has(id)));
    levels.set(region.to, enclosed.length === 0 ? 0 : 1 + Math.max(...enclosed.map(({ to }) => levels.get(to) ?? 0)));
    smaller.push(region);
  }
  return levels;
}

function hullOf(boxes: readonly Box[], lines: readonly (readonly Point[])[], direction: GraphLayout["direction"], margin: number): Box {
  const pill = PILL_HALF[direction];
  const corners = [
    ...boxes.flatMap((box) => [box, { x: box.x + box.width, y: box.y + box.height }]),
    ...lines.flat().map((point) => ({ x: point.x + pill.x, y: point.y + pill.y })),
  ];
  const [xs, ys] = [corners.map((corner) => corner.x), corners.map((corner) => corner.y)];
  const left = Math.min(...xs) - margin;
  // The header's lower half hangs into the hull.
  const top = Math.min(...ys) - margin - (margin > 0 ? HEADER_HALF / 2 : 0);
  return { x: left, y: top, width: Math.max(...xs) + margin - left, height: Math.max(...ys) + margin - top };
}
