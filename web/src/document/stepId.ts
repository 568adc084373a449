/**
 * What a step may be called. The compiler has the last word; the editor refuses
 * early what could only lead to a broken file.
 */
import { say } from "../words/say";


const STEP_ID = /^[a-z][a-z0-9_]{0,62}$/;

// These four are literals or operators of CEL: `steps.in` would not parse, and
// an unquoted `null:` would not even be text in YAML.
const WORDS_OF_THE_LANGUAGE = new Set(["true", "false", "null", "in"]);

/** Says why `id` cannot name a step, or null when it can. */
export function whyNotAStepId(id: string): string | null {
  if (id === "") return say("id.empty");
  if (id.length > 63) return say("id.long");
  if (!/^[a-z]/.test(id)) return say("id.start");
  if (!STEP_ID.test(id)) return say("id.letters");
  if (WORDS_OF_THE_LANGUAGE.has(id)) return say("id.word", { id });
  return null;
}
