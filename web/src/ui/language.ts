/** The chosen language: kept in the browser, told to the page, and to whoever draws words. */
import { useSyncExternalStore } from "react";
import { chooseLanguage, chosenLanguage, type Language, languageOf } from "../words/say";

const STORED = "loopline.language";
const listeners = new Set<() => void>();

/** Before the first words are drawn. */
export function startLanguage(): void {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(STORED);
  } catch {
    // Storage may be forbidden; the browser's languages are asked then.
  }
  take(languageOf(stored === null ? navigator.languages : [stored]));
}

export function changeLanguage(language: Language): void {
  take(language);
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // It holds for this page at least.
  }
  for (const listener of listeners) listener();
}

export function useLanguage(): Language {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosenLanguage);
}

function take(language: Language): void {
  chooseLanguage(language);
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}
