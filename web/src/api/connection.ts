/**
 * Whether the page is in touch with the server, told by every request and
 * stream. `offline` is the browser's word or a server that stays silent.
 */

export type ConnectionState = "live" | "reconnecting" | "offline";

const OFFLINE_AFTER_FAILURES = 4;

class Connection {
  #state: ConnectionState = "live";
  #failures = 0;
  readonly #listeners = new Set<() => void>();

  constructor() {
    // A stream that is open says nothing when the network goes: only the browser knows.
    globalThis.addEventListener?.("offline", () => this.#set("offline"));
    globalThis.addEventListener?.("online", () => this.#set("reconnecting"));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): ConnectionState => this.#state;

  reached(): void {
    // An answer that was on its way when the network went is no sign that it is back.
    if (globalThis.navigator?.onLine === false) return;
    this.#failures = 0;
    this.#set("live");
  }

  lost(): void {
    this.#failures++;
    const offline = globalThis.navigator?.onLine === false || this.#failures >= OFFLINE_AFTER_FAILURES;
    this.#set(offline ? "offline" : "reconnecting");
  }

  #set(state: ConnectionState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

export const connection = new Connection();
