/** What the compiler found: code, place, message, help, and fixes that are spliced into the text. */
import { CircleCheck, CircleX, Info, TriangleAlert, Wrench } from "lucide-react";
import type { Diagnostic } from "../api/types";
import type { TextFix } from "../document/textFix";
import { say } from "../words/say";
import { severityOf } from "./severity";

const ICONS = { error: CircleX, warning: TriangleAlert, hint: Info } as const;
const COLOURS = { error: "text-bad-ink", warning: "text-wait-ink", hint: "text-muted" } as const;

export interface ProblemListProps {
  readonly diagnostics: readonly Diagnostic[];
  /** Whether they speak of the text as it stands: a fix of another text would hit a wrong place. */
  readonly current: boolean;
  readonly onGo: (diagnostic: Diagnostic) => void;
  readonly onFix: (fix: TextFix) => void;
}

export function ProblemList({ diagnostics, current, onGo, onFix }: ProblemListProps) {
  if (diagnostics.length === 0) {
    return (
      <p className="flex items-center gap-2 px-4 py-3 text-body text-muted">
        <CircleCheck aria-hidden size={15} className="text-ok-ink" />
        {say("problems.none")}
      </p>
    );
  }
  return (
    <ul aria-label={say("problems.title")} className="h-full overflow-auto py-1">
      {diagnostics.map((diagnostic) => {
        const severity = severityOf(diagnostic);
        const Icon = ICONS[severity];
        return (
          <li key={`${diagnostic.code} ${diagnostic.line} ${diagnostic.column} ${diagnostic.message}`} className="border-b border-line px-4 py-2 last:border-b-0">
            <button type="button" onClick={() => onGo(diagnostic)} className="flex w-full items-start gap-2 rounded text-left hover:bg-hover">
              <Icon aria-label={say(`problems.${severity}`)} size={14} className={`mt-[3px] shrink-0 ${COLOURS[severity]}`} />
              <span className="min-w-0 flex-1">
                <span className="font-medium [overflow-wrap:anywhere]">{diagnostic.message}</span>
                {diagnostic.help != null && <span className="block text-muted [overflow-wrap:anywhere]">{diagnostic.help}</span>}
              </span>
              <span className="shrink-0 font-mono text-small text-faint">
                {diagnostic.code} · {diagnostic.line}:{diagnostic.column}
              </span>
            </button>
            {diagnostic.fixes.map((fix) => (
              <button
                key={`${fix.line} ${fix.column} ${fix.text}`}
                type="button"
                disabled={!current}
                onClick={() => onFix(fix)}
                className="mt-1.5 ml-5.5 flex items-center gap-1.5 rounded-control border border-line bg-raised px-2 py-1 text-small font-medium text-accent-ink hover:border-accent hover:bg-accent-tint disabled:opacity-60"
              >
                <Wrench aria-hidden size={12} />
                {fix.title}
              </button>
            ))}
          </li>
        );
      })}
    </ul>
  );
}
