/** Says that the server cannot be reached, so that nobody takes what is seen for what is. */
import { CloudOff } from "lucide-react";
import { useSyncExternalStore } from "react";
import { connection } from "../api/connection";
import { say } from "../words/say";

export function StaleNote() {
  const state = useSyncExternalStore(connection.subscribe, connection.state);
  if (state === "live") return null;
  return (
    <p role="status" className="flex shrink-0 items-center gap-2 border-b border-line bg-wait-tint px-4 py-1.5 text-small font-medium text-wait-ink sm:px-5">
      <CloudOff aria-hidden size={13} />
      {say(state === "offline" ? "stale.offline" : "stale.reconnecting")}
    </p>
  );
}
