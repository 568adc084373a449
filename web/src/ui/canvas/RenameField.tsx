/** The name of a step while it is being renamed in its node. */
import { useEffect, useId, useRef, useState } from "react";
import { createPortal } from "react-dom";
import type { Renaming } from "./canvasModel";
import { say } from "../../words/say";

export function RenameField({ renaming }: { renaming: Renaming }) {
  const [name, setName] = useState(renaming.step);
  const input = useRef<HTMLInputElement>(null);
  const [place, setPlace] = useState<DOMRect | null>(null);
  const problemId = useId();
  const problem = name === renaming.step ? null : renaming.whyNot(name);

  useEffect(() => {
    input.current?.focus();
    input.current?.select();
    setPlace(input.current?.getBoundingClientRect() ?? null);
  }, []);

  const finish = () => {
    if (name === renaming.step) renaming.onCancel();
    else if (problem === null) renaming.onDone(name);
  };
  return (
    <>
      <input
        ref={input}
        aria-label={say("rename.label", { step: renaming.step })}
        aria-invalid={problem !== null}
        {...(problem === null ? {} : { "aria-describedby": problemId })}
        value={name}
        spellCheck={false}
        onChange={(event) => setName(event.target.value)}
        onBlur={() => (problem === null ? finish() : renaming.onCancel())}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") finish();
          if (event.key === "Escape") renaming.onCancel();
        }}
        className="nodrag nopan nokey w-full min-w-0 rounded border border-accent bg-surface px-1 font-mono text-small font-semibold aria-invalid:border-bad"
      />
      {problem !== null &&
        place !== null &&
        createPortal(
          <p id={problemId} role="alert" style={{ left: place.left, top: place.bottom + 10 }} className="fixed z-50 max-w-72 rounded-control border border-bad bg-bad-tint px-2 py-1 text-small font-medium text-bad-ink shadow-floating">
            {problem}
          </p>,
          document.body,
        )}
    </>
  );
}
