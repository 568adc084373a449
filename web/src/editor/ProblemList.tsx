/** What the compiler found: code, place, message, fix. A click goes to the line. */
import { CircleCheck, CircleX, Info, TriangleAlert } from "lucide-react";
import type { Diagnostic } from "../api/types";
import { type Severity, severityOf } from "./severity";

const ICONS = { error: CircleX, warning: TriangleAlert, hint: Info } as const;
const COLOURS = { error: "text-bad-ink", warning: "text-wait-ink", hint: "text-muted" } as const;

export function ProblemList({ diagnostics, onGo }: { diagnostics: readonly Diagnostic[]; onGo: (diagnostic: Diagnostic) => void }) {
  const count = (severity: Severity, word: string) => {
    const number = diagnostics.filter((one) => severityOf(one) === severity).length;
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? "" : "s"}`];
  };
  const summary = [...count("error", "error"), ...count("warning", "warning"), ...count("hint", "hint")].join(", ");
  return (
    <section aria-label="Problems" className="flex max-h-44 shrink-0 flex-col border-t border-line bg-surface">
      <h2 role="status" className="flex items-center gap-1.5 px-4 py-2 text-small font-medium text-muted">
        {summary === "" ? (
          <>
            <CircleCheck aria-hidden size={14} className="text-ok-ink" /> No problems
          </>
        ) : (
          summary
        )}
      </h2>
      {diagnostics.length > 0 && (
        <ul className="min-h-0 overflow-auto pb-1">
          {diagnostics.map((diagnostic) => {
            const severity = severityOf(diagnostic);
            const Icon = ICONS[severity];
            return (
              <li key={`${diagnostic.code} ${diagnostic.line} ${diagnostic.column} ${diagnostic.message}`}>
                <button type="button" onClick={() => onGo(diagnostic)} className="flex w-full items-start gap-2 px-4 py-1 text-left hover:bg-hover focus-visible:outline-offset-[-2px]">
                  <Icon aria-label={severity} size={14} className={`mt-[3px] shrink-0 ${COLOURS[severity]}`} />
                  <span className="min-w-0 flex-1">
                    <span className="[overflow-wrap:anywhere]">{diagnostic.message}</span>
                    {diagnostic.help != null && <span className="text-muted"> — {diagnostic.help}</span>}
                  </span>
                  <span className="shrink-0 font-mono text-small text-faint">
                    {diagnostic.code} · {diagnostic.line}:{diagnostic.column}
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
