/**
 * Finds what somebody means by a few letters: every word of theirs must be found,
 * at the beginning of the name best, then of a word, then anywhere, then as
 * letters in order. Of equal matches the shorter name is meant, however much is
 * said about it.
 */

export function rankMatches<Item>(items: readonly Item[], name: (item: Item) => string, wanted: string, more: (item: Item) => string = () => ""): Item[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...items];
  return items
    .map((item) => ({ item, cost: costOf(name(item), more(item), words) }))
    .filter(({ cost }) => cost !== null)
    .toSorted((a, b) => (a.cost ?? 0) - (b.cost ?? 0))
    .map(({ item }) => item);
}

function costOf(name: string, more: string, words: readonly string[]): number | null {
  const text = `${name} ${more}`.toLowerCase();
  let sum = name.length / 1000;
  for (const word of words) {
    const cost = costOfWord(text, word);
    if (cost === null) return null;
    sum += cost;
  }
  return sum;
}

function costOfWord(text: string, word: string): number | null {
  const at = text.indexOf(word);
  if (at === 0) return 0;
  if (at > 0) return startsWord(text, word, at) ? 1 : 2;
  return isSpread(text, word) ? 4 : null;
}

function startsWord(text: string, word: string, first: number): boolean {
  for (let at = first; at !== -1; at = text.indexOf(word, at + 1)) if (/[^\p{L}\p{N}]/u.test(text.charAt(at - 1))) return true;
  return false;
}

/** Two letters stand in order in nearly every text: that many say nothing. */
function isSpread(text: string, word: string): boolean {
  if (word.length < 3) return false;
  let at = 0;
  for (const letter of word) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
