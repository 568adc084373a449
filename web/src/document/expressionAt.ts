/** The expression or template that stands at an offset of the text, so that its value can be shown. */
import type { ResolvedNode, ResolvedScalar } from "./resolvedNode";
import { expressionsIn } from "./stepReferences";

export interface ExpressionInText {
  readonly way: "cel" | "template";
  /** As the engine reads it: without quotes, indentation and escapes of YAML. */
  readonly source: string;
  /** The step whose names it may read; null for what stands at the pipeline itself. */
  readonly step: string | null;
}

export function expressionAt(pipeline: ResolvedNode | null, offset: number, step: string | null): ExpressionInText | null {
  for (const { scalar, way } of expressionsIn(pipeline, step)) {
    const [from, to] = scalar.written.range ?? [0, -1, -1];
    if (from <= offset && offset <= to) return read(scalar, way, step);
  }
  return null;
}

/** Text without a hole says itself. */
function read({ value }: ResolvedScalar, way: ExpressionInText["way"], step: string | null): ExpressionInText | null {
  if (typeof value !== "string" || value.trim() === "") return null;
  return way === "template" && !value.includes("{{") ? null : { way, source: value, step };
}
