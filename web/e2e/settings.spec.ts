// Settings, secrets, and what is shown where somebody may not look.
import { expect, expectAccessible, picture, test } from "./test";

test("theme and language are chosen in the settings and stay", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page).toHaveTitle("Settings · Loopline");
  await picture(page, "settings");
  await page.getByText("Dark", { exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expectAccessible(page);
  await page.getByText("简体中文").click();
  await expect(page.getByRole("heading", { name: "外观与语言" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("radio", { name: "深色" })).toBeChecked();
  await page.getByText("English").click();
  await page.getByText("As the system").click();
  await page.getByRole("link", { name: "Keyboard" }).click();
  await expect(page.getByRole("region", { name: "Everywhere" })).toContainText("Commands");
  await expectAccessible(page);
  await picture(page, "keyboard");
});

test("a secret is set, bound, replaced and removed, and its value is never shown", async ({ page, expectedRefusals }) => {
  expectedRefusals.push(422);
  await page.goto("/settings/secrets");
  await expect(page.getByRole("heading", { name: "No secrets yet" })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "secrets-none");
  await page.getByRole("button", { name: "New secret" }).click();
  const dialog = page.getByRole("dialog", { name: "New secret" });
  await dialog.getByLabel("Name").fill("0TOKEN");
  await dialog.getByLabel("Value").fill("hunter2-hunter2");
  await dialog.getByRole("button", { name: "Set the secret" }).click();
  await expect(dialog.getByRole("alert")).toContainText("does not begin with a digit");
  await dialog.getByLabel("Name").fill("TOKEN");
  await dialog.getByLabel("Only these pipelines").check();
  await expect(dialog.getByRole("button", { name: "Set the secret" })).toBeDisabled();
  await dialog.getByLabel("flaky-loop").check();
  await expectAccessible(page);
  await picture(page, "secret-dialog");
  await dialog.getByRole("button", { name: "Set the secret" }).click();
  const row = page.getByRole("list", { name: "Secrets" }).getByRole("listitem");
  await expect(row).toContainText("Only flaky-loop");
  await expect(page.locator("body")).not.toContainText("hunter2");
  await expectAccessible(page);
  await picture(page, "secrets");

  await page.getByRole("button", { name: "Replace TOKEN" }).click();
  const replace = page.getByRole("dialog", { name: "Replace TOKEN" });
  await expect(replace.getByLabel("Value")).toHaveValue("");
  await replace.getByLabel("Value").fill("correct horse");
  await replace.getByLabel("All pipelines of the project").check();
  await replace.getByRole("button", { name: "Set the secret" }).click();
  await expect(row).toContainText("All pipelines of the project");
  await page.getByRole("button", { name: "Remove TOKEN" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove the secret" }).click();
  await expect(page.getByRole("heading", { name: "No secrets yet" })).toBeVisible();
});

test("a server that wants a token is given one, and the address stays", async ({ page, expectedRefusals }) => {
  expectedRefusals.push(401);
  let known = false;
  // Stands in for a server with tokens; the rest is answered by the real one.
  await page.route("**/api/v1/**", async (route) => {
    const request = route.request();
    if (new URL(request.url()).pathname === "/api/v1/session") {
      known = (request.postDataJSON() as { token: string }).token === "loopline_good";
      return route.fulfill(known ? { status: 204 } : { status: 401, json: { title: "unknown token", status: 401 } });
    }
    return known ? route.continue() : route.fulfill({ status: 401, json: { title: "no token", status: 401 } });
  });
  await page.goto("/pipelines/default/flaky-loop?step=build");
  await expect(page.getByRole("heading", { name: "Log in to Loopline" })).toBeVisible();
  await expectAccessible(page);
  await picture(page, "login");
  await page.getByLabel("Token").fill("loopline_old");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toHaveText("This token is unknown, expired or revoked.");
  await page.getByLabel("Token").fill("loopline_good");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page).toHaveURL(/flaky-loop\?step=build/);
  await expect(page.getByRole("textbox", { name: "Pipeline as YAML" })).toBeVisible();
});

test("what may not be seen is said to be so", async ({ page, expectedRefusals }) => {
  expectedRefusals.push(403);
  await page.route("**/api/v1/secrets**", (route) => route.fulfill({ status: 403, json: { title: "not allowed", detail: "your token may look, but not keep secrets", status: 403 } }));
  await page.goto("/settings/secrets");
  await expect(page.getByRole("heading", { name: "You may not see this list of secrets" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveText("your token may look, but not keep secrets");
  await expectAccessible(page);
  await picture(page, "forbidden");
});
