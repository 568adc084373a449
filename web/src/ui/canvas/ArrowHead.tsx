/** The head of an arrow at the end of a line, in the direction of its last stretch. */
import type { Point } from "../../graph/graphLayout";

export function ArrowHead({ points, colour }: { points: readonly Point[]; colour: string }) {
  const path = arrowHeadPath(points);
  return path === "" ? null : <path d={path} fill={colour} stroke={colour} strokeWidth={1} strokeLinejoin="round" />;
}

export function arrowHeadPath(points: readonly Point[]): string {
  const [from, to] = [points.at(-2), points.at(-1)];
  if (from === undefined || to === undefined) return "";
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const along = { x: ((to.x - from.x) / length) * 8, y: ((to.y - from.y) / length) * 8 };
  const across = { x: (-along.y / 8) * 4.5, y: (along.x / 8) * 4.5 };
  const at = (x: number, y: number) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
  return `M ${at(to.x - along.x + across.x, to.y - along.y + across.y)} L ${at(to.x, to.y)} L ${at(to.x - along.x - across.x, to.y - along.y - across.y)} Z `;
}
