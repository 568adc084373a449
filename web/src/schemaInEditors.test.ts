/**
 * The JSON Schema in a real editor back end: a `yaml-language-server` is started
 * over stdio, as the YAML extensions of editors start it, and asked about files
 * in which «▮» is the cursor.
 */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter, type MessageConnection } from "vscode-jsonrpc/node.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Position {
  readonly line: number;
  readonly character: number;
}
interface Completion {
  readonly label: string;
  readonly documentation?: string | { readonly value: string };
  readonly insertText?: string;
  readonly textEdit?: { readonly newText: string };
}
interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: Position; readonly end: Position };
}

const root = join(import.meta.dirname, "../..");
const SERVER = join(import.meta.dirname, "../node_modules/yaml-language-server/bin/yaml-language-server");
const CURSOR = "▮";
let server: ChildProcessWithoutNullStreams;
let connection: MessageConnection;
let documents = 0;
const published = new Map<string, (diagnostics: readonly Diagnostic[]) => void>();

beforeAll(async () => {
  server = spawn(process.execPath, [SERVER, "--stdio"], { stdio: "pipe" });
  connection = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  connection.onRequest("workspace/configuration", ({ items }: { items: readonly { section: string }[] }) =>
    items.map(({ section }) => (section === "yaml" ? { schemaStore: { enable: false }, hover: true, completion: true, validate: true } : {})),
  );
  connection.onRequest("client/registerCapability", () => null);
  connection.onNotification("textDocument/publishDiagnostics", ({ uri, diagnostics }: { uri: string; diagnostics: Diagnostic[] }) =>
    published.get(uri)?.(diagnostics),
  );
  connection.listen();
  await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(root).href,
    capabilities: {
      workspace: { configuration: true },
      textDocument: {
        completion: { completionItem: { snippetSupport: true, documentationFormat: ["markdown", "plaintext"] } },
        hover: { contentFormat: ["markdown"] },
      },
    },
  });
  await connection.sendNotification("initialized", {});
}, 30_000);

afterAll(async () => {
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  connection.dispose();
});

/** Opens a text that says itself, in its first line, which schema it has. */
async function open(text: string, schema = "pipeline.schema.json") {
  documents += 1;
  const uri = pathToFileURL(join(root, `examples/pipelines/open-${documents}.loopline.yaml`)).href;
  const whole = `# yaml-language-server: $schema=../../dsl-schema/${schema}\n${text}`;
  const before = whole.slice(0, Math.max(0, whole.indexOf(CURSOR))).split("\n");
  const position: Position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  const diagnostics = new Promise<readonly Diagnostic[]>((resolve) => published.set(uri, resolve));
  await connection.sendNotification("textDocument/didOpen", {
    textDocument: { uri, languageId: "yaml", version: 1, text: whole.replace(CURSOR, "") },
  });
  return { uri, position, diagnostics, lines: whole.replace(CURSOR, "").split("\n") };
}

async function complete(text: string, schema?: string): Promise<Map<string, Completion>> {
  const { uri, position } = await open(text, schema);
  const answer = await connection.sendRequest<{ items: Completion[] }>("textDocument/completion", { textDocument: { uri }, position });
  return new Map(answer.items.map((item) => [item.label, item]));
}

const explanation = (item: Completion | undefined) =>
  typeof item?.documentation === "string" ? item.documentation : item?.documentation?.value;
const written = (item: Completion | undefined) => item?.textEdit?.newText ?? item?.insertText;

async function hover(text: string): Promise<string> {
  const { uri, position } = await open(text);
  const answer = await connection.sendRequest<{ contents: { value: string } } | null>("textDocument/hover", { textDocument: { uri }, position });
  return answer?.contents.value ?? "";
}

/** What is underlined, with what is said about it. */
async function underlined(text: string, schema?: string): Promise<readonly string[]> {
  const { diagnostics, lines } = await open(text, schema);
  return (await diagnostics).map(({ message, range }) => {
    const end = range.end.line === range.start.line ? range.end.character : undefined;
    return `${lines[range.start.line]?.slice(range.start.character, end)}: ${message}`;
  });
}

const HEAD = "version: 1\nname: p\n";

