/** A small value that fits a JSON Schema, for fields that want one before anybody has typed. */

type Schema = Readonly<Record<string, unknown>>;

export function sampleValue(schema: unknown): unknown {
  if (!isSchema(schema)) return {};
  if ("default" in schema) return schema["default"];
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  const type = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
  switch (type) {
    case "string":
      return "x".repeat(Math.max(1, numberOf(schema["minLength"], 1)));
    case "integer":
    case "number":
      return "exclusiveMinimum" in schema ? numberOf(schema["exclusiveMinimum"], 0) + 1 : Math.min(numberOf(schema["minimum"], 1), numberOf(schema["maximum"], Number.POSITIVE_INFINITY));
    case "boolean":
      return false;
    case "null":
      return null;
    case "array":
      return Array.from({ length: numberOf(schema["minItems"], 0) }, () => sampleValue(schema["items"]));
    default: {
      const properties = isSchema(schema["properties"]) ? schema["properties"] : {};
      const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
      return Object.fromEntries(required.map((name) => [name, sampleValue(properties[name])]));
    }
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
