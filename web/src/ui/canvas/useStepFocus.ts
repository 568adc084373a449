/** Puts the focus on a step. Of a large graph it may not be drawn yet: then it is brought into sight, and takes the focus when it is. */
import { type RefObject, useEffect, useState } from "react";

export function useStepFocus(frame: RefObject<HTMLDivElement | null>, show: (step: string) => void): (step: string) => void {
  const [sought, setSought] = useState<string | null>(null);
  useEffect(() => {
    if (sought === null || frame.current === null) return;
    const take = () => {
      const element = elementOf(frame.current, sought);
      if (element == null) return;
      setSought(null);
      element.focus();
    };
    const observer = new MutationObserver(take);
    observer.observe(frame.current, { childList: true, subtree: true });
    take();
    return () => observer.disconnect();
  }, [frame, sought]);
  return (step) => {
    const element = elementOf(frame.current, step);
    setSought(element == null ? step : null);
    if (element == null) show(step);
    else element.focus();
  };
}

function elementOf(frame: HTMLElement | null, step: string): HTMLElement | null | undefined {
  return frame?.querySelector<HTMLElement>(`.react-flow__node[data-id="${step}"]`);
}
