/**
 * The document as YAML means it: aliases replaced by what they stand for. Each
 * scalar still knows the node it is written in, so an edit of the meaning can be
 * brought back to the text, and two documents can be compared by meaning.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type ParsedNode, type Scalar } from "yaml";

export type ResolvedNode = ResolvedScalar | ResolvedMap | ResolvedSeq;

export interface ResolvedScalar {
  readonly kind: "scalar";
  readonly value: unknown;
  readonly written: Scalar;
}

export interface ResolvedPair {
  readonly key: ResolvedNode;
  readonly value: ResolvedNode | null;
}

export interface ResolvedMap {
  readonly kind: "map";
  readonly pairs: readonly ResolvedPair[];
  readonly range: readonly [number, number];
}

export interface ResolvedSeq {
  readonly kind: "seq";
  readonly items: readonly ResolvedNode[];
}

/** The language refuses documents with more nodes than this after expansion. */
const MOST_NODES = 100_000;

export class TooManyNodes extends Error {}

export function resolve(document: Document.Parsed): ResolvedNode | null {
  let count = 0;
  const visit = (node: ParsedNode | null): ResolvedNode | null => {
    if (++count > MOST_NODES) throw new TooManyNodes("the document grows too large when its aliases are expanded");
    if (node === null) return null;
    if (isAlias(node)) return visit((node.resolve(document) ?? null) as ParsedNode | null);
    if (isScalar(node)) return { kind: "scalar", value: node.value, written: node };
    if (isSeq(node)) return { kind: "seq", items: node.items.flatMap((item) => visit(item as ParsedNode) ?? []) };
    if (!isMap(node)) return null;
    const pairs = node.items.flatMap((pair) => {
      const key = visit(pair.key);
      return key === null ? [] : [{ key, value: visit(pair.value as ParsedNode | null) }];
    });
    return { kind: "map", pairs, range: [node.range[0], node.range[1]] };
  };
  return visit(document.contents);
}

/** Compares by meaning; `agrees` judges a scalar against the value found in its place. */
export function meansTheSame(
  before: ResolvedNode | null,
  after: ResolvedNode | null,
  agrees: (scalar: ResolvedScalar, found: unknown) => boolean,
): boolean {
  if (before === null || after === null) return before === after;
  if (before.kind === "scalar") return after.kind === "scalar" && agrees(before, after.value);
  if (before.kind === "seq") {
    return (
      after.kind === "seq" &&
      before.items.length === after.items.length &&
      before.items.every((item, at) => meansTheSame(item, after.items[at] ?? null, agrees))
    );
  }
  return (
    after.kind === "map" &&
    before.pairs.length === after.pairs.length &&
    before.pairs.every((pair, at) => {
      const other = after.pairs[at];
      return other !== undefined && meansTheSame(pair.key, other.key, agrees) && meansTheSame(pair.value, other.value, agrees);
    })
  );
}

/** The pairs of a mapping by name, with those of merge keys (`<<`) in their place. */
export function entriesOf(node: ResolvedNode | null | undefined): { name: string; key: ResolvedScalar; value: ResolvedNode | null }[] {
  if (node?.kind !== "map") return [];
  return node.pairs.flatMap(({ key, value }) => {
    if (key.kind !== "scalar") return [];
    if (key.value === "<<") return value?.kind === "seq" ? value.items.flatMap(entriesOf) : entriesOf(value);
    return [{ name: String(key.value), key, value }];
  });
}

export function childOf(node: ResolvedNode | null | undefined, name: string): ResolvedNode | null {
  // The last writer is the mapping itself: merged pairs only fill what is missing.
  const own = node?.kind === "map" ? node.pairs.find(({ key }) => key.kind === "scalar" && key.value === name) : undefined;
  return own === undefined ? (entriesOf(node).find((entry) => entry.name === name)?.value ?? null) : own.value;
}
