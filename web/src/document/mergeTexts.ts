/**
 * Merges two changes of one text, line by line. What only one side has changed is
 * taken; where both have, people decide. Lines keep their bytes, endings included.
 */

export type MergePart =
  | { readonly kind: "same" | "theirs" | "mine"; readonly text: string }
  | { readonly kind: "conflict"; readonly base: string; readonly theirs: string; readonly mine: string };

export function mergeTexts(base: string, theirs: string, mine: string): MergePart[] {
  const [b, t, m] = [linesOf(base), linesOf(theirs), linesOf(mine)];
  const [inTheirs, inMine] = [matchedLines(b, t), matchedLines(b, m)];
  const parts: MergePart[] = [];
  let at = { base: 0, theirs: 0, mine: 0 };
  while (at.base < b.length || at.theirs < t.length || at.mine < m.length) {
    // The next line that all three have.
    let next = at.base;
    while (next < b.length && ((inTheirs[next] ?? -1) < at.theirs || (inMine[next] ?? -1) < at.mine)) next++;
    const to = next < b.length ? { base: next, theirs: inTheirs[next] ?? t.length, mine: inMine[next] ?? m.length } : { base: b.length, theirs: t.length, mine: m.length };
    parts.push(...changed(b.slice(at.base, to.base).join(""), t.slice(at.theirs, to.theirs).join(""), m.slice(at.mine, to.mine).join("")));
    if (next < b.length) parts.push({ kind: "same", text: b[next] ?? "" });
    at = next < b.length ? { base: to.base + 1, theirs: to.theirs + 1, mine: to.mine + 1 } : to;
  }
  return joined(parts);
}

function changed(base: string, theirs: string, mine: string): MergePart[] {
  if (theirs === mine) return theirs === "" ? [] : [{ kind: "same", text: theirs }];
  if (theirs === base) return [{ kind: "mine", text: mine }];
  if (mine === base) return [{ kind: "theirs", text: theirs }];
  return [{ kind: "conflict", base, theirs, mine }];
}

function joined(parts: readonly MergePart[]): MergePart[] {
  const all: MergePart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (last !== undefined && part.kind !== "conflict" && last.kind === part.kind) all[all.length - 1] = { kind: part.kind, text: last.text + part.text };
    else all.push(part);
  }
  return all;
}

/** Each with its ending. */
function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/);
}

/** For each line of `from` the line of `to` that it is, or -1: a longest common subsequence (Myers). */
function matchedLines(from: readonly string[], to: readonly string[]): number[] {
  const matched = from.map(() => -1);
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) matched[start] = start++;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end]) {
    matched[from.length - 1 - end] = to.length - 1 - end;
    end++;
  }
  const [a, b] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
  for (const [x, y] of shortestPath(a, b)) matched[start + x] = start + y;
  return matched;
}

/** The pairs of equal lines on a shortest way from one to the other. */
function shortestPath(a: readonly string[], b: readonly string[]): [number, number][] {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  for (let edits = 0; edits <= a.length + b.length; edits++) {
    trace.push(new Map(furthest));
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down = diagonal === -edits || (diagonal !== edits && (furthest.get(diagonal - 1) ?? 0) < (furthest.get(diagonal + 1) ?? 0));
      let x = down ? (furthest.get(diagonal + 1) ?? 0) : (furthest.get(diagonal - 1) ?? 0) + 1;
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      furthest.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return walkBack(a, b, trace);
    }
  }
  return [];
}

function walkBack(a: readonly string[], b: readonly string[], trace: readonly ReadonlyMap<number, number>[]): [number, number][] {
  const pairs: [number, number][] = [];
  let [x, y] = [a.length, b.length];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const before = trace[edits] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = diagonal === -edits || (diagonal !== edits && (before.get(diagonal - 1) ?? 0) < (before.get(diagonal + 1) ?? 0));
    const from = down ? diagonal + 1 : diagonal - 1;
    const fromX = before.get(from) ?? 0;
    while (x > fromX && y > fromX - from && x > 0 && y > 0) pairs.push([--x, --y]);
    [x, y] = [fromX, fromX - from];
  }
  return pairs.toReversed();
}
