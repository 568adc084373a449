/**
 * Lays out a graph of hundreds of steps, where elk takes seconds. The same way in
 * short: columns by what comes before, fewer crossings by sweeps over the columns,
 * places by what a step is linked to. Forward edges run straight from column to
 * column; loops run back in lanes of their own beneath the steps they leave and reach.
 *
 * Written for columns from left to right; `down` turns the picture.
 */
import type { Box, GraphLayout, Point } from "./graphLayout";
import { type Direction, INSIDE_HEIGHT, NODE_HEIGHT, NODE_WIDTH } from "./layoutInput";
import type { LoopEdge, Projection } from "./pipelineGraph";

const SWEEPS = 8;
const GAP = { right: { along: 96, across: 40 }, down: { along: 72, across: 48 } } as const;
/** How far an edge runs straight before it turns. */
const STUB = 14;
const LANE = 30;

/** A step, or a place where something passes through a column. */
interface Cell {
  readonly column: number;
  readonly step: string | null;
  readonly size: number;
  readonly before: Cell[];
  readonly after: Cell[];
  /** Loops that leave or reach the step, beneath it. */
  readonly lanes: number;
  position: number;
  place: number;
}

export function largeLayout(projection: Projection, direction: Direction): GraphLayout {
  const right = direction === "right";
  const gap = GAP[direction];
  const heightOf = (id: string) => NODE_HEIGHT + (projection.holders.has(id) ? INSIDE_HEIGHT : 0);
  const depth = Math.max(NODE_HEIGHT, ...projection.order.map(heightOf));
  const along = right ? NODE_WIDTH : depth;
  const acrossOf = (id: string) => (right ? heightOf(id) : NODE_WIDTH);

  const columnOf = columnsOf(projection);
  const loops = projection.loops.toSorted((a, b) => span(a, columnOf) - span(b, columnOf));
  const laneOf = lanesOf(loops);
  const columns: Cell[][] = [];
  const add = (column: number, step: string | null, size: number, lanes: number): Cell => {
    const cell: Cell = { column, step, size, lanes, before: [], after: [], position: 0, place: 0 };
    const cells = (columns[column] ??= []);
    cell.position = cells.push(cell) - 1;
    return cell;
  };
  const steps = new Map<string, Cell>();
  for (const id of projection.order) steps.set(id, add(columnOf.get(id) ?? 0, id, acrossOf(id), laneOf.lanes(id)));

  const chain = (from: string, to: string): Cell[] => {
    const [start, end] = [steps.get(from), steps.get(to)];
    if (start === undefined || end === undefined) return [];
    const cells = [start];
    for (let column = start.column + 1; column < end.column; column++) cells.push(add(column, null, 0, 0));
    cells.push(end);
    for (const [at, cell] of cells.entries()) {
      const next = cells[at + 1];
      if (next === undefined) break;
      cell.after.push(next);
      next.before.push(cell);
    }
    return cells;
  };
  const forward = new Map(projection.forward.map((edge) => [edge.id, chain(edge.from, edge.to)]));
  const back = new Map(loops.map((loop) => [loop.id, loop.from === loop.to ? [] : chain(loop.to, loop.from)]));

  reduceCrossings(columns);
  const extent = givePlaces(columns, gap.across);

  const start = (column: number) => column * (along + gap.along);
  const point = (a: number, b: number): Point => (right ? { x: a, y: b } : { x: b, y: a });
  const nodes = new Map<string, Box>();
  for (const [id, cell] of steps) {
    const height = heightOf(id);
    nodes.set(id, right ? { x: start(cell.column), y: cell.place, width: NODE_WIDTH, height } : { x: cell.place, y: start(cell.column), width: NODE_WIDTH, height });
  }
  const port = right ? { first: 28, next: 14 } : { first: 12, next: 9 };
  const endOf = (cell: Cell) => start(cell.column) + (right ? NODE_WIDTH : heightOf(cell.step ?? ""));
  const lines = new Map<string, readonly Point[]>();
  for (const [id, cells] of forward) {
    const [first, last] = [cells[0], cells.at(-1)];
    if (first === undefined || last === undefined) continue;
    const [a, b] = [first.place + first.size / 2, last.place + last.size / 2];
    lines.set(id, [
      point(endOf(first), a),
      point(start(first.column) + along + STUB, a),
      ...cells.slice(1, -1).flatMap(({ column, place }) => [point(start(column) - STUB, place), point(start(column) + along + STUB, place)]),
      point(start(last.column) - STUB - 10, b),
      point(start(last.column), b),
    ]);
  }
  const pills = new Map<string, Point>();
  for (const loop of loops) {
    const [from, to] = [steps.get(loop.from), steps.get(loop.to)];
    if (from === undefined || to === undefined) continue;
    const [left, reached] = [laneOf.leaves(loop), laneOf.reaches(loop)];
    // Beside a step of few lines there is room for few lanes; what is more leaves together.
    const out = Math.max(start(from.column) + 8, endOf(from) - port.first - left * port.next);
    const into = Math.min(endOf(to) - 8, start(to.column) + port.first + reached * port.next);
    const [low, lowEnd] = [from.place + from.size + LANE * (left + 1), to.place + to.size + LANE * (reached + 1)];
    const between = (back.get(loop.id) ?? []).slice(1, -1).toReversed();
    lines.set(loop.id, [
      point(out, from.place + from.size),
      point(out, low),
      ...(loop.from === loop.to ? [] : [point(start(from.column) - STUB, low)]),
      ...between.flatMap(({ column, place }) => [point(start(column) + along + STUB, place), point(start(column) - STUB, place)]),
      ...(loop.from === loop.to ? [] : [point(start(to.column) + along + STUB, lowEnd)]),
      point(into, lowEnd),
      point(into, to.place + to.size),
    ]);
    pills.set(loop.id, point((start(from.column) + out) / 2, low));
  }
  const length = columns.length * (along + gap.along) - gap.along;
  return { direction, size: right ? { width: length, height: extent } : { width: extent, height: length }, nodes, lines, pills };
}

