// A log is followed while it grows, until someone scrolls up.
import { expect, expectAccessible, startRun, test } from "./test";

test("a log follows its step live and lets go when one scrolls up", async ({ page, server }) => {
  const run = await startRun(server, "talkative");
  await page.goto(`/runs/${run}?step=talk`);
  const log = page.getByRole("log");
  await expect(log).toContainText("line 3 of sixty");
  // On a slow machine it may have ended by now.
  await expect(page.getByText(/^(Live|Complete) · \d+ lines$/)).toBeVisible();
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

test("the server counts what a search finds while the page still reads the log", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await expect.poll(async () => (await server.api("GET", `/runs/${run}`)).body["status"]).toBe("waiting");
  const line = (n: number) => ({ n, at: "2026-01-01T00:00:00.000Z", stream: "stdout", text: `line ${n}` });
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/steps/build/logs?*", async (route) => {
    const asked = new URL(route.request().url()).searchParams;
    if (asked.has("search")) return route.fulfill({ json: { visit: 1, attempt: 1, lines: [], next: 0, complete: true, total: 4711 } });
    if (asked.get("after") === "0") return route.fulfill({ json: { visit: 1, attempt: 1, lines: [line(1), line(2)], next: 2, complete: false } });
    await held;
    await route.fulfill({ json: { visit: 1, attempt: 1, lines: [line(3)], next: 3, complete: true } });
  });
  await page.goto(`/runs/${run}?step=build&dock=logs`);
  await expect(page.getByText("Loading · 2 lines")).toBeVisible();
  await page.getByRole("searchbox", { name: "Search the log" }).fill("line");
  await expect(page.getByText("1 of 4,711", { exact: true })).toBeVisible();
  await expectAccessible(page);
  release();
  // What has been read whole is counted here.
  await expect(page.getByText("1 of 3", { exact: true })).toBeVisible();
});
