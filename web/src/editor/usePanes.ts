/** Which panes are shown and how wide; kept in the browser, since it is about the person and not the pipeline. */
import { useState } from "react";

export interface Panes {
  readonly palette: boolean;
  readonly side: boolean;
  readonly paletteWidth: number;
  readonly sideWidth: number;
}

const STORED = "loopline.panes";
const USUAL: Panes = { palette: true, side: true, paletteWidth: 168, sideWidth: 480 };

export function usePanes(): [Panes, (change: Partial<Panes>) => void] {
  const [panes, setPanes] = useState(read);
  const change = (next: Partial<Panes>) =>
    setPanes((before) => {
      const after = { ...before, ...next };
      try {
        localStorage.setItem(STORED, JSON.stringify(after));
      } catch {
        // Without storage the panes are as usual next time.
      }
      return after;
    });
  return [panes, change];
}

function read(): Panes {
  try {
    const value = JSON.parse(localStorage.getItem(STORED) ?? "{}") as Partial<Panes>;
    const width = (given: unknown, usual: number) => (typeof given === "number" && given >= 120 && given <= 1200 ? given : usual);
    return { palette: value.palette !== false, side: value.side !== false, paletteWidth: width(value.paletteWidth, USUAL.paletteWidth), sideWidth: width(value.sideWidth, USUAL.sideWidth) };
  } catch {
    return USUAL;
  }
}
