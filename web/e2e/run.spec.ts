// The run page: moments of the past, what is done again, the timeline, reasons, and logs that are long.
import { expect, expectAccessible, node, picture, startRun, test } from "./test";

test("a moment of the past is the server's, its address is shared, and actions are off meanwhile", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const run = await startRun(server, "flaky-loop", { tries: 2 });
  await page.goto(`/runs/${run}`);
  await expect(page.getByRole("region", { name: "Approval of approve" })).toBeVisible();
  const travel = page.getByRole("region", { name: "Moments of the run" });
  await expect(travel.locator('[data-mark="failure"], [data-mark="loop"]').first()).toBeAttached();

  const slider = travel.getByRole("slider", { name: "Moment" });
  const last = Number(await slider.getAttribute("max"));
  await slider.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page).toHaveURL(new RegExp(`at=${last - 1}`));
  await expect(page.getByText(`Viewing event ${last - 1} of ${last}. Actions are off.`)).toBeVisible();
  await expect(page.getByRole("region", { name: "Approval of approve" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Cancel" })).toHaveCount(0);

  // At the beginning nothing has happened.
  await page.keyboard.press("Home");
  await expect(page).toHaveURL(/at=1(&|$)/);
  await expect(node(page, "check")).toContainText("Not started");
  await expectAccessible(page);
  await picture(page, "run-time-travel");

  await page.getByRole("button", { name: "Share" }).click();
  await expect(page.getByRole("button", { name: "Link copied" })).toBeVisible();
  const shared = await page.evaluate(() => navigator.clipboard.readText());
  await page.goto("/");
  await page.goto(shared);
  await expect(node(page, "check")).toContainText("Not started");

  // It plays by itself up to the present.
  await travel.getByRole("button", { name: "Replay" }).click();
  await expect(node(page, "approve")).toContainText("Needs approval");
  await expect(page.getByText(/Viewing event/)).toHaveCount(0, { timeout: 40_000 });
  await expect(page.getByRole("region", { name: "Approval of approve" })).toBeVisible();
});

test("events are listed with what they changed, of the run and of a step, and each leads to its moment", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 2 });
  await page.goto(`/runs/${run}?tab=events`);
  const events = page.getByRole("list", { name: "History of the run, newest first" });
  await expect(events.getByRole("listitem").last()).toContainText("run created");
  await events.getByRole("listitem").last().hover();
  await page.getByRole("button", { name: "Show the run after event 1", exact: true }).click();
  await expect(page).toHaveURL(/at=1(&|$)/);
  await page.getByRole("button", { name: "Back to live" }).click();

  await node(page, "check").click();
  await page.getByRole("region", { name: "Step check" }).getByRole("tab", { name: "Events" }).click();
  await expect(events.getByRole("listitem").first()).toContainText("check");
  await page.getByRole("tab", { name: "Why" }).click();
  const why = page.getByRole("region", { name: "Why check stands where it does" });
  await expect(why).toContainText("build");
  await expect(why.getByRole("heading", { name: "Where it may go back to" })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "run-why");
});

test("a run is done again from a step on, or with changed inputs", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await expect.poll(async () => (await server.api("GET", `/runs/${run}`)).body["status"]).toBe("waiting");
  await server.api("POST", `/runs/${run}/steps/approve/approve`, { visit: 1, fields: { canary: 5 } });
  await page.goto(`/runs/${run}?step=ship`);
  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Succeeded");
  await page.getByRole("button", { name: "Rerun" }).click();
  await expect(page.getByRole("menuitem", { name: "Rerun failed" })).toHaveAttribute("data-disabled", "");
  await picture(page, "run-rerun-menu");
  await page.getByRole("menuitem", { name: "From ship on" }).click();
  await expect(page.getByText("rerun 1")).toBeVisible();
  await expect(page.getByRole("status", { name: "Run status" })).toHaveText("Succeeded");
  await expect(node(page, "ship")).toContainText("visit 2");
  await expect(node(page, "build")).not.toContainText("visit 2");

  await page.getByRole("button", { name: "Rerun" }).click();
  await page.getByRole("menuitem", { name: "With changed inputs…" }).click();
  const dialog = page.getByRole("dialog", { name: "Run flaky-loop" });
  await expect(dialog.getByLabel("tries")).toHaveValue("1");
  await dialog.getByLabel("tries").fill("2");
  await dialog.getByRole("button", { name: "Start run" }).click();
  await expect(page).not.toHaveURL(new RegExp(run));
  await expect(node(page, "build")).toContainText("visit 2");
});

test("two visits of a loop are compared, and the timeline has a bar for each", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 3 });
  await page.goto(`/runs/${run}`);
  await page.getByRole("button", { name: "Visit 1: failed" }).click();
  const comparison = page.getByRole("region", { name: "Visits of the loop to build compared" });
  await comparison.getByLabel("Compare visit 1 with").selectOption("3");
  await expect(page).toHaveURL(/against=3/);
  await expect(comparison.getByRole("row", { name: /^build/ })).toContainText("n 1 → 3");
  await expect(comparison.getByRole("row", { name: /^check/ })).toContainText("Failed");
  await expectAccessible(page);
  await picture(page, "run-compare");

  await page.getByRole("tab", { name: "Timeline" }).click();
  const timeline = page.getByRole("region", { name: "Timeline of the run" });
  await expect(timeline.getByRole("button", { name: /^build, visit/ })).toHaveCount(3);
  await expect(timeline.getByRole("button", { name: /^approve, visit 1, attempt \d+: Waiting/ })).toHaveAttribute("data-waits", "true");
  await expectAccessible(page);
  await picture(page, "run-timeline");
  await timeline.getByRole("button", { name: /^build, visit 2/ }).click();
  await expect(page.getByRole("region", { name: "Step build" })).toContainText("visit 2, not the latest (3)");
});

