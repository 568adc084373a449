// A draft is run without being saved, and nobody takes its run for one of the saved version.
import { expect, expectAccessible, node, picture, test } from "./test";

test("what is not saved can be run, and the run says that it was a draft", async ({ page, server }) => {
  const stored = await server.api("GET", "/pipelines/default/flaky-loop");
  await page.goto("/pipelines/default/flaky-loop");
  await expect(node(page, "build")).toBeVisible();
  // With nothing to save there is nothing to choose.
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Run flaky-loop" });
  await expect(dialog.getByRole("spinbutton").or(dialog.getByRole("textbox")).first()).toBeVisible();
  await expect(dialog.getByRole("radio")).toHaveCount(0);
  await page.keyboard.press("Escape");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("add script");
  await page.keyboard.press("Enter");
  const name = page.getByLabel("New name of step script");
  await name.fill("unsaved_step");
  await name.press("Enter");
  await expect(node(page, "unsaved_step")).toBeVisible();
  await expect(page.getByText("Not saved")).toBeVisible();

  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(dialog.getByRole("radio", { name: "Saved version" })).toBeChecked();
  await expect(dialog.getByText("Runs the saved version.")).toBeVisible();
  await dialog.getByText("Your draft", { exact: true }).click();
  await expect(dialog.getByRole("radio", { name: "Your draft" })).toBeChecked();
  await expect(dialog.getByText("which is not saved", { exact: false })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "draft-dialog");
  await dialog.getByRole("button", { name: "Start run" }).click();

  await expect(page).toHaveURL(/\/runs\/./);
  await expect(node(page, "unsaved_step")).toBeVisible();
  await expect(page.getByText("draft by", { exact: false })).toBeVisible();
  await picture(page, "draft-run");
  const run = /runs\/([^?]+)/.exec(page.url())?.[1] ?? "";
  expect((await server.api("GET", `/runs/${run}`)).body["trigger"]).toMatchObject({ kind: "draft" });
  expect((await server.api("GET", "/pipelines/default/flaky-loop")).body["yaml"]).toBe(stored.body["yaml"]);
});

test("a draft with errors cannot be run, the saved version can", async ({ page }) => {
  await page.goto("/pipelines/default/flaky-loop");
  await page.locator(".cm-line", { hasText: "message:" }).click();
  await page.keyboard.press("Home");
  await page.keyboard.type("nonsense: 1\n      ");
  await expect(page.getByText("Not saved")).toBeVisible();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Run flaky-loop" });
  await expect(dialog.getByRole("radio", { name: "Your draft" })).toBeDisabled();
  await expect(dialog.getByText("Your draft has errors", { exact: false })).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Start run" })).toBeEnabled();
});
