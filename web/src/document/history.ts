/**
 * Undo and redo over texts. A revision is the whole text: undo cannot differ
 * from what was there by a single byte. Typing joins into one step while it
 * goes on; a command is always a step of its own.
 */

export interface Revision {
  readonly text: string;
  /** What led to this text, for the tooltip of undo and redo. */
  readonly label: string;
  /** Revisions of the same non-null group are undone together. */
  readonly group: string | null;
}

export interface History {
  readonly past: readonly Revision[];
  readonly present: Revision;
  readonly future: readonly Revision[];
}

const MOST_REVISIONS = 500;

export function startHistory(text: string): History {
  return { past: [], present: { text, label: "", group: null }, future: [] };
}

export function record(history: History, revision: Revision): History {
  const { past, present } = history;
  if (revision.text === present.text) return history;
  const joins = revision.group !== null && revision.group === present.group && past.length > 0;
  return { past: joins ? past : [...past, present].slice(-MOST_REVISIONS), present: revision, future: [] };
}

export function undo(history: History): History {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return { past: history.past.slice(0, -1), present: sealed(before), future: [history.present, ...history.future] };
}

export function redo(history: History): History {
  const [next, ...rest] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: sealed(next), future: rest };
}

// What is typed after an undo is a new step, not a continuation of the old one.
function sealed(revision: Revision): Revision {
  return { ...revision, group: null };
}
