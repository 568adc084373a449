/** Gives a value another text in its place, in the style in which it stands. */
import { isAlias, isMap, isScalar, isSeq, type ParsedNode, type YAMLMap, type YAMLSeq } from "yaml";
import { say } from "../words/say";
import { CannotSplice } from "./cannotSplice";
import type { Plain } from "./plainValue";
import { spellInline, spellLiteral, spellPair, spellString } from "./scalarSpelling";
import { type Splice, spliceBetween } from "./splice";
import type { Path, WrittenYaml } from "./writtenYaml";

export function respell(yaml: WrittenYaml, path: Path, value: Plain): Splice[] {
  const pair = yaml.pair(yaml.mapping(path.slice(0, -1)), String(path.at(-1)));
  const node = pair.value;
  const surroundings = yaml.inFlow(path.slice(0, -1)) ? "flow" : "block";
  const behind = yaml.endOfSeparator(pair);
  if (node === null || (isScalar(node) && node.range[0] === node.range[1])) {
    const [first = "", ...more] = surroundings === "block" ? linesBehindKey(yaml, path, value) : [spellInline(value, "flow")];
    const end = yaml.lineEnd(behind);
    return [{ from: behind, to: behind, insert: ` ${first}`.trimEnd() }, ...(more.length === 0 ? [] : [{ from: end, to: end, insert: more.map((line) => yaml.eol + line).join("") }])];
  }
  const [from] = node.range;
  const to = endOf(yaml, path, node);
  if (isScalar(node) && typeof value === "string" && surroundings === "block" && value.includes("\n")) {
    const block = spellLiteral(value, marginOfBlock(yaml, path, node), yaml.indentOf(yaml.mapping(path.slice(0, -1))));
    if (block !== null) return blockInPlace(yaml, node, from, to, block);
  }
  if (isScalar(node)) {
    const inline = typeof value === "string" ? spellString(value, surroundings, quotesOf(node.type)) : spellInline(value, surroundings);
    if (!/^[|>]/.test(yaml.text.slice(from, from + 1)) || node.type === "PLAIN") return narrowed(yaml, from, to, inline);
    // A block becomes one line; a comment behind its header stays.
    const header = /^[|>][0-9+-]*/.exec(yaml.text.slice(from))?.[0] ?? "|";
    const end = yaml.lineEnd(from);
    return [{ from, to: from + header.length, insert: inline }, { from: end, to: Math.max(end, to), insert: "" }];
  }
  const collection = (isMap(node) || isSeq(node)) && !yaml.isFlow(node as YAMLMap.Parsed | YAMLSeq.Parsed);
  if (collection) {
    // Lines of a block give way to what stands behind the key.
    return [{ from: behind, to: behind, insert: ` ${spellInline(value, surroundings)}` }, { from: yaml.lineEnd(behind), to, insert: "" }];
  }
  return isAlias(node) || isMap(node) || isSeq(node) ? [{ from, to, insert: spellInline(value, surroundings) }] : [];
}

function linesBehindKey(yaml: WrittenYaml, path: Path, value: Plain): string[] {
  const mapping = yaml.mapping(path.slice(0, -1));
  const [first = "", ...more] = spellPair("k", value, yaml.indentOf(mapping), 2);
  return [first.slice(yaml.indentOf(mapping) + 2).trimStart(), ...more];
}

function endOf(yaml: WrittenYaml, path: Path, node: ParsedNode): number {
  const pair = yaml.pair(yaml.mapping(path.slice(0, -1)), String(path.at(-1)));
  if (!isScalar(node) || (node.type !== "BLOCK_LITERAL" && node.type !== "BLOCK_FOLDED")) return yaml.endOfPair(pair);
  return node.range[1];
}

function quotesOf(type: string | undefined): "PLAIN" | "QUOTE_SINGLE" | "QUOTE_DOUBLE" {
  return type === "QUOTE_SINGLE" || type === "QUOTE_DOUBLE" ? type : "PLAIN";
}

function marginOfBlock(yaml: WrittenYaml, path: Path, node: ParsedNode): number {
  const own = yaml.indentOf(yaml.mapping(path.slice(0, -1)));
  const [from, to] = node.range;
  const first = isScalar(node) && /^[|>]/.test(yaml.text[from] ?? "") ? /\n([ ]+)\S/.exec(yaml.text.slice(from, to))?.[1]?.length : undefined;
  return first !== undefined && first > own ? first : own + 2;
}

/** Only the lines that differ are spliced; a comment behind the header stays where it is. */
function blockInPlace(yaml: WrittenYaml, node: ParsedNode, from: number, to: number, block: { header: string; lines: string[] }): Splice[] {
  const wasBlock = isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
  const header = wasBlock ? (/^[|>][0-9+-]*/.exec(yaml.text.slice(from))?.[0] ?? "") : yaml.text.slice(from, to);
  const bodyFrom = yaml.lineEnd(from + (wasBlock ? header.length : to - from));
  const kept = wasBlock ? trailingBlank(yaml.text.slice(bodyFrom, to), header) : 0;
  const bodyTo = wasBlock ? to - kept : bodyFrom;
  const body = block.lines.map((line) => yaml.eol + line).join("");
  const head = narrowed(yaml, from, from + header.length, block.header);
  return [...head, ...narrowed(yaml, bodyFrom, bodyTo, body)];
}

/** Line breaks behind the content, which are no part of the value, or of a part that `|+` counts. */
function trailingBlank(body: string, header: string): number {
  if (header.includes("+")) return /\r?\n$/.exec(body)?.[0].length ?? 0;
  return /[ \t\r\n]*$/.exec(body)?.[0].length ?? 0;
}

function narrowed(yaml: WrittenYaml, from: number, to: number, insert: string): Splice[] {
  const splice = spliceBetween(yaml.text.slice(from, to), insert);
  return splice === null ? [] : [{ from: from + splice.from, to: from + splice.to, insert: splice.insert }];
}

/** Another text for a scalar that stands on one line, in its own quotes: a name in a list, or a key. */
export function respellName(yaml: WrittenYaml, node: ParsedNode | null | undefined, name: string, surroundings: "block" | "flow"): Splice[] {
  if (!isScalar(node)) throw new CannotSplice(isAlias(node) ? say("edit.alias", { name: node.source }) : say("edit.unsafe"));
  return narrowed(yaml, node.range[0], node.range[1], spellString(name, surroundings, quotesOf(node.type)));
}
