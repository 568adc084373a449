/** The order in which people write the keys of a step; a key that is added takes its place in it. */
import type { PairPlace } from "./pairSplices";
import { isPlainMap, type Plain } from "./plainValue";

const OPENING = ["name", "description", "needs", "join", "if"];
const LOOP = ["to", "on", "if", "max", "delay", "on_exhausted", "in_flight"];

export function placeOfKey(body: Plain | undefined, key: string): PairPlace {
  return placeAmong(body, key, OPENING, OPENING.includes(key) ? { kind: "first" } : { kind: "last" });
}

export function placeOfLoopKey(entry: Plain | undefined, key: string): PairPlace {
  return placeAmong(entry, key, LOOP, { kind: "last" });
}

function placeAmong(body: Plain | undefined, key: string, order: readonly string[], otherwise: PairPlace): PairPlace {
  const before = order.slice(0, Math.max(0, order.indexOf(key))).filter((one) => isPlainMap(body) && Object.hasOwn(body, one)).at(-1);
  return before === undefined ? otherwise : { kind: "after", key: before };
}
