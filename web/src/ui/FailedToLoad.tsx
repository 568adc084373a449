/** What a page shows when its data did not come: not found, unreachable, refused. */
import { CloudOff, FileQuestion, ServerCrash } from "lucide-react";
import { messageOf, Problem } from "../api/problem";
import { Button } from "./Button";
import { Notice } from "./Notice";

export function FailedToLoad({ what, error, onRetry }: { what: string; error: unknown; onRetry: () => void }) {
  const status = error instanceof Problem ? error.status : -1;
  if (status === 404) return <Notice icon={FileQuestion} title={`There is no such ${what}`}>It may have been removed, or the address is wrong.</Notice>;
  return (
    <Notice icon={status === 0 ? CloudOff : ServerCrash} title={status === 0 ? "The server cannot be reached" : `The ${what} could not be loaded`}>
      <p role="alert">{status === 0 ? "It is tried again by itself." : messageOf(error)}</p>
      <Button className="mt-4" onClick={onRetry}>Try again</Button>
    </Notice>
  );
}
