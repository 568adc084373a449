/** One key of a step in the form. What was typed is written when the field is left, or with Enter. */
import { X } from "lucide-react";
import { useId, useState } from "react";
import { isPlainMap, type Plain } from "../document/plainValue";
import { CONTROL } from "../ui/SchemaField";
import { say } from "../words/say";
import type { StepField } from "./stepSchema";

export interface StepFormFieldProps {
  readonly field: StepField;
  readonly value: Plain | undefined;
  readonly refusal: string | null;
  readonly onCommit: (value: Plain | undefined) => void;
  readonly onShowText: () => void;
  /** The field has the focus, and this stands in it. */
  readonly onWrite?: (text: string) => void;
  /** What is shown is understood and not written, so there is nothing to remove. */
  readonly fixed?: boolean;
}

export function StepFormField({ field, value, refusal, onCommit, onShowText, onWrite, fixed = false }: StepFormFieldProps) {
  const id = useId();
  const shown = typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
  const [typed, setTyped] = useState<{ over: string; text: string } | null>(null);
  // What came from elsewhere in the meantime wins over what was typed on top of something older.
  const text = typed !== null && typed.over === shown ? typed.text : shown;
  const nested = field.kind === "text-only" || Array.isArray(value) || isPlainMap(value);
  const wrong = text !== "" && field.pattern !== null && !new RegExp(field.pattern).test(text) ? say("form.pattern", { example: field.example }) : field.kind === "integer" && text !== "" && !/^\d+$/.test(text) ? say("form.integer") : null;
  const problem = refusal ?? wrong;
  const name = field.path.join(".");
  const commit = (next: string) => {
    if (next === shown || wrong !== null) return;
    setTyped(null);
    if (next === "") onCommit(field.required ? "" : undefined);
    else onCommit(field.kind === "integer" ? Number(next) : field.kind === "boolean" ? next === "true" : next);
  };
  const common = {
    id,
    "aria-invalid": problem !== null,
    "aria-describedby": `${id}-about${problem === null ? "" : ` ${id}-problem`}`,
  };
  return (
    <div>
      <div className="mb-1 flex items-center gap-2">
        <label htmlFor={id} className="font-mono text-small font-medium">{name}</label>
        {field.required && <span className="text-micro text-faint">{say("form.required")}</span>}
        {!field.required && !fixed && value !== undefined && (
          <button type="button" aria-label={say("form.remove", { key: name })} title={say("form.remove", { key: name })} onClick={() => onCommit(undefined)} className="ml-auto rounded p-1 text-faint hover:bg-hover hover:text-ink">
            <X aria-hidden size={12} />
          </button>
        )}
      </div>
      {nested ? (
        <button type="button" id={id} onClick={onShowText} className="h-8 w-full rounded-control border border-dashed border-edge px-2.5 text-left text-small text-muted hover:bg-hover">
          {say("form.nested")}
        </button>
      ) : field.kind === "choice" || field.kind === "boolean" ? (
        <select {...common} value={text} onChange={(event) => commit(event.target.value)} className={`${CONTROL} h-8`}>
          {!(field.required && text !== "") && !fixed && <option value="">—</option>}
          {(field.kind === "boolean" ? ["true", "false"] : field.choices).map((choice) => (
            <option key={choice} value={choice}>{choice}</option>
          ))}
        </select>
      ) : field.kind === "code" ? (
        <textarea
          {...common}
          value={text}
          rows={Math.min(14, Math.max(2, text.split("\n").length))}
          spellCheck={false}
          onFocus={() => onWrite?.(text)}
          onChange={(event) => {
            setTyped({ over: shown, text: event.target.value });
            onWrite?.(event.target.value);
          }}
          onBlur={() => commit(text)}
          className={`${CONTROL} py-1.5 font-mono text-small leading-5`}
        />
      ) : (
        <input
          {...common}
          value={text}
          placeholder={field.example}
          autoComplete="off"
          spellCheck={false}
          inputMode={field.kind === "integer" ? "numeric" : "text"}
          onFocus={() => onWrite?.(text)}
          onChange={(event) => {
            setTyped({ over: shown, text: event.target.value });
            onWrite?.(event.target.value);
          }}
          onBlur={() => commit(text)}
          onKeyDown={(event) => event.key === "Enter" && commit(text)}
          className={`${CONTROL} h-8`}
        />
      )}
      <p id={`${id}-about`} className="mt-1 text-micro leading-4 text-muted">{field.description}</p>
      {problem !== null && <p id={`${id}-problem`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{problem}</p>}
    </div>
  );
}