/** As far to the left as what it needs allows. */
function columnsOf({ order, forward }: Projection): Map<string, number> {
  const needs = new Map<string, string[]>();
  for (const { from, to } of forward) (needs.get(to) ?? needs.set(to, []).get(to))?.push(from);
  const columns = new Map<string, number>();
  for (const id of order) columns.set(id, Math.max(0, ...(needs.get(id) ?? []).map((need) => (columns.get(need) ?? 0) + 1)));
  return columns;
}

function span(loop: LoopEdge, columns: ReadonlyMap<string, number>): number {
  return (columns.get(loop.from) ?? 0) - (columns.get(loop.to) ?? 0);
}

/** Beneath a step each loop has a lane of its own, the widest outermost. */
function lanesOf(loops: readonly LoopEdge[]) {
  const counts = new Map<string, number>();
  const lanes = new Map<string, number>();
  const next = (step: string) => {
    const lane = counts.get(step) ?? 0;
    counts.set(step, lane + 1);
    return lane;
  };
  for (const { id, from, to } of loops) {
    lanes.set(`${id} from`, next(from));
    lanes.set(`${id} to`, from === to ? (lanes.get(`${id} from`) ?? 0) : next(to));
  }
  return {
    lanes: (step: string) => counts.get(step) ?? 0,
    leaves: ({ id }: LoopEdge) => lanes.get(`${id} from`) ?? 0,
    reaches: ({ id }: LoopEdge) => lanes.get(`${id} to`) ?? 0,
  };
}

