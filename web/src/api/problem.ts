/** A refusal by the server (RFC 9457), or the failure to reach it, as one error type. */
import type { ProblemBody } from "./types";

export class Problem extends Error {
  readonly status: number;
  /** The last part of the problem's type, such as `edit-conflict`. */
  readonly slug: string;
  readonly pointer: string | null;
  readonly body: Partial<ProblemBody>;

  constructor(status: number, body: Partial<ProblemBody>) {
    super(body.detail ?? body.title ?? `The server answered ${status}.`);
    this.name = "Problem";
    this.status = status;
    this.slug = (body.type ?? "").split("/").at(-1) ?? "";
    this.pointer = body.pointer ?? null;
    this.body = body;
  }

  static unreachable(): Problem {
    return new Problem(0, { title: "The server cannot be reached." });
  }

  static async from(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    return new Problem(response.status, typeof body === "object" && body !== null ? body : {});
  }
}

/** A sentence for the user, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
