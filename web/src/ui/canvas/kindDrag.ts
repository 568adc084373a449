/** The type under which the palette hands a kind of step over to the canvas. */
export const KIND_DRAG = "application/x-loopline-kind";
