/**
 * Finds where a Handlebars template speaks of a step or of an input. Only holes are read: what
 * stands between them is a script, a message or a URL and none of our business.
 */
import { celReferences, type Spoken } from "./celReferences";
import type { TextRange } from "./textRange";

// Handlebars' own definition of a path segment: everything but white space and its marks.
const SEGMENT = /[^\s!"#%-,./;->@[-^`{-~]+/y;

/** The ranges of the name within `template`. */
export function templateReferences(template: string, spoken: Spoken): TextRange[] {
  return holes(template).flatMap((hole) => referencesInHole(template, hole, spoken));
}

/** The insides of all `{{ … }}` that are neither escaped nor comments. */
function holes(template: string): TextRange[] {
  const found: TextRange[] = [];
  let at = template.indexOf("{{");
  while (at !== -1) {
    const end = holeEnd(template, at);
    if (!isEscaped(template, at) && !/^\{\{~?!/.test(template.slice(at, at + 4))) found.push({ from: at + 2, to: end });
    at = template.indexOf("{{", isEscaped(template, at) ? at + 2 : end);
  }
  return found;
}

/** `\{{` is text; `\\{{` is a backslash before a hole. */
function isEscaped(template: string, at: number): boolean {
  return template[at - 1] === "\\" && template[at - 2] !== "\\";
}

function holeEnd(template: string, opening: number): number {
  if (/^\{\{~?!--/.test(template.slice(opening, opening + 6))) return indexAfter(template, "--", opening + 5);
  if (/^\{\{~?!/.test(template.slice(opening, opening + 4))) return indexOrEnd(template, "}}", opening);
  let at = opening + 2;
  while (at < template.length && !template.startsWith("}}", at)) {
    const character = template[at];
    if (character === '"' || character === "'") at = stringEnd(template, at) + 1;
    else if (character === "[") at = indexOrEnd(template, "]", at) + 1;
    else at++;
  }
  return Math.min(at, template.length);
}

function referencesInHole(template: string, hole: TextRange, spoken: Spoken): TextRange[] {
  const found: TextRange[] = [];
  let helper = "";
  let at = hole.from;
  while (at < hole.to) {
    const character = template.charAt(at);
    if (character === '"' || character === "'") {
      const end = stringEnd(template, at);
      // `{{cel "…"}}` is an expression written inside a template.
      if (helper === "cel") found.push(...celInString(template, { from: at + 1, to: end }, spoken));
      helper = "";
      at = end + 1;
      continue;
    }
    const path = pathAt(template, at, hole.to);
    if (path === null) {
      at++;
      continue;
    }
    const name = nameIn(template, path.segments, spoken.scopes);
    if (name !== null && template.slice(name.from, name.to) === spoken.name) found.push(name);
    helper = template.slice(at, path.end);
    at = path.end;
  }
  return found;
}

function celInString(template: string, inner: TextRange, spoken: Spoken): TextRange[] {
  // An escaped quote becomes blank and quote, so that offsets stay what they are.
  const source = template.slice(inner.from, inner.to).replace(/\\(["'])/g, " $1");
  return celReferences(source, spoken).map(({ from, to }) => ({ from: from + inner.from, to: to + inner.from }));
}

/** The second segment of a path that begins with one of the words. */
function nameIn(template: string, segments: readonly TextRange[], scopes: ReadonlySet<string>): TextRange | null {
  const text = (range: TextRange | undefined) => (range === undefined ? "" : template.slice(range.from, range.to));
  let first = 0;
  while (["this", "root", "..", "."].includes(text(segments[first]))) first++;
  return scopes.has(text(segments[first])) ? (segments[first + 1] ?? null) : null;
}

/** Reads `a.b/c`, `../a.b`, `@root.a.[b c]`; null where no path begins. */
function pathAt(template: string, from: number, limit: number): { segments: TextRange[]; end: number } | null {
  const segments: TextRange[] = [];
  let at = template[from] === "@" ? from + 1 : from;
  for (;;) {
    const segment = segmentAt(template, at);
    if (segment === null || segment.to > limit) break;
    segments.push(segment.inner);
    at = segment.to;
    if ((template[at] === "." || template[at] === "/") && at + 1 < limit) at++;
    else break;
  }
  return segments.length === 0 ? null : { segments, end: at };
}

function segmentAt(template: string, at: number): { inner: TextRange; to: number } | null {
  if (template.startsWith("..", at)) return { inner: { from: at, to: at + 2 }, to: at + 2 };
  if (template.startsWith("./", at)) return { inner: { from: at, to: at + 1 }, to: at + 1 };
  if (template[at] === "[") {
    const end = indexOrEnd(template, "]", at);
    return { inner: { from: at + 1, to: end }, to: end + 1 };
  }
  SEGMENT.lastIndex = at;
  return SEGMENT.exec(template) === null ? null : { inner: { from: at, to: SEGMENT.lastIndex }, to: SEGMENT.lastIndex };
}

function stringEnd(template: string, opening: number): number {
  const quote = template[opening];
  for (let at = opening + 1; at < template.length; at++) {
    if (template[at] === "\\") at++;
    else if (template[at] === quote) return at;
  }
  return template.length;
}

function indexOrEnd(text: string, needle: string, from: number): number {
  const at = text.indexOf(needle, from);
  return at === -1 ? text.length : at;
}

function indexAfter(text: string, needle: string, from: number): number {
  return Math.min(indexOrEnd(text, needle, from) + needle.length, text.length);
}
