/** A failure: what went wrong in words, its kind and code, the end of the output. */
import type { Failure } from "../api/types";
import { say } from "../words/say";

export function FailureBox({ failure }: { failure: Failure }) {
  return (
    <div className="max-w-3xl rounded-control border border-bad bg-bad-tint p-3">
      <p className="text-body font-medium text-bad-ink [overflow-wrap:anywhere]">{failure.message}</p>
      <p className="mt-0.5 text-small text-muted">
        {say("failure.kind", { kind: failure.kind })}
        {failure.exit_code != null && ` · ${say("failure.exit", { code: failure.exit_code })}`}
        {failure.status != null && ` · ${say("failure.status", { status: failure.status })}`}
      </p>
      {failure.tail != null && failure.tail !== "" && (
        <pre tabIndex={0} aria-label={say("failure.tail")} className="mt-2 max-h-48 overflow-auto rounded border border-line bg-surface p-2 text-small whitespace-pre-wrap">{failure.tail}</pre>
      )}
      {failure.cause != null && (
        <div className="mt-2 border-l-2 border-bad pl-3">
          <p className="text-small text-muted">{say("failure.cause", { kind: failure.cause.kind, message: failure.cause.message })}</p>
        </div>
      )}
    </div>
  );
}
