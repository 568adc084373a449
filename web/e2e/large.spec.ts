// A thousand steps: only what is near what is in sight is drawn, and panning draws nothing anew.
import { expect, expectAccessible, node, picture, test } from "./test";

const STEPS = 1000;

function thousand(): string {
  const steps = Array.from({ length: STEPS }, (_, at) => {
    const row = Math.floor(at / 20) * 20 - 20;
    const needs = at < 20 ? "" : `needs: [${[0, 7, 13].map((by) => `s${row + ((at + by) % 20)}`).join(", ")}], `;
    const loop = at % 100 === 99 ? `, goto: [{to: s${at - 20}, on: failed, max: 2}]` : "";
    return `  s${at}: {${needs}run: echo ${at}${loop}}`;
  });
  return `version: 1\nname: thousand\nsteps:\n${steps.join("\n")}\n`;
}

test("a thousand steps are laid out, panned, searched and edited", async ({ page, server }) => {
  test.slow();
  await fetch(`${server.url}/api/v1/pipelines/default/thousand`, { method: "PUT", headers: { "content-type": "application/yaml", "if-none-match": "*" }, body: thousand() });
  await page.goto("/pipelines/default/thousand");
  await expect(page.locator('[data-ready="true"]')).toBeVisible();
  await expect(page.locator(".react-flow__node-step").first()).toBeVisible();
  // Elements cost with every letter and every frame; all steps and edges at once are fifty thousand.
  expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(6000);
  await picture(page, "thousand-far");

  // A hand's width of panning stays within what is drawn already.
  const drawn = () => page.evaluate(() => (window as unknown as { drawnAnew: number }).drawnAnew);
  await page.evaluate(() => {
    const counted = window as unknown as { drawnAnew: number };
    counted.drawnAnew = 0;
    const nodes = document.querySelector(".react-flow__nodes");
    if (nodes !== null) new MutationObserver((changes) => (counted.drawnAnew += changes.length)).observe(nodes, { childList: true, subtree: true, attributes: true });
  });
  const pane = await page.locator(".react-flow__pane").boundingBox();
  const [x, y] = [(pane?.x ?? 0) + (pane?.width ?? 0) / 2, (pane?.y ?? 0) + (pane?.height ?? 0) - 12];
  const view = () => page.locator(".react-flow__viewport").getAttribute("style");
  const before = await view();
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let at = 1; at <= 15; at++) await page.mouse.move(x - at * 10, y - at * 4);
  await expect.poll(view).not.toBe(before);
  expect(await drawn()).toBe(0);
  await page.mouse.up();

  await page.getByRole("button", { name: "Find a step" }).click();
  await page.getByRole("combobox", { name: "Find a step" }).fill("s777");
  await page.keyboard.press("Enter");
  await expect(node(page, "s777")).toBeInViewport();
  await expect(node(page, "s777")).toBeFocused();
  await expect(node(page, "s777")).toContainText("echo 777");
  await picture(page, "thousand-near");
  await expectAccessible(page);

  // The text takes a step, and the graph follows.
  await page.getByRole("textbox", { name: "Pipeline as YAML" }).press("ControlOrMeta+End");
  await page.keyboard.type("  last: {needs: s777, run: echo at last}\n");
  await page.getByRole("button", { name: "Find a step" }).click();
  await page.getByRole("combobox", { name: "Find a step" }).fill("last");
  await page.getByRole("option", { name: /last/ }).click();
  await expect(node(page, "last")).toBeInViewport();
});
