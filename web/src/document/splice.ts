/**
 * The only way text changes: replace a range by other text. Everything outside
 * the ranges stays byte for byte, which is what keeps comments, quoting and
 * line endings of the user.
 */

export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/** Applies splices given in any order; they must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const ordered = splices.toSorted((a, b) => a.from - b.from || a.to - b.to);
  let result = "";
  let at = 0;
  for (const splice of ordered) {
    if (splice.from < at) throw new RangeError("splices overlap");
    result += text.slice(at, splice.from) + splice.insert;
    at = splice.to;
  }
  return result + text.slice(at);
}

/** The smallest single splice that turns `before` into `after`, or null when they are equal. */
export function spliceBetween(before: string, after: string): Splice | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before.charCodeAt(head) === after.charCodeAt(head)) head++;
  let tail = 0;
  while (tail < shorter - head && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++;
  return { from: head, to: before.length - tail, insert: after.slice(head, after.length - tail) };
}
