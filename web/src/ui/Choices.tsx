/** One of a few, all in sight. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export function Choices({ legend, children }: { legend: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-small font-medium text-muted">{legend}</legend>
      <div className="flex flex-wrap gap-2">{children}</div>
    </fieldset>
  );
}

export function Choice({ group, icon: Icon, label, lang, checked, disabled = false, onChoose }: { group: string; icon: LucideIcon; label: string; lang?: string; checked: boolean; disabled?: boolean; onChoose: () => void }) {
  return (
    <label
      {...(lang === undefined ? {} : { lang })}
      className="flex h-10 min-w-36 cursor-pointer items-center gap-2 rounded-control border border-line bg-surface px-3 font-medium shadow-raised hover:border-edge has-checked:border-accent has-checked:bg-accent-tint has-checked:text-accent-ink has-disabled:cursor-default has-disabled:text-faint has-disabled:shadow-none has-disabled:hover:border-line has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-focus"
    >
      <input type="radio" name={group} checked={checked} disabled={disabled} onChange={onChoose} className="sr-only" />
      <Icon aria-hidden size={15} />
      {label}
    </label>
  );
}
