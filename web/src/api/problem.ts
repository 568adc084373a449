/** A refusal by the server (RFC 9457), or the failure to reach it, as one error type. */

import type { Diagnostic } from "./types";
import { say } from "../words/say";

export interface Objection {
  readonly pointer: string;
  readonly message: string;
}

export class Problem extends Error {
  readonly status: number;
  /** The last part of the problem's type, such as `edit-conflict`. */
  readonly slug: string;
  /** Places in the request that are wrong, each with its reason. */
  readonly objections: readonly Objection[];
  /** What belongs to this sort of problem. */
  readonly #more: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(textOf(body["detail"]) ?? textOf(body["title"]) ?? say("problem.status", { status }));
    this.name = "Problem";
    this.status = status;
    this.slug = (textOf(body["type"]) ?? "").split("/").at(-1) ?? "";
    this.objections = objectionsOf(body, this.message);
    this.#more = body;
  }

  static unreachable(): Problem {
    return new Problem(0, { title: say("load.unreachable") });
  }

  static async from(response: Response): Promise<Problem> {
    const body: unknown = await response.json().catch(() => null);
    return new Problem(response.status, isRecord(body) ? body : {});
  }

  /** What the compiler says of a text or a case that was refused. */
  get diagnostics(): readonly Diagnostic[] {
    const listed = this.#more["diagnostics"];
    return Array.isArray(listed) ? (listed as Diagnostic[]) : [];
  }

  text(name: string): string | null {
    return textOf(this.#more[name]);
  }
}

/** A sentence for the user, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function objectionsOf(body: Readonly<Record<string, unknown>>, message: string): Objection[] {
  const listed = Array.isArray(body["problems"]) ? body["problems"] : [];
  const found = listed.filter(isRecord).flatMap((one) => {
    const [pointer, reason] = [textOf(one["pointer"]), textOf(one["message"])];
    return pointer === null || reason === null ? [] : [{ pointer, message: reason }];
  });
  const pointer = textOf(body["pointer"]);
  return found.length > 0 || pointer === null ? found : [{ pointer, message }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
