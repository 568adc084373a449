/**
 * Serves the pages as they were last built, in front of the server under test,
 * with the headers that it gives its own: a change of a page is tried without
 * building the binary anew. Used where `LOOPLINE_PAGES` names the folder.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json", ".woff2": "font/woff2" };

export async function servePages(folder: string, backend: string, port: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const own = await fetch(backend);
  const policy = Object.fromEntries([...own.headers].filter(([name]) => name.startsWith("content-security") || name.startsWith("x-") || name === "referrer-policy"));
  const server: Server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith("/api/") === true) pass(incoming, outgoing, backend);
    else void page(folder, incoming.url ?? "/", outgoing, policy);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function page(folder: string, url: string, outgoing: ServerResponse, policy: Readonly<Record<string, string>>): Promise<void> {
  const path = normalize(new URL(url, "http://x").pathname);
  const file = await readFile(join(folder, path)).then(
    (content) => ({ content, type: TYPES[extname(path)] ?? "application/octet-stream" }),
    async () => (path.startsWith("/assets/") ? null : { content: await readFile(join(folder, "index.html")), type: "text/html; charset=utf-8" }),
  );
  if (file === null) outgoing.writeHead(404).end();
  else outgoing.writeHead(200, { ...policy, "content-type": file.type }).end(file.content);
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, backend: string): void {
  const { host } = new URL(backend);
  const headers = { ...incoming.headers, host, ...(incoming.headers.origin === undefined ? {} : { origin: backend }) };
  const onward = request(`${backend}${incoming.url ?? ""}`, { method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    // A stream of events is open before its first event.
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}
