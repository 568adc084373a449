/** A thumbnail of a pipeline, its steps in the colours of the last run where they are known. */
import { miniLayout } from "../graph/miniLayout";
import type { PipelineGraph } from "../graph/pipelineGraph";
import { say } from "../words/say";

const COLUMN = 22;
const ROW = 13;
/** More would only be dust. */
const MOST_STEPS = 60;

export interface MiniGraphProps {
  readonly graph: PipelineGraph;
  readonly colourOf: (step: string) => string;
}

export function MiniGraph({ graph, colourOf }: MiniGraphProps) {
  if (graph.steps.length > MOST_STEPS) return <span className="text-small text-muted">{say("home.steps", { count: graph.steps.length })}</span>;
  return <Thumbnail graph={graph} colourOf={colourOf} />;
}

function Thumbnail({ graph, colourOf }: MiniGraphProps) {
  const layout = miniLayout(graph);
  const hasLoops = layout.edges.some((edge) => edge.loop);
  const width = Math.max(1, layout.columns) * COLUMN;
  const height = Math.max(2, layout.rows) * ROW + (hasLoops ? 12 : 4);
  const middle = (Math.max(2, layout.rows) * ROW) / 2;
  const at = (node: { column: number; row: number }) => ({ x: node.column * COLUMN + COLUMN / 2, y: middle + node.row * ROW });
  return (
    <svg aria-hidden width={Math.min(width, 220)} height={Math.min(height, 52)} viewBox={`0 0 ${width} ${height}`} className="shrink-0">
      {layout.edges.map(({ from, to, loop }) => {
        const [a, b] = [at(from), at(to)];
        const path = loop
          ? `M ${a.x} ${a.y + 3} C ${a.x} ${a.y + 13}, ${b.x} ${b.y + 13}, ${b.x} ${b.y + 3}`
          : `M ${a.x} ${a.y} C ${(a.x + b.x) / 2} ${a.y}, ${(a.x + b.x) / 2} ${b.y}, ${b.x} ${b.y}`;
        return <path key={`${from.id}-${to.id}-${loop}`} d={path} fill="none" stroke={loop ? "var(--color-loop)" : "var(--color-edge)"} strokeWidth={1.2} {...(loop ? { strokeDasharray: "2 2" } : {})} />;
      })}
      {layout.nodes.map((node) => {
        const { x, y } = at(node);
        return <rect key={node.id} x={x - 6} y={y - 4} width={12} height={8} rx={2.5} fill={colourOf(node.id)} />;
      })}
    </svg>
  );
}
