/** Light, dark, or as the system. Read again by theme.js before the first paint. */
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark" | "system";

const STORED = "loopline.theme";
const listeners = new Set<() => void>();

export function changeTheme(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  try {
    if (next === "system") localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, next);
  } catch {
    // It holds for this page at least.
  }
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => (document.documentElement.dataset["theme"] as Theme | undefined) ?? "system",
  );
}
