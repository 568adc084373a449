/** Splices that add a pair to a mapping or take one out, in block and in flow style. */
import { isMap, type YAMLMap } from "yaml";
import { say } from "../words/say";
import { CannotSplice } from "./cannotSplice";
import { insertIntoFlow, removeFromFlow } from "./flowSplices";
import type { Plain } from "./plainValue";
import { spellInline, spellKey, spellPair } from "./scalarSpelling";
import type { Splice } from "./splice";
import { nameOf, type Path, type WrittenPair, type WrittenYaml } from "./writtenYaml";

export type PairPlace = { readonly kind: "first" | "last" } | { readonly kind: "after"; readonly key: string };

export function insertPair(yaml: WrittenYaml, above: Path, key: string, value: Plain, place: PairPlace): Splice[] {
  if (yaml.root === null) return appendToEmpty(yaml, spellPair(key, value, 0, 2));
  const mapping = yaml.mapping(above);
  if (yaml.isFlow(mapping)) {
    if (mapping.items.length === 0 && !yaml.inFlow(above.slice(0, -1))) {
      const margin = marginBelow(yaml, above);
      return replaceEmpty(yaml, mapping, spellPair(key, value, margin, 2));
    }
    const inline = `${spellKey(key)}: ${spellInline(value, "flow")}`;
    return insertIntoFlow(yaml, mapping, inline, flowIndex(mapping, place));
  }
  const indent = yaml.indentOf(mapping);
  const neighbour = neighbourOf(yaml, mapping, place);
  const lines = wantsOneLine(yaml, neighbour, value) ? [`${" ".repeat(indent)}${spellKey(key)}: ${spellInline(value, "block")}`] : spellPair(key, value, indent, stepOf(yaml, mapping));
  return insertBlockLines(yaml, above, mapping, apart(yaml, above, mapping, lines), place);
}

/** `lines` begin at column 0; in a flow mapping they are written on one line, by their value. */
export function insertPairLines(yaml: WrittenYaml, above: Path, key: string, lines: readonly string[], value: Plain, place: PairPlace): Splice[] {
  const mapping = yaml.mapping(above);
  if (yaml.isFlow(mapping) && (mapping.items.length > 0 || yaml.inFlow(above.slice(0, -1)))) return insertPair(yaml, above, key, value, place);
  if (yaml.isFlow(mapping)) {
    const margin = " ".repeat(marginBelow(yaml, above));
    return replaceEmpty(yaml, mapping, lines.map((line) => (line === "" ? line : margin + line)));
  }
  const margin = " ".repeat(yaml.indentOf(mapping));
  return insertBlockLines(yaml, above, mapping, apart(yaml, above, mapping, lines.map((line) => (line === "" ? line : margin + line))), place);
}

/** Where steps stand apart by blank lines, a new one does too. */
function apart(yaml: WrittenYaml, above: Path, mapping: YAMLMap.Parsed, lines: readonly string[]): readonly string[] {
  if (above.length !== 1 || above[0] !== "steps" || mapping.items.length < 2) return lines;
  const pairs = mapping.items as WrittenPair[];
  const gaps = pairs.slice(1).filter((pair, at) => /\n[ \t]*\r?\n/.test(yaml.text.slice(yaml.endOfPair(pairs[at] as WrittenPair), yaml.startOfPair(pair)))).length;
  return gaps * 2 > pairs.length - 1 ? ["", ...lines] : lines;
}

export function removePair(yaml: WrittenYaml, above: Path, key: string): Splice[] {
  const mapping = yaml.mapping(above);
  const pair = yaml.pair(mapping, key);
  const at = mapping.items.indexOf(pair);
  if (yaml.isFlow(mapping)) return removeFromFlow(yaml, mapping, at);
  const [from, to] = [yaml.startOfPair(pair), yaml.endOfPair(pair)];
  const next = mapping.items[at + 1] as WrittenPair | undefined;
  if (!yaml.beginsLine(from)) {
    // The first key behind a dash: the next one takes its place.
    const start = next === undefined ? null : yaml.startOfPair(next);
    if (start === null || yaml.text.slice(to, start).includes("#")) throw new CannotSplice(say("edit.unsafe"));
    return [{ from, to: start, insert: "" }];
  }
  const lines = { from: yaml.lineStart(from), to: yaml.nextLine(to), insert: "" };
  // The byte order mark stands before the first line.
  if (yaml.text[lines.from] === "\uFEFF") lines.from++;
  if (mapping.items.length === 1) {
    const parent = parentPair(yaml, above);
    if (parent === null) return [lines];
    const behind = yaml.endOfSeparator(parent);
    return [{ from: behind, to: behind, insert: " {}" }, withoutLooseEnd(yaml, lines)];
  }
  return [withoutLooseEnd(yaml, withBlankLines(yaml, mapping, at, lines))];
}

/** A file that ends without a line break still does when its last lines go. */
export function withoutLooseEnd(yaml: WrittenYaml, lines: Splice): Splice {
  if (lines.to < yaml.text.length || yaml.text.endsWith("\n") || lines.from === 0) return lines;
  return { ...lines, from: yaml.lineEnd(yaml.lineStart(lines.from - 1)) };
}

