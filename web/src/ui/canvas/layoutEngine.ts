/**
 * Lays out graphs in a worker. Elk does it best; what has hundreds of steps is laid out
 * in a shorter way, for it would take seconds. Both workers are files of our own
 * origin: the security policy allows no other.
 */
import type { ELK } from "elkjs/lib/elk-api";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";
import { type GraphLayout, readLayout } from "../../graph/graphLayout";
import { type Direction, layoutInput } from "../../graph/layoutInput";
import type { LargeLayoutRequest } from "../../graph/largeLayout.worker";
import type { Projection } from "../../graph/pipelineGraph";

const MANY_STEPS = 200;

// Started when the canvas is loaded: the worker is big, and it comes while the graph is still being fetched.
const engine: Promise<ELK> = import("elkjs/lib/elk-api").then(({ default: Elk }) => new Elk({ workerFactory: () => new Worker(workerUrl) }));

/** How long it took stands among the page's performance entries, for the figures. */
export async function layOut(projection: Projection, direction: Direction): Promise<GraphLayout> {
  const many = projection.order.length > MANY_STEPS;
  const elk = many ? null : await engine;
  const start = performance.now();
  const layout = elk === null ? await layOutMany(projection, direction) : readLayout(await elk.layout(layoutInput(projection, direction)), projection, direction);
  performance.measure("loopline.layout", { start });
  return layout;
}

let large: Worker | null = null;
let asked = 0;

function layOutMany(projection: Projection, direction: Direction): Promise<GraphLayout> {
  large ??= new Worker(new URL("../../graph/largeLayout.worker.ts", import.meta.url), { type: "module" });
  const [worker, id] = [large, ++asked];
  return new Promise((resolve, reject) => {
    const over = () => {
      worker.removeEventListener("message", onMessage);
      worker.removeEventListener("error", onError);
    };
    const onMessage = ({ data }: MessageEvent<{ id: number; layout: GraphLayout }>) => {
      if (data.id !== id) return;
      over();
      resolve(data.layout);
    };
    const onError = (event: ErrorEvent) => {
      over();
      reject(new Error(event.message));
    };
    worker.addEventListener("message", onMessage);
    worker.addEventListener("error", onError);
    worker.postMessage({ id, projection, direction } satisfies LargeLayoutRequest);
  });
}
