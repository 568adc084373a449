/**
 * Reads the schema of a step: which keys a step of some kind has, and which of
 * them a form can ask for. The rest is edited in the text.
 */
import { type Plain, isPlainMap } from "../document/plainValue";

type Json = Readonly<Record<string, unknown>>;

export interface StepField {
  /** From the step: `["timeout"]`, `["http", "url"]`. */
  readonly path: readonly string[];
  readonly kind: "text" | "code" | "choice" | "boolean" | "integer" | "text-only";
  readonly description: string;
  readonly example: string;
  readonly choices: readonly string[];
  readonly pattern: string | null;
  readonly required: boolean;
}

const KINDS = ["run", "http", "container", "approval", "wait", "sleep", "pipeline", "set", "use"];
/** What has a place of its own on the canvas. */
const DRAWN = ["needs", "goto"];
const CODE = ["run", "if", "description", "body", "message"];

function kindOf(body: Plain): string | null {
  return isPlainMap(body) ? (KINDS.find((kind) => kind in body) ?? null) : null;
}

export function stepFields(schema: Json, body: Plain): StepField[] {
  const definitions = (schema["definitions"] ?? {}) as Readonly<Record<string, Json>>;
  const step = definitions["Step"] ?? {};
  const kind = kindOf(body);
  const senseless = kind === null ? {} : ((((step["dependencies"] as Json | undefined)?.[kind] as Json | undefined)?.["properties"] ?? {}) as Json);
  const fields = Object.entries((step["properties"] ?? {}) as Readonly<Record<string, Json>>).flatMap(([key, property]): StepField[] => {
    if (DRAWN.includes(key) || senseless[key] === false || (KINDS.includes(key) && key !== kind)) return [];
    const inner = refersTo(property, definitions);
    const value = isPlainMap(body) ? body[key] : undefined;
    if (key === kind && inner["properties"] !== undefined && (isPlainMap(value) || value === null)) {
      const required = (inner["required"] ?? []) as readonly string[];
      return Object.entries(inner["properties"] as Readonly<Record<string, Json>>).map(([name, one]) => fieldOf([key, name], one, definitions, required.includes(name)));
    }
    return [fieldOf([key], property, definitions, key === kind)];
  });
  // What the step does comes first.
  return fields.toSorted((a, b) => Number(b.path[0] === kind) - Number(a.path[0] === kind));
}

function fieldOf(path: readonly string[], property: Json, definitions: Readonly<Record<string, Json>>, required: boolean): StepField {
  const shape = { ...refersTo(property, definitions) };
  const types = typesOf(shape);
  const choices = choicesOf(shape);
  const name = path.at(-1) ?? "";
  const isText = types.includes("string");
  const kind = choices.length > 0 ? "choice" : types.length === 1 && types[0] === "boolean" ? "boolean" : types.includes("integer") || (types.includes("number") && !isText) ? "integer" : isText ? (CODE.includes(name) ? "code" : "text") : "text-only";
  const example = (property["examples"] as readonly unknown[] | undefined)?.[0];
  return {
    path,
    kind,
    description: String(property["description"] ?? ""),
    example: typeof example === "string" || typeof example === "number" ? String(example) : "",
    choices,
    pattern: typeof shape["pattern"] === "string" ? shape["pattern"] : (patternIn(shape) ?? null),
    required,
  };
}

function refersTo(property: Json, definitions: Readonly<Record<string, Json>>): Json {
  const name = typeof property["$ref"] === "string" ? property["$ref"].split("/").at(-1) : undefined;
  return name === undefined ? property : (definitions[name] ?? {});
}

function partsOf(shape: Json): readonly Json[] {
  return [...((shape["allOf"] ?? []) as readonly Json[]), ...((shape["anyOf"] ?? []) as readonly Json[])];
}

function typesOf(shape: Json): string[] {
  const own = shape["type"];
  const types = Array.isArray(own) ? (own as string[]) : typeof own === "string" ? [own] : partsOf(shape).flatMap(typesOf);
  return [...new Set(types.filter((type) => type !== "null"))];
}

function choicesOf(shape: Json): string[] {
  const own = shape["enum"];
  if (Array.isArray(own)) return own.map(String);
  const parts = partsOf(shape);
  return parts.length === 1 && parts[0] !== undefined ? choicesOf(parts[0]) : [];
}

function patternIn(shape: Json): string | undefined {
  return partsOf(shape).map((part) => part["pattern"]).find((pattern): pattern is string => typeof pattern === "string");
}
