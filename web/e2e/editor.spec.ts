// The editor: gestures on the canvas and by keyboard, panes, form, problems, and what is said on the way.
import type { Page } from "@playwright/test";
import { expect, expectAccessible, node, picture as taken, startRun, test } from "./test";

const picture = (page: Page, name: string) => taken(page, `editor-${name}`);

const yaml = (page: Page) => page.evaluate(() => [...document.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));

/** Presses on a step's knob and moves towards another step without letting go. */
async function drag(page: Page, from: string, to: string): Promise<void> {
  await node(page, from).hover();
  const knob = await page.locator(`[data-knob="${from}"]`).boundingBox();
  const target = await node(page, to).boundingBox();
  if (knob === null || target === null) throw new Error("not drawn");
  await page.mouse.move(knob.x + knob.width / 2, knob.y + knob.height / 2);
  await page.mouse.down();
  await page.mouse.move(knob.x + 40, knob.y + 30, { steps: 4 });
  await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 8 });
}

test.beforeEach(async ({ page, server }) => {
  // Each test begins with the file as it is stored.
  await page.goto(`${server.url}/`);
  await page.evaluate(() => localStorage.clear());
});

test("loops are drawn, and caret and node go together", async ({ page }) => {
  await page.goto("/pipelines/default/flaky-loop");
  await expect(page.locator('[data-loop="loop:check:0"]')).toHaveText("on failed · max 5");
  await expect(page.getByText("loop to build")).toBeVisible();
  await node(page, "check").click();
  await expect(page.locator(".cm-activeLine")).toContainText("check:");
  await expect(page).toHaveURL(/step=check/);
  await page.locator(".cm-line", { hasText: "message:" }).click();
  await expect(node(page, "approve")).toHaveAttribute("aria-current", "true");
  await expectAccessible(page);
  await picture(page, "loops");
});

test("dragging to an earlier step asks for on, if and max, and makes a loop; an illegal target says why", async ({ page }) => {
  await page.goto("/pipelines/default/flaky-loop");
  await drag(page, "build", "check");
  await expect(page.locator('[data-drop="no"]')).toHaveText("check needs build already.");
  await expect(node(page, "check").locator("[data-target=no]")).toBeVisible();
  await picture(page, "drag-illegal");
  await page.mouse.up();
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await drag(page, "ship", "check");
  await expect(page.locator('[data-drop="loop"]')).toHaveText("Go back from ship to check: a loop");
  await picture(page, "drag-loop");
  await page.mouse.up();
  const panel = page.getByRole("dialog", { name: "Loop from ship back to check" });
  await expect(panel.getByLabel("on", { exact: true })).toBeFocused();
  await panel.getByLabel("max", { exact: true }).fill("0");
  await expect(panel.getByRole("alert")).toHaveText(/whole number from 1/);
  await expect(panel.getByRole("button", { name: "Make the loop" })).toBeDisabled();
  await panel.getByLabel("max", { exact: true }).fill("4");
  await panel.getByLabel(/^if/).fill("visit < 3");
  await expectAccessible(page);
  await picture(page, "loop-panel");
  await panel.getByRole("button", { name: "Make the loop" }).click();
  await expect(page.locator('[data-loop="loop:ship:0"]')).toHaveText("on failed · max 4");
  expect(await yaml(page)).toContain("  ship: {needs: approve, run: echo shipping, goto: [{to: check, on: failed, if: visit < 3, max: 4}]}");

  // A click on the pill changes it where it stands.
  await page.locator('[data-loop="loop:ship:0"]').click();
  const change = page.getByRole("dialog", { name: "Change the loop from ship to check" });
  await change.getByLabel("max", { exact: true }).fill("6");
  await change.getByRole("button", { name: "Apply" }).click();
  await expect(page.locator('[data-loop="loop:ship:0"]')).toHaveText("on failed · max 6");
  await page.locator('[data-loop="loop:ship:0"]').click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.locator('[data-loop="loop:ship:0"]')).toHaveCount(0);
  await page.getByRole("button", { name: /^Undo/ }).click();
  await expect(page.locator('[data-loop="loop:ship:0"]')).toHaveText("on failed · max 6");
});

