/**
 * Keeps what someone looks at where it is: a new layout is moved as a whole so
 * that the steps that were there before stay, as far as the layout lets them.
 */
import type { GraphLayout, Point } from "./graphLayout";

export function anchored(layout: GraphLayout, before: GraphLayout | null): GraphLayout {
  if (before === null || before.direction !== layout.direction) return layout;
  const shift = { x: usualShift(layout, before, (box) => box.x), y: usualShift(layout, before, (box) => box.y) };
  if (shift.x === 0 && shift.y === 0) return layout;
  const moved = <At extends Point>(point: At): At => ({ ...point, x: point.x + shift.x, y: point.y + shift.y });
  return {
    direction: layout.direction,
    size: layout.size,
    nodes: new Map([...layout.nodes].map(([id, box]) => [id, moved(box)])),
    lines: new Map([...layout.lines].map(([id, line]) => [id, line.map(moved)])),
    pills: new Map([...layout.pills].map(([id, point]) => [id, moved(point)])),
  };
}

/** The shift that most steps need; a mean would move all of them because of one. */
function usualShift(layout: GraphLayout, before: GraphLayout, along: (point: Point) => number): number {
  const counts = new Map<number, number>();
  for (const [id, box] of layout.nodes) {
    const was = before.nodes.get(id);
    if (was !== undefined) counts.set(Math.round(along(was) - along(box)), (counts.get(Math.round(along(was) - along(box))) ?? 0) + 1);
  }
  return [...counts].toSorted(([a, n], [b, m]) => m - n || Math.abs(a) - Math.abs(b))[0]?.[0] ?? 0;
}
