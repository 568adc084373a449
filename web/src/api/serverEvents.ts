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
/**
 * The server writes a comment into a silent stream every 10 s. One that stays
 * silent for longer than two of them is gone, though no network said so: a
 * phone that changed its cell keeps such a connection open for minutes.
 */
export const SILENT_AFTER_MS = 25_000;

/** Follows the stream until the server says `end`, refuses, or `signal` aborts. */
export async function followServerEvents({ url, onEvent, onRefused, signal }: StreamOptions): Promise<void> {
  let pause = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    const silence = new Silence();
    try {
      const response = await fetch(url(), { headers: { accept: "text/event-stream" }, signal: AbortSignal.any([signal, silence.signal]) });
      if (response.status === 401) session.refused();
      if (!response.ok && response.status < 500) {
        onRefused?.(await Problem.from(response));
        return;
      }
      if (response.ok && response.body !== null) {
        pause = FIRST_PAUSE_MS;
        const heard = () => {
          silence.broken();
          connection.reached();
        };
        heard();
        for await (const event of parse(response.body, heard)) {
          if (event.name === "end") return;
          onEvent(event);
        }
      }
    } catch {
      // A broken stream is normal: the server restarted or the network slept.
    } finally {
      silence.over();
    }
    if (signal.aborted) return;
    connection.lost();
    await wait(pause, signal);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** Aborts what has said nothing for `SILENT_AFTER_MS`. */
class Silence {
  readonly #abort = new AbortController();
  #timer = setTimeout(() => this.#abort.abort(), SILENT_AFTER_MS);

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(), SILENT_AFTER_MS);
  }

  over(): void {
    clearTimeout(this.#timer);
  }
}

async function* parse(body: ReadableStream<Uint8Array<ArrayBuffer>>, heard: () => void): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let name = "message";
  let data: string[] = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard();
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
