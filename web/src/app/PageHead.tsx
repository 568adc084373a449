/** The head of a list page: its title, a line about it, and what can be done. */
import { type ReactNode, useEffect } from "react";

export function PageHead({ title, children }: { title: string; children?: ReactNode }) {
  usePageTitle(title);
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-3 border-b border-line bg-surface px-4 py-2.5 sm:px-6">
      <h1 className="text-title font-semibold">{title}</h1>
      {children}
    </header>
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Loopline`;
  }, [title]);
}
