/**
 * The pipeline's YAML text, which is the only document of the editor, with what
 * a parse of it tells: errors, steps and where they stand. Immutable: an edit
 * gives another document. The text is spliced, never written anew, because a
 * serialiser would touch lines that the user did not.
 */
import { type Document, LineCounter, parseDocument } from "yaml";
import { CannotSplice } from "./cannotSplice";
import { expressionAt, type ExpressionInText } from "./expressionAt";
import { type Plain, plainValue, samePlain } from "./plainValue";
import { inputReferences } from "./inputReferences";
import { childOf, entriesOf, meansTheSame, resolve, type ResolvedNode, type ResolvedScalar } from "./resolvedNode";
import { scalarOffsets } from "./scalarOffsets";
import { applySplices, type Splice } from "./splice";
import { type Reference, scalarsWithoutMeaning, stepReferences } from "./stepReferences";
import type { TextRange } from "./textRange";
import { YamlEditing } from "./yamlEditing";
import { say } from "../words/say";

export interface SyntaxProblem {
  readonly message: string;
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

export interface StepInText {
  readonly id: string;
  readonly key: TextRange;
  /** From the key to where the next step begins or the mapping ends. */
  readonly body: TextRange;
}

export type Edited = { readonly ok: true; readonly document: PipelineDocument } | { readonly ok: false; readonly reason: string };

export class PipelineDocument {
  readonly text: string;
  readonly syntaxProblems: readonly SyntaxProblem[];
  readonly steps: readonly StepInText[];
  readonly finallySteps: readonly StepInText[];
  readonly #root: ResolvedNode | null;
  #value: Plain | undefined;

  private constructor(text: string, problems: readonly SyntaxProblem[], root: ResolvedNode | null) {
    this.text = text;
    this.syntaxProblems = problems;
    this.#root = root;
    this.steps = stepsUnder(root, "steps");
    this.finallySteps = stepsUnder(root, "finally");
  }

  static parse(text: string): PipelineDocument {
    const lines = new LineCounter();
    const parsed: Document.Parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
    const problems = parsed.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { message: error.message, offset: error.pos[0], line, column: col };
    });
    if (problems.length > 0) return new PipelineDocument(text, problems, null);
    try {
      return new PipelineDocument(text, [], resolve(parsed));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return new PipelineDocument(text, [{ message, offset: 0, line: 1, column: 1 }], null);
    }
  }

  hasStep(id: string): boolean {
    return this.steps.some((step) => step.id === id);
  }

  hasFinallyStep(id: string): boolean {
    return this.finallySteps.some((step) => step.id === id);
  }

  /** The step whose text holds the offset; selects a node where the caret stands. */
  stepAt(offset: number): string | null {
    const around = [...this.steps, ...this.finallySteps].find(({ body }) => body.from <= offset && offset <= body.to);
    return around?.id ?? null;
  }

  expressionAt(offset: number): ExpressionInText | null {
    return expressionAt(this.#root, offset, this.stepAt(offset));
  }

  findStep(id: string): StepInText | null {
    return [...this.steps, ...this.finallySteps].find((step) => step.id === id) ?? null;
  }

  /** What the text means. */
  get value(): Plain {
    this.#value ??= plainValue(this.#root, this.text);
    return this.#value;
  }

  /**
   * Splices the text as `change` says. What comes out is read again, and kept only
   * when it means exactly what the change intends.
   */
  edit(change: (editing: YamlEditing) => void): Edited {
    if (this.syntaxProblems.length > 0) return refused(say("edit.broken"));
    const editing = new YamlEditing(this.text, this.value);
    try {
      change(editing);
    } catch (error) {
      if (error instanceof CannotSplice) return refused(error.message);
      throw error;
    }
    const document = PipelineDocument.parse(editing.text);
    const meant = document.syntaxProblems.length === 0 && samePlain(editing.value, document.value);
    return meant ? { ok: true, document } : refused(editing.blame());
  }

  /** Renames a step's key and everything that speaks of it. */
  renameStep(from: string, to: string): Edited {
    return this.#rename(from, to, stepReferences(this.#root, from));
  }

  /** Renames an input's key and everything that speaks of it. */
  renameInput(from: string, to: string): Edited {
    return this.#rename(from, to, inputReferences(this.#root, from));
  }

  /**
   * The result is read again and compared with what the rename should mean;
   * where the text cannot say exactly that (an alias shared with a place that
   * must keep the old name), nothing is changed and the reason is given.
   */
  #rename(from: string, to: string, references: readonly Reference[]): Edited {
    const expected = new Map<ResolvedScalar["written"], string>();
    const touched = new Set<ResolvedScalar>();
    const splices = new Map<number, Splice>();
    for (const { scalar, ranges } of references) {
      const value = String(scalar.value);
      const inText = scalarOffsets(this.text, scalar.written);
      if (inText === null) return refused(say("rename.odd", { step: from }));
      for (const range of ranges) {
        const place = inText(range);
        splices.set(place.from, { ...place, insert: to });
      }
      expected.set(scalar.written, applySplices(value, ranges.map((range) => ({ ...range, insert: to }))));
      touched.add(scalar);
    }
    const withoutMeaning = scalarsWithoutMeaning(this.#root);
    const document = PipelineDocument.parse(applySplices(this.text, [...splices.values()]));
    const same =
      document.syntaxProblems.length === 0 &&
      meansTheSame(this.#root, document.#root, (scalar, found) => {
        const renamed = expected.get(scalar.written);
        if (withoutMeaning.has(scalar) && found === renamed) return true;
        return Object.is(found, touched.has(scalar) ? renamed : scalar.value);
      });
    return same
      ? { ok: true, document }
      : refused(say("rename.shared", { step: from }));
  }
}

/** Whether two texts say the same, whatever their spelling. One that cannot be read says nothing that could be the same. */
export function sameMeaning(a: PipelineDocument, b: PipelineDocument): boolean {
  return a === b || (a.syntaxProblems.length === 0 && b.syntaxProblems.length === 0 && samePlain(a.value, b.value));
}

function refused(reason: string): Edited {
  return { ok: false, reason };
}

function stepsUnder(root: ResolvedNode | null, section: string): StepInText[] {
  const mapping = childOf(root, section);
  const end = mapping?.kind === "map" ? mapping.range[1] : 0;
  const keys = entriesOf(mapping).map(({ name, key }) => {
    const [from, to] = key.written.range ?? [0, 0, 0];
    return { id: name, key: { from, to } };
  });
  const starts = keys.map(({ key }) => key.from).toSorted((a, b) => a - b);
  return keys.map(({ id, key }) => {
    const next = starts.find((start) => start > key.from);
    return { id, key, body: { from: key.from, to: next === undefined ? Math.max(end, key.to) : next - 1 } };
  });
}
