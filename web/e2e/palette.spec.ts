// The palette of commands: everything by keyboard, from anywhere.
import { expect, expectAccessible, node, picture, startRun, test } from "./test";

const field = "Find a command, step, pipeline or run";

test("the palette leads to pipelines, steps and commands without a pointer", async ({ page, server }) => {
  // Runs of its name do not stand before the pipeline.
  await startRun(server, "flaky-loop", { tries: 1 });
  await page.goto("/");
  await expect(page.getByRole("button", { name: "Run flaky-loop" })).toBeVisible();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Commands" });
  await expect(palette.getByRole("combobox", { name: field })).toBeFocused();
  await expect(palette.getByRole("group", { name: "Go to" }).getByRole("option")).toHaveCount(6);
  await expectAccessible(page);
  await page.keyboard.type("flaky");
  await expect(palette.getByRole("option").first()).toContainText("flaky-loop");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/pipelines\/default\/flaky-loop/);
  await expect(palette).toBeHidden();

  await expect(node(page, "approve")).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(palette.getByRole("group", { name: "On this page" }).getByRole("option").first()).toBeVisible();
  await picture(page, "palette-editor");
  await page.keyboard.type("approve");
  const step = palette.getByRole("group", { name: "Steps of this graph" }).getByRole("option", { name: "approve" });
  await expect(step).toHaveAttribute("aria-selected", "true");
  // The field says which option is meant.
  expect(await palette.getByRole("combobox").getAttribute("aria-activedescendant")).toBe(await step.getAttribute("id"));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/step=approve/);

  await page.keyboard.press("Control+k");
  await page.keyboard.type("add script");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("New name of step script")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("undo");
  await page.keyboard.press("Enter");
  await expect(node(page, "script")).toBeHidden();
});

test("the palette knows runs and what can be done to the open one", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await expect.poll(async () => (await server.api("GET", `/runs/${run}`)).body["status"]).toBe("waiting");
  const number = String((await server.api("GET", `/runs/${run}`)).body["number"]);
  await page.goto("/runs");
  await expect(page.getByRole("list", { name: "Runs" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.type(`flaky #${number}`);
  await expect(page.getByRole("group", { name: "Runs" }).getByRole("option").first()).toContainText("Waiting");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/runs/${run}`));
  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Waiting");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("timeline");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("tab", { name: "Timeline" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("cancel");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: new RegExp(`Cancel run ${number}`) })).toBeVisible();
  // It is answered before anything else is looked for.
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Commands" })).toBeHidden();
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Cancelled");
});

test("nothing found is said, and the focus goes back when it closes", async ({ page }) => {
  await page.goto("/");
  const find = page.getByRole("button", { name: "Commands" });
  await find.click();
  await page.keyboard.type("no such thing");
  await expect(page.getByText("Nothing is called so.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(find).toBeFocused();
});
