/** What an import gives: a pipeline, and what of the source it could not say. */
import type { Words } from "../../words/say";
import type { Plain } from "../plainValue";

export type Imported =
  | { readonly ok: true; readonly name: string; readonly yaml: string; readonly notes: readonly Note[] }
  | { readonly ok: false; readonly reason: { readonly words: Words; readonly detail: string } };

/** Something that was not carried over: where it stood, and what. */
export interface Note {
  readonly where: string;
  readonly what: string;
}

/** A value, with comments that stand above it. */
export interface Carried {
  readonly value: Record<string, unknown>;
  readonly comments: readonly string[];
}

export class Notes {
  readonly #all: Note[] = [];

  get all(): readonly Note[] {
    return this.#all;
  }

  lost(where: string, what: string): void {
    if (!this.#all.some((one) => one.where === where && one.what === what)) this.#all.push({ where, what });
  }
}

/** A name as the language has them, and none of those that are taken. */
export function freeName(text: string, joint: "_" | "-", taken: readonly string[]): string {
  const name = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, joint)
    .replace(/^[^a-z]+/, "")
    .replace(/[_-]+$/, "")
    .slice(0, 60);
  const base = name === "" ? "imported" : name;
  for (let count = 1; ; count++) {
    const tried = count === 1 ? base : `${base}${joint}${count}`;
    if (!taken.includes(tried)) return tried;
  }
}

/** A text or a list of texts. */
export function textsOf(value: Plain | undefined): string[] {
  return (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).filter((one) => typeof one !== "object").map(String);
}