test("a night of waiting is compressed on the timeline", async ({ page, server }) => {
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await expect.poll(async () => (await server.api("GET", `/runs/${run}`)).body["status"]).toBe("waiting");
  // The same run, with the approval asked half a day ago.
  await page.route(`**/api/v1/runs/${run}`, async (route) => {
    const answer = await route.fetch();
    const view = (await answer.json()) as { created_at: string; steps: Record<string, { visits: { started_at?: string; finished_at?: string }[] }> };
    const earlier = (moment: string | undefined) => (moment === undefined ? undefined : new Date(Date.parse(moment) - 12 * 3600 * 1000).toISOString());
    for (const step of Object.values(view.steps)) for (const visit of step.visits) Object.assign(visit, { started_at: earlier(visit.started_at), ...(visit.finished_at == null ? {} : { finished_at: earlier(visit.finished_at) }) });
    await route.fulfill({ json: { ...view, created_at: earlier(view.created_at) } });
  });
  await page.goto(`/runs/${run}?tab=timeline`);
  const timeline = page.getByRole("region", { name: "Timeline of the run" });
  await expect(timeline).toContainText(/1[12]h \d+m idle from .*, compressed/);
  const build = await timeline.getByRole("button", { name: /^build, visit 1/ }).boundingBox();
  const approve = await timeline.getByRole("button", { name: /^approve, visit 1/ }).boundingBox();
  expect(build?.width ?? 0).toBeGreaterThan(100);
  expect(approve?.width ?? 0).toBeGreaterThan(20);
  await expectAccessible(page);
  await picture(page, "run-timeline-gap");
});

test("a log of a million lines is scrolled, linked to a line, wrapped and downloaded", async ({ page, server }) => {
  test.slow();
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await expect.poll(async () => (await server.api("GET", `/runs/${run}`)).body["status"]).toBe("waiting");
  const [all, each] = [1_000_000, 50_000];
  await page.route("**/steps/build/logs?*", async (route) => {
    if (route.request().headers()["accept"]?.startsWith("text/plain") === true) return route.fulfill({ contentType: "text/plain", body: "as it was written\n" });
    const after = Number(new URL(route.request().url()).searchParams.get("after"));
    const lines = Array.from({ length: Math.min(each, all - after) }, (_, at) => ({ n: after + at + 1, at: "2026-01-01T00:00:00.000Z", stream: "stdout", text: (after + at + 1) % 1000 === 0 ? `\u001b[32mline ${after + at + 1}\u001b[0m ${"and so on ".repeat(40)}` : `line ${after + at + 1}` }));
    await route.fulfill({ json: { visit: 1, attempt: 1, lines, next: after + lines.length, complete: after + lines.length >= all } });
  });
  await page.goto(`/runs/${run}?step=build&dock=logs&line=777000`);
  await expect(page.getByText("Complete · 1,000,000 lines")).toBeVisible({ timeout: 90_000 });
  const log = page.getByRole("log");
  // The address names a line: that is what is seen, not the end.
  await expect(log.getByText(/^line 777000/)).toBeInViewport();
  await expect(log.locator('[aria-current="true"]')).toContainText("line 777000");
  await expect(log.locator("span.ansi-green-fg").first()).toHaveText("line 777000");
  expect(await log.locator("[data-index]").count()).toBeLessThan(120);

  await page.getByLabel("Wrap").check();
  await expect.poll(async () => (await log.locator('[aria-current="true"]').boundingBox())?.height ?? 0).toBeGreaterThan(30);
  await log.getByRole("button", { name: "Link to line 777001" }).click();
  await expect(page).toHaveURL(/line=777001/);
  await expectAccessible(page);
  await picture(page, "run-log-million");

  // In words that stand in a hundredth of a per cent of the lines, colours or not.
  await page.getByRole("searchbox", { name: "Search the log" }).fill("LINE 99999");
  await expect(page.getByText("1 of 11", { exact: true })).toBeVisible();
  await expect(log.locator("[data-found]")).toContainText("line 99999");
  await page.keyboard.press("Shift+Enter");
  await expect(log.locator("[data-found]")).toContainText("line 999999");
  await expectAccessible(page);
  await picture(page, "run-log-search");

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download the log" }).click();
  expect((await download).suggestedFilename()).toBe("build-1-1.log");
});

test("what cannot be reached is said to be old, and goes on by itself", async ({ page, server, context, expectedRefusals }) => {
  expectedRefusals.push(0);
  const run = await startRun(server, "flaky-loop", { tries: 1 });
  await page.goto(`/runs/${run}`);
  await expect(page.getByRole("region", { name: "Approval of approve" })).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText(/may be out of date/)).toBeVisible({ timeout: 30_000 });
  await context.setOffline(false);
  await expect(page.getByText(/may be out of date/)).toHaveCount(0, { timeout: 30_000 });
});
