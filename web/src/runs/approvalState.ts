/** How a visit of an approval stands: open, or closed for a reason that the page can say. */
import { stepsInside } from "../api/stepsInside";
import type { ApprovalWait, RunView } from "../api/types";

export type ApprovalState =
  | { readonly kind: "open"; readonly visit: number; readonly wait: ApprovalWait }
  | { readonly kind: "approved" | "rejected" | "expired" | "cancelled"; readonly visit: number; readonly by: string | null; readonly comment: string | null }
  /** The loop went round: another visit asks now. */
  | { readonly kind: "superseded"; readonly visit: number; readonly current: number }
  | { readonly kind: "notYet" | "unknown" };

/** `visit` is the one that the link names; without one it is the current. */
export function approvalState(run: RunView, step: string, visit: number | undefined): ApprovalState {
  const view = [...stepsInside(run.steps)].find(([name]) => name === step)?.[1];
  if (view === undefined) return { kind: "unknown" };
  const asked = visit ?? view.visit;
  if (asked === view.visit && view.waiting_for?.kind === "approval") return { kind: "open", visit: asked, wait: view.waiting_for };
  const record = view.visits.find((one) => one.visit === asked);
  const status = record?.status ?? (asked === view.visit ? view.status : null);
  const outputs = record?.outputs ?? {};
  const told = { visit: asked, by: textOf(outputs["decided_by"] ?? outputs["by"]), comment: textOf(outputs["comment"]) };
  switch (status) {
    case "succeeded":
      return { kind: "approved", ...told };
    case "failed":
      return { kind: record?.error?.kind === "timeout" ? "expired" : "rejected", ...told };
    case "cancelled":
    case "skipped":
      return { kind: "cancelled", ...told };
    default:
      return asked < view.visit ? { kind: "superseded", visit: asked, current: view.visit } : { kind: "notYet" };
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
