// A loop in its third visit: budget, one segment per visit, and a pinned first visit.
import { expect, expectAccessible, node, startRun, test } from "./test";

test("a loop in its third visit shows its budget and every visit", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 3 });
  await page.goto(`/runs/${run}`);

  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Waiting");
  await expect(page.locator('[data-loop="loop:check:0"]')).toHaveText("on failed · 2/5");
  await expect(page.locator('[data-loop="loop:approve:0"]')).toHaveText("on rejected · 0/2");

  const visits = page.getByRole("group", { name: "Visits of the loop to build" });
  await expect(visits.getByRole("button")).toHaveCount(3);
  await expect(visits.getByRole("button", { name: "Visit 1: failed" })).toBeVisible();
  await expect(visits.getByRole("button", { name: "Visit 2: failed" })).toBeVisible();
  await expect(visits.getByRole("button", { name: "Visit 3: waiting, the latest" })).toBeVisible();

  // The whole graph is drawn, what has not started as well.
  await expect(node(page, "build")).toContainText("visit 3");
  await expect(node(page, "approve")).toContainText("Needs approval");
  await expect(node(page, "ship")).toContainText("Not started");
  await expect(page.locator('[data-edge="forward:check:approve"]')).toHaveAttribute("data-state", "live");
  await expect(page.locator('[data-edge="forward:approve:ship"]')).toHaveAttribute("data-state", "undecided");

  await node(page, "build").click();
  await expect(page).toHaveURL(/step=build/);
  await expect(page.getByRole("log")).toContainText("build number 3");

  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await expectAccessible(page);
    await page.screenshot({ path: `test-results/loop-third-visit-${theme}.png` });
  }
});

test("a pinned visit shows what was then, and nothing moves", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 3 });
  await page.goto(`/runs/${run}?step=build`);
  await expect(node(page, "approve")).toContainText("Needs approval");
  const places = () => page.locator(".react-flow__node").evaluateAll((all) => all.map((one) => (one as HTMLElement).style.transform));
  const before = await places();

  await page.getByRole("button", { name: "Visit 1: failed" }).click();
  await expect(page).toHaveURL(/pin=build%3A1/);
  await expect(page.getByText("Viewing visit 1 of 3 of the loop to build. Actions are off.")).toBeVisible();
  await expect(page.getByRole("log")).toContainText("build number 1");
  await expect(node(page, "check")).toContainText("Failed");
  await expect(node(page, "approve")).toContainText("Not reached");
  await expect(page.getByRole("region", { name: "Approval of approve" })).toHaveCount(0);
  expect(await places()).toEqual(before);
  await expectAccessible(page);
  await page.screenshot({ path: "test-results/loop-visit-1-pinned.png" });

  await page.getByRole("tab", { name: "Outputs", exact: true }).click();
  await expect(page.getByRole("row", { name: /^n 1$/ })).toBeVisible();

  // The address alone shows the same to someone else.
  await page.reload();
  await expect(node(page, "approve")).toContainText("Not reached");

  await page.getByRole("switch", { name: "Follow latest" }).click();
  await expect(node(page, "approve")).toContainText("Needs approval");
  await page.getByRole("tab", { name: "Visits 3" }).click();
  await expect(page.getByRole("row", { name: /Visit 3 Succeeded 1/ })).toBeVisible();
});
