// A step renamed on the canvas: the file keeps every byte that the rename does not mean.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, expectAccessible, node, picture, test } from "./test";

const source = () => readFile(join(import.meta.dirname, "pipelines/commented.yaml"), "utf8");
const golden = () => readFile(join(import.meta.dirname, "commented.renamed.yaml"), "utf8");

test("a rename changes the key and every reference, undo gives the bytes back, and the save keeps comments", async ({ page, server }) => {
  const stored = async () => String((await server.api("GET", "/pipelines/default/commented")).body["yaml"]);
  expect(await stored()).toBe(await source());
  await page.goto("/pipelines/default/commented");

  // Caret and node follow each other.
  await node(page, "ship").click();
  await expect(page.getByRole("complementary", { name: "Step ship" })).toBeVisible();
  await expect(page.locator(".cm-activeLine")).toHaveText("ship:");
  await page.locator(".cm-line", { hasText: "# compiles" }).click();
  await expect(node(page, "build")).toHaveAttribute("aria-current", "true");

  await node(page, "build").dblclick();
  const name = page.getByLabel("New name of step build");
  for (const [illegal, reason] of [["ship", "There is a step `ship` already."], ["Build", "starts with a lowercase letter"], ["a-b", "only lowercase letters"]] as const) {
    await name.fill(illegal);
    await expect(page.getByRole("alert")).toContainText(reason);
  }
  await name.fill("compile");
  await name.press("Enter");
  await expect(node(page, "compile")).toBeVisible();
  await expect(node(page, "build")).toHaveCount(0);
  await expect(page.getByText("Not saved")).toBeVisible();
  await expectAccessible(page);

  await page.keyboard.press("Control+z");
  await expect(node(page, "build")).toBeVisible();
  await expect(page.getByText("Not saved")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Save" })).toBeDisabled();
  await page.keyboard.press("Control+Shift+z");
  await expect(node(page, "compile")).toBeVisible();

  // What is not saved survives a reload.
  await expect.poll(() => page.evaluate(() => localStorage.getItem("loopline.draft.default/commented") ?? "")).toContain("compile");
  await page.reload();
  await expect(page.getByText("Draft restored")).toBeVisible();
  await expect(node(page, "compile")).toBeVisible();

  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog", { name: "Save commented?" });
  await expect(dialog.locator(".cm-changedLine").first()).toContainText("compile");
  await expectAccessible(page);
  await page.screenshot({ path: "test-results/save-difference.png" });
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toHaveCount(0);
  expect(await stored()).toBe(await golden());

  await page.getByRole("button", { name: /^Undo/ }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Not saved")).toHaveCount(0);
  expect(await stored()).toBe(await source());
});

test("a save over someone else's version is a choice, not a loss", async ({ page, server, expectedRefusals }) => {
  expectedRefusals.push(409);
  await page.goto("/pipelines/default/commented");
  await expect(node(page, "ship")).toBeVisible();
  await node(page, "ship").focus();
  await page.keyboard.press("F2");
  await page.getByLabel("New name of step ship").fill("publish");
  await page.keyboard.press("Enter");
  await expect(node(page, "publish")).toBeVisible();

  // Meanwhile somebody else adds a line that collides with nothing, and changes one that was changed here too.
  const read = async () => String((await server.api("GET", "/pipelines/default/commented")).body["yaml"]);
  const store = async (yaml: string) => {
    const { body } = await server.api("GET", "/pipelines/default/commented");
    const put = await fetch(`${server.url}/api/v1/pipelines/default/commented`, { method: "PUT", body: yaml, headers: { "content-type": "application/yaml", "if-match": `"${String(body["etag"])}"` } });
    expect(put.status).toBe(200);
  };
  const original = await read();
  await store(`# theirs\n${original.replace("  ship:\n", "  ship:   # to production\n").replace("max: 2}]", "max: 4}]")}`);

  const save = () => page.getByRole("button", { name: "Save", exact: true });
  await save().first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  const merge = page.getByRole("dialog", { name: "Someone saved another version" });
  await expect(merge.getByRole("list", { name: "What they changed" })).toHaveText("Loop test → build: max: 2 → 4");
  await expect(merge.getByRole("list", { name: "What you changed" })).toHaveText("Step ship is now called publish");
  await expect(merge.getByRole("status", { name: "How far the merge is" })).toHaveText("To decide: 1. Everything else is merged already.");
  const result = merge.getByRole("textbox", { name: "Result, can be edited" });
  await expect(result).toContainText("max: 4}]");
  await expect(merge.getByRole("button", { name: "Save the result" })).toBeDisabled();
  await expectAccessible(page);
  await picture(page, "merge-open");

  // Put off, it is gone on with where it was left; mine is still what is edited.
  await merge.getByRole("button", { name: "Take theirs", exact: true }).click();
  await expect(result).toContainText("ship:   # to production");
  await page.keyboard.press("Escape");
  await expect(node(page, "publish")).toBeVisible();
  await save().first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await expect(merge.getByRole("button", { name: "Take theirs", exact: true })).toHaveAttribute("aria-pressed", "true");
  await merge.getByRole("button", { name: "Keep yours" }).click();
  await expect(merge.getByRole("status", { name: "How far the merge is" })).toContainText("All is decided");
  await expect(result).toContainText("publish:");
  await result.locator(".cm-line", { hasText: "publish:" }).click();
  await page.keyboard.press("End");
  await page.keyboard.type("   # ours");

  // Faster once more: what was merged is kept, and collides with nothing of the newest.
  await store(`${await read()}# last\n`);
  await merge.getByRole("button", { name: "Save the result" }).click();
  await expect(merge.getByRole("status", { name: "How far the merge is" })).toContainText("Nothing collides");
  await expect(result).toContainText("publish:   # ours");
  await expectAccessible(page);
  await picture(page, "merge-clean");
  await merge.getByRole("button", { name: "Save the result" }).click();
  await expect(merge).toHaveCount(0);
  await expect(page.getByText("Not saved")).toHaveCount(0);
  await expect(node(page, "publish")).toBeVisible();
  const merged = await read();
  for (const kept of ["# theirs\n", "  publish:   # ours\n", "max: 4}]", "# last\n"]) expect(merged).toContain(kept);

  // Theirs can be loaded instead; mine is one undo away.
  await page.getByRole("button", { name: /^Undo/ }).click();
  await store(merged.replace("# last", "# the very last"));
  await save().first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await merge.getByRole("button", { name: "Drop yours, load theirs" }).click();
  await expect(page.locator(".cm-content")).toContainText("# the very last");
  await page.getByRole("button", { name: /^Undo/ }).click();
  await expect(page.locator(".cm-content")).not.toContainText("# the very last");
  await store(original);
});

test("broken YAML dims the last good graph and names the line", async ({ page }) => {
  await page.goto("/pipelines/default/talkative");
  await expect(node(page, "talk")).toBeVisible();
  await page.locator(".cm-line", { hasText: "steps:" }).click();
  await page.keyboard.press("End");
  await page.keyboard.type(" {");
  await expect(page.getByRole("alert")).toContainText("The graph shows the last good state.");
  await expect(page.getByRole("alert")).toContainText(/Line \d+:/);
  await expect(page.locator("[data-outdated=true]")).toBeVisible();
  await expect(node(page, "talk")).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: "test-results/broken-yaml.png" });
  await page.keyboard.press("Control+z");
  await expect(page.getByRole("alert")).toHaveCount(0);
});