/** Each column is put in the order of the middle of its neighbours, there and back, and the best picture is kept. */
function reduceCrossings(columns: readonly Cell[][]): void {
  let fewest = crossings(columns);
  let best = columns.map((cells) => [...cells]);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const forwards = sweep % 2 === 0;
    for (const cells of forwards ? columns : columns.toReversed()) {
      const middles = new Map(cells.map((cell) => [cell, middleOf(forwards ? cell.before : cell.after) ?? cell.position]));
      cells.sort((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0) || a.position - b.position);
      number(cells);
    }
    const found = crossings(columns);
    if (found >= fewest) continue;
    fewest = found;
    best = columns.map((cells) => [...cells]);
  }
  for (const [at, cells] of best.entries()) {
    columns[at]?.splice(0, cells.length, ...cells);
    number(cells);
  }
}

function number(cells: readonly Cell[]): void {
  for (const [at, cell] of cells.entries()) cell.position = at;
}

function middleOf(cells: readonly Cell[]): number | null {
  return cells.length === 0 ? null : cells.reduce((sum, { position }) => sum + position, 0) / cells.length;
}

/** Pairs of edges that cross, counted column by column with a binary indexed tree. */
function crossings(columns: readonly (readonly Cell[])[]): number {
  let count = 0;
  for (const [at, cells] of columns.entries()) {
    const width = columns[at + 1]?.length ?? 0;
    const tree = new Uint32Array(width + 1);
    let seen = 0;
    for (const cell of cells) {
      const ends = cell.after.map(({ position }) => position);
      for (const end of ends) {
        let before = 0;
        for (let i = end + 1; i > 0; i -= i & -i) before += tree[i] ?? 0;
        count += seen - before;
      }
      for (const end of ends) for (let i = end + 1; i <= width; i += i & -i) tree[i] = (tree[i] ?? 0) + 1;
      seen += ends.length;
    }
  }
  return count;
}

/** Places along the columns: near the neighbours, in order, none nearer to the next than it may be. Gives the whole extent. */
function givePlaces(columns: readonly (readonly Cell[])[], gap: number): number {
  const room = (cell: Cell) => cell.size + cell.lanes * LANE + (cell.step === null ? LANE / 2 : gap);
  for (const cells of columns) {
    let place = 0;
    for (const cell of cells) {
      cell.place = place;
      place += room(cell);
    }
    for (const cell of cells) cell.place -= place / 2;
  }
  for (let round = 0; round < 6; round++) {
    for (const cells of round % 2 === 0 ? columns : columns.toReversed()) {
      settle(cells, cells.map((cell) => wish(round % 2 === 0 ? cell.before : cell.after, cell)), room);
    }
  }
  let [least, most] = [Infinity, -Infinity];
  for (const cell of columns.flat()) {
    least = Math.min(least, cell.place);
    most = Math.max(most, cell.place + cell.size);
  }
  for (const cell of columns.flat()) cell.place = Math.round(cell.place - least);
  return most > least ? Math.round(most - least) : 0;
}

/** Straight on from its neighbours. */
function wish(neighbours: readonly Cell[], cell: Cell): number {
  if (neighbours.length === 0) return cell.place;
  return neighbours.reduce((sum, { place, size }) => sum + place + size / 2, 0) / neighbours.length - cell.size / 2;
}

/** As near to all wishes as the order and the room allow: neighbours whose wishes conflict meet in the middle. */
function settle(cells: readonly Cell[], wishes: readonly number[], room: (cell: Cell) => number): void {
  const blocks: { sum: number; count: number }[] = [];
  let offset = 0;
  const offsets: number[] = [];
  for (const [at, cell] of cells.entries()) {
    offsets.push(offset);
    blocks.push({ sum: (wishes[at] ?? 0) - offset, count: 1 });
    offset += room(cell);
    for (;;) {
      const [one, other] = [blocks.at(-2), blocks.at(-1)];
      if (one === undefined || other === undefined || one.sum / one.count <= other.sum / other.count) break;
      blocks.splice(-2, 2, { sum: one.sum + other.sum, count: one.count + other.count });
    }
  }
  let at = 0;
  for (const { sum, count } of blocks) {
    for (let one = 0; one < count; one++, at++) {
      const cell = cells[at];
      if (cell !== undefined) cell.place = sum / count + (offsets[at] ?? 0);
    }
  }
}
