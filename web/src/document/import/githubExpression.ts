/**
 * Expressions of GitHub Actions, said in CEL. What has no counterpart is not
 * guessed: the whole expression is then null, and the importer says so.
 */

export interface Scope {
  /** Ids of steps by ids of jobs. */
  readonly jobs: ReadonlyMap<string, string>;
  /** Of the workflow. */
  readonly inputs: ReadonlyMap<string, { readonly name: string; readonly type: string }>;
  /** Names of `env` in force. */
  readonly env: ReadonlySet<string>;
  /** The axes of the matrix, which each of its items has; null where there is none. */
  readonly matrix: ReadonlySet<string> | null;
}

export interface Said {
  readonly text: string;
  readonly sort: "truth" | "text" | "value" | "outcome";
  /** How a template says it. It may be null, so it is given a default there. */
  readonly mayBeNull?: string;
}

const GITHUB: Readonly<Record<string, string>> = { sha: "run.commit", ref: "run.ref", ref_name: "run.branch", head_ref: "run.branch", repository: "run.repo", run_id: "run.id", run_number: "run.number", actor: "run.trigger.actor", workflow: "run.pipeline" };
const ALWAYS_THERE = new Set(["run.id", "run.number", "run.pipeline"]);
const OUTCOMES: Readonly<Record<string, string>> = { success: "succeeded", failure: "failed", cancelled: "cancelled", skipped: "skipped" };
const TOKEN = /\s*(?:('(?:[^']|'')*')|(\d+(?:\.\d+)?)|([A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\*)|\['[^']*'\])*)|(&&|\|\||==|!=|<=|>=|[<>!(),]))/y;

/** `${{ … }}` around it is taken off. */
export function inCel(expression: string, scope: Scope): Said | null {
  const bare = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(expression)?.[1] ?? expression;
  const tokens = tokensOf(bare);
  if (tokens === null || tokens.length === 0) return null;
  const reader = new Reader(tokens, scope);
  const said = reader.either();
  return reader.atEnd() ? said : null;
}

/** A path of GitHub's contexts, such as `github.sha`; null where it has no counterpart. */
function pathInCel(path: string, scope: Scope): Said | null {
  const parts = path.replace(/\['([^']*)'\]/g, ".$1").split(".");
  const [context, first = "", ...rest] = parts;
  if (context === "github" && first === "event" && rest[0] === "inputs") return pathInCel(`inputs.${rest.slice(1).join(".")}`, scope);
  switch (context) {
    case "inputs": {
      const input = scope.inputs.get(first);
      return input === undefined || rest.length > 0 ? null : { text: `inputs.${input.name}`, sort: input.type === "boolean" ? "truth" : "value" };
    }
    case "env":
      return scope.env.has(first) ? { text: `env.${first}`, sort: "value" } : null;
    case "matrix":
      if (scope.matrix === null || first === "" || parts.includes("*")) return null;
      // What stands in an entry of `include` alone is there for some items only.
      return scope.matrix.has(first) ? { text: path.replace(context, "item"), sort: "value" } : rest.length > 0 ? null : { text: `(has(item.${first}) ? item.${first} : null)`, sort: "value", mayBeNull: `item.${first}` };
    case "needs": {
      const step = scope.jobs.get(first);
      if (step === undefined) return null;
      if (rest[0] === "result") return { text: `steps.${step}.status`, sort: "outcome" };
      return rest[0] === "outputs" && rest[1] !== undefined ? { text: `steps.${step}.outputs.${outputName(rest[1])}`, sort: "value" } : null;
    }
    case "github": {
      if (first === "event") return rest.length === 0 || rest.includes("*") ? null : { text: `event.body.${rest.join(".")}`, sort: "value", mayBeNull: `event.body.${rest.join(".")}` };
      const text = GITHUB[first];
      return text === undefined || rest.length > 0 ? null : { text, sort: "value", ...(ALWAYS_THERE.has(text) ? {} : { mayBeNull: text }) };
    }
    default:
      return null;
  }
}

export function outputName(name: string): string {
  return name.replaceAll("-", "_");
}

function tokensOf(source: string): string[] | null {
  const tokens: string[] = [];
  for (let at = 0; at < source.trimEnd().length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) return null;
    tokens.push(match[0].trim());
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly string[];
  readonly #scope: Scope;
  #at = 0;

  constructor(tokens: readonly string[], scope: Scope) {
    this.#tokens = tokens;
    this.#scope = scope;
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  either(): Said | null {
    return this.#joined("||", () => this.#joined("&&", () => this.#compared()));
  }

  /** GitHub joins values of any sort; CEL only truths. */
  #joined(operator: string, next: () => Said | null): Said | null {
    let left = next();
    while (this.#take(operator)) {
      const right = next();
      if (left?.sort !== "truth" || right?.sort !== "truth") return null;
      left = { text: `${left.text} ${operator} ${right.text}`, sort: "truth" };
    }
    return left;
  }

  #compared(): Said | null {
    const left = this.#negated();
    const operator = ["==", "!=", "<=", ">=", "<", ">"].find((one) => this.#take(one));
    if (operator === undefined) return left;
    const right = this.#negated();
    if (left === null || right === null) return null;
    const outcome = left.sort === "outcome" || right.sort === "outcome";
    const text = ({ text: said, sort }: Said) => (outcome && sort === "text" ? quoted(OUTCOMES[said.slice(1, -1)] ?? said.slice(1, -1)) : said);
    return { text: `${text(left)} ${operator} ${text(right)}`, sort: "truth" };
  }

  #negated(): Said | null {
    if (!this.#take("!")) return this.#operand();
    const inner = this.#negated();
    return inner?.sort === "truth" ? { text: `!${/ /.test(inner.text) ? `(${inner.text})` : inner.text}`, sort: "truth" } : null;
  }

  #operand(): Said | null {
    const token = this.#tokens[this.#at++];
    if (token === undefined) return null;
    if (token === "(") {
      const inner = this.either();
      return this.#take(")") && inner !== null ? { ...inner, text: `(${inner.text})` } : null;
    }
    if (token.startsWith("'")) return { text: quoted(token.slice(1, -1).replaceAll("''", "'")), sort: "text" };
    if (/^\d/.test(token)) return { text: token, sort: "value" };
    if (token === "true" || token === "false") return { text: token, sort: "truth" };
    if (token === "null") return { text: token, sort: "value" };
    return this.#take("(") ? this.#call(token) : pathInCel(token, this.#scope);
  }

  #call(name: string): Said | null {
    const given: (Said | null)[] = [];
    while (!this.#take(")")) {
      given.push(this.either());
      if (!this.#take(",") && this.#tokens[this.#at] !== ")") return null;
    }
    const [one, two] = given;
    const method = { contains: "contains", startswith: "startsWith", endswith: "endsWith" }[name.toLowerCase()];
    if (method === undefined || one == null || two == null || given.length !== 2) return null;
    return { text: `${one.text}.${method}(${two.text})`, sort: "truth" };
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
