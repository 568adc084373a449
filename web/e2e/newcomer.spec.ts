// The first half hour of someone new: an empty server, a sample, a step, a loop, a mistake and its fix, a rename, a save.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, expectAccessible, node, test } from "./test";
import { startServer } from "./server";

test("from an empty server to a saved pipeline, with every comment where it stood", async ({ page }) => {
  test.slow();
  const server = await startServer("nothing");
  try {
    await page.goto(`${server.url}/`);
    await expect(page.getByRole("heading", { name: "No pipelines yet" })).toBeVisible();
    await expectAccessible(page);
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.screenshot({ path: `test-results/empty-home-${theme}.png` });
    }
    await page.emulateMedia({ colorScheme: "light" });

    await page.getByRole("button", { name: /^Build, test, release/ }).click();
    await expect(page).toHaveURL(/pipelines\/default\/release/);
    await expect(node(page, "approve")).toBeVisible();

    // A step behind `test`, by the "+" that shows under the pointer.
    await node(page, "test").hover();
    await page.locator('[data-knob="test"]').click();
    await page.getByRole("menuitem", { name: /^Script/ }).click();
    await page.getByLabel("New name of step script").fill("package");
    await page.keyboard.press("Enter");
    await expect(page.locator('[data-edge="forward:test:package"]')).toBeVisible();

    // A step into the edge from `build` to `test`.
    await page.locator('[data-edge-knob="build test"]').hover();
    await page.getByRole("button", { name: "Add a step between build and test" }).click();
    await page.getByRole("menuitem", { name: /^Pause/ }).click();
    await page.keyboard.press("Enter");
    await expect(page.locator('[data-edge="forward:pause:test"]')).toBeVisible();

    // The way back: dragged, with a condition that names no step.
    await node(page, "package").hover();
    const knob = await page.locator('[data-knob="package"]').boundingBox();
    const target = await node(page, "build").boundingBox();
    if (knob === null || target === null) throw new Error("not drawn");
    await page.mouse.move(knob.x + knob.width / 2, knob.y + knob.height / 2);
    await page.mouse.down();
    await page.mouse.move(target.x + target.width / 2, target.y + target.height / 2, { steps: 10 });
    await expect(page.locator('[data-drop="loop"]')).toBeVisible();
    await page.mouse.up();
    const loop = page.getByRole("dialog", { name: "Loop from package back to build" });
    await loop.getByLabel("max", { exact: true }).fill("5");
    await loop.getByLabel(/^if/).fill("steps.biuld.visit < 4");
    await loop.getByRole("button", { name: "Make the loop" }).click();
    await expect(page.locator('[data-loop="loop:package:0"]')).toHaveText("on failed · max 5");

    await page.getByRole("tab", { name: /^Problems/ }).click();
    const problem = page.getByRole("list", { name: "Problems" }).getByRole("listitem").filter({ hasText: "biuld" });
    await expect(problem).toContainText("LL0012");
    await expectAccessible(page);
    await page.screenshot({ path: "test-results/newcomer-problem.png" });
    await problem.getByRole("button", { name: /Change to `build`/ }).click();
    await expect(page.getByText("No problems").first()).toBeVisible();
    await page.getByRole("tab", { name: "YAML" }).click();

    // At the pace of a hand: nothing moves between the two clicks.
    await node(page, "release").dblclick({ delay: 120 });
    await page.getByLabel("New name of step release").fill("publish");
    await page.keyboard.press("Enter");
    await expect(node(page, "publish")).toBeVisible();
    await page.getByRole("button", { name: "Undo: Rename release to publish" }).click();
    await expect(node(page, "release")).toBeVisible();
    await page.getByRole("button", { name: "Redo: Rename release to publish" }).click();
    await expect(node(page, "publish")).toBeVisible();

    await page.getByRole("button", { name: "Save" }).click();
    const dialog = page.getByRole("dialog", { name: "Save release?" });
    await expect(dialog.getByRole("list", { name: "What changes, in words" }).getByRole("listitem")).toHaveText([
      "Step release is now called publish",
      "New step pause",
      "New step package",
      "New loop package → build on failed, max 5",
      "test needs pause",
      "test no longer needs build",
    ]);
    await expectAccessible(page);
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.screenshot({ path: `test-results/newcomer-save-${theme}.png` });
    }
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog).toHaveCount(0);

    const stored = String((await server.api("GET", "/pipelines/default/release")).body["yaml"]);
    expect(stored).toBe(await readFile(join(import.meta.dirname, "newcomer.golden.yaml"), "utf8"));
    const sample = await readFile(join(import.meta.dirname, "../src/app/samples/release.yaml"), "utf8");
    const comments = (text: string) => text.split("\n").filter((line) => line.includes("#") && !line.includes('"$'));
    expect(comments(stored)).toEqual(comments(sample));
  } finally {
    await page.goto("about:blank");
    await server.stop();
  }
});
