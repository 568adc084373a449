/** Lays out large graphs beside the page. */
import { largeLayout } from "./largeLayout";
import type { Direction } from "./layoutInput";
import type { Projection } from "./pipelineGraph";

export interface LargeLayoutRequest {
  readonly id: number;
  readonly projection: Projection;
  readonly direction: Direction;
}

self.addEventListener("message", ({ data: { id, projection, direction } }: MessageEvent<LargeLayoutRequest>) => {
  self.postMessage({ id, layout: largeLayout(projection, direction) });
});
