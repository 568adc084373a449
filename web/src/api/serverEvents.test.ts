import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connection } from "./connection";
import { followServerEvents, SILENT_AFTER_MS } from "./serverEvents";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A stream that stays open, into which the test writes; it breaks like one of the browser when it is aborted. */
function openStream(signal: AbortSignal) {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  signal.addEventListener("abort", () => controller.error(signal.reason));
  return { response: new Response(body), write: (text: string) => controller.enqueue(new TextEncoder().encode(text)) };
}

function streams() {
  const opened: ReturnType<typeof openStream>[] = [];
  vi.stubGlobal("fetch", async (_url: string, init: RequestInit) => {
    const stream = openStream(init.signal as AbortSignal);
    opened.push(stream);
    return stream.response;
  });
  return opened;
}

it("takes a stream for gone when not even a comment comes, says so, and opens another", async () => {
  const opened = streams();
  const stop = new AbortController();
  const states: string[] = [];
  const unsubscribe = connection.subscribe(() => states.push(connection.state()));
  const followed = followServerEvents({ url: () => "/events", onEvent: () => {}, signal: stop.signal });

  await vi.advanceTimersByTimeAsync(SILENT_AFTER_MS - 1000);
  opened[0]?.write(": comment\n\n");
  await vi.advanceTimersByTimeAsync(SILENT_AFTER_MS - 1000);
  expect([opened.length, states]).toEqual([1, []]);

  await vi.advanceTimersByTimeAsync(2000);
  expect([opened.length, states]).toEqual([2, ["reconnecting", "live"]]);

  stop.abort();
  await followed;
  unsubscribe();
});

it("does not take an answer for the network's return", () => {
  vi.stubGlobal("navigator", { onLine: false });
  connection.lost();
  connection.reached();
  expect(connection.state()).toBe("offline");
  vi.stubGlobal("navigator", { onLine: true });
  connection.reached();
  expect(connection.state()).toBe("live");
});
