// Approvals from the page: approve, reject back through the loop, and a page that is too late.
import { expect, expectAccessible, node, startRun, test } from "./test";

test("an approval continues the run", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await page.goto("/approvals");
  await page.getByRole("link", { name: "Ship build 1?" }).first().click();
  await expect(page).toHaveURL(new RegExp(run));

  const bar = page.getByRole("region", { name: "Approval of approve" });
  await expect(bar).toContainText("Ship build 1?");
  await expect(bar.getByRole("button", { name: "Approve continues with ship" })).toBeVisible();
  await bar.getByLabel("canary").fill("500");
  await bar.getByLabel("Comment").fill("looks good");
  await bar.getByLabel("canary").fill("50");
  await bar.getByRole("button", { name: /^Approve/ }).click();

  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Succeeded");
  await expect(bar).toHaveCount(0);
  await expect(node(page, "ship")).toContainText("Succeeded");
  await node(page, "approve").click();
  await page.getByRole("tab", { name: "Outputs", exact: true }).click();
  await expect(page.getByRole("row", { name: /comment looks good/ })).toBeVisible();
});

test("a rejection goes back by the loop and asks again; a page left open is told", async ({ page, server, context, guarded, expectedRefusals }) => {
  expectedRefusals.push(409);
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  const stale = guarded(await context.newPage());
  await stale.route("**/events?*", (route) => (route.request().headers()["accept"] === "text/event-stream" ? new Promise(() => {}) : route.continue()));
  await stale.goto(`/runs/${run}`);
  await expect(stale.getByRole("button", { name: /^Approve/ })).toBeVisible();

  await page.goto(`/runs/${run}`);
  const bar = page.getByRole("region", { name: "Approval of approve" });
  await expect(bar.getByRole("button", { name: "Reject goes back to build" })).toBeVisible();
  await expectAccessible(page);
  await bar.getByRole("button", { name: /^Reject/ }).click();

  await expect(bar).toContainText("needs approval · visit 2");
  await expect(bar).toContainText("Ship build 2?");
  await expect(page.locator('[data-loop="loop:approve:0"]')).toHaveText("on rejected · 1/2");

  await stale.getByRole("button", { name: /^Approve/ }).click();
  await expect(stale.getByRole("alert")).toContainText("This visit is closed.");
  await expect(stale.getByRole("region", { name: "Approval of approve" })).toContainText("visit 2");
  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Waiting");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test("an approval can be read and decided", async ({ page, server }) => {
    const run = await startRun(server, "flaky-loop", { tries: 1 });
    await page.goto(`/runs/${run}`);
    const approve = page.getByRole("button", { name: /^Approve/ });
    await expect(approve).toBeInViewport();
    await expect(page.getByText("Ship build 1?")).toBeInViewport();
    await expect(page.getByRole("button", { name: /^Reject/ })).toBeInViewport();
    await expect(node(page, "build")).toBeVisible();
    const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wider).toBe(false);
    await expectAccessible(page);
    await page.screenshot({ path: "test-results/approval-phone.png" });
    await approve.click();
    await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Succeeded");
  });
});
