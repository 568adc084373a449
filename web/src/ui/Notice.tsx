/** A full-area state: nothing yet, not found, an error. Says what to do next. */
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

export function Notice({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children?: ReactNode }) {
  return (
    <div className="flex h-full min-h-40 flex-col items-center justify-center gap-3 px-6 py-8 text-center">
      <span className="grid size-10 place-items-center rounded-card border border-line bg-surface text-faint shadow-raised">
        <Icon aria-hidden size={19} />
      </span>
      <div className="max-w-md space-y-1">
        <h2 className="text-title font-semibold">{title}</h2>
        <div className="text-body text-muted">{children}</div>
      </div>
    </div>
  );
}
