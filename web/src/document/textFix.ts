/** A fix that the compiler offers, as an edit: characters of a line replaced by others. */
import type { EditCommand } from "./editCommand";
import { PipelineDocument } from "./pipelineDocument";
import { applySplices } from "./splice";

export interface TextFix {
  readonly title: string;
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;
  /** In characters, line breaks included. */
  readonly length: number;
  readonly text: string;
}

export const applyFix = ({ title, line, column, length, text }: TextFix): EditCommand => ({
  label: title,
  whyNot: () => null,
  apply: (document) => {
    const from = offsetAt(document.text, line, column);
    const to = forward(document.text, from, length);
    return { ok: true, document: PipelineDocument.parse(applySplices(document.text, [{ from, to, insert: text }])) };
  },
});

/** Columns count characters, of which an emoji is one though it takes two units of a string. */
export function offsetAt(text: string, line: number, column: number): number {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const next = text.indexOf("\n", start);
    if (next === -1) return text.length;
    start = next + 1;
  }
  return forward(text, start, column - 1);
}

function forward(text: string, from: number, characters: number): number {
  let at = from;
  for (let count = 0; count < characters && at < text.length; count++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}
