/**
 * Runs elk in a worker, which is fetched with the canvas, not with the first page. The
 * worker is a file of our own origin: the security policy allows no other.
 */
import type { ELK, ElkNode } from "elkjs/lib/elk-api";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";

// Started when the canvas is loaded: the worker is big, and it comes while the graph is still being fetched.
const engine: Promise<ELK> = import("elkjs/lib/elk-api").then(({ default: Elk }) => new Elk({ workerFactory: () => new Worker(workerUrl) }));

/** How long it took stands among the page's performance entries, for the figures. */
export async function layOut(input: ElkNode): Promise<ElkNode> {
  const elk = await engine;
  const start = performance.now();
  const result = await elk.layout(input);
  performance.measure("loopline.layout", { start });
  return result;
}
