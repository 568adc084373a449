// Measures how fast the pages are, in a real browser against a real server, and prints
// a table. Worth something on a quiet machine only. Takes the build in `dist`, unless
// LOOPLINE_PAGES names another, and the server that LOOPLINE_BIN names.
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";
import { runnerImport } from "vite";
import { builtScripts, INITIAL_BUDGET, initialSize } from "./initialScripts.mjs";

process.env.LOOPLINE_PAGES ??= fileURLToPath(new URL("../dist", import.meta.url));
const { startServer } = (await runnerImport(fileURLToPath(new URL("../e2e/server.ts", import.meta.url)))).module;

const STEPS = 1000;
const COLD_LOADS = 5;
const KEYS = 40;

const figures = [];
const record = (what, value, unit, wanted, most = wanted) => figures.push({ what, value, unit, wanted, most });
const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;

record("initial JavaScript, gzip", initialSize(await builtScripts()) / 1024, "KiB", INITIAL_BUDGET / 1024);

const server = await startServer();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  await storeThousand();
  record("first page usable, cold, median", quantile(await coldLoads(), 0.5), "ms", 1000);

  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await page.goto(`${server.url}/pipelines/default/thousand`);
  await page.locator('[data-ready="true"]').waitFor({ timeout: 120_000 });
  record(`layout of ${STEPS} steps in the worker`, await page.evaluate(() => performance.getEntriesByName("loopline.layout").at(-1)?.duration), "ms", 2000);
  await settled(page);
  record("frame while panning, p95", quantile(await framesWhilePanning(page), 0.95), "ms", 33, 50);
  record(`keystroke with ${STEPS} steps until painted, p95`, quantile(await keystrokes(page), 0.95), "ms", 50, 100);
} finally {
  await browser.close();
  await server.stop();
}

for (const { what, value, unit, wanted, most } of figures) {
  const verdict = value <= wanted ? "ok" : value <= most ? "slow" : "TOO SLOW";
  const limit = most === wanted ? `${wanted}` : `${wanted} (${most})`;
  console.log(`${what.padEnd(46)} ${value.toFixed(value < 100 ? 1 : 0).padStart(8)} ${unit.padEnd(4)} ≤ ${limit.padEnd(9)} ${verdict}`);
}
if (figures.some(({ value, most }) => !(value <= most))) process.exit(1);

/** Twenty beside each other and fifty behind each other, each with three needs, and a loop now and then. */
async function storeThousand() {
  const steps = Array.from({ length: STEPS }, (_, at) => {
    const row = Math.floor(at / 20) * 20 - 20;
    const needs = at < 20 ? "" : `needs: [${[0, 7, 13].map((by) => `s${row + ((at + by) % 20)}`).join(", ")}], `;
    const loop = at % 100 === 99 ? `, goto: [{to: s${at - 20}, on: failed, max: 2}]` : "";
    return `  s${at}: {${needs}run: echo ${at}${loop}}`;
  });
  const body = `version: 1\nname: thousand\nsteps:\n${steps.join("\n")}\n`;
  const put = await fetch(`${server.url}/api/v1/pipelines/default/thousand`, { method: "PUT", headers: { "content-type": "application/yaml", "if-none-match": "*" }, body });
  if (put.status !== 201) throw new Error(`the pipeline was not stored: ${put.status} ${await put.text()}`);
}

/** From the navigation until the list of pipelines can be used, each time with empty caches. */
async function coldLoads() {
  const times = [];
  for (let load = 0; load < COLD_LOADS; load++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (document.querySelector('a[href^="/pipelines/"]') === null) return;
        observer.disconnect();
        requestAnimationFrame(() => performance.mark("usable"));
      }).observe(document, { childList: true, subtree: true });
    });
    await page.goto(server.url);
    await page.waitForFunction(() => performance.getEntriesByName("usable").length > 0);
    times.push(await page.evaluate(() => performance.getEntriesByName("usable")[0].startTime));
    await context.close();
  }
  return times;
}

/** Until the compiler has answered and nothing moves. */
async function settled(page) {
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished)));
}

async function framesWhilePanning(page) {
  const canvas = await page.locator(".react-flow__pane").boundingBox();
  const middle = { x: canvas.x + canvas.width / 2, y: canvas.y + canvas.height - 60 };
  await page.mouse.move(middle.x, middle.y);
  await page.mouse.down();
  await page.evaluate(() => {
    window.panFrames = [];
    let before = performance.now();
    const tick = (now) => {
      window.panFrames.push(now - before);
      before = now;
      window.panTick = requestAnimationFrame(tick);
    };
    window.panTick = requestAnimationFrame(tick);
  });
  for (let move = 0; move < 120; move++) await page.mouse.move(middle.x + Math.sin(move / 12) * 220, middle.y - Math.abs(Math.sin(move / 20)) * 260);
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.panTick);
    return window.panFrames.slice(2);
  });
  await page.mouse.up();
  return frames;
}

/** Each from the key until the frame that shows it, as the browser itself measures it. */
async function keystrokes(page) {
  await page.locator(".cm-line", { hasText: "s3:" }).click();
  await page.keyboard.press("End");
  await page.evaluate(() => {
    window.keyTimes = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.name === "keydown") window.keyTimes.push(entry.duration);
    }).observe({ type: "event", durationThreshold: 16, buffered: false });
  });
  await page.keyboard.type("   # ");
  await settled(page);
  await page.waitForTimeout(2000);
  await page.evaluate(() => (window.keyTimes = []));
  for (let key = 0; key < KEYS; key++) await page.keyboard.type(String.fromCharCode(97 + (key % 26)), { delay: 120 });
  await page.waitForTimeout(500);
  const slow = await page.evaluate(() => window.keyTimes);
  // Quicker ones than 16 ms are not reported.
  return [...slow, ...Array.from({ length: Math.max(0, KEYS - slow.length) }, () => 16)];
}
