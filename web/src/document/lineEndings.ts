/**
 * Translates between offsets of the document's text and offsets of a view that
 * counts every line break as one character, as CodeMirror does.
 *
 * A text whose breaks are all CRLF is shown with CRLF as its separator. In any
 * other text only LF separates lines and a stray CR stays a character, so that
 * no byte is lost by looking at it.
 */

export type LineSeparator = "\n" | "\r\n";

export function lineSeparatorOf(text: string): LineSeparator {
  const breaks = text.match(/\r\n|\n|\r/g);
  return breaks !== null && breaks.every((one) => one === "\r\n") ? "\r\n" : "\n";
}

export function toViewOffset(text: string, offset: number, separator: LineSeparator): number {
  if (separator === "\n") return offset;
  let crossed = 0;
  for (let at = text.indexOf("\r\n"); at !== -1 && at + 1 < offset; at = text.indexOf("\r\n", at + 2)) crossed++;
  return offset - crossed;
}

export function toTextOffset(text: string, viewOffset: number, separator: LineSeparator): number {
  if (separator === "\n") return viewOffset;
  let offset = viewOffset;
  for (let at = text.indexOf("\r\n"); at !== -1 && at < offset; at = text.indexOf("\r\n", at + 2)) offset++;
  return offset;
}
