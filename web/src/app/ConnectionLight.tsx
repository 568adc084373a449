/** Whether the page is live, reconnecting or offline: a dot and the word. */
import { useSyncExternalStore } from "react";
import { connection } from "../api/connection";
import { say } from "../words/say";

const COLOURS = { live: "bg-ok", reconnecting: "bg-wait animate-breathe", offline: "bg-bad" } as const;
const WORDS = { live: "frame.live", reconnecting: "frame.reconnecting", offline: "frame.offline" } as const;

export function ConnectionLight() {
  const state = useSyncExternalStore(connection.subscribe, connection.state);
  return (
    <span role="status" aria-label={say("frame.connection", { state: say(WORDS[state]) })} className="flex items-center gap-1.5 px-1 text-small text-muted">
      <span aria-hidden className={`size-2 rounded-full ${COLOURS[state]}`} />
      <span className="max-sm:sr-only">{say(WORDS[state])}</span>
    </span>
  );
}
