// Whatever a pipeline or a step says is shown as text: nothing of it runs.
import { expect, node, startRun, test } from "./test";

test("names, messages, outputs and logs are text", async ({ page, server }) => {
  const markup = (number: number) => `<img src=x onerror=window.hurt=${number}>`;
  await page.goto("/");
  await expect(page.getByText(markup(1))).toBeVisible();

  const run = await startRun(server, "hostile");
  await page.goto(`/runs/${run}?step=shout`);
  await expect(page.getByText(`${markup(7)}${markup(6)}`)).toBeVisible();
  const log = page.getByRole("log");
  await expect(log).toContainText(markup(3));
  await expect(log).toContainText("<script>window.hurt=4</script>");
  await expect(log.getByText("click", { exact: true })).toBeVisible();
  await expect(log.getByRole("link")).toHaveCount(0);
  await page.getByRole("tab", { name: "Outputs", exact: true }).click();
  await expect(page.getByRole("cell", { name: markup(6) })).toBeVisible();

  await page.goto("/pipelines/default/hostile");
  await expect(node(page, "shout")).toContainText(markup(2));
  await page.goto("/approvals");
  await expect(page.getByText(markup(7))).toBeVisible();

  expect(await page.evaluate(() => (window as { hurt?: number }).hurt)).toBeUndefined();
  await expect(page.locator("main img")).toHaveCount(0);
});
