/**
 * The token that was just made, until somebody has kept it: it can be had nowhere else. It stands outside of the pages and of
 * what they have read, since the first token of a server makes each of them ask for one and read everything anew.
 */
import type { IssuedToken } from "../../api/types";

class IssuedTokenHolder {
  #held: IssuedToken | null = null;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly held = (): IssuedToken | null => this.#held;

  hold(token: IssuedToken | null): void {
    this.#held = token;
    for (const listener of this.#listeners) listener();
  }
}

export const issuedToken = new IssuedTokenHolder();