describe("completion", () => {
  it("offers the keys of a file and says what they are", async () => {
    const items = await complete(`${HEAD}▮`);
    expect([...items.keys()]).toEqual(expect.arrayContaining(["steps", "inputs", "triggers", "concurrency", "finally", "outputs"]));
    expect(items.has("version")).toBe(false);
    expect(explanation(items.get("concurrency"))).toBe("How many runs may go on at the same time.");
  });

  it("offers whole steps where steps are written", async () => {
    const items = await complete(`${HEAD}steps:\n  ▮`);
    expect(written(items.get("step: ask people"))).toContain("approval:");
    expect(items.has("step")).toBe(true);
  });

  it("offers the keys of a step, and writes what such a key needs and no more", async () => {
    const items = await complete(`${HEAD}steps:\n  a:\n    ▮`);
    expect([...items.keys()]).toEqual(expect.arrayContaining(["run", "http", "container", "approval", "wait", "sleep", "pipeline", "set", "needs"]));
    expect(written(items.get("http"))).toMatch(/^http:\n\s+url: \$1?$|^http:\n\s+url: ?$/);
    expect(written(items.get("approval"))).not.toMatch(/quorum|allow_self/);
  });

  it("offers the conditions of an edge with their meanings", async () => {
    const items = await complete(`${HEAD}steps:\n  a: {run: x}\n  b:\n    needs:\n      a: ▮\n    run: y\n`);
    expect([...items.keys()]).toEqual(expect.arrayContaining(["ok", "succeeded", "failed", "catch", "completed", "skipped", "always"]));
    expect(explanation(items.get("catch"))).toBe("It failed. A success of the step behind it handles the failure.");
  });

  it("offers the keys of an entry of `goto`", async () => {
    const items = await complete(`${HEAD}steps:\n  a:\n    run: x\n    goto:\n      - to: a\n        ▮\n`);
    expect([...items.keys()]).toEqual(expect.arrayContaining(["on", "max", "delay", "on_exhausted", "in_flight", "if"]));
  });

  it("offers words inside a flow mapping", async () => {
    const items = await complete(`${HEAD}steps:\n  a: {run: x, goto: [{to: a, max: 3, on: ▮}]}\n`);
    expect([...items.keys()]).toEqual(expect.arrayContaining(["failed", "rejected", "timeout"]));
  });

  it("offers keys inside a flow mapping", async () => {
    const items = await complete(`${HEAD}steps:\n  a: {run: x, retry: {m▮}}\n`);
    expect([...items.keys()]).toEqual(expect.arrayContaining(["max_attempts", "initial", "factor", "max", "on"]));
  });

  it("offers the kinds of failure to `retry.on`", async () => {
    const items = await complete(`${HEAD}steps:\n  a:\n    run: x\n    retry:\n      on:\n        - ▮\n`);
    expect(explanation(items.get("http_status"))).toBe("A status that is not expected.");
  });

  it("offers the keywords of JSON Schema to an input, however deep", async () => {
    const items = await complete(`${HEAD}inputs:\n  a:\n    type: object\n    properties:\n      b:\n        type: array\n        ▮\nsteps: {a: {run: x}}\n`);
    expect(explanation(items.get("minItems"))).toBe("Least number of items.");
    const types = await complete(`${HEAD}inputs:\n  a:\n    type: ▮\nsteps: {a: {run: x}}\n`);
    expect(explanation(types.get("integer"))).toBe("A whole number.");
  });

  it("offers `true` and `false` to a flag", async () => {
    const items = await complete(`${HEAD}steps:\n  a:\n    run: x\n    allow_failure: ▮\n`);
    expect([...items.keys()]).toEqual(expect.arrayContaining(["true", "false"]));
  });

  it("offers a step type the keys that make sense in it", async () => {
    const items = await complete("step:\n  ▮", "step-type.schema.json");
    expect(items.has("run")).toBe(true);
    expect(items.has("needs")).toBe(false);
  });
});

describe("hover", () => {
  it("explains a key with an example", async () => {
    const text = await hover(`${HEAD}steps:\n  a: {run: x, ti▮meout: 5m}\n`);
    expect(text).toContain("Bound of one attempt; 6h unless said.");
    expect(text).toContain("30m");
  });

  it("explains a mapping by its key, not by its type", async () => {
    const text = await hover(`${HEAD}steps:\n  a:\n    re▮try: {max_attempts: 2}\n    run: x\n`);
    expect(text).toContain("Further attempts of one visit.");
    expect(text).toContain("exit:75");
  });

  it("shows code as code", async () => {
    expect(await hover(`${HEAD}limits:\n  vi▮sits: 5\nsteps: {a: {run: x}}\n`)).toContain("How many visits any step may have");
    expect(await hover(`${HEAD}steps:\n  a: {run: x, jo▮in: any, needs: b}\n  b: {run: x}\n`)).toContain("`{at_least: n}`");
  });

  it("explains the words of a key", async () => {
    const text = await hover(`${HEAD}steps:\n  a:\n    run: x\n    goto:\n      - {to: a, max: 1, on_exhausted: con▮tinue}\n`);
    expect(text).toContain("`continue`: The next entry is tried");
  });
});

describe("what is underlined", () => {
  it.each(["release-service.yaml", "every-key.yaml"])("nothing of %s", async (file) => {
    const text = readFileSync(join(root, "dsl-schema/tests/data", file), "utf8");
    const found = await Promise.all(text.split("\n---\n").map((one) => underlined(one)));
    expect(found.flat()).toEqual([]);
  });

  it.each([
    ["a key that there is not", `${HEAD}steps:\n  a: {run: x, tiemout: 5m}\n`, ["tiemout: Property tiemout is not allowed."]],
    ["a step that does nothing", `${HEAD}steps:\n  a: {name: x}\n`, [expect.stringMatching(/^a: One of `run`, `http`, .* is needed\.$/)]],
    [
      "a step that does two things",
      `${HEAD}steps:\n  a: {run: x, sleep: 5s}\n`,
      [
        "sleep: Makes no sense on a step with `run`, which is all that the step does.",
        "run: Makes no sense on a step with `sleep`, which is all that the step does.",
      ],
    ],
    [
      "a key that makes no sense beside another",
      `${HEAD}steps:\n  a: {sleep: 5s, timeout: 3s}\n`,
      ["timeout: Makes no sense on a step with `sleep`, which is all that the step does."],
    ],
    ["an id that is none", `${HEAD}steps:\n  Build-It: {run: x}\n`, ["Build-It: An id is a lower-case letter, then at most 62 of a-z, 0-9 and _."]],
    ["a word that is none", `${HEAD}steps:\n  a: {run: x, workspace: own}\n`, ['own: Value is not accepted. Valid values: "shared", "fresh".']],
    ["a duration that is none", `${HEAD}steps:\n  a: {run: x, timeout: 5 minutes}\n`, [expect.stringMatching(/^5 minutes: /)]],
    ["a version that is not known", "version: 2\nname: p\nsteps:\n  a: {run: x}\n", ["2: Value must be 1."]],
  ])("%s", async (_, text, expected) => {
    expect(await underlined(text)).toEqual(expected);
  });

  it("what a step type may not say", async () => {
    expect(await underlined("step: {run: x, needs: a}\n", "step-type.schema.json")).toEqual(["needs: Property needs is not allowed."]);
  });
});
