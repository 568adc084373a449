/**
 * The words of the interface, in the language that was chosen. Every sentence
 * that a person reads comes from a catalogue; `{name}` in it is filled in.
 * Knows no framework, so that the rooms that decide can say why.
 */
import { english } from "./english";
import { chinese } from "./chinese";

export type Language = "en" | "zh";
export type Words = keyof typeof english;

const CATALOGUES: Readonly<Record<Language, Readonly<Record<Words, string>>>> = { en: english, zh: chinese };
let chosen: Language = "en";

export function chooseLanguage(language: Language): void {
  chosen = language;
}

export function chosenLanguage(): Language {
  return chosen;
}

/** Of several languages in order of preference, the first that there is. */
export function languageOf(preferred: readonly string[]): Language {
  for (const one of preferred) {
    if (one.toLowerCase().startsWith("zh")) return "zh";
    if (one.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}

export function say(words: Words, values: Readonly<Record<string, string | number>> = {}): string {
  return CATALOGUES[chosen][words].replace(/\{(\w+)\}/g, (hole, name: string) => (Object.hasOwn(values, name) ? String(values[name]) : hole));
}
