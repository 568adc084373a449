import { expect, it } from "vitest";
import type { Token } from "../../api/types";
import { isLastAdmin, reachWords, roleWords, standingOf } from "./tokenWords";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const token = (id: string, more: Partial<Token> = {}): Token => ({ id, name: id, roles: ["admin"], projects: ["*"], created_at: "2026-01-01T00:00:00Z", created_by: "ada", expires_at: null, revoked_at: null, used_at: null, ...more });

it("knows whether a token is in force", () => {
  expect(standingOf(token("a"), NOW)).toBe("active");
  expect(standingOf(token("a", { expires_at: "2026-06-01T00:00:00Z" }), NOW)).toBe("expired");
  expect(standingOf(token("a", { expires_at: "2026-06-01T00:00:01Z" }), NOW)).toBe("active");
  expect(standingOf(token("a", { expires_at: "2026-05-01T00:00:00Z", revoked_at: "2026-04-01T00:00:00Z" }), NOW)).toBe("revoked");
});

it("knows the last token that can make others", () => {
  const last = token("last");
  const others = [token("gone", { revoked_at: "2026-02-01T00:00:00Z" }), token("small", { projects: ["a/*"] }), token("editor", { roles: ["editor"] })];
  expect(isLastAdmin(last, [last, ...others], NOW)).toBe(true);
  expect(isLastAdmin(others[2] ?? last, [last, ...others], NOW)).toBe(false);
  expect(isLastAdmin(last, [last, token("second")], NOW)).toBe(false);
});

it("names roles from the lowest on, and what is reached", () => {
  expect(roleWords(["approver", "admin"])).toBe("Admin, Approver");
  expect(reachWords(["*"])).toBe("Everything");
  expect(reachWords(["a/*", "b/deploy"])).toBe("a/*, b/deploy");
});
