/**
 * Runs elk in a worker, which is fetched with the canvas, not with the first page. The
 * worker is a file of our own origin: the security policy allows no other.
 */
import type { ELK, ElkNode } from "elkjs/lib/elk-api";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";

// Started when the canvas is loaded: the worker is big, and it comes while the graph is still being fetched.
const engine: Promise<ELK> = import("elkjs/lib/elk-api").then(({ default: Elk }) => new Elk({ workerFactory: () => new Worker(workerUrl) }));

export async function layOut(input: ElkNode): Promise<ElkNode> {
  return (await engine).layout(input);
}
