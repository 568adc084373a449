// The lists, the form that starts a run, and addresses that lead nowhere.
import { expect, expectAccessible, startRun, test } from "./test";

test("a run is started from the form, with objections at the field", async ({ page, expectedRefusals }) => {
  expectedRefusals.push(422);
  await page.goto("/");
  await expect(page).toHaveTitle("Pipelines · Loopline");
  await page.getByRole("button", { name: "Run flaky-loop" }).click();
  const dialog = page.getByRole("dialog", { name: "Run flaky-loop" });
  const tries = dialog.getByLabel("tries");
  await expect(tries).toHaveValue("3");
  await tries.fill("many");
  await dialog.getByRole("button", { name: "Start run" }).click();
  await expect(dialog.getByRole("alert")).toHaveText("A whole number is needed.");
  await tries.fill("99");
  await dialog.getByRole("button", { name: "Start run" }).click();
  await expect(dialog.getByRole("alert")).toContainText("9");
  await expect(tries).toHaveAttribute("aria-invalid", "true");
  await expectAccessible(page);
  await tries.fill("2");
  await dialog.getByRole("button", { name: "Start run" }).click();
  await expect(page).toHaveURL(/\/runs\/./);
  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Waiting");

  await page.getByRole("tab", { name: "Inputs and outputs" }).click();
  await expect(page.getByText('"tries": 2')).toBeVisible();
  await page.getByRole("tab", { name: "YAML used" }).click();
  await expect(page.getByText("name: flaky-loop")).toBeVisible();
  await page.getByRole("tab", { name: "Events" }).click();
  await expect(page.getByRole("listitem").last()).toContainText("run created");
  await expectAccessible(page);

  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the run" }).click();
  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Cancelled");
});

test("the lists show what is there", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await expect.poll(async () => (await server.api("GET", `/runs/${run}`)).body["status"]).toBe("waiting");
  await page.goto("/");
  const rows = page.getByRole("list", { name: "Pipelines" }).getByRole("listitem");
  // Other tests of this server may have stored more.
  for (const name of ["commented", "flaky-loop", "hostile", "talkative"]) {
    await expect(rows.filter({ has: page.getByRole("link", { name, exact: true }) })).toHaveCount(1);
  }
  await expect(page.getByRole("link", { name: /^Run \d+: Waiting/ }).first()).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: "test-results/pipelines.png" });

  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByRole("navigation", { name: "Filter by status" }).getByRole("link", { name: "Waiting" }).click();
  await expect(page).toHaveURL(/status=waiting/);
  await expect(page.getByRole("list", { name: "Runs" }).getByRole("listitem").first()).toContainText("waits for approve");
  await expectAccessible(page);

  await page.getByRole("link", { name: /^Approvals, \d+ waiting$/ }).click();
  await expect(page.getByRole("list", { name: "Open approvals" }).getByRole("listitem").first()).toContainText("Ship build");
  await expectAccessible(page);
});

test("what does not exist is said to be so", async ({ page, expectedRefusals }) => {
  expectedRefusals.push(404);
  await page.goto("/runs/01J00000000000000000000000");
  await expect(page.getByRole("heading", { name: "There is no such run" })).toBeVisible();
  await page.goto("/pipelines/default/nothing-here");
  await expect(page.getByRole("heading", { name: "There is no such pipeline" })).toBeVisible();
  await page.goto("/no/such/page");
  await expect(page.getByRole("heading", { name: "Nothing lives at this address" })).toBeVisible();
  await expectAccessible(page);
});
