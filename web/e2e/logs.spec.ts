// A log is followed while it grows, until someone scrolls up.
import { expect, expectAccessible, startRun, test } from "./test";

test("a log follows its step live and lets go when one scrolls up", async ({ page, server }) => {
  const run = await startRun(server, "talkative");
  await page.goto(`/runs/${run}?step=talk`);
  const log = page.getByRole("log");
  await expect(log).toContainText("line 3 of sixty");
  await expect(page.getByText(/^Live · \d+ lines$/)).toBeVisible();
  await expect(log).toContainText("line 30 of sixty");
  // The newest line is in sight, whichever that is by now.
  await expect(log.getByText(/^line \d+ of sixty$/).last()).toBeInViewport();

  await log.hover();
  // As a person would: until the wheel has arrived.
  await expect(async () => {
    await page.mouse.wheel(0, -4000);
    await expect(page.getByText("line 1 of sixty")).toBeInViewport({ timeout: 1000 });
  }).toPass();
  // On a slow machine the step may have ended by now; then the same button leads to the end.
  const follow = page.getByRole("button", { name: /^(Follow|To the end)$/ });
  await expect(follow).toBeVisible();
  await follow.click();

  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Succeeded");
  await expect(page.getByText("Complete · 60 lines")).toBeVisible();
  await expect(page.getByText("line 60 of sixty")).toBeInViewport();
  await page.getByLabel("Timestamps").check();
  await expect(log.getByRole("time").first()).toHaveText(/^\d\d:\d\d:\d\d\.\d{3}$/);
  await expectAccessible(page);
});
