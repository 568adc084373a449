/**
 * Steps as a text of their own, for the clipboard and for copies: the very lines,
 * comments included, moved to the margin. Where the lines alone would not mean the
 * same (aliases, flow style), the value is spelled out instead.
 */
import { isMap, visit, type YAMLMap } from "yaml";
import { CannotSplice } from "./cannotSplice";
import { emptyMap, isPlainMap, type Plain, samePlain } from "./plainValue";
import { PipelineDocument } from "./pipelineDocument";
import { spellPair } from "./scalarSpelling";
import { type Section, sectionOf } from "./stepGraph";
import { WrittenYaml } from "./writtenYaml";

export interface StepSnippet {
  readonly id: string;
  /** Without line breaks, beginning at column 0. */
  readonly lines: readonly string[];
  readonly value: Plain;
}

export function copySteps(document: PipelineDocument, ids: readonly string[]): string {
  const wanted = [...document.steps, ...document.finallySteps].map((step) => step.id).filter((id) => ids.includes(id));
  return wanted.map((id) => `${snippetOf(document, id).lines.join("\n")}\n`).join("");
}

export function snippetOf(document: PipelineDocument, id: string): StepSnippet {
  const section = sectionOf(document.value, id);
  const steps = isPlainMap(document.value) ? document.value[section] : null;
  const value = isPlainMap(steps) ? (steps[id] ?? null) : null;
  const lines = writtenLines(document.text, section, id);
  const alone = lines === null ? null : documentOf([{ id, lines, value }]);
  const expected = emptyMap();
  expected[id] = value;
  const same = alone !== null && alone.syntaxProblems.length === 0 && isPlainMap(alone.value) && samePlain(alone.value["steps"], expected);
  return { id, value, lines: same && lines !== null ? lines : spellPair(id, value, 0, 2) };
}

/** A pipeline of nothing but these steps, in which they can be renamed. */
export function documentOf(snippets: readonly StepSnippet[]): PipelineDocument {
  return PipelineDocument.parse(["steps:", ...snippets.flatMap(({ lines }) => lines.map((line) => (line === "" ? "" : `  ${line}`))), ""].join("\n"));
}

function writtenLines(text: string, section: Section, id: string): string[] | null {
  try {
    const yaml = new WrittenYaml(text);
    const steps = yaml.mapping([section]);
    if (yaml.isFlow(steps)) return null;
    const pair = yaml.pair(steps, id);
    let shares = false;
    if (isMap(pair.value)) visit(pair.value as YAMLMap, { Node: (_, node) => void (("anchor" in node && node.anchor !== undefined) && (shares = true)), Alias: () => void (shares = true) });
    if (shares || (pair.key?.anchor ?? undefined) !== undefined) return null;
    const [from, to] = [yaml.startOfPair(pair), yaml.endOfPair(pair)];
    if (!yaml.beginsLine(from)) return null;
    const margin = yaml.indentOf(steps);
    const lines = text.slice(yaml.lineStart(from), yaml.lineEnd(to)).split(/\r?\n/);
    return lines.map((line) => line.replace(new RegExp(`^ {0,${margin}}`), "").replace(/^[ \t]+$/, ""));
  } catch (error) {
    if (error instanceof CannotSplice) return null;
    throw error;
  }
}
