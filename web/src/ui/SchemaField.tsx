/** One field of a generated form, with its label, hint and error. */
import { useId } from "react";
import type { Field } from "./schemaField";
import { say } from "../words/say";

export const CONTROL = "w-full rounded-control border border-edge bg-surface px-2.5 text-body text-ink placeholder:text-faint aria-invalid:border-bad";

export interface SchemaFieldProps {
  readonly field: Field;
  readonly text: string;
  readonly error: string | null;
  readonly onChange: (text: string) => void;
}

export function SchemaField({ field, text, error, onChange }: SchemaFieldProps) {
  const id = useId();
  const described = [field.description === null ? "" : `${id}-hint`, error === null ? "" : `${id}-error`].join(" ").trim();
  const common = { id, "aria-invalid": error !== null, "aria-required": field.required, ...(described === "" ? {} : { "aria-describedby": described }) };
  return (
    <div>
      <div className="mb-1 flex items-baseline gap-2">
        <label htmlFor={id} className="font-mono text-small font-medium">{field.name}</label>
        <span className="text-micro text-faint">
          {say(`field.${field.kind}`)}
          {rangeOf(field)}
        </span>
        {field.required && <span className="ml-auto text-micro text-faint">{say("form.required")}</span>}
      </div>
      {field.kind === "boolean" ? (
        <div className="flex h-8 items-center gap-2">
          <input type="checkbox" className="size-4" checked={text === "true"} onChange={(event) => onChange(String(event.target.checked))} {...common} />
          <span className="text-body text-muted">{say(text === "true" ? "field.yes" : "field.no")}</span>
        </div>
      ) : field.kind === "choice" ? (
        <select className={`${CONTROL} h-8`} value={text} onChange={(event) => onChange(event.target.value)} {...common}>
          {(text === "" || !field.required) && <option value="">—</option>}
          {field.choices.map((choice) => (
            <option key={String(choice)} value={String(choice)}>{String(choice)}</option>
          ))}
        </select>
      ) : (
        <input
          className={`${CONTROL} h-8 ${field.kind === "string" ? "" : "font-mono"}`}
          inputMode={field.kind === "integer" ? "numeric" : field.kind === "number" ? "decimal" : "text"}
          value={text}
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
          {...common}
        />
      )}
      {field.description !== null && <p id={`${id}-hint`} className="mt-1 text-small text-muted">{field.description}</p>}
      {error !== null && <p id={`${id}-error`} role="alert" className="mt-1 text-small font-medium text-bad-ink">{error}</p>}
    </div>
  );
}

function rangeOf({ minimum, maximum }: Field): string {
  if (minimum !== null && maximum !== null) return `, ${minimum}–${maximum}`;
  if (minimum !== null) return say("field.atLeast", { minimum });
  return maximum === null ? "" : say("field.upTo", { maximum });
}
