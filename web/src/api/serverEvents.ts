/**
 * Reads a stream of server-sent events with `fetch`, not `EventSource`: the
 * status of a refused stream stays visible, and we decide from where to go on.
 */
import { connection } from "./connection";
import { Problem } from "./problem";
import { session } from "./session";

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

export interface StreamOptions {
  /** Asked before every connect, so that a reconnect continues where the last one ended. */
  readonly url: () => string;
  readonly onEvent: (event: ServerEvent) => void;
  readonly onRefused?: (problem: Problem) => void;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Follows the stream until the server says `end`, refuses, or `signal` aborts. */
export async function followServerEvents({ url, onEvent, onRefused, signal }: StreamOptions): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      const response = await fetch(url(), { headers: { accept: "text/event-stream" }, signal });
      if (response.status === 401) session.refused();
      if (!response.ok && response.status < 500) {
        onRefused?.(await Problem.from(response));
        return;
      }
      if (response.ok && response.body !== null) {
        connection.reached();
        pause = FIRST_PAUSE_MS;
        for await (const event of parse(response.body)) {
          if (event.name === "end") return;
          onEvent(event);
        }
      }
    } catch {
      // A broken stream is normal: the server restarted or the network slept.
    }
    if (signal.aborted) return;
    connection.lost();
    await wait(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

async function* parse(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let name = "message";
  let data: string[] = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split(/\r\n|\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0 || name === "end") yield { name, data: data.join("\n") };
        name = "message";
        data = [];
      } else if (line.startsWith("event:")) name = line.slice(6).trim();
      else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    }
  }
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
