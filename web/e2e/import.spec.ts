// A workflow of GitHub Actions becomes a pipeline, from the list and from the empty page.
import { join } from "node:path";
import { expect, expectAccessible, node, picture, test } from "./test";

test("a workflow is chosen, looked at, changed and stored", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "New pipeline" }).click();
  await page.getByRole("button", { name: /^Import from GitHub Actions/ }).click();
  const dialog = page.getByRole("dialog", { name: "Import from GitHub Actions" });
  const source = dialog.getByLabel("Workflow of GitHub Actions");
  await source.fill("jobs: [");
  await expect(dialog.getByRole("alert")).toContainText("This is not YAML");
  await dialog.locator('input[type="file"]').setInputFiles(join(import.meta.dirname, "../src/document/import/workflows/ci.yml"));
  await expect(source).toHaveValue(/CI & release/);
  const result = dialog.getByRole("textbox", { name: "Pipeline", exact: true });
  await expect(result).toHaveValue(/name: ci-release/);
  await expect(dialog.getByRole("status", { name: "What came of it" })).toContainText("Not carried over: 5");
  await expectAccessible(page);
  await picture(page, "import");

  const text = await result.inputValue();
  await result.fill(text.replace("needs: lint_and_format", "needs: lint"));
  await expect(dialog.getByRole("status")).toContainText("lint");
  await expect(dialog.getByRole("button", { name: "Import and edit" })).toBeDisabled();
  await result.fill(text);
  await dialog.getByRole("button", { name: "Import and edit" }).click();
  await expect(page).toHaveURL(/pipelines\/default\/ci-release/);
  for (const step of ["lint_and_format", "test", "build", "deploy", "notify"]) await expect(node(page, step)).toBeVisible();
});
