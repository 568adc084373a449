/** Copy, cut and paste of steps with the browser's own events, so that no permission is asked for. */
import { useEffect, useRef } from "react";
import type { StepGestures } from "./useStepGestures";

export function useClipboardGestures(gestures: StepGestures, enabled: boolean): void {
  const current = useRef({ gestures, enabled });
  useEffect(() => {
    current.current = { gestures, enabled };
  });
  useEffect(() => {
    const listen = (event: ClipboardEvent) => {
      const { gestures, enabled } = current.current;
      const { clipboardData } = event;
      if (!enabled || clipboardData === null || isText(document.activeElement)) return;
      if (event.type === "paste") {
        const text = clipboardData.getData("text/plain");
        if (text.trim() === "") return;
        gestures.paste(text);
      } else {
        if (gestures.chosen.length === 0 || (document.getSelection()?.toString() ?? "") !== "") return;
        clipboardData.setData("text/plain", gestures.copy(gestures.chosen));
        if (event.type === "cut") gestures.remove(gestures.chosen);
      }
      event.preventDefault();
    };
    const events = ["copy", "cut", "paste"] as const;
    for (const name of events) document.addEventListener(name, listen);
    return () => {
      for (const name of events) document.removeEventListener(name, listen);
    };
  }, []);
}

/** Where text is typed, the clipboard is the text's. */
function isText(element: Element | null): boolean {
  return element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element?.closest(".cm-editor") != null;
}
