/** What the palette of commands shows for what was typed: of each group as much as can be overlooked. */
import type { ReactNode } from "react";
import { rankMatches } from "../../ui/rankMatches";

export interface PaletteItem {
  readonly key: string;
  readonly group: string;
  readonly label: string;
  readonly detail?: string;
  /** Found by it, though it is not shown. */
  readonly alsoFoundBy?: string;
  readonly icon: ReactNode;
  readonly mono?: boolean;
  readonly keys?: string;
  readonly perform: () => void;
}

export interface PaletteGroup {
  readonly name: string;
  readonly items: readonly PaletteItem[];
}

const BEFORE_TYPING = 6;
const FOUND = 8;

/** The group with the best match stands first. */
export function shownGroups(items: readonly PaletteItem[], text: string): PaletteGroup[] {
  const found = rankMatches(items, ({ label }) => label, text, ({ detail = "", alsoFoundBy = "" }) => `${detail} ${alsoFoundBy}`);
  const most = text.trim() === "" ? BEFORE_TYPING : FOUND;
  return [...new Set(found.map(({ group }) => group))]
    .map((name) => ({ name, items: found.filter(({ group }) => group === name).slice(0, most) }));
}
