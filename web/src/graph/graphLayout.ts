/** Reads elk's answer into what is drawn: boxes, lines, and where a loop's pill sits. */
import type { ElkNode } from "elkjs/lib/elk-api";
import { type Direction, NODE_HEIGHT, NODE_WIDTH } from "./layoutInput";
import type { Projection } from "./pipelineGraph";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface GraphLayout {
  readonly direction: Direction;
  readonly size: { readonly width: number; readonly height: number };
  readonly nodes: ReadonlyMap<string, Box>;
  readonly lines: ReadonlyMap<string, readonly Point[]>;
  readonly pills: ReadonlyMap<string, Point>;
}

export function readLayout(result: ElkNode, projection: Projection, direction: Direction): GraphLayout {
  const nodes = new Map<string, Box>();
  for (const child of result.children ?? []) {
    nodes.set(child.id, { x: child.x ?? 0, y: child.y ?? 0, width: child.width ?? NODE_WIDTH, height: child.height ?? NODE_HEIGHT });
  }
  const lines = new Map<string, readonly Point[]>();
  for (const edge of result.edges ?? []) {
    const section = edge.sections?.[0];
    if (section !== undefined) lines.set(edge.id, [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
  }
  const pills = new Map<string, Point>();
  for (const loop of projection.loops) {
    const line = lines.get(loop.id);
    if (line !== undefined) pills.set(loop.id, direction === "right" ? middleOfLongest(line, isLevel) : aboveSource(line));
  }
  return { direction, size: { width: result.width ?? 0, height: result.height ?? 0 }, nodes, lines, pills };
}

const isLevel = (a: Point, b: Point) => a.y === b.y;

function middleOfLongest(line: readonly Point[], fits: (a: Point, b: Point) => boolean): Point {
  let best = { length: -1, middle: line[0] ?? { x: 0, y: 0 } };
  for (const [at, end] of line.entries()) {
    const start = line[at - 1];
    if (start === undefined || !fits(start, end)) continue;
    const length = Math.abs(end.x - start.x) + Math.abs(end.y - start.y);
    if (length > best.length) best = { length, middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 } };
  }
  return best.middle;
}

/** Beside the column there is room for a pill only in the gap between two rows. */
function aboveSource(line: readonly Point[]): Point {
  const turn = line[1] ?? line[0] ?? { x: 0, y: 0 };
  const rise = line[2] ?? turn;
  const gap = turn.y - NODE_HEIGHT + 12 - 28;
  return { x: turn.x, y: rise.y < gap ? gap : (turn.y + rise.y) / 2 };
}

/** An SVG path along the points, with rounded corners. */
export function roundedPath(points: readonly Point[], radius = 8): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M ${first.x} ${first.y}`;
  let before = first;
  for (const [at, corner] of rest.entries()) {
    const after = rest[at + 1];
    if (after === undefined) return `${path} L ${corner.x} ${corner.y}`;
    const near = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2);
    const enter = towards(corner, before, near);
    const leave = towards(corner, after, near);
    path += ` L ${enter.x} ${enter.y} Q ${corner.x} ${corner.y} ${leave.x} ${leave.y}`;
    before = corner;
  }
  return path;
}

/** An SVG path around a box, with rounded corners. */
export function roundedBox({ x, y, width, height }: Box, radius: number): string {
  const by = Math.min(radius, width / 2, height / 2);
  const corner = (dx: number, dy: number) => `a ${by} ${by} 0 0 1 ${dx} ${dy}`;
  return `M ${x + by} ${y} h ${width - 2 * by} ${corner(by, by)} v ${height - 2 * by} ${corner(-by, by)} h ${2 * by - width} ${corner(-by, -by)} v ${2 * by - height} ${corner(by, -by)} Z `;
}

/** The smallest box that holds all of them. */
export function boxAround(boxes: readonly Box[]): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y, width, height } of boxes) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return boxes.length === 0 ? { x: 0, y: 0, width: 0, height: 0 } : { x: left, y: top, width: right - left, height: bottom - top };
}

export function grown(box: Box, by: number): Box {
  return { x: box.x - by, y: box.y - by, width: box.width + 2 * by, height: box.height + 2 * by };
}

export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y);
}

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) * by) / length, y: from.y + ((to.y - from.y) * by) / length };
}
