/** How far something goes: everywhere, or only to those that are picked. */
import { useId } from "react";

export interface ReachProps {
  readonly legend: string;
  readonly everywhere: string;
  readonly only: string;
  readonly choices: readonly string[];
  /** Null: everywhere. */
  readonly picked: ReadonlySet<string> | null;
  readonly onChange: (picked: ReadonlySet<string> | null) => void;
}

export function Reach({ legend, everywhere, only, choices, picked, onChange }: ReachProps) {
  const id = useId();
  const toggle = (choice: string) => {
    const next = new Set(picked);
    if (!next.delete(choice)) next.add(choice);
    onChange(next);
  };
  return (
    <fieldset>
      <legend className="mb-1 text-small font-medium">{legend}</legend>
      <label className="flex h-8 items-center gap-2">
        <input type="radio" name={id} checked={picked === null} onChange={() => onChange(null)} />
        {everywhere}
      </label>
      <label className="flex h-8 items-center gap-2">
        <input type="radio" name={id} checked={picked !== null} disabled={choices.length === 0} onChange={() => onChange(new Set())} />
        {only}
      </label>
      {picked !== null && (
        <div className="mt-1 ml-6 max-h-40 space-y-1 overflow-auto">
          {choices.map((choice) => (
            <label key={choice} className="flex h-7 items-center gap-2 font-mono text-small">
              <input type="checkbox" checked={picked.has(choice)} onChange={() => toggle(choice)} />
              {choice}
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
