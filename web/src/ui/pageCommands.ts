/**
 * What the open page can do, for the palette of commands. Each part of a page
 * says its own; the palette asks for them when it opens.
 */
import type { LucideIcon } from "lucide-react";
import { useEffect, useRef } from "react";

export interface PageCommand {
  /** Tells it from the others of the page. */
  readonly id: string;
  readonly label: string;
  readonly icon: LucideIcon;
  /** How it is done without the palette, like `Mod+S`. */
  readonly keys?: string;
  readonly perform: () => void;
}

export interface PageStep {
  readonly id: string;
  readonly kind: string;
  readonly about: string;
  readonly perform: () => void;
}

export interface PageOffer {
  readonly commands?: readonly PageCommand[];
  readonly steps?: readonly PageStep[];
}

const offers = new Set<() => PageOffer>();

/** Offers while its component is there. It is asked when the palette opens, so what it closes over may change with every drawing. */
export function usePageCommands(offer: () => PageOffer): void {
  const latest = useRef(offer);
  useEffect(() => {
    latest.current = offer;
  });
  useEffect(() => {
    const ask = () => latest.current();
    offers.add(ask);
    return () => void offers.delete(ask);
  }, []);
}

export function offeredHere(): { readonly commands: readonly PageCommand[]; readonly steps: readonly PageStep[] } {
  const all = [...offers].map((ask) => ask());
  return { commands: all.flatMap(({ commands = [] }) => commands), steps: all.flatMap(({ steps = [] }) => steps) };
}
