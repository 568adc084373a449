/** What a page shows when its data did not come: not found, unreachable, not allowed, refused. */
import { CloudOff, FileQuestion, Lock, ServerCrash } from "lucide-react";
import { messageOf, Problem } from "../api/problem";
import { Button } from "./Button";
import { Notice } from "./Notice";
import { say } from "../words/say";

export function FailedToLoad({ what, error, onRetry }: { what: string; error: unknown; onRetry: () => void }) {
  const status = error instanceof Problem ? error.status : -1;
  if (status === 404) return <Notice icon={FileQuestion} title={say("load.missing", { what })}>{say("load.missing.about")}</Notice>;
  if (status === 403) {
    return (
      <Notice icon={Lock} title={say("load.forbidden", { what })}>
        <p role="alert">{messageOf(error)}</p>
        <p className="mt-1">{say("load.forbidden.about")}</p>
      </Notice>
    );
  }
  return (
    <Notice icon={status === 0 ? CloudOff : ServerCrash} title={status === 0 ? say("load.unreachable") : say("load.failed", { what })}>
      <p role="alert">{status === 0 ? say("load.again") : messageOf(error)}</p>
      <Button className="mt-4" onClick={onRetry}>{say("load.retry")}</Button>
    </Notice>
  );
}
