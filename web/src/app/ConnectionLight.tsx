/** Whether the page is live, reconnecting or offline: a dot and the word. */
import { useSyncExternalStore } from "react";
import { connection } from "../api/connection";

const COLOURS = { live: "bg-ok", reconnecting: "bg-wait animate-breathe", offline: "bg-bad" } as const;
const WORDS = { live: "Live", reconnecting: "Reconnecting", offline: "Offline" } as const;

export function ConnectionLight() {
  const state = useSyncExternalStore(connection.subscribe, connection.state);
  return (
    <span role="status" aria-label={`Connection: ${WORDS[state]}`} className="flex items-center gap-1.5 px-1 text-small text-muted">
      <span aria-hidden className={`size-2 rounded-full ${COLOURS[state]}`} />
      <span className="max-sm:sr-only">{WORDS[state]}</span>
    </span>
  );
}
