/** The dots behind the graph. They lie in what is moved, so that moving it paints nothing anew. */
import { ViewportPortal } from "@xyflow/react";
import { memo } from "react";

/** As far as anyone pans away from a graph, in the graph's own measure. */
const AROUND = 6000;
const GAP = 20;

export const CanvasDots = memo(function CanvasDots({ width, height }: { width: number; height: number }) {
  return (
    <ViewportPortal>
      <div
        data-near
        aria-hidden
        className="pointer-events-none absolute z-[-1000] bg-[radial-gradient(circle,light-dark(#dcdce5,#24272e)_1px,transparent_1.4px)]"
        style={{ left: -AROUND, top: -AROUND, width: width + 2 * AROUND, height: height + 2 * AROUND, backgroundSize: `${GAP}px ${GAP}px` }}
      />
    </ViewportPortal>
  );
});
