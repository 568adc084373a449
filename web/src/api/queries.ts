/** What the pages read, with the keys under which it is kept. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, type RunFilter } from "./client";
import type { RunView } from "./types";

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

/** Kept current by the event stream, so it is fetched once and when a gap shows. */
export const runQuery = (id: string) =>
  queryOptions({ queryKey: ["run", id], queryFn: () => client.run(id), staleTime: Number.POSITIVE_INFINITY, structuralSharing: newer });

/** An answer that was under way while events came in must not take the run back. */
function newer(known: unknown, answer: unknown): unknown {
  return ((known as RunView | undefined)?.last_seq ?? 0) > (answer as RunView).last_seq ? known : answer;
}

export const definitionQuery = (id: string) =>
  queryOptions({ queryKey: ["run", id, "definition"], queryFn: () => client.definition(id), staleTime: Number.POSITIVE_INFINITY });

export const eventsQuery = (id: string) =>
  queryOptions({ queryKey: ["run", id, "events"], queryFn: () => client.events(id), staleTime: Number.POSITIVE_INFINITY });
