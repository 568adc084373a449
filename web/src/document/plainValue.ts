/**
 * What a YAML text means, as plain values: aliases and merge keys followed,
 * spelling forgotten. An edit is judged by it: the text afterwards must mean
 * what the edit intends, and nothing else may have changed.
 */
import { isScalar } from "yaml";
import type { ResolvedNode, ResolvedScalar } from "./resolvedNode";

export type Plain = string | number | boolean | null | Plain[] | PlainMap;
export interface PlainMap {
  [key: string]: Plain;
}

export function plainValue(node: ResolvedNode | null, text: string): Plain {
  if (node === null) return null;
  if (node.kind === "scalar") return plainScalar(node, text);
  if (node.kind === "seq") return node.items.map((item) => plainValue(item, text));
  const map = emptyMap();
  const merged: Plain[] = [];
  for (const { key, value } of node.pairs) {
    if (key.kind === "scalar" && key.value === "<<") {
      const from = plainValue(value, text);
      merged.push(...(Array.isArray(from) ? from : [from]));
    } else map[nameOf(key, text)] = plainValue(value, text);
  }
  // What a mapping says itself wins over what it merges; of two merges, the first.
  for (const from of merged) if (isPlainMap(from)) for (const [key, value] of Object.entries(from)) if (!(key in map)) map[key] = clonePlain(value);
  return map;
}

/** Keys may be called `__proto__`, so there is no prototype. */
export function emptyMap(): PlainMap {
  return Object.create(null) as PlainMap;
}

export function isPlainMap(value: Plain | undefined): value is PlainMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function clonePlain(value: Plain): Plain {
  if (Array.isArray(value)) return value.map(clonePlain);
  if (!isPlainMap(value)) return value;
  const copy = emptyMap();
  for (const [key, inner] of Object.entries(value)) copy[key] = clonePlain(inner);
  return copy;
}

/** The order of keys means nothing in the language. */
export function samePlain(a: Plain | undefined, b: Plain | undefined): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => samePlain(item, b[at]));
  if (isPlainMap(a)) {
    if (!isPlainMap(b)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && samePlain(a[key], b[key]));
  }
  return Object.is(a, b);
}

function nameOf(key: ResolvedNode, text: string): string {
  return key.kind === "scalar" ? String(key.value) : JSON.stringify(plainValue(key, text));
}

function plainScalar({ value, written }: ResolvedScalar, text: string): Plain {
  if (typeof value === "string") {
    // A block scalar that the file ends in lacks its last line break only until something follows.
    const cut = isScalar(written) && isBlock(written.type) && written.range?.[1] === text.length && !text.endsWith("\n") && !/^[|>][0-9]*-/.test(text.slice(written.range[0]));
    return cut && value !== "" ? `${value}\n` : value;
  }
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  return written.source ?? String(value);
}

function isBlock(type: string | undefined): boolean {
  return type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED";
}
