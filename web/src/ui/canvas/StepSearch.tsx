/** Finds a step by its id or name and brings it into sight. */
import { Search } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import type { StepDefinition } from "../../api/types";
import { say } from "../../words/say";
import { StepKindIcon } from "../StepKindIcon";

const MOST_FOUND = 8;

export function StepSearch({ steps, onFound, onClose }: { steps: readonly StepDefinition[]; onFound: (step: string) => void; onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => input.current?.focus(), []);
  const wanted = text.trim().toLowerCase();
  const found = wanted === "" ? [] : steps.filter((step) => `${step.id} ${step.name ?? ""} ${step.summary}`.toLowerCase().includes(wanted)).slice(0, MOST_FOUND);
  const chosen = found[Math.min(at, found.length - 1)];
  return (
    <div role="search" className="absolute top-3 left-3 z-10 w-72 rounded-control border border-line bg-raised shadow-floating">
      <div className="flex items-center gap-2 px-2.5">
        <Search aria-hidden size={14} className="text-faint" />
        <input
          ref={input}
          role="combobox"
          aria-label={say("canvas.search")}
          aria-expanded={found.length > 0}
          aria-controls={list}
          {...(chosen === undefined ? {} : { "aria-activedescendant": `${list}-${chosen.id}` })}
          placeholder={say("canvas.search")}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onBlur={() => setTimeout(onClose, 150)}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Escape") onClose();
            else if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
            else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
            else if (event.key === "Enter" && chosen !== undefined) onFound(chosen.id);
            else return;
            event.preventDefault();
          }}
          className="h-8 min-w-0 flex-1 bg-transparent text-body outline-none"
        />
      </div>
      <ul id={list} role="listbox" aria-label={say("canvas.search")} className={found.length === 0 ? "hidden" : "border-t border-line py-1"}>
        {found.map((step) => (
          <li key={step.id} id={`${list}-${step.id}`} role="option" aria-selected={step === chosen} className={`flex cursor-pointer items-center gap-2 px-2.5 py-1 ${step === chosen ? "bg-hover" : ""}`} onPointerDown={() => onFound(step.id)}>
            <StepKindIcon kind={step.kind} />
            <span className="font-mono text-small font-semibold">{step.id}</span>
            <span className="truncate text-small text-muted">{step.name ?? step.summary}</span>
          </li>
        ))}
      </ul>
      <p role="status" className={wanted !== "" && found.length === 0 ? "border-t border-line px-2.5 py-1.5 text-small text-muted" : "sr-only"}>
        {wanted === "" ? "" : found.length === 0 ? say("canvas.noneFound") : say("canvas.found", { count: found.length })}
      </p>
    </div>
  );
}
