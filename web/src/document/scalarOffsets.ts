/**
 * Maps positions in a scalar's value to positions in the text that spells it.
 *
 * White space is where YAML's styles differ (folding, indentation, line
 * endings), and no name contains any. So only the other characters are aligned,
 * one by one and in order; when they do not match, the answer is null and the
 * edit is refused rather than guessed.
 */
import type { Scalar } from "yaml";
import type { TextRange } from "./textRange";

export type OffsetMap = (range: TextRange) => TextRange;

export function scalarOffsets(text: string, scalar: Scalar): OffsetMap | null {
  if (!scalar.range || typeof scalar.value !== "string") return null;
  const spelled = spelledCharacters(text, scalar);
  const value = scalar.value;
  const starts: number[] = [];
  const ends: number[] = [];
  let next = 0;
  for (let at = 0; at < value.length; at++) {
    if (isBlank(value.charCodeAt(at))) continue;
    const character = spelled[next++];
    if (character === undefined || character.code !== value.charCodeAt(at)) return null;
    starts[at] = character.from;
    ends[at] = character.to;
  }
  if (next !== spelled.length) return null;
  return ({ from, to }) => ({ from: starts[from] ?? -1, to: ends[to - 1] ?? -1 });
}

interface SpelledCharacter {
  readonly code: number;
  readonly from: number;
  readonly to: number;
}

function spelledCharacters(text: string, scalar: Scalar): SpelledCharacter[] {
  const [start, end] = scalar.range ?? [0, 0, 0];
  switch (scalar.type) {
    case "BLOCK_LITERAL":
    case "BLOCK_FOLDED":
      // The header line (`|2-  # comment`) is not content.
      return unescaped(text, lineAfter(text, start), end);
    case "QUOTE_SINGLE":
      return singleQuoted(text, start + 1, end - 1);
    case "QUOTE_DOUBLE":
      return doubleQuoted(text, start + 1, end - 1);
    default:
      return unescaped(text, start, end);
  }
}

function unescaped(text: string, from: number, to: number): SpelledCharacter[] {
  const found: SpelledCharacter[] = [];
  for (let at = from; at < to; at++) pushUnlessBlank(found, text.charCodeAt(at), at, at + 1);
  return found;
}

function singleQuoted(text: string, from: number, to: number): SpelledCharacter[] {
  const found: SpelledCharacter[] = [];
  for (let at = from; at < to; at++) {
    const width = text[at] === "'" ? 2 : 1;
    pushUnlessBlank(found, text.charCodeAt(at), at, at + width);
    at += width - 1;
  }
  return found;
}

const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const NAMED: Readonly<Record<string, number>> = { "0": 0, a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, e: 27, N: 0x85, _: 0xa0, L: 0x2028, P: 0x2029 };

function doubleQuoted(text: string, from: number, to: number): SpelledCharacter[] {
  const found: SpelledCharacter[] = [];
  for (let at = from; at < to; ) {
    const escape = text[at] === "\\" ? text.charAt(at + 1) : null;
    if (escape === null) {
      pushUnlessBlank(found, text.charCodeAt(at), at, at + 1);
      at += 1;
      continue;
    }
    const digits = HEX_DIGITS[escape] ?? 0;
    const end = at + 2 + digits;
    const spelled = digits > 0 ? String.fromCodePoint(Number.parseInt(text.slice(at + 2, end), 16)) : String.fromCharCode(NAMED[escape] ?? escape.charCodeAt(0));
    for (let unit = 0; unit < spelled.length; unit++) pushUnlessBlank(found, spelled.charCodeAt(unit), at, end);
    at = end;
  }
  return found;
}

function pushUnlessBlank(found: SpelledCharacter[], code: number, from: number, to: number): void {
  if (!isBlank(code)) found.push({ code, from, to });
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

function lineAfter(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end + 1;
}
