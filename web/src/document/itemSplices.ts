/** Splices that add an item to a list or take one out, in block and in flow style. */
import { isMap, type YAMLMap } from "yaml";
import { say } from "../words/say";
import { CannotSplice } from "./cannotSplice";
import { insertIntoFlow, removeFromFlow } from "./flowSplices";
import { withoutLooseEnd } from "./pairSplices";
import { isPlainMap, type Plain } from "./plainValue";
import { spellInline, spellPair } from "./scalarSpelling";
import type { Splice } from "./splice";
import type { Path, WrittenYaml } from "./writtenYaml";

export function insertItem(yaml: WrittenYaml, path: Path, value: Plain): Splice[] {
  const list = yaml.sequence(path);
  if (yaml.isFlow(list)) return insertIntoFlow(yaml, list, spellInline(value, "flow"), list.items.length);
  const margin = " ".repeat(yaml.indentOf(list));
  const at = yaml.lineEnd(yaml.endOfItem(list, list.items.length - 1));
  const last = list.items.at(-1);
  const inLines = isPlainMap(value) && isMap(last) && !yaml.isFlow(last as YAMLMap.Parsed);
  const lines = inLines
    ? Object.entries(value).flatMap(([key, inner]) => spellPair(key, inner, 2, 2)).map((line, index) => margin + (index === 0 ? `- ${line.slice(2)}` : line))
    : [`${margin}- ${spellInline(value, "block")}`];
  return [{ from: at, to: at, insert: lines.map((line) => yaml.eol + line).join("") }];
}

/** The list must have other items; who wants none left removes its key. */
export function removeItem(yaml: WrittenYaml, path: Path, at: number): Splice[] {
  const list = yaml.sequence(path);
  if (yaml.isFlow(list)) return removeFromFlow(yaml, list, at);
  const start = yaml.startOfItem(list, at);
  if (list.items.length < 2 || !yaml.beginsLine(start)) throw new CannotSplice(say("edit.unsafe"));
  return [withoutLooseEnd(yaml, { from: yaml.lineStart(start), to: yaml.nextLine(yaml.endOfItem(list, at)), insert: "" })];
}
