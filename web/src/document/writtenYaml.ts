/**
 * Where things stand in a YAML text: the nodes that are written there, with the
 * ends of what belongs to them. Comments and blank lines belong to nobody, so
 * nothing here counts them to a value.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Pair, type ParsedNode, parseDocument, type Scalar, visit, type YAMLMap, type YAMLSeq } from "yaml";
import { say } from "../words/say";
import { CannotSplice } from "./cannotSplice";

export type Path = readonly (string | number)[];
export type WrittenPair = Pair<ParsedNode, ParsedNode | null>;
type WrittenNode = ParsedNode | null;

interface Token {
  readonly type: string;
  readonly offset: number;
  readonly source: string;
}
/** An item as the concrete syntax has it; the library's own type leaves offsets of nested tokens open. */
interface ItemToken {
  readonly start?: readonly Token[];
  readonly key?: Token | null;
  readonly sep?: readonly Token[];
  readonly value?: Token | null;
}

export class WrittenYaml {
  readonly text: string;
  readonly eol: "\n" | "\r\n";
  readonly #document: Document.Parsed;

  constructor(text: string) {
    this.text = text;
    this.eol = /\r\n/.test(text) && !/(^|[^\r])\n/.test(text) ? "\r\n" : "\n";
    this.#document = parseDocument(text, { keepSourceTokens: true, prettyErrors: false, strict: true, logLevel: "silent" });
    if (this.#document.errors.length > 0) throw new CannotSplice(say("edit.broken"));
  }

  get root(): WrittenNode {
    return this.#document.contents;
  }

  /** The node that is written at the path itself, neither behind an alias nor merged. */
  node(path: Path): WrittenNode {
    let node: WrittenNode = this.root;
    for (const step of path) {
      if (isAlias(node)) throw new CannotSplice(say("edit.alias", { name: node.source }));
      if (isMap(node)) node = (this.pair(node, String(step)).value ?? null) as WrittenNode;
      else if (isSeq(node)) node = (node.items[Number(step)] ?? null) as WrittenNode;
      else throw new CannotSplice(say("edit.absent", { key: String(step) }));
    }
    return node;
  }

  mapping(path: Path): YAMLMap.Parsed {
    const node = this.node(path);
    if (isMap(node)) return node;
    throw new CannotSplice(isAlias(node) ? say("edit.alias", { name: node.source }) : say("edit.odd", { key: String(path.at(-1) ?? "") }));
  }

  sequence(path: Path): YAMLSeq.Parsed {
    const node = this.node(path);
    if (isSeq(node)) return node;
    throw new CannotSplice(isAlias(node) ? say("edit.alias", { name: node.source }) : say("edit.odd", { key: String(path.at(-1) ?? "") }));
  }

  pair(map: YAMLMap.Parsed, key: string): WrittenPair {
    const found = this.findPair(map, key);
    if (found === null) throw new CannotSplice(map.items.some((pair) => nameOf(pair as WrittenPair) === "<<") ? say("edit.merged", { key }) : say("edit.absent", { key }));
    return found;
  }

  findPair(map: YAMLMap.Parsed, key: string): WrittenPair | null {
    return (map.items.find((pair) => nameOf(pair as WrittenPair) === key) as WrittenPair | undefined) ?? null;
  }

  /** Anchors on the way to the path that some alias refers to: a change may reach further than it seems. */
  sharedAnchors(path: Path): string[] {
    const used = new Set<string>();
    visit(this.#document, { Alias: (_, alias) => void used.add(alias.source) });
    const found: string[] = [];
    let node: WrittenNode = this.root;
    for (const step of [...path, null]) {
      if (node !== null && !isAlias(node) && node.anchor !== undefined && used.has(node.anchor)) found.push(node.anchor);
      if (step === null) break;
      if (isMap(node)) node = (this.findPair(node, String(step))?.value ?? null) as WrittenNode;
      else if (isSeq(node)) node = (node.items[Number(step)] ?? null) as WrittenNode;
      else break;
    }
    if (node !== null && !isAlias(node)) visit(node as YAMLMap, { Node: (_, inner) => void (!isAlias(inner) && inner.anchor !== undefined && used.has(inner.anchor) && found.push(inner.anchor)) });
    return found;
  }

  isFlow(node: YAMLMap.Parsed | YAMLSeq.Parsed): boolean {
    return node.srcToken?.type === "flow-collection";
  }

  /** Whether the node lies within braces or brackets, so that it cannot have lines of its own. */
  inFlow(path: Path): boolean {
    let node: WrittenNode = this.root;
    for (const step of path) {
      if ((isMap(node) || isSeq(node)) && this.isFlow(node)) return true;
      if (isMap(node)) node = (this.findPair(node, String(step))?.value ?? null) as WrittenNode;
      else if (isSeq(node)) node = (node.items[Number(step)] ?? null) as WrittenNode;
      else return false;
    }
    return (isMap(node) || isSeq(node)) && this.isFlow(node);
  }

  /** The column at which the items of a block collection begin. */
  indentOf(node: YAMLMap.Parsed | YAMLSeq.Parsed): number {
    const token = node.srcToken as { indent?: number } | undefined;
    return token?.indent ?? 0;
  }

  startOfPair(pair: WrittenPair): number {
    const item = itemOf(pair.srcToken);
    return firstMeaning(item.start) ?? item.key?.offset ?? pair.key?.range[0] ?? firstMeaning(item.sep) ?? 0;
  }

  /** Behind the last character of the pair that means something. */
  endOfPair(pair: WrittenPair): number {
    const item = itemOf(pair.srcToken);
    return endOfNode(this.text, pair.value) ?? endOfLast(item.sep) ?? pair.key?.range[1] ?? 0;
  }

  /** Behind the colon, and behind an anchor or tag of the value. */
  endOfSeparator(pair: WrittenPair): number {
    return endOfLast(itemOf(pair.srcToken).sep) ?? pair.key?.range[1] ?? 0;
  }

  startOfItem(sequence: YAMLSeq.Parsed, at: number): number {
    const item = itemOf((sequence.srcToken as { items?: unknown[] } | undefined)?.items?.[at]);
    return firstMeaning(item.start) ?? item.key?.offset ?? item.value?.offset ?? 0;
  }

  endOfItem(sequence: YAMLSeq.Parsed, at: number): number {
    const item = itemOf((sequence.srcToken as { items?: unknown[] } | undefined)?.items?.[at]);
    return endOfNode(this.text, (sequence.items[at] ?? null) as WrittenNode) ?? endOfLast(item.sep) ?? endOfLast(item.start) ?? 0;
  }

  lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  /** Before the line break. */
  lineEnd(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    if (end === -1) return this.text.length;
    return end > offset && this.text[end - 1] === "\r" ? end - 1 : end;
  }

  /** Behind the line break. */
  nextLine(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    return end === -1 ? this.text.length : end + 1;
  }

  /** Whether only white space stands before the offset on its line. */
  beginsLine(offset: number): boolean {
    return /^\uFEFF?[ ]*$/.test(this.text.slice(this.lineStart(offset), offset));
  }
}

export function nameOf(pair: WrittenPair): string {
  return isScalar(pair.key) ? String((pair.key as Scalar).value) : "";
}

function itemOf(token: unknown): ItemToken {
  return (token ?? {}) as ItemToken;
}

const TRIVIA = new Set(["space", "newline", "comment", "comma", "byte-order-mark"]);

function firstMeaning(tokens: readonly Token[] | undefined): number | undefined {
  return tokens?.find((token) => !TRIVIA.has(token.type))?.offset;
}

function endOfLast(tokens: readonly Token[] | undefined): number | undefined {
  const last = tokens?.findLast((token) => !TRIVIA.has(token.type));
  return last === undefined ? undefined : last.offset + last.source.length;
}

/** Undefined where nothing is written: a key without a value. */
function endOfNode(text: string, node: WrittenNode): number | undefined {
  if (node === null) return undefined;
  const [from, to] = node.range;
  if (isScalar(node)) {
    if (from === to) return undefined;
    if (node.type !== "BLOCK_LITERAL" && node.type !== "BLOCK_FOLDED") return to;
    const keeps = /^[|>][0-9]*\+/.test(text.slice(from, from + 4));
    const content = text.slice(from, to);
    // Blank lines behind a scalar belong to it only where it keeps them.
    return from + (keeps ? content.replace(/\r?\n$/, "") : content.trimEnd()).length;
  }
  if (isMap(node) && node.srcToken?.type === "block-map") {
    const last = node.items.at(-1) as WrittenPair | undefined;
    if (last === undefined) return to;
    const item = itemOf(last.srcToken);
    return endOfNode(text, last.value) ?? endOfLast(item.sep) ?? last.key?.range[1] ?? to;
  }
  if (isSeq(node) && node.srcToken?.type === "block-seq") {
    const item = itemOf((node.srcToken as { items?: unknown[] }).items?.[node.items.length - 1]);
    return endOfNode(text, (node.items.at(-1) ?? null) as WrittenNode) ?? endOfLast(item.sep) ?? endOfLast(item.start) ?? to;
  }
  return to;
}
