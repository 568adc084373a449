/** What a form asks of an input of the pipeline: the part of JSON Schema that people use. The rest is edited in the text. */
import { isPlainMap, type Plain } from "../document/plainValue";
import { say, type Words } from "../words/say";
import type { StepField } from "./stepSchema";

export type InputSchema = Readonly<Record<string, Plain>>;

export const INPUT_TYPES = ["string", "integer", "number", "boolean", "array", "object"] as const;
const ALWAYS = ["type", "required", "default", "description"];
/** By type, in the order in which they are asked for. */
const CONSTRAINTS: Readonly<Record<string, readonly string[]>> = {
  string: ["enum", "pattern", "minLength", "maxLength", "format"],
  integer: ["enum", "minimum", "maximum"],
  number: ["enum", "minimum", "maximum"],
  array: ["minItems", "maxItems"],
};
const COUNTS = ["minLength", "maxLength", "minItems", "maxItems"];
const EXAMPLES: Readonly<Record<string, string>> = { enum: "eu, us", pattern: "^[a-z-]+$", format: "date-time", minimum: "1", maximum: "9" };

export function inputsOf(pipeline: Plain): readonly (readonly [string, InputSchema])[] {
  const inputs = isPlainMap(pipeline) ? pipeline["inputs"] : undefined;
  return isPlainMap(inputs) ? Object.entries(inputs).flatMap(([name, schema]) => (name.startsWith("x-") ? [] : [[name, isPlainMap(schema) ? schema : {}] as const])) : [];
}

/** Those that are there, and with `all` those that could be. */
export function inputFields(schema: InputSchema): readonly (StepField & { readonly shown: boolean })[] {
  const type = typeOf(schema);
  return [...ALWAYS, ...(CONSTRAINTS[type] ?? [])].map((key) => ({
    path: [key],
    kind: kindOf(key, schema, type),
    description: say(`input.about.${key}` as Words),
    example: EXAMPLES[key] ?? (key === "default" && type === "integer" ? "3" : ""),
    choices: key === "type" ? INPUT_TYPES : key === "default" ? choicesOf(schema) : [],
    pattern: isNumber(key, type) ? (type === "integer" ? "^-?\\d+$" : "^-?\\d+(\\.\\d+)?$") : null,
    // Leaving the type empty would not be an input that says less, but one that takes anything.
    required: key === "type",
    shown: ALWAYS.includes(key) || schema[key] !== undefined,
  }));
}

/** What the form shows for a key that may not be written. */
export function shownValue(schema: InputSchema, key: string): Plain | undefined {
  const value = schema[key];
  if (key === "required") return value ?? schema["default"] === undefined;
  if (key === "enum" && Array.isArray(value) && value.every((one) => typeof one === "string" || typeof one === "number")) return value.join(", ");
  return value;
}

/** The schema with what was filled in, as it would be written; keys that say the usual are left out. */
export function withValue(schema: InputSchema, key: string, value: Plain | undefined): InputSchema {
  const next: Record<string, Plain> = { ...schema };
  const typed = value === undefined ? undefined : valueOf(key, value, typeOf(schema));
  delete next[key];
  // Required is the usual where there is no default.
  if (key === "required" ? typed === false : typed !== undefined) return ordered({ ...next, [key]: typed ?? null });
  return next;
}

function valueOf(key: string, value: Plain, type: string): Plain {
  if (key === "enum") return String(value).split(",").map((one) => one.trim()).filter((one) => one !== "").map((one) => (type === "string" ? one : Number(one)));
  if (key === "default" && type === "boolean") return String(value) === "true";
  return isNumber(key, type) ? Number(value) : value;
}

function isNumber(key: string, type: string): boolean {
  return (key === "default" || key === "minimum" || key === "maximum") && (type === "integer" || type === "number");
}

function kindOf(key: string, schema: InputSchema, type: string): StepField["kind"] {
  if (key === "type") return schema["type"] === undefined || typeof schema["type"] === "string" ? "choice" : "text-only";
  if (key === "required") return "boolean";
  if (COUNTS.includes(key)) return "integer";
  if (key !== "default") return "text";
  if (type === "boolean" || choicesOf(schema).length > 0) return "choice";
  return type === "array" || type === "object" ? "text-only" : "text";
}

function choicesOf(schema: InputSchema): readonly string[] {
  if (typeOf(schema) === "boolean") return ["true", "false"];
  return Array.isArray(schema["enum"]) ? schema["enum"].map(String) : [];
}

function typeOf(schema: InputSchema): string {
  return typeof schema["type"] === "string" ? schema["type"] : "string";
}

const ORDER = ["type", "required", "default", "enum"];
/** A key stands where it stood; a new one in the order in which people write. */
function ordered(schema: Record<string, Plain>): InputSchema {
  const rank = (key: string) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length);
  return Object.fromEntries(Object.entries(schema).toSorted(([a], [b]) => rank(a) - rank(b)));
}