test("everything goes by keyboard, and what happens is said", async ({ page }) => {
  await page.goto("/pipelines/default/flaky-loop");
  await expect(node(page, "build")).toBeVisible();
  await node(page, "build").focus();
  await page.keyboard.press("ArrowDown");
  await expect(node(page, "check")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(node(page, "approve")).toBeFocused();
  await page.keyboard.press("a");
  await expect(page.getByRole("menu", { name: "Add a step after approve" })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "kinds");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status", { name: "Last change" })).toHaveText("Add request");
  const name = page.getByLabel("New name of step request");
  await expect(name).toBeFocused();
  await name.fill("probe");
  await name.press("Enter");
  await expect(node(page, "probe")).toBeVisible();
  await expect(page.locator(".cm-activeLine")).toContainText("probe:");

  // Connecting without a pointer lists every step with what an edge would be, or why there can be none.
  await node(page, "probe").focus();
  await page.keyboard.press("c");
  const targets = page.getByRole("dialog", { name: "Connect probe to" });
  await expect(targets.getByRole("button", { name: /^build.*a loop/ })).toBeVisible();
  await targets.getByRole("button", { name: /^ship/ }).click();
  await expect(page.getByRole("status", { name: "Last change" })).toHaveText("ship needs probe");
  expect(await yaml(page)).toContain("ship: {needs: [approve, probe]");

  await node(page, "probe").focus();
  await page.keyboard.press("Control+d");
  await expect(node(page, "probe_2")).toBeVisible();
  await node(page, "probe_2").focus();
  await page.keyboard.press("Delete");
  await expect(node(page, "probe_2")).toHaveCount(0);
  await expect(page.getByRole("status", { name: "Last change" })).toHaveText("Delete probe_2");
  await page.keyboard.press("Control+z");
  await expect(node(page, "probe_2")).toBeVisible();
});

test("several steps are copied as YAML and pasted, with the edges between them", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/pipelines/default/flaky-loop");
  await node(page, "build").click();
  await node(page, "check").click({ modifiers: ["Shift"] });
  await expect(page.getByRole("complementary", { name: "2 steps" })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "several");
  await node(page, "check").focus();
  await page.keyboard.press("Control+c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("check:            # goes back until there were enough builds");
  await page.keyboard.press("Control+v");
  await expect(node(page, "check_2")).toBeVisible();
  expect(await yaml(page)).toContain("goto: [{to: build_2, on: failed, max: 5}]");
  await expect(page.locator('[data-edge="forward:build_2:check_2"]')).toBeVisible();
});

test("the form writes single keys, and a problem is fixed by a splice", async ({ page }) => {
  await page.goto("/pipelines/default/commented?step=build");
  await page.getByRole("tab", { name: "Form" }).click();
  const form = page.getByRole("form", { name: "Keys of build" });
  await expect(form.getByLabel("run", { exact: true })).toHaveValue(/build is a word in this script/);
  await form.getByLabel("More keys").selectOption("timeout");
  await form.getByLabel("timeout", { exact: true }).fill("soon");
  await expect(form.getByRole("alert")).toContainText("written like 30m");
  await form.getByLabel("timeout", { exact: true }).fill("90s");
  await form.getByLabel("timeout", { exact: true }).press("Enter");
  await expectAccessible(page);
  await picture(page, "form");
  await page.getByRole("tab", { name: "YAML" }).click();
  expect(await yaml(page)).toContain("    outputs: {n: {type: string}}\n    timeout: 90s\n");

  await page.locator(".cm-line", { hasText: "goto:" }).click();
  await page.keyboard.press("End");
  for (let at = 0; at < "   # back to build".length + 1 + ", max: 2}".length; at++) await page.keyboard.press("ArrowLeft");
  await page.keyboard.type(", delay: 5");
  await page.getByRole("tab", { name: /^Problems/ }).click();
  await expect(page.getByRole("list", { name: "Problems" }).getByRole("listitem").first()).toContainText(/LL\d{4}/);
  await expectAccessible(page);
  await picture(page, "problems");
});

test("panes are hidden and resized, and stay so", async ({ page }) => {
  await page.goto("/pipelines/default/flaky-loop");
  await expect(page.getByRole("region", { name: "Steps" })).toBeVisible();
  const side = page.getByRole("separator", { name: "Width of the text" });
  await side.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(side).toHaveAttribute("aria-valuenow", "504");
  await page.getByRole("button", { name: "Palette", exact: true }).click();
  await expect(page.getByRole("region", { name: "Steps" })).toHaveCount(0);
  await page.reload();
  await expect(side).toHaveAttribute("aria-valuenow", "504");
  await expect(page.getByRole("region", { name: "Steps" })).toHaveCount(0);
  await page.getByRole("button", { name: "Text, form and problems" }).click();
  await expect(page.getByRole("tab", { name: "YAML" })).toHaveCount(0);
});

test("a kind of step is dragged from the palette onto a step", async ({ page }) => {
  await page.goto("/pipelines/default/flaky-loop");
  await expect(node(page, "ship")).toBeVisible();
  await page.getByRole("region", { name: "Steps" }).getByRole("button", { name: "Pause" }).dragTo(node(page, "ship"));
  await expect(page.getByLabel("New name of step pause")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.locator('[data-edge="forward:ship:pause"]')).toBeVisible();
  expect(await yaml(page)).toContain("  pause: {needs: ship, sleep: 30s}");
});

test("the interface speaks Chinese", async ({ page, server }) => {
  test.slow();
  await page.goto("/pipelines/default/flaky-loop");
  await page.getByRole("button", { name: "Theme and language" }).click();
  await page.getByRole("menuitemradio", { name: "简体中文" }).click();
  await expect(page.getByRole("button", { name: "保存" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-Hans");
  await drag(page, "build", "check");
  await expect(page.locator('[data-drop="no"]')).toHaveText("check 已依赖 build。");
  await page.mouse.up();
  await expectAccessible(page);
  await page.screenshot({ path: "test-results/editor-chinese.png" });

  // On every page, with the words of states, times and failures.
  const run = await startRun(server, "flaky-loop", { tries: 2 });
  await page.goto(`/runs/${run}`);
  await expect(page.getByRole("status", { name: "运行状态" })).toHaveText("等待中");
  await expect(page.getByRole("region", { name: "approve 的审批" })).toContainText("approve 需要审批");
  await expect(page.getByRole("button", { name: "批准 继续执行 ship" })).toBeVisible();
  await node(page, "check").click();
  await expect(page.getByRole("region", { name: "步骤 check" })).toContainText("第 2 轮");
  await expectAccessible(page);
  await picture(page, "run-chinese");
  await page.getByRole("tablist", { name: "运行的视图" }).getByRole("tab", { name: "事件" }).click();
  await expect(page.getByRole("list", { name: "运行历史，最新在前" })).toContainText("运行已创建");
  await page.goto("/runs");
  await expect(page.getByRole("heading", { name: "运行" })).toBeVisible();
  await expect(page.getByRole("link", { name: "全部" })).toBeVisible();
  await page.goto("/approvals");
  await expect(page.getByRole("list", { name: "待审批" })).toContainText("Ship build 2?");
  await page.goto("/nowhere");
  await expect(page.getByText("此地址没有内容")).toBeVisible();
});

test("six hundred steps are laid out, found and edited", async ({ page, server }) => {
  test.slow();
  const steps = Array.from({ length: 600 }, (_, at) => `  s${at}: {${at === 0 ? "" : `needs: s${Math.floor((at - 1) / 3)}, `}run: echo ${at}}`).join("\n");
  const put = await fetch(`${server.url}/api/v1/pipelines/default/wide`, { method: "PUT", headers: { "content-type": "application/yaml", "if-none-match": "*" }, body: `version: 1\nname: wide\nsteps:\n${steps}\n` });
  expect(put.status).toBe(201);
  await page.goto("/pipelines/default/wide");
  await expect(page.locator('[data-ready="true"]')).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Find a step" }).click();
  await page.getByRole("combobox", { name: "Find a step" }).fill("s431");
  await expect(page.getByRole("option")).toHaveCount(1);
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(node(page, "s431")).toBeFocused();
  await expect(node(page, "s431")).toBeInViewport();
  await picture(page, "wide");
  await page.keyboard.press("Delete");
  await expect(node(page, "s431")).toHaveCount(0);
});

test("completion and explanations come from the server, at the caret's offset in the text", async ({ page }) => {
  const asked: { text: string; offset: number }[] = [];
  await page.route("**/api/v1/complete?project=default", async (route) => {
    const body = route.request().postDataJSON() as { text: string; offset: number };
    asked.push(body);
    const from = body.text.slice(0, body.offset).search(/\w*$/);
    await route.fulfill({ json: { completions: [{ label: "timeout", kind: "key", detail: "duration", documentation: "Bound of one attempt.", insert: "timeout: 30m", from, to: body.offset }] } });
  });
  await page.route("**/api/v1/hover?project=default", (route) => {
    const { text } = route.request().postDataJSON() as { text: string };
    const from = text.indexOf("echo shipping");
    return route.fulfill({ json: { from, to: from + 4, markdown: "**A script.** `run`" } });
  });
  await page.goto("/pipelines/default/flaky-loop");
  await page.locator(".cm-line", { hasText: "cleanup:" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("  ti");
  await expect(page.getByRole("option", { name: /timeout/ })).toBeVisible();
  const last = asked.at(-1);
  expect(last?.text.slice(0, last.offset)).toMatch(/rolling back}\n +ti?$/);
  await page.screenshot({ path: "test-results/editor-completion.png" });
  await page.keyboard.press("Enter");
  expect(await yaml(page)).toContain("  timeout: 30m");
  await page.getByRole("button", { name: /^Undo/ }).click();
  await page.getByText("echo shipping", { exact: false }).last().hover();
  await expect(page.getByText("A script. run")).toBeVisible();
});

test("children in place, many items and step types are told apart on the canvas", async ({ page, server }) => {
  const text = `version: 1
name: shapes
steps:
  suites: {foreach: {items: [api, web], as: suite, max_parallel: 2}, run: 'echo {{ suite }}'}
  deploy:
    needs: suites
    pipeline:
      steps:
        copy: {run: echo copy}
        switch: {needs: copy, run: echo switch, goto: [{to: copy, on: failed, max: 2}]}
  undoable: {needs: deploy, run: echo up, compensate: {run: echo down}}
`;
  const put = await fetch(`${server.url}/api/v1/pipelines/default/shapes`, { method: "PUT", headers: { "content-type": "application/yaml", "if-none-match": "*" }, body: text });
  expect(put.status).toBe(201);
  await page.goto("/pipelines/default/shapes");
  await expect(node(page, "suites")).toContainText("for each suite of api, web");
  await expect(node(page, "deploy").getByTitle("copy, switch")).toBeVisible();
  await expect(node(page, "undoable").getByTitle("undone by: echo down")).toBeVisible();
  await node(page, "deploy").click();
  await expect(page.getByRole("complementary", { name: "Step deploy" })).toContainText("copy, switch");
  await expectAccessible(page);
  await picture(page, "shapes");
});

test("steps of `finally` are drawn, added, renamed and deleted, and a step type shows its name", async ({ page, server }) => {
  const text = "version: 1\nname: ending\nsteps:\n  work: {run: echo work}\nfinally:\n  tidy: {run: echo tidy}\n";
  const put = await fetch(`${server.url}/api/v1/pipelines/default/ending`, { method: "PUT", headers: { "content-type": "application/yaml", "if-none-match": "*" }, body: text });
  expect(put.status).toBe(201);
  await page.goto("/pipelines/default/ending");
  await expect(node(page, "tidy")).toContainText("finally");
  await node(page, "tidy").focus();
  await page.keyboard.press("F2");
  await page.getByLabel("New name of step tidy").fill("sweep");
  await page.keyboard.press("Enter");
  await expect(node(page, "sweep")).toBeVisible();
  await page.getByRole("button", { name: "At the end" }).click();
  await page.getByRole("menuitem", { name: /Script/ }).click();
  await page.getByLabel("New name of step script").press("Escape");
  await expect(node(page, "script")).toContainText("finally");
  await expectAccessible(page);
  await expect(page.getByRole("complementary", { name: "Step script" })).toContainText("starts when the other steps have ended");
  await picture(page, "finally");
  expect(await yaml(page)).toContain("finally:\n  sweep: {run: echo tidy}\n  script: {run: echo hello}");
  await node(page, "sweep").focus();
  await page.keyboard.press("Delete");
  await expect(node(page, "sweep")).toHaveCount(0);
  expect(await yaml(page)).toContain("finally:\n  script: {run: echo hello}");
});

test("inputs of the pipeline are a form, and each field writes its own key", async ({ page }) => {
  await page.goto("/pipelines/default/commented");
  await page.getByRole("tab", { name: "Form" }).click();
  const inputs = page.getByRole("region", { name: "Inputs of the pipeline" });
  await inputs.getByLabel("New input").fill("2nd");
  await expect(inputs.getByRole("alert")).toHaveText(/does not begin with a digit/);
  await inputs.getByLabel("New input").fill("replicas");
  await inputs.getByRole("button", { name: "Add", exact: true }).click();
  const one = inputs.getByRole("group", { name: "Input replicas" });
  await one.getByLabel("type", { exact: true }).selectOption("integer");
  await one.getByLabel("default", { exact: true }).fill("many");
  await expect(one.getByRole("alert")).toHaveText(/written like 3/);
  await one.getByLabel("default", { exact: true }).fill("2");
  await one.getByLabel("description", { exact: true }).fill("How many run");
  await one.getByLabel("description", { exact: true }).press("Enter");
  await one.getByLabel("Add a constraint to replicas").selectOption("maximum");
  await one.getByLabel("maximum", { exact: true }).fill("9");
  await one.getByLabel("maximum", { exact: true }).press("Enter");
  await expectAccessible(page);
  await picture(page, "editor-inputs");
  await page.getByRole("tab", { name: "YAML" }).click();
  const text = page.getByRole("textbox", { name: "Pipeline as YAML" });
  await expect(text).toContainText("replicas:");
  for (const line of ["type: integer", "default: 2", "description: How many run", "maximum: 9"]) await expect(text).toContainText(line);
  // Each was a step of its own, and each is taken back.
  await page.getByRole("button", { name: /^Undo/ }).click();
  await expect(text).not.toContainText("maximum: 9");
  await expect(text).toContainText("default: 2");
});

test("an input is renamed with all that speaks of it, in one step", async ({ page }) => {
  await page.goto("/pipelines/default/flaky-loop");
  await page.getByRole("tab", { name: "Form" }).click();
  await page.getByRole("button", { name: "Rename input tries" }).click();
  const field = page.getByLabel("New name of input tries");
  await field.fill("2nd");
  await expect(page.getByRole("alert")).toHaveText(/does not begin with a digit/);
  await field.fill("rounds");
  await expectAccessible(page);
  await field.press("Enter");
  await expect(page.getByRole("group", { name: "Input rounds" })).toBeVisible();
  await page.getByRole("tab", { name: "YAML" }).click();
  const text = page.getByRole("textbox", { name: "Pipeline as YAML" });
  await expect(text).toContainText("inputs: {rounds: {type: integer");
  await expect(text).toContainText('{TRIES: "{{ inputs.rounds }}"}');
  await page.getByRole("button", { name: "Undo: Rename tries to rounds" }).click();
  await expect(text).toContainText('{TRIES: "{{ inputs.tries }}"}');
  await expect(page.getByText("Not saved")).toBeHidden();
});
