/** What a token is and how it stands, in words. */
import type { Token } from "../../api/types";
import { say } from "../../words/say";

/** The lower ones first: each may what those before it may. `approver` stands apart. */
export const LEVELS = ["viewer", "operator", "editor", "admin"] as const;
export type Level = (typeof LEVELS)[number];

export function roleWords(roles: readonly string[]): string {
  return [...LEVELS, "approver" as const].filter((role) => roles.includes(role)).map((role) => say(`role.${role}`)).join(", ");
}

export function reachWords(projects: readonly string[]): string {
  return projects.includes("*") ? say("tokens.everything") : projects.join(", ");
}

export function standingOf({ revoked_at, expires_at }: Token, now: number): "active" | "revoked" | "expired" {
  if (revoked_at != null) return "revoked";
  return expires_at != null && Date.parse(expires_at) <= now ? "expired" : "active";
}

/** Whether nobody could make another token without it, but who has the server's own files. */
export function isLastAdmin(token: Token, all: readonly Token[], now: number): boolean {
  const admins = all.filter((one) => standingOf(one, now) === "active" && one.roles.includes("admin") && one.projects.includes("*"));
  return admins.length === 1 && admins[0]?.id === token.id;
}
