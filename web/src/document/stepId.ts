/**
 * What a step may be called. The compiler has the last word; the editor refuses
 * early what could only lead to a broken file.
 */

const STEP_ID = /^[a-z][a-z0-9_]{0,62}$/;

// These four are literals or operators of CEL: `steps.in` would not parse, and
// an unquoted `null:` would not even be text in YAML.
const WORDS_OF_THE_LANGUAGE = new Set(["true", "false", "null", "in"]);

/** Says why `id` cannot name a step, or null when it can. */
export function whyNotAStepId(id: string): string | null {
  if (id === "") return "A step needs a name.";
  if (id.length > 63) return "A step name has at most 63 characters.";
  if (!/^[a-z]/.test(id)) return "A step name starts with a lowercase letter.";
  if (!STEP_ID.test(id)) return "A step name has only lowercase letters, digits and underscores.";
  if (WORDS_OF_THE_LANGUAGE.has(id)) return `\`${id}\` is a word of the expression language.`;
  return null;
}
