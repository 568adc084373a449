/**
 * Finds where a CEL expression speaks of a step or of an input: `steps.x`,
 * `steps["x"]`, `previous.x`, `inputs.x` and their optional forms. Reads tokens rather than text, so that
 * string literals, comments, members of other things and longer names are never taken.
 */
import type { TextRange } from "./textRange";

interface Token {
  readonly kind: "name" | "string" | "number" | "mark";
  readonly text: string;
  readonly from: number;
  /** Of a string: the range between its quotes. */
  readonly inner: TextRange;
}

/** What is spoken of: a name, and the words behind which it stands. */
export interface Spoken {
  readonly name: string;
  readonly scopes: ReadonlySet<string>;
}

const MACROS = new Set(["all", "exists", "exists_one", "existsOne", "map", "filter", "transformList", "transformMap", "transformMapEntry"]);

/** The ranges of the name within `source`. */
export function celReferences(source: string, spoken: Spoken): TextRange[] {
  const tokens = tokenize(source);
  const shadowed = shadowedTokens(tokens, spoken.scopes);
  const found: TextRange[] = [];
  tokens.forEach((token, at) => {
    if (token.kind !== "name" || !spoken.scopes.has(token.text)) return;
    if (shadowed.has(at) || isMember(tokens, at)) return;
    const name = selectedName(tokens, at + 1);
    if (name !== null && source.slice(name.from, name.to) === spoken.name) found.push(name);
  });
  return found;
}

/** `.x`, `.?x`, `["x"]`, `[?"x"]` right behind the scope's name. */
function selectedName(tokens: readonly Token[], at: number): TextRange | null {
  const opening = tokens[at]?.text;
  const operand = tokens[at + 1]?.text === "?" ? at + 2 : at + 1;
  const token = tokens[operand];
  if (token === undefined) return null;
  if (opening === "." && token.kind === "name") return token.inner;
  if (opening === "[" && token.kind === "string" && tokens[operand + 1]?.text === "]") return token.inner;
  return null;
}

/** `x.steps` is a member of x; `.steps` at the start of an operand is the root's. */
function isMember(tokens: readonly Token[], at: number): boolean {
  const dot = tokens[at - 1]?.text === "?" ? at - 2 : at - 1;
  if (tokens[dot]?.text !== "." || tokens[dot]?.kind !== "mark") return false;
  const before = tokens[dot - 1];
  if (before === undefined) return false;
  return before.kind !== "mark" || before.text === ")" || before.text === "]" || before.text === "}";
}

/** Tokens inside a macro whose variable is itself called like one of the words. */
function shadowedTokens(tokens: readonly Token[], scopes: ReadonlySet<string>): Set<number> {
  const shadowed = new Set<number>();
  tokens.forEach((token, at) => {
    const isMacro = MACROS.has(token.text) && tokens[at - 1]?.text === "." && tokens[at + 1]?.text === "(";
    const variables = [tokens[at + 2], tokens[at + 4]];
    if (!isMacro || tokens[at + 3]?.text !== "," || !variables.some((one) => one?.kind === "name" && scopes.has(one.text))) return;
    // A second variable counts only where the macro has two.
    if (!scopes.has(variables[0]?.text ?? "") && tokens[at + 5]?.text !== ",") return;
    let depth = 0;
    for (let inside = at + 1; inside < tokens.length; inside++) {
      const mark = tokens[inside]?.kind === "mark" ? tokens[inside]?.text : "";
      if (mark === "(") depth++;
      if (mark === ")" && --depth === 0) break;
      shadowed.add(inside);
    }
  });
  return shadowed;
}

const STRING_OPENING = /^(?:[rR][bB]?|[bB][rR]?)?("""|'''|"|')/;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: Token["kind"], to: number, inner: TextRange = { from: at, to }) => {
    tokens.push({ kind, text: source.slice(at, to), from: at, inner });
    at = to;
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 5);
    const string = STRING_OPENING.exec(rest);
    const character = source.charAt(at);
    if (/\s/.test(character)) at++;
    else if (source.startsWith("//", at)) at = endOfLine(source, at);
    else if (string !== null) {
      const opening = string[0];
      const quote = string[1] ?? "";
      const from = at + opening.length;
      const to = endOfString(source, from, quote, /r/i.test(opening));
      push("string", Math.min(to + quote.length, source.length), { from, to });
    } else if (/[A-Za-z_]/.test(character)) push("name", matchEnd(source, at, /[A-Za-z0-9_]*/y));
    else if (/[0-9]/.test(character)) push("number", matchEnd(source, at, /[0-9A-Za-z_]*(?:\.[0-9][0-9A-Za-z_]*)?/y));
    else push("mark", at + 1);
  }
  return tokens;
}

function endOfLine(source: string, at: number): number {
  const end = source.indexOf("\n", at);
  return end === -1 ? source.length : end;
}

function endOfString(source: string, from: number, quote: string, raw: boolean): number {
  for (let at = from; at < source.length; at++) {
    if (!raw && source[at] === "\\") at++;
    else if (source.startsWith(quote, at)) return at;
  }
  return source.length;
}

function matchEnd(source: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  pattern.exec(source);
  return Math.max(pattern.lastIndex, at + 1);
}