/** Blank lines on both sides of what is taken out become those of one side. */
function withBlankLines(yaml: WrittenYaml, mapping: YAMLMap.Parsed, at: number, lines: Splice): Splice {
  const isBlank = (from: number) => from < yaml.text.length && /^[ \t]*\r?(\n|$)/.test(yaml.text.slice(from, yaml.nextLine(from)));
  const before = lines.from === 0 ? -1 : yaml.lineStart(lines.from - 1);
  const previous = mapping.items[at - 1] as WrittenPair | undefined;
  const opens = previous === undefined || (before >= 0 && isBlank(before) && before > yaml.endOfPair(previous));
  const last = at === mapping.items.length - 1;
  if (!opens) return lines;
  let { from, to } = lines;
  if (!last) while (isBlank(to)) to = yaml.nextLine(to);
  else if (previous !== undefined && (to >= yaml.text.length || isBlank(to))) {
    const keeps = /[|>][0-9]*\+/.test(yaml.text.slice(yaml.startOfPair(previous), yaml.endOfPair(previous)));
    if (keeps) return lines;
    while (from > 0 && isBlank(yaml.lineStart(from - 1)) && yaml.lineStart(from - 1) > yaml.endOfPair(previous)) from = yaml.lineStart(from - 1);
  }
  return { from, to, insert: "" };
}

function insertBlockLines(yaml: WrittenYaml, above: Path, mapping: YAMLMap.Parsed, lines: readonly string[], place: PairPlace): Splice[] {
  const top = place.kind === "first" ? topOfBlock(yaml, above, mapping) : null;
  if (top !== null) return [{ from: top, to: top, insert: lines.map((line) => line + yaml.eol).join("") }];
  const neighbour = neighbourOf(yaml, mapping, place);
  const at = yaml.lineEnd(yaml.endOfPair(neighbour));
  return [{ from: at, to: at, insert: lines.map((line) => yaml.eol + line).join("") }];
}

/** The line below the mapping's own key, before comments that speak of the first pair; null where there is none. */
function topOfBlock(yaml: WrittenYaml, above: Path, mapping: YAMLMap.Parsed): number | null {
  const parent = parentPair(yaml, above);
  const first = mapping.items[0] as WrittenPair | undefined;
  if (parent === null || first === undefined) return null;
  const [behind, start] = [yaml.endOfSeparator(parent), yaml.startOfPair(first)];
  const gap = yaml.text.slice(behind, start);
  return /^[ \t]*(#[^\n]*)?\r?\n/.test(gap) && yaml.beginsLine(start) ? yaml.nextLine(behind) : null;
}

function neighbourOf(yaml: WrittenYaml, mapping: YAMLMap.Parsed, place: PairPlace): WrittenPair {
  if (place.kind === "after") return yaml.pair(mapping, place.key);
  return mapping.items.at(place.kind === "first" ? 0 : -1) as WrittenPair;
}

function flowIndex(mapping: YAMLMap.Parsed, place: PairPlace): number {
  if (place.kind === "first") return 0;
  const at = place.kind === "after" ? mapping.items.findIndex((pair) => nameOf(pair as WrittenPair) === place.key) : -1;
  return at === -1 ? mapping.items.length : at + 1;
}

/** A step among steps that stand on one line each stands on one line too. */
function wantsOneLine(yaml: WrittenYaml, neighbour: WrittenPair, value: Plain): boolean {
  if (typeof value !== "object" || value === null) return false;
  const inline = spellInline(value, "block");
  return isMap(neighbour.value) && yaml.isFlow(neighbour.value as YAMLMap.Parsed) && inline.length <= 90 && !inline.includes("\\n");
}

function stepOf(yaml: WrittenYaml, mapping: YAMLMap.Parsed): number {
  const own = yaml.indentOf(mapping);
  for (const pair of mapping.items) {
    if (!isMap(pair.value) || yaml.isFlow(pair.value as YAMLMap.Parsed)) continue;
    const deeper = yaml.indentOf(pair.value as YAMLMap.Parsed) - own;
    if (deeper > 0) return deeper;
  }
  return own > 0 && own <= 4 ? own : 2;
}

function marginBelow(yaml: WrittenYaml, path: Path): number {
  const parent = yaml.mapping(path.slice(0, -1));
  return yaml.indentOf(parent) + stepOf(yaml, parent);
}

/** `{}` gives way to lines of a block. */
function replaceEmpty(yaml: WrittenYaml, mapping: YAMLMap.Parsed, lines: readonly string[]): Splice[] {
  const [from, to] = mapping.range;
  if (/^[ \t]*(#|$)/.test(yaml.text.slice(to, yaml.lineEnd(to))) && !/#/.test(yaml.text.slice(from, to))) {
    const end = yaml.lineEnd(to);
    const blank = /[ \t]$/.test(yaml.text.slice(0, from)) && yaml.lineEnd(to) === to ? from - 1 : from;
    return [
      { from: blank, to, insert: "" },
      { from: end, to: end, insert: lines.map((line) => yaml.eol + line).join("") },
    ];
  }
  throw new CannotSplice(say("edit.unsafe"));
}

function appendToEmpty(yaml: WrittenYaml, lines: readonly string[]): Splice[] {
  const at = yaml.text.length;
  const gap = at > 0 && !/(^\uFEFF?|\n)$/.test(yaml.text) ? yaml.eol : "";
  return [{ from: at, to: at, insert: gap + lines.map((line) => line + yaml.eol).join("") }];
}

function parentPair(yaml: WrittenYaml, above: Path): WrittenPair | null {
  const key = above.at(-1);
  if (key === undefined) return null;
  const parent = yaml.node(above.slice(0, -1));
  return isMap(parent) ? yaml.findPair(parent as YAMLMap.Parsed, String(key)) : null;
}
