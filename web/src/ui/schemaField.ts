/**
 * Reads the part of JSON Schema that a form can ask for, and turns what was
 * typed back into a value. The server judges the value; this only gives it its type.
 */
import { say } from "../words/say";


export type FieldKind = "string" | "integer" | "number" | "boolean" | "choice" | "json";

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly description: string | null;
  readonly required: boolean;
  /** What the form starts with, as text. */
  readonly initial: string;
  readonly choices: readonly unknown[];
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly pattern: string | null;
}

export type Typed = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

export function fieldOf(name: string, schema: Readonly<Record<string, unknown>>, required: boolean, fallback: unknown): Field {
  const choices = Array.isArray(schema["enum"]) ? schema["enum"] : [];
  const type = Array.isArray(schema["type"]) ? schema["type"].find((one) => one !== "null") : schema["type"];
  const kind: FieldKind = choices.length > 0 ? "choice" : type === "string" || type === "integer" || type === "number" || type === "boolean" ? type : type === undefined ? "string" : "json";
  const start = fallback ?? schema["default"] ?? null;
  return {
    name,
    kind,
    description: textOf(schema["description"]),
    required,
    initial: start === null ? "" : kind === "json" ? JSON.stringify(start) : String(start),
    choices,
    minimum: numberOf(schema["minimum"]),
    maximum: numberOf(schema["maximum"]),
    pattern: textOf(schema["pattern"]),
  };
}

/** The value that the text stands for; `undefined` where it is left out. */
export function typedValue(field: Field, text: string): Typed {
  if (text === "" && field.kind !== "boolean") {
    return field.required && field.kind !== "string" ? { ok: false, reason: say("field.needed") } : { ok: true, value: field.required ? "" : undefined };
  }
  switch (field.kind) {
    case "string":
      return { ok: true, value: text };
    case "boolean":
      return { ok: true, value: text === "true" };
    case "choice":
      return { ok: true, value: field.choices.find((choice) => String(choice) === text) };
    case "integer":
      return /^[+-]?\d+$/.test(text.trim()) ? { ok: true, value: Number(text) } : { ok: false, reason: say("form.integer") };
    case "number":
      return Number.isFinite(Number(text)) ? { ok: true, value: Number(text) } : { ok: false, reason: say("field.number.needed") };
    case "json":
      try {
        return { ok: true, value: JSON.parse(text) as unknown };
      } catch {
        return { ok: false, reason: say("form.json") };
      }
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
