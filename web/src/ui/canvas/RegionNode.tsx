/**
 * The region that a loop re-opens: a faint hull behind its steps and a header
 * with one segment per visit. A click on a segment pins that visit.
 */
import type { Node, NodeProps } from "@xyflow/react";
import { Repeat2 } from "lucide-react";
import { memo } from "react";
import { grown, roundedBox, roundedPath } from "../../graph/graphLayout";
import type { RegionShape } from "../../graph/regionShape";
import { say } from "../../words/say";
import type { RegionSegment } from "./canvasModel";

export interface RegionNodeData extends Record<string, unknown> {
  readonly shape: RegionShape;
  readonly segments: readonly RegionSegment[] | null;
  readonly onPin: ((region: string, visit: number) => void) | null;
}

export type RegionFlowNode = Node<RegionNodeData, "region">;

export const RegionNode = memo(function RegionNode({ data: { shape, segments, onPin } }: NodeProps<RegionFlowNode>) {
  const { bounds, margin } = shape;
  const bands = shape.bands.map((band) => roundedPath(band)).join("");
  // Two elements, however many steps: a hull may hold hundreds.
  const outline = (grow: number, colour: string) => (
    <g fill={colour} stroke={colour} strokeLinejoin="round" strokeLinecap="round">
      {bands !== "" && <path d={bands} fill="none" strokeWidth={2 * (margin + grow)} />}
      <path d={shape.boxes.map((box) => roundedBox(grown(box, margin + grow), 18)).join("")} strokeWidth={0} />
    </g>
  );
  return (
    <div className="relative" style={{ width: bounds.width, height: bounds.height }}>
      {/* Drawn twice, the second a hairline smaller: the union of all shapes gets one border. */}
      <svg aria-hidden className="absolute inset-0 overflow-visible" width={bounds.width} height={bounds.height} viewBox={`${bounds.x} ${bounds.y} ${bounds.width} ${bounds.height}`}>
        {outline(1, "light-dark(#ecdcf8, #3a264b)")}
        {outline(0, "light-dark(#fbf6fe, #1a141f)")}
      </svg>
      <div
        className="pointer-events-auto absolute flex h-6 items-center gap-2 rounded-full border border-[light-dark(#ecdcf8,#3a264b)] bg-loop-tint pr-2 pl-2 text-micro font-medium whitespace-nowrap text-loop-ink"
        style={{ left: shape.header.x - bounds.x, top: shape.header.y - bounds.y }}
      >
        <Repeat2 aria-hidden size={12} />
        {segments === null || segments.length === 0 ? <span>{say("canvas.region", { to: shape.to })}</span> : <Segments region={shape.to} segments={segments} onPin={onPin} />}
      </div>
    </div>
  );
});

const COLOURS: Readonly<Record<RegionSegment["result"], string>> = {
  pending: "bg-idle",
  running: "bg-busy animate-breathe",
  waiting: "bg-wait",
  failed: "bg-bad",
  cancelled: "bg-idle",
  succeeded: "bg-ok",
  skipped: "bg-idle",
};

/** Within a sentence. */
function resultWord(result: RegionSegment["result"]): string {
  return say(`status.${result}`).toLowerCase();
}

function Segments({ region, segments, onPin }: { region: string; segments: readonly RegionSegment[]; onPin: RegionNodeData["onPin"] }) {
  const newest = segments.at(-1)?.visit ?? 1;
  return (
    <div role="group" aria-label={say("region.visits", { region })} className="flex items-center gap-1.5">
      <span>{say("run.visit", { visit: segments.find((segment) => segment.pinned)?.visit ?? newest })}</span>
      <span className="flex h-6 items-center gap-0.5">
        {segments.slice(-24).map(({ visit, result, current, pinned }) => (
          <button
            key={visit}
            type="button"
            aria-pressed={pinned}
            aria-label={say(current ? "region.latest" : "region.visit", { visit, result: resultWord(result) })}
            title={say("region.visit", { visit, result: resultWord(result) })}
            data-result={result}
            onClick={(event) => {
              event.stopPropagation();
              onPin?.(region, visit);
            }}
            className="nopan grid h-6 min-w-6 place-items-center rounded"
          >
            <span className={`block h-2 w-5 rounded-full ${COLOURS[result]} ${pinned ? "ring-2 ring-loop ring-offset-1 ring-offset-loop-tint" : ""}`} />
          </button>
        ))}
      </span>
    </div>
  );
}
