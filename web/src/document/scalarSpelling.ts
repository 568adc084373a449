/**
 * Spells values as YAML. A string is tried plain, then quoted; whether a spelling
 * says the value is asked of the parser rather than known by rules of our own.
 */
import { isScalar, parseDocument, type Scalar } from "yaml";
import { isPlainMap, type Plain } from "./plainValue";

export type Surroundings = "block" | "flow";

/** How long a mapping or list may be to stand on one line. */
const ONE_LINE = 76;

/** On one line, wherever it stands. */
export function spellInline(value: Plain, surroundings: Surroundings): string {
  if (typeof value === "string") return spellString(value, surroundings, "PLAIN");
  if (Array.isArray(value)) return `[${value.map((item) => spellInline(item, "flow")).join(", ")}]`;
  if (isPlainMap(value)) return `{${Object.entries(value).map(([key, inner]) => `${spellKey(key)}: ${spellInline(inner, "flow")}`).join(", ")}}`;
  return String(value);
}

/** A key and its value in a block mapping: lines that begin at `indent`, the last without its break. */
export function spellPair(key: string, value: Plain, indent: number, step: number): string[] {
  const margin = " ".repeat(indent);
  const name = `${margin}${spellKey(key)}:`;
  if (typeof value === "string" && value.includes("\n")) {
    const block = spellLiteral(value, indent + step, indent);
    return block === null ? [`${name} ${spellInline(value, "block")}`] : [`${name} ${block.header}`, ...block.lines];
  }
  const inline = spellInline(value, "block");
  const fits = !isCollection(value) || isEmpty(value) || (inline.length + name.length < ONE_LINE && !hasLines(value));
  if (fits && !(isPlainMap(value) && (isStepLike(value) || isTable(value)))) return [`${name} ${inline}`];
  if (Array.isArray(value)) return [name, ...value.map((item) => `${margin}${" ".repeat(step)}- ${spellInline(item, "block")}`)];
  if (isPlainMap(value)) return [name, ...Object.entries(value).flatMap(([inner, content]) => spellPair(inner, content, indent + step, step))];
  return [`${name} ${inline}`];
}

export function spellKey(key: string): string {
  return spellString(key, "flow", "PLAIN");
}

/** In the style wanted where that can say it, else in the next that can. */
export function spellString(value: string, surroundings: Surroundings, style: Scalar.Type): string {
  const single = `'${value.replaceAll("'", "''")}'`;
  const double = JSON.stringify(value).replaceAll("\u007F", "\\x7F").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029").replaceAll("\u0085", "\\x85").replaceAll("\uFEFF", "\\uFEFF");
  const wanted = style === "QUOTE_SINGLE" ? [single, double] : style === "QUOTE_DOUBLE" ? [double] : [value, ...(/["\\]/.test(value) || !value.includes("'") ? [single] : []), double];
  return wanted.find((candidate) => !/[\r\n]/.test(candidate) && says(candidate, value, surroundings)) ?? double;
}

/** `|` with its content lines; null where a literal block cannot say the value. */
export function spellLiteral(value: string, indent: number, parent: number): { header: string; lines: string[] } | null {
  // Line breaks other than LF, tabs at the margin and unprintable characters need quotes.
  // eslint-disable-next-line no-control-regex -- unprintable is what is looked for.
  if (/[\r\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\u0085\u2028\u2029\uFEFF]/.test(value) || !/[^\n]/.test(value) || /^[\n]*\t/.test(value)) return null;
  const body = value.replace(/\n+$/, "");
  const breaks = value.length - body.length;
  // Content that begins with a blank does not show by itself how far it is indented.
  const digit = /^[\n]*[ ]/.test(body) ? String(indent - parent) : "";
  if (digit.length > 1) return null;
  const margin = " ".repeat(indent);
  const lines = body.split("\n").map((line) => (line === "" ? "" : margin + line));
  return { header: `|${digit}${breaks === 0 ? "-" : breaks === 1 ? "" : "+"}`, lines: [...lines, ...Array.from({ length: Math.max(0, breaks - 1) }, () => "")] };
}

function says(candidate: string, value: string, surroundings: Surroundings): boolean {
  // A value looked at alone may be fine and break its line: behind a key, before a comment.
  const around = surroundings === "flow" ? ["{k: ", ", l: 1}"] : ["k: ", "\nl: 1"];
  const parsed = parseDocument(around[0] + candidate + around[1], { strict: true, logLevel: "silent" });
  const found = parsed.errors.length === 0 && parsed.warnings.length === 0 ? parsed.get("k", true) : null;
  return isScalar(found) && found.value === value && parsed.get("l") === 1 && found.comment == null;
}

function isCollection(value: Plain): boolean {
  return typeof value === "object" && value !== null;
}

function isEmpty(value: Plain): boolean {
  return Array.isArray(value) ? value.length === 0 : isPlainMap(value) && Object.keys(value).length === 0;
}

function hasLines(value: Plain): boolean {
  if (typeof value === "string") return value.includes("\n");
  return Array.isArray(value) ? value.some(hasLines) : isPlainMap(value) && Object.values(value).some(hasLines);
}

/** Steps, inputs: things by their names, a line each. */
function isTable(value: Plain): boolean {
  return isPlainMap(value) && Object.keys(value).length > 0 && Object.values(value).every(isPlainMap);
}

const KINDS = ["run", "http", "container", "approval", "wait", "sleep", "pipeline", "set", "use"];

/** A step gets lines of its own even where it would fit on one. */
function isStepLike(value: Plain): boolean {
  return isPlainMap(value) && KINDS.some((kind) => kind in value) && !("to" in value) && Object.keys(value).length > 1;
}
