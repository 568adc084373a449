// Values of expressions and templates, with those of a run of the past.
import { expect, expectAccessible, node, picture, startRun, test } from "./test";

test("the expression under the caret shows its value in a run, its type, or where it is wrong", async ({ page, server }) => {
  // One of its own: other tests have runs of theirs.
  const { body } = await server.api("GET", "/pipelines/default/flaky-loop");
  const put = await fetch(`${server.url}/api/v1/pipelines/default/previewed`, { method: "PUT", headers: { "content-type": "application/yaml", "if-none-match": "*" }, body: String(body["yaml"]).replace("name: flaky-loop", "name: previewed") });
  expect(put.status).toBe(201);
  await page.goto("/pipelines/default/previewed");
  const preview = page.getByRole("tabpanel", { name: "YAML" }).getByRole("region", { name: "Preview" });
  await expect(preview).toContainText("Put the caret into an expression");
  await page.locator(".cm-line", { hasText: "message:" }).getByText("Ship build").click();
  await expect(preview).toContainText("There is no run yet");

  const first = await startRun(server, "previewed", { tries: 1 });
  await expect.poll(async () => (await server.api("GET", `/runs/${first}`)).body["status"]).toBe("waiting");
  const second = await startRun(server, "previewed", { tries: 2 });
  await expect.poll(async () => (await server.api("GET", `/runs/${second}`)).body["status"]).toBe("waiting");
  await page.reload();
  await expect(node(page, "approve")).toBeVisible();
  await page.locator(".cm-line", { hasText: "message:" }).getByText("Ship build").click();
  const value = preview.getByRole("status", { name: "Value" });
  await expect(value).toHaveText("Ship build 2?");
  await expect(preview).toContainText("text of 13 characters");
  await preview.getByLabel("With the values of").selectOption({ label: await preview.locator("option").last().innerText() });
  await expect(value).toHaveText("Ship build 1?");
  await expectAccessible(page);

  // What is being typed is tried, saved or not; a mistake shows its place.
  await page.locator(".cm-line", { hasText: "ship: {" }).getByText("ship").first().click();
  await page.getByRole("tab", { name: "Form" }).click();
  await page.getByLabel("More keys").selectOption("if");
  const condition = page.getByLabel("if", { exact: true });
  await condition.fill("steps.build.visit >= 1");
  const inForm = page.getByRole("tabpanel", { name: "Form" }).getByRole("region", { name: "Preview" });
  await expect(inForm.getByRole("status")).toHaveText("true");
  await expect(inForm).toContainText("true or false");
  await condition.fill('steps.biuld.visit > 1 && "x" == "x"');
  await expect(inForm.locator("mark")).toHaveText(/biuld/);
  await expectAccessible(page);
  await picture(page, "preview-error");
});
