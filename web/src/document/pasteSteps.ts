/** Pastes steps that were copied as YAML, and duplicates steps: a copy and a paste in one. */
import { say } from "../words/say";
import { type EditCommand, editCommand } from "./editCommand";
import { emptyMap, isPlainMap } from "./plainValue";
import { PipelineDocument } from "./pipelineDocument";
import { renameStep } from "./renameStep";
import { freeId, sectionOf, stepGraph } from "./stepGraph";
import { documentOf, snippetOf, type StepSnippet } from "./stepSnippet";
import type { YamlEditing } from "./yamlEditing";

/** Behind `after`, or at the end. Names that are taken get a number, in the pasted text as well. */
export function pasteSteps(document: PipelineDocument, text: string, after: string | null): EditCommand {
  const snippets = withFreeNames(document, snippetsOf(text));
  return editCommand(
    say("step.paste", { steps: snippets.map(({ id }) => id).join(", ") }),
    () => (snippets.length === 0 ? say("paste.nothing") : null),
    (editing) => insertSnippets(editing, snippets, after),
  );
}

export function duplicateSteps(document: PipelineDocument, ids: readonly string[]): EditCommand {
  // A copy stands beside what it is a copy of: of steps and of `finally` at once, there is none.
  const section = ids.every((id) => sectionOf(document.value, id) === "finally") ? document.finallySteps : document.steps;
  const wanted = section.map((step) => step.id).filter((id) => ids.includes(id));
  const snippets = withFreeNames(document, document.syntaxProblems.length > 0 ? [] : wanted.map((id) => snippetOf(document, id)));
  return editCommand(
    say("step.duplicate", { steps: ids.join(", ") }),
    () => (snippets.length === 0 ? say("edit.nothing") : null),
    (editing) => insertSnippets(editing, snippets, wanted.at(-1) ?? null),
  );
}

/** The names that a paste or a duplicate would give, to select them afterwards. */
export function newIds(before: PipelineDocument, after: PipelineDocument): string[] {
  return [...after.steps, ...after.finallySteps].map((step) => step.id).filter((id) => !before.hasStep(id) && !before.hasFinallyStep(id));
}

function insertSnippets(editing: YamlEditing, snippets: readonly StepSnippet[], after: string | null): void {
  let before = after;
  const section = after === null ? "steps" : sectionOf(editing.value, after);
  for (const { id, lines, value } of snippets) {
    if (editing.read([section]) === undefined || editing.read([section]) === null) editing.set([section, id], value);
    else editing.insertLines([section], id, lines, value, before === null ? { kind: "last" } : { kind: "after", key: before });
    before = before === null ? null : id;
  }
}

/** Reads steps by their ids, `steps:` with such, or a whole pipeline. */
function snippetsOf(text: string): StepSnippet[] {
  const whole = PipelineDocument.parse(text);
  if (whole.syntaxProblems.length > 0 || !isPlainMap(whole.value)) return [];
  if (isPlainMap(whole.value["steps"])) return whole.steps.map(({ id }) => snippetOf(whole, id));
  if (!Object.values(whole.value).every(isPlainMap)) return [];
  const indented = PipelineDocument.parse(`steps:\n${text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "").split(/\r?\n/).map((line) => (line === "" ? "" : `  ${line}`)).join("\n")}\n`);
  return indented.syntaxProblems.length > 0 ? [] : indented.steps.map(({ id }) => snippetOf(indented, id));
}

function withFreeNames(document: PipelineDocument, snippets: readonly StepSnippet[]): readonly StepSnippet[] {
  let alone = documentOf(snippets);
  const given = new Set<string>();
  const names = emptyMap();
  // A name that something in the text speaks of must not come to mean a pasted step.
  const spoken = new Set([alone.value, document.value].flatMap((value) => [...stepGraph(value).values(), ...stepGraph(value, "finally").values()]).flatMap(({ needs, goto }) => [...needs.keys(), ...goto.map(({ to }) => to)]));
  for (const { id } of snippets) {
    const name = freeId((one) => document.hasStep(one) || document.hasFinallyStep(one) || given.has(one) || (one !== id && (alone.hasStep(one) || spoken.has(one))), id);
    given.add(name);
    names[id] = name;
    if (name === id) continue;
    const renamed = renameStep(id, name).apply(alone);
    // A name the language forbids stays: the compiler says so where it stands.
    if (renamed.ok) alone = renamed.document;
  }
  return snippets.map(({ id }) => snippetOf(alone, String(names[id])));
}
