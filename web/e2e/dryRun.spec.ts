// A dry run in the editor: outcomes are chosen by visit, people decide, and the path is laid over the graph.
import type { Page } from "@playwright/test";
import { expect, expectAccessible, node, picture, test } from "./test";

const open = async (page: Page, pipeline: string) => {
  await page.goto(`/pipelines/default/${pipeline}`);
  await page.getByRole("button", { name: "Dry run" }).click();
  return page.getByRole("region", { name: "Dry run" });
};
const result = (page: Page) => page.getByRole("status", { name: "Result of the dry run" });

test("a draft is played: failures go round the loop, people decide, moments are looked at", async ({ page }) => {
  const panel = await open(page, "flaky-loop");
  // Nothing chosen: work succeeds and people approve.
  await expect(result(page)).toContainText("Succeeded");
  await expect(node(page, "ship")).toContainText("Succeeded");
  await expect(node(page, "cleanup")).toContainText("Skipped");

  await panel.getByLabel("What check does").selectOption("Fails: exit code 1");
  await expect(panel.getByRole("button", { name: /^check · visit 2: Succeeded/ })).toBeVisible();
  await expect(node(page, "check")).toContainText("visit 2");
  await expect(page.locator('[data-loop="loop:check:0"]')).toHaveText("on failed · 1/5");
  await panel.getByLabel("What approve does").selectOption("Somebody rejects");
  await expect(page.locator('[data-loop="loop:approve:0"]')).toHaveText("on rejected · 1/2");
  await expect(panel.getByRole("button", { name: /^approve · visit 2: Succeeded/ })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "dry-run-loop");

  // The moment of one visit, then step by step with the keyboard.
  await panel.getByRole("button", { name: /^check: Failed/ }).click();
  await expect(node(page, "ship")).toContainText("Not started");
  const moment = page.getByRole("slider", { name: "Moment" });
  await moment.focus();
  await page.keyboard.press("Home");
  await expect(moment).toHaveAttribute("aria-valuetext", /^Event 1 of \d+: /);
  await expect(node(page, "build")).toContainText("Queued");
  await page.keyboard.press("ArrowRight");
  await expect(node(page, "build")).toContainText("Running");
  await page.keyboard.press("End");
  await expect(node(page, "ship")).toContainText("Succeeded");
  await page.getByRole("region", { name: "Moments" }).getByRole("button", { name: "Play" }).click();
  await expect(node(page, "build")).toContainText("Running");
  await page.getByRole("region", { name: "Moments" }).getByRole("button", { name: "Pause" }).click();

  await panel.getByRole("button", { name: "Start over" }).click();
  await expect(panel.getByRole("button", { name: /visit 2/ })).toHaveCount(0);
  await expect(node(page, "ship")).toContainText("Succeeded");
});

test("what nobody answers is waited for, and inputs that do not fit say so at the field", async ({ page, expectedRefusals }) => {
  expectedRefusals.push(422);
  const panel = await open(page, "flaky-loop");
  await panel.getByLabel("What approve does").selectOption("Nothing happens");
  await expect(result(page)).toContainText("after 24h");
  await expect(node(page, "approve")).toContainText("Failed");
  await expect(node(page, "cleanup")).toContainText("Skipped");

  await panel.getByLabel("tries").fill("99");
  await expect(panel.getByRole("alert")).toContainText("99 is greater than the maximum of 9");
  await expectAccessible(page);
  await panel.getByLabel("tries").fill("many");
  await expect(panel.getByRole("alert")).toHaveText("A whole number is needed.");
  await panel.getByLabel("tries").fill("2");
  await expect(panel.getByRole("alert")).toHaveCount(0);
});

test("the unsaved text is what is played, with signals, children in place and outputs", async ({ page, server, expectedRefusals }) => {
  expectedRefusals.push(422);
  const text = `version: 1
name: tried
steps:
  measure: {run: ./measure.sh, outputs: {load: {type: integer}}}
  go:
    needs: measure
    wait: {signal: go, timeout: 1h, schema: {type: object, properties: {n: {type: integer}}, required: [n]}}
  many: {needs: go, if: steps.measure.outputs.load > 50, run: echo many}
  deploy:
    needs: go
    pipeline:
      steps:
        copy: {run: echo copy}
        sure: {needs: copy, approval: {message: "Sure?", timeout: 1h}}
`;
  const put = await fetch(`${server.url}/api/v1/pipelines/default/tried`, { method: "PUT", headers: { "content-type": "application/yaml", "if-none-match": "*" }, body: text });
  expect([201, 412, 409]).toContain(put.status);
  const panel = await open(page, "tried");
  await expect(node(page, "many")).toContainText("Skipped");
  await expect(panel.getByRole("button", { name: /^deploy\/sure: Succeeded/ })).toBeVisible();

  await panel.getByRole("button", { name: "Details of measure" }).click();
  const outputs = panel.getByLabel("Outputs (JSON)");
  await outputs.fill('{"load": ');
  await expect(panel.getByRole("alert")).toHaveText("This is not valid JSON.");
  await outputs.fill('{"load": 80}');
  await panel.getByLabel("Takes").fill("90s");
  await panel.getByLabel("Takes").press("Enter");
  await expect(node(page, "many")).toContainText("Succeeded");
  await expect(result(page)).toContainText("after 3m 30s");
  await expectAccessible(page);
  await picture(page, "dry-run-values");

  await panel.getByLabel("What go does").selectOption("Nothing happens");
  await expect(node(page, "go")).toContainText("Failed");
  await panel.getByLabel("What go does").selectOption("The signal comes");
  await panel.getByLabel("What deploy/sure does").selectOption("Somebody rejects");
  await expect(node(page, "deploy")).toContainText("Failed");

  // A text that does not compile has nothing to play, and says where to look.
  await page.getByRole("tab", { name: "YAML" }).click();
  await page.locator(".cm-line", { hasText: "measure: {" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("later: {needs: depoy, run: echo later}");
  await page.getByRole("button", { name: "Dry run" }).click();
  await expect(panel.getByRole("alert")).toContainText("The text has errors");
  await panel.getByRole("button", { name: "Show the problems" }).click();
  await page.getByRole("button", { name: "Change to `deploy`" }).click();
  await page.getByRole("button", { name: "Dry run" }).click();
  await panel.getByRole("button", { name: "Start over" }).click();
  await expect(node(page, "later")).toContainText("Succeeded");
});
