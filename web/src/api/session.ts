/**
 * Whether the server asks who one is. Any call that is answered with 401 says so;
 * a token gets a session, which the browser keeps in a cookie that no script can read.
 */

class Session {
  #asked = false;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A token is wanted before anything else. */
  readonly asked = (): boolean => this.#asked;

  refused(): void {
    this.#set(true);
  }

  begun(): void {
    this.#set(false);
  }

  #set(asked: boolean): void {
    if (asked === this.#asked) return;
    this.#asked = asked;
    for (const listener of this.#listeners) listener();
  }
}

export const session = new Session();
