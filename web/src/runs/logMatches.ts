/** Which lines of a log hold a text, whatever its case and whatever colours stand between its letters. */

export function logMatches(lines: readonly { readonly text: string }[], count: number, text: string): number[] {
  const wanted = text.toLowerCase();
  const found: number[] = [];
  if (wanted === "") return found;
  for (let at = 0; at < count; at++) {
    const line = lines[at]?.text;
    if (line !== undefined && plain(line).toLowerCase().includes(wanted)) found.push(at);
  }
  return found;
}

function plain(line: string): string {
  // oxlint-disable-next-line no-control-regex
  return line.includes("\u001b") ? line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "") : line;
}
