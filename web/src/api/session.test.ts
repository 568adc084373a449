import { afterEach, expect, it, vi } from "vitest";
import { client } from "./client";
import { Problem } from "./problem";
import { followServerEvents } from "./serverEvents";
import { session } from "./session";

/** The server, answering one call after the other. */
function server(...answers: readonly Response[]): ReturnType<typeof vi.fn<typeof fetch>> {
  const left = [...answers];
  const fetched = vi.fn<typeof fetch>(async () => left.shift() ?? Response.error());
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

const problem = (status: number) => Response.json({ title: "no", status }, { status });

afterEach(() => {
  vi.unstubAllGlobals();
  session.begun();
});

it("asks for a token once a call is answered with 401", async () => {
  server(problem(401));
  await expect(client.pipelines()).rejects.toBeInstanceOf(Problem);
  expect(session.asked()).toBe(true);
});

it("asks for none where one may not do a thing", async () => {
  server(problem(403));
  await expect(client.pipelines()).rejects.toMatchObject({ status: 403 });
  expect(session.asked()).toBe(false);
});

it("sends the token in the body, and goes on when it is taken", async () => {
  const fetched = server(problem(401), new Response(null, { status: 204 }));
  await client.pipelines().catch(() => {});
  await client.logIn("loopline_abc");
  const [path, init] = fetched.mock.calls[1] ?? [];
  expect(path).toBe("/api/v1/session");
  expect(init).toMatchObject({ method: "POST", body: JSON.stringify({ token: "loopline_abc" }) });
  expect(session.asked()).toBe(false);
});

it("goes on asking when the token is not taken", async () => {
  server(problem(401));
  await expect(client.logIn("loopline_old")).rejects.toMatchObject({ status: 401 });
  expect(session.asked()).toBe(true);
});

it("asks for a token when a stream is refused behind a break, and follows it no further", async () => {
  const stream = new Response('event: log\ndata: {}\n\n', { headers: { "content-type": "text/event-stream" } });
  const fetched = server(stream, problem(401), problem(401));
  const seen: string[] = [];
  const refusals: number[] = [];
  await followServerEvents({
    url: () => "/api/v1/runs/x/events",
    onEvent: ({ name }) => seen.push(name),
    onRefused: ({ status }) => refusals.push(status),
    signal: new AbortController().signal,
  });
  expect([seen, refusals, fetched.mock.calls.length]).toEqual([["log"], [401], 2]);
  expect(session.asked()).toBe(true);
});
