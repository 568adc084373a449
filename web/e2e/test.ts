/**
 * The `test` of all specs: a server per worker, and a page that fails its test on
 * any console error, uncaught exception or violation of the security policy.
 */
import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";
import { type Server, startServer } from "./server";

interface TestFixtures {
  /** Statuses of refusals that the test provokes; the browser logs each as an error. */
  readonly expectedRefusals: number[];
  readonly guarded: (page: Page) => Page;
}

export const test = base.extend<TestFixtures, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ server }, use) => use(server.url),
  expectedRefusals: async ({}, use) => use([]),
  guarded: async ({ expectedRefusals }, use) => {
    const troubles: string[] = [];
    await use((page) => {
      page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
      page.on("console", (message) => {
        const refused = /the server responded with a status of (\d+)/.exec(message.text());
        // No status at all is a server that cannot be reached.
        const status = refused === null && message.text().includes("net::ERR_INTERNET_DISCONNECTED") ? 0 : Number(refused?.[1]);
        const expected = expectedRefusals.includes(status);
        // Completion and hover are asked of servers that may not have them yet.
        const optional = /\/api\/v1\/(complete|hover)\?/.test(message.location().url) && refused?.[1] === "404";
        if (message.type() === "error" && !expected && !optional) troubles.push(`console: ${message.text()}`);
      });
      return page;
    });
    expect(troubles).toEqual([]);
  },
  page: async ({ page, guarded }, use) => {
    await use(guarded(page));
  },
});

export { expect };

export async function expectAccessible(page: Page): Promise<void> {
  // What is still fading in has a contrast of its own.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === 1).map((one) => one.finished)));
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html.slice(0, 200)} ${node.failureSummary ?? ""}`).join("\n")}`)).toEqual([]);
}

export async function startRun(server: Server, pipeline: string, inputs: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await server.api("POST", `/pipelines/default/${pipeline}/runs`, { inputs });
  expect(status).toBe(201);
  return String(body["id"]);
}

/** The page in both themes, for people to judge. */
export async function picture(page: Page, name: string): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === 1).map((one) => one.finished)));
    await page.screenshot({ path: `test-results/${name}-${theme}.png` });
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** A step's node on the canvas. */
export function node(page: Page, step: string) {
  return page.locator(`.react-flow__node[data-id="${step}"]`);
}
