// Tokens: the first one locks the server and not its maker out, and each is shown once.
import { expect, expectAccessible, picture, test } from "./test";
import { startServer } from "./server";

test("the first token is kept, others are made, used up and revoked", async ({ page, expectedRefusals }) => {
  // What the pages ask while the first token is being made may come too early for its session.
  expectedRefusals.push(401);
  const server = await startServer();
  try {
    await page.goto(`${server.url}/settings/tokens`);
    await expect(page.getByRole("heading", { name: "No tokens yet" })).toBeVisible();
    await picture(page, "tokens-none");
    await page.getByRole("button", { name: "New token" }).click();
    const first = page.getByRole("dialog", { name: "The first token" });
    await expect(first).toContainText("cannot be turned back");
    await expect(first.getByRole("radio")).toHaveCount(0);
    await expect(first.getByRole("button", { name: "Make the token" })).toBeDisabled();
    await first.getByLabel("Name").fill("ada");
    await expectAccessible(page);
    await picture(page, "tokens-first");
    await first.getByRole("button", { name: "Make the token" }).click();

    const issued = page.getByRole("dialog", { name: "The token ada" });
    await expect(issued.locator("pre")).toHaveText(/^loopline_[0-9a-f]{64}$/);
    const clear = (await issued.locator("pre").textContent()) ?? "";
    // Nothing but its button closes it: it cannot be had again.
    await page.keyboard.press("Escape");
    await page.mouse.click(5, 5);
    await expect(issued).toBeVisible();
    await expectAccessible(page);
    await picture(page, "tokens-issued");
    await issued.getByRole("button", { name: "I have kept it" }).click();
    await expect(issued).toBeHidden();
    expect((await server.api("GET", "/runs")).status).toBe(401);

    const rows = page.getByRole("list", { name: "Tokens" }).getByRole("listitem");
    await expect(rows).toHaveCount(1);
    await expect(rows.first()).toContainText("Admin, Approver");
    await expect(page.locator("body")).not.toContainText(clear);

    await page.getByRole("button", { name: "New token" }).click();
    const dialog = page.getByRole("dialog", { name: "New token" });
    await dialog.getByLabel("Name").fill("<b>ci</b>");
    await dialog.getByRole("radio", { name: "Operator" }).check();
    await dialog.getByRole("radio", { name: "Only these" }).check();
    await expect(dialog.getByRole("button", { name: "Make the token" })).toBeDisabled();
    await dialog.getByRole("checkbox", { name: "default/flaky-loop" }).check();
    await dialog.getByLabel("Expires").selectOption("in 30 days");
    await expectAccessible(page);
    await picture(page, "tokens-dialog");
    await dialog.getByRole("button", { name: "Make the token" }).click();
    const second = (await page.getByRole("dialog", { name: "The token <b>ci</b>" }).locator("pre").textContent()) ?? "";
    await page.getByRole("button", { name: "I have kept it" }).click();
    const ci = rows.filter({ hasText: "<b>ci</b>" });
    await expect(ci).toContainText("default/flaky-loop");
    await expect(ci).toContainText("never used");
    const asCi = (path: string) => fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${second}` } });
    expect((await asCi("/pipelines/default/flaky-loop")).status).toBe(200);
    expect((await asCi("/tokens")).status).toBe(403);
    await expectAccessible(page);
    await picture(page, "tokens");

    await page.getByRole("button", { name: "Revoke ada" }).click();
    const last = page.getByRole("dialog", { name: "Revoke the token ada?" });
    await expect(last).toContainText("last token that can make others");
    await picture(page, "tokens-revoke");
    await last.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Revoke <b>ci</b>" }).click();
    const revoke = page.getByRole("dialog", { name: "Revoke the token <b>ci</b>?" });
    await expect(revoke).not.toContainText("last token");
    await revoke.getByRole("button", { name: "Revoke the token" }).click();
    await expect(ci).toContainText("revoked");
    expect((await asCi("/pipelines/default/flaky-loop")).status).toBe(401);
    await expect(page.getByRole("button", { name: "Revoke <b>ci</b>" })).toHaveCount(0);

    // It is still the session of the first one, also behind a reload.
    await page.reload();
    await expect(rows).toHaveCount(2);
  } finally {
    await server.stop();
  }
});
