import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { importGithubActions } from "./githubActions";
import { inCel, type Scope } from "./githubExpression";

const workflow = readFileSync(join(import.meta.dirname, "workflows/ci.yml"), "utf8");

/** What was read back. */
interface Tree {
  readonly [key: string]: Tree;
}

function imported(text: string): { yaml: string; value: Tree; notes: string[] } {
  const result = importGithubActions(text);
  if (!result.ok) throw new Error(result.reason.words);
  return { yaml: result.yaml, value: parse(result.yaml), notes: result.notes.map(({ where, what }) => `${where}: ${what}`) };
}

const job = (body: string, rest = "") => imported(`on: push\n${rest}jobs:\n  one:\n    runs-on: ubuntu-latest\n${body.replace(/^/gm, "    ")}\n`);

describe("a workflow of GitHub Actions", () => {
  it("becomes the pipeline that a person would have written", async () => {
    await expect(imported(workflow).yaml).toMatchFileSnapshot("workflows/ci.loopline.yaml");
  });

  it("tells what it could not carry over", () => {
    expect(imported(workflow).notes).toEqual([
      'lint_and_format: uses: dtolnay/rust-toolchain@stable {"components":"clippy"}',
      "test: runs-on: ${{ matrix.os }}",
      "test: Tell: if: failure()",
      'deploy: environment: "production"',
      "on.push: paths-ignore: docs/**",
    ]);
  });

  it("reads `on` in every shape", () => {
    expect(imported("on: push\njobs: {a: {steps: []}}").value["triggers"]).toEqual({ webhook: [{ provider: "github", events: ["push"] }] });
    expect(imported("on: [push, workflow_dispatch]\njobs: {a: {steps: []}}").value["triggers"]?.["webhook"]).toHaveLength(1);
    expect(imported("on: workflow_dispatch\njobs: {a: {steps: []}}").value).not.toHaveProperty("triggers");
  });

  it("keeps what needs a condition it does not know from running", () => {
    const { value, notes } = job("if: github.event.pull_request.draft && contains(github.event.labels.*.name, 'go')\nsteps: [{run: ./deploy.sh}]");
    expect(value["steps"]?.["one"]?.["if"]).toBe("false");
    expect(notes[0]).toContain("if: github.event.pull_request.draft");
    expect(job("steps: [{run: ./deploy.sh, if: cancelled()}]").value["steps"]?.["one"]?.["run"]).toBe("# ./deploy.sh\n");
    expect(job("steps: [{run: 'print(1)', shell: python}]").value["steps"]?.["one"]?.["run"]).toBe("# print(1)\n");
  });

  it("never puts a secret into a script", () => {
    const { value, yaml } = job('steps: [{run: \'login "${{ secrets.TOKEN }}"\'}]');
    expect(value["secrets"]).toEqual(["TOKEN"]);
    expect(value["steps"]?.["one"]).toEqual({ env: { TOKEN: "{{ secrets.TOKEN }}" }, run: 'login "${TOKEN}"\n' });
    expect(yaml.match(/secrets\.TOKEN/g)).toHaveLength(1);
  });

  it("keeps variables that two steps mean differently apart", () => {
    const { value } = job("steps: [{run: a, env: {X: 1}}, {run: b, env: {X: 2}}]");
    expect(value["steps"]?.["one"]?.["env"]).toEqual({ X: "1" });
    expect(value["steps"]?.["one"]?.["run"]).toContain('(\nexport X="2"\nb\n)');
  });

  it("calls other workflows as pipelines", () => {
    const { value } = imported("on: push\njobs:\n  call:\n    uses: ./.github/workflows/Deploy It.yml\n    with: {dry-run: true}\n");
    expect(value["steps"]?.["call"]).toEqual({ pipeline: { name: "deploy-it", inputs: { dry_run: true } } });
  });

  it.each([["jobs: [", "import.unreadable"], ["steps: {}", "import.github.none"], ["", "import.github.none"]])("refuses %j", (text, words) => {
    expect(importGithubActions(text)).toMatchObject({ ok: false, reason: { words } });
  });
});

describe("an expression of GitHub Actions", () => {
  const scope: Scope = { jobs: new Map([["build-all", "build_all"]]), inputs: new Map([["dry-run", { name: "dry_run", type: "boolean" }], ["who", { name: "who", type: "string" }]]), env: new Set(["CI_LEVEL"]), matrix: new Set(["os"]) };
  it.each([
    ["github.ref == 'refs/heads/main'", "run.ref == 'refs/heads/main'"],
    ["${{ inputs.dry-run && matrix.os != 'linux' }}", "inputs.dry_run && item.os != 'linux'"],
    ["!(inputs.dry-run || inputs.who == 'it''s')", "!((inputs.dry_run || inputs.who == 'it\\'s'))"],
    ["matrix.coverage == true", "(has(item.coverage) ? item.coverage : null) == true"],
    ["needs.build-all.result == 'success'", "steps.build_all.status == 'succeeded'"],
    ["startsWith(github.ref, 'refs/tags/')", "run.ref.startsWith('refs/tags/')"],
    ["contains(env.CI_LEVEL, 'x')", "env.CI_LEVEL.contains('x')"],
    ["github.event['action'] == 'opened'", "event.body.action == 'opened'"],
  ])("%s", (source, expected) => expect(inCel(source, scope)?.text).toBe(expected));

  it.each(["inputs.who || 'nobody'", "hashFiles('x')", "needs.other.result == 'success'", "steps.x.outputs.y", "github.event.commits.*.id", "runner.os == 'Linux'", "env.NOT_SET", "a ==", "(inputs.dry-run", "format('{0}', 1)", "§"])("gives up on %s", (source) => expect(inCel(source, scope)).toBeNull());
});
