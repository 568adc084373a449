/** What was typed and not saved, kept in the browser so that a reload loses nothing. */

export interface Draft {
  readonly text: string;
  readonly baseEtag: string;
  readonly baseText: string;
}

const storageKey = (key: string) => `loopline.draft.${key}`;

export function loadDraft(key: string): Draft | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(storageKey(key)) ?? "null");
    return isDraft(value) ? value : null;
  } catch {
    return null;
  }
}

export function storeDraft(key: string, draft: Draft): void {
  try {
    localStorage.setItem(storageKey(key), JSON.stringify(draft));
  } catch {
    // A full storage must not stop anyone from typing.
  }
}

export function forgetDraft(key: string): void {
  localStorage.removeItem(storageKey(key));
}

function isDraft(value: unknown): value is Draft {
  const draft = value as Partial<Draft> | null;
  return typeof draft?.text === "string" && typeof draft.baseEtag === "string" && typeof draft.baseText === "string";
}
