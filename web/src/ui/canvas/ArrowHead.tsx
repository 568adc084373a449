/** The head of an arrow at the end of a line, in the direction of its last stretch. */
import type { Point } from "../../graph/graphLayout";

export function ArrowHead({ points, colour }: { points: readonly Point[]; colour: string }) {
  const [from, to] = [points.at(-2), points.at(-1)];
  if (from === undefined || to === undefined) return null;
  const angle = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI;
  return <path d="M -8 -4.5 L 0 0 L -8 4.5 Z" transform={`translate(${to.x} ${to.y}) rotate(${angle})`} fill={colour} stroke={colour} strokeWidth={1} strokeLinejoin="round" />;
}
