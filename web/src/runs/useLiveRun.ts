/**
 * A run, kept current by its event stream. Events are applied in order; when one
 * is missing the whole run is fetched again, never guessed.
 */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { eventsUrl } from "../api/client";
import { definitionQuery, eventsQuery, runQuery } from "../api/queries";
import { followServerEvents } from "../api/serverEvents";
import type { RunEvent, RunEvents, RunView } from "../api/types";
import { applyEvent } from "../api/applyEvent";

export function useLiveRun(id: string) {
  const queries = useQueryClient();
  const run = useQuery(runQuery(id));
  const definition = useQuery(definitionQuery(id));
  // The stream ends with the run; one that is taken up again is followed anew.
  const epoch = run.data?.epoch;

  useEffect(() => {
    if (epoch === undefined) return;
    const key = runQuery(id).queryKey;
    const current = () => queries.getQueryData<RunView>(key);
    const stop = new AbortController();
    let received = current()?.last_seq ?? 0;
    void followServerEvents({
      url: () => eventsUrl(id, received),
      signal: stop.signal,
      onEvent: ({ name, data }) => {
        if (name !== "run") return;
        const event = JSON.parse(data) as RunEvent;
        received = Math.max(received, event.seq);
        remember(event);
        const before = current();
        if (before === undefined) return;
        const applied = applyEvent(before, event);
        if (applied.kind === "applied") {
          queries.setQueryData(key, applied.run);
          // The lists, and the count of approvals in the rail, follow at once.
          if (applied.run.status !== before.status) void queries.invalidateQueries({ queryKey: ["runs"] });
        }
        if (applied.kind === "gap") void queries.invalidateQueries({ queryKey: key, exact: true });
      },
    });
    const remember = (event: RunEvent) =>
      queries.setQueryData<RunEvents>(eventsQuery(id, 0).queryKey, (known) => {
        if (known === undefined || event.seq <= known.last_seq) return known;
        return { events: [...known.events, event], last_seq: event.seq };
      });
    return () => stop.abort();
  }, [id, epoch, queries]);

  return { run, definition };
}
