/**
 * Starts the real server on an empty data directory and a copy of the pipelines
 * of these tests, and ends it with everything it wrote.
 *
 * `LOOPLINE_BIN` names the binary; the default is the debug build. `LOOPLINE_PAGES`
 * names a folder of built pages that are shown instead of those in the binary.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { servePages } from "./pages";

export interface Server {
  readonly url: string;
  readonly pipelines: string;
  readonly api: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Record<string, unknown> }>;
  readonly stop: () => Promise<void>;
}

const BINARY = process.env["LOOPLINE_BIN"] ?? join(import.meta.dirname, "../../target/debug/loopline");
const START_WITHIN_MS = 30_000;

/** With the pipelines of these tests, or with none. */
export async function startServer(content: "pipelines" | "nothing" = "pipelines"): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), "loopline-e2e-"));
  const pipelines = join(directory, "pipelines");
  if (content === "pipelines") await cp(join(import.meta.dirname, "pipelines"), pipelines, { recursive: true });
  else await mkdir(pipelines);
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(BINARY, ["serve", "--listen", address, "--data", join(directory, "data"), "--pipelines", pipelines], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const url = `http://${address}`;
  await untilReady(`${url}/api/v1/pipelines`, child, () => output);
  const folder = process.env["LOOPLINE_PAGES"];
  const pages = folder === undefined ? { url, stop: async () => {} } : await servePages(folder, url, await freePort());
  return {
    url: pages.url,
    pipelines,
    api: async (method, path, body) => {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    stop: async () => {
      await pages.stop();
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once("exit", resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + START_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output()}`);
    const ready = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`the server was not ready in time:\n${output()}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
