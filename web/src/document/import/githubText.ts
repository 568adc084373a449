/** Texts of a workflow, with the holes of GitHub Actions said as holes of ours. */
import { inCel, type Said, type Scope } from "./githubExpression";

export interface CarriedText {
  readonly text: string;
  readonly secrets: readonly string[];
  /** Expressions without a counterpart; an empty text stands in their place. */
  readonly lost: readonly string[];
}

const HOLE = /\$\{\{([\s\S]*?)\}\}/g;

/** As a template: an input, a value of `env`, a URL. */
export function asTemplate(text: string, scope: Scope): CarriedText {
  return carried(text, (hole, secret) => (secret === null ? templateOf(inCel(hole, scope)) : `{{ secrets.${secret} }}`));
}

/** As a script: values of `env` and secrets come through the environment. */
export function asScript(text: string, scope: Scope): CarriedText {
  const variables = text
    .replaceAll("$GITHUB_OUTPUT", "$LOOPLINE_OUTPUT")
    .replaceAll("${GITHUB_OUTPUT}", "${LOOPLINE_OUTPUT}")
    .replaceAll("$GITHUB_STEP_SUMMARY", "$LOOPLINE_SUMMARY")
    .replaceAll("$GITHUB_WORKSPACE", "$LOOPLINE_WORKSPACE");
  return carried(variables, (hole, secret) => {
    const variable = secret ?? /^\s*env\.([A-Za-z_]\w*)\s*$/.exec(hole)?.[1];
    return variable === undefined ? templateOf(inCel(hole, scope)) : `\${${variable}}`;
  });
}

function carried(text: string, say: (hole: string, secret: string | null) => string | null): CarriedText {
  const secrets: string[] = [];
  const lost: string[] = [];
  let out = "";
  let at = 0;
  for (const match of text.matchAll(HOLE)) {
    const hole = match[1] ?? "";
    const secret = /^\s*secrets\.([A-Za-z_]\w*)\s*$/.exec(hole)?.[1] ?? null;
    if (secret !== null) secrets.push(secret);
    const said = say(hole, secret);
    if (said === null) lost.push(hole.trim());
    out += literal(text.slice(at, match.index)) + (said ?? "");
    at = match.index + match[0].length;
  }
  return { text: out + literal(text.slice(at)), secrets, lost };
}

/** What looks like one of our holes and is meant as text. */
function literal(text: string): string {
  return text.replaceAll("{{", "\\{{");
}

function templateOf(said: Said | null): string | null {
  if (said === null) return null;
  if (said.mayBeNull !== undefined) return `{{default ${said.mayBeNull} ""}}`;
  if (/^[A-Za-z_][\w.]*$/.test(said.text)) return `{{ ${said.text} }}`;
  return /["\\]/.test(said.text) ? null : `{{cel "${said.text}"}}`;
}
