/** What the pages read, with the keys under which it is kept. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, type RunFilter } from "./client";
import type { RunEvent, RunEvents, RunView } from "./types";

const LIST_EVERY_MS = 4_000;

export const pipelinesQuery = () => queryOptions({ queryKey: ["pipelines"], queryFn: () => client.pipelines(), refetchInterval: LIST_EVERY_MS });

export const pipelineQuery = (project: string, name: string) =>
  queryOptions({ queryKey: ["pipeline", project, name], queryFn: () => client.pipeline(project, name) });

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter],
    queryFn: ({ pageParam }) => client.runs({ ...filter, cursor: pageParam, limit: 50 }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: LIST_EVERY_MS,
  });

export const waitingRunsQuery = () =>
  queryOptions({ queryKey: ["runs", "waiting"], queryFn: () => client.runs({ status: "waiting", limit: 100 }), refetchInterval: LIST_EVERY_MS });

export const secretsQuery = (project: string) => queryOptions({ queryKey: ["secrets", project], queryFn: () => client.secrets(project) });

export const tokensQuery = () => queryOptions({ queryKey: ["tokens"], queryFn: () => client.tokens() });

/** Kept current by the event stream, so it is fetched once and when a gap shows. */
export const runQuery = (id: string) =>
  queryOptions({ queryKey: ["run", id], queryFn: () => client.run(id), staleTime: Number.POSITIVE_INFINITY, structuralSharing: newer });

/** An answer that was under way while events came in must not take the run back. */
function newer(known: unknown, answer: unknown): unknown {
  return ((known as RunView | undefined)?.last_seq ?? 0) > (answer as RunView).last_seq ? known : answer;
}

export const definitionQuery = (id: string) =>
  queryOptions({ queryKey: ["run", id, "definition"], queryFn: () => client.definition(id), staleTime: Number.POSITIVE_INFINITY });

/** A run can go round for weeks: of its history the page holds this much of the end, and asks for more when someone looks. */
const RECENT_EVENTS = 2000;

/** The end of the history. The stream adds to it. */
export const eventsQuery = (id: string, last: number) =>
  queryOptions({
    queryKey: ["run", id, "events"],
    queryFn: async (): Promise<RunEvents> => {
      const events: RunEvent[] = [];
      for (let after = Math.max(0, last - RECENT_EVENTS); ; after = events.at(-1)?.seq ?? after) {
        const page = await client.events(id, after);
        events.push(...page.events);
        if (page.events.length === 0 || page.last_seq >= last) return { events, last_seq: events.at(-1)?.seq ?? after };
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The run as it was right after an event, by the server's fold. */
export const momentQuery = (id: string, seq: number | null) =>
  queryOptions({ queryKey: ["run", id, "at", seq], queryFn: ({ signal }) => client.runAt(id, seq ?? 1, signal), enabled: seq !== null, staleTime: Number.POSITIVE_INFINITY, gcTime: 60_000, placeholderData: keepPreviousData });
