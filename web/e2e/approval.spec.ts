// Approvals from the page: approve, reject back through the loop, and a page that is too late.
import { expect, expectAccessible, node, picture, startRun, test } from "./test";

test("an approval continues the run", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await page.goto("/approvals");
  await page.getByRole("link", { name: "Ship build 1?" }).first().click();
  await expect(page).toHaveURL(new RegExp(`/approvals/${run}/approve`));
  await expect(page.getByRole("region", { name: "What is approved" })).toContainText("sha256:");

  const bar = page.getByRole("region", { name: "Approval of approve" });
  await expect(bar).toContainText("Ship build 1?");
  await expect(bar.getByRole("button", { name: "Approve continues with ship" })).toBeVisible();
  await bar.getByLabel("canary").fill("500");
  await bar.getByLabel("Comment").fill("looks good");
  await bar.getByLabel("canary").fill("50");
  await bar.getByRole("button", { name: /^Approve/ }).click();

  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Succeeded");
  await expect(bar).toHaveCount(0);
  await expect(page.getByRole("status", { name: "Approval of approve" })).toContainText("approve was approved");
  await page.getByRole("link", { name: "Open the run" }).click();
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

  test("the page of one approval says what differs from the last, and closes when the loop has gone round", async ({ page, server }) => {
    const earlier = await startRun(server, "flaky-loop", { tries: 1 });
    await expect.poll(async () => (await server.api("GET", `/runs/${earlier}`)).body["status"]).toBe("waiting");
    await server.api("POST", `/runs/${earlier}/steps/approve/approve`, { visit: 1, fields: { canary: 5 } });
    await expect.poll(async () => (await server.api("GET", `/runs/${earlier}`)).body["status"]).toBe("succeeded");
    const run = await startRun(server, "flaky-loop", { tries: 2 });
    await expect.poll(async () => (await server.api("GET", `/runs/${run}`)).body["status"]).toBe("waiting");
    await page.goto(`/approvals/${run}/approve?visit=1`);
    const subject = page.getByRole("region", { name: "What is approved" });
    await expect(subject).toContainText("the last that was approved here");
    await expect(subject.getByRole("listitem").filter({ hasText: "inputs.tries" })).toContainText("1 → 2");
    await expect(subject.getByRole("listitem").filter({ hasText: "build.n" })).toContainText("1 → 2");
    const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wider).toBe(false);
    await expect(page.getByRole("button", { name: /^Approve/ })).toBeInViewport();
    await expectAccessible(page);
    await picture(page, "approval-page-phone");

    await page.getByRole("button", { name: "Reject goes back to build" }).click();
    const closed = page.getByRole("status", { name: "Approval of approve" });
    await expect(closed).toContainText("approve was rejected");
    await expect(page.getByRole("button", { name: /^Approve/ })).toHaveCount(0);
    await closed.getByRole("link", { name: "Visit 2 asks now" }).click();
    await expect(page.getByRole("region", { name: "Approval of approve" })).toContainText("visit 2");
    await page.goto(`/approvals/${run}/approve?visit=1`);
    await expect(closed).toContainText("There is nothing to decide here.");
    await expectAccessible(page);
    await picture(page, "approval-page-closed");
  });
});
