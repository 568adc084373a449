/** How bad a diagnostic is; a word we do not know is a hint, never a crash. */
import type { Diagnostic } from "../api/types";

export type Severity = "error" | "warning" | "hint";

export function severityOf({ severity }: Diagnostic): Severity {
  return severity === "error" || severity === "warning" ? severity : "hint";
}
