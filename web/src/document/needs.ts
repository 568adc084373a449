/** Changes of a step's `needs`, in whichever of its shapes it is written: a name, a list, or names with conditions. */
import { isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import { say } from "../words/say";
import { CannotSplice } from "./cannotSplice";
import { isPlainMap, type Plain, type PlainMap } from "./plainValue";
import { respellName } from "./respell";
import { spellInline } from "./scalarSpelling";
import { sectionOf } from "./stepGraph";
import { placeOfKey } from "./stepKeys";
import type { WrittenPair } from "./writtenYaml";
import type { YamlEditing } from "./yamlEditing";

/** `on` null leaves the condition unsaid. */
export function addNeed(editing: YamlEditing, step: string, need: string, on: string | null): void {
  const section = sectionOf(editing.value, step);
  const path = [section, step, "needs"];
  const now = editing.read(path);
  const asMap = (names: readonly Plain[]): PlainMap => Object.fromEntries([...names.map((name) => [String(name), usual(editing, String(name))]), [need, on ?? usual(editing, need)]]) as PlainMap;
  if (isPlainMap(now)) editing.set([...path, need], on ?? usual(editing, need));
  else if (now === undefined || now === null || (Array.isArray(now) && now.length === 0)) editing.set(path, on === null ? need : { [need]: on }, placeOfKey(editing.read([section, step]), "needs"));
  else if (on !== null) editing.set(path, asMap(Array.isArray(now) ? now : [now]));
  else if (Array.isArray(now)) editing.append(path, need);
  else makeList(editing, step, String(now), need);
}

export function removeNeed(editing: YamlEditing, step: string, need: string): void {
  const section = sectionOf(editing.value, step);
  const path = [section, step, "needs"];
  const now = editing.read(path);
  if (Array.isArray(now) && now.length > 1) editing.remove([...path, now.indexOf(need)]);
  else if (isPlainMap(now) && Object.keys(now).length > 1) editing.remove([...path, need]);
  else editing.remove(path);
}

/** Puts another step in the place of one that is needed. Its condition becomes the usual one, or stays. */
export function replaceNeed(editing: YamlEditing, step: string, need: string, by: string, condition: "usual" | "kept"): void {
  const section = sectionOf(editing.value, step);
  const path = [section, step, "needs"];
  const yaml = editing.yaml;
  const node = yaml.node(path);
  const surroundings = yaml.inFlow(path) ? "flow" : "block";
  const bodyOf = (value: PlainMap) => (value[section] as PlainMap)[step] as PlainMap;
  if (isScalar(node)) {
    editing.spliceText(path, respellName(yaml, node, by, surroundings), (value) => void (bodyOf(value)["needs"] = by));
  } else if (isSeq(node)) {
    const at = (editing.read(path) as Plain[]).indexOf(need);
    editing.spliceText([...path, at], respellName(yaml, node.items[at], by, surroundings), (value) => void ((bodyOf(value)["needs"] as Plain[])[at] = by));
  } else if (isMap(node)) {
    const pair: WrittenPair = yaml.pair(node as YAMLMap.Parsed, need);
    editing.spliceText([...path, need], respellName(yaml, pair.key, by, "flow"), (value) => {
      const needs = bodyOf(value)["needs"] as PlainMap;
      needs[by] = needs[need] ?? null;
      delete needs[need];
    });
    if (condition === "usual") editing.set([...path, by], usual(editing, by));
  } else throw new CannotSplice(say("edit.odd", { key: "needs" }));
}

/** What a condition is unless said: behind a gate, a skip must not pass. */
function usual(editing: YamlEditing, need: string): string {
  return editing.read([sectionOf(editing.value, need), need, "approval"]) === undefined ? "ok" : "succeeded";
}

function makeList(editing: YamlEditing, step: string, first: string, second: string): void {
  const section = sectionOf(editing.value, step);
  const path = [section, step, "needs"];
  const node = editing.yaml.node(path);
  if (!isScalar(node) || /[\r\n]/.test(editing.text.slice(node.range[0], node.range[1]))) throw new CannotSplice(say("edit.odd", { key: "needs" }));
  const [from, to] = node.range;
  editing.spliceText(
    path,
    [
      { from, to: from, insert: "[" },
      { from: to, to, insert: `, ${spellInline(second, "flow")}]` },
    ],
    (value) => void (((value[section] as PlainMap)[step] as PlainMap)["needs"] = [first, second]),
  );
}
