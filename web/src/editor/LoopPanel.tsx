/** Asks what a loop edge needs: on which outcome, under which condition, how often, after which wait. */
import { Repeat2, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import type { LoopFields } from "../document/stepGraph";
import { Button } from "../ui/Button";
import { FloatingPanel } from "../ui/FloatingPanel";
import { CONTROL } from "../ui/SchemaField";
import { say, type Words } from "../words/say";

const OUTCOMES = ["failed", "succeeded", "rejected", "timeout", "completed"] as const;
const DURATION = /^(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$/;
const MOST = 1_000_000;

export interface LoopPanelProps {
  readonly at: { readonly x: number; readonly y: number };
  readonly from: string;
  readonly loop: LoopFields;
  /** It is not in the text yet. */
  readonly isNew: boolean;
  readonly onDone: (loop: LoopFields) => void;
  readonly onRemove: (() => void) | null;
  readonly onClose: () => void;
}

export function LoopPanel({ at, from, loop, isNew, onDone, onRemove, onClose }: LoopPanelProps) {
  const id = useId();
  const [on, setOn] = useState(loop.on ?? "failed");
  const [condition, setCondition] = useState(loop.if ?? "");
  const [max, setMax] = useState(loop.max === undefined ? "3" : String(loop.max));
  const [unlimited, setUnlimited] = useState(loop.max === "unlimited");
  const [delay, setDelay] = useState(loop.delay ?? "");
  const wrongMax = unlimited || (/^\d+$/.test(max) && Number(max) >= 1 && Number(max) <= MOST) ? null : say("loop.max");
  const wrongDelay = delay === "" || DURATION.test(delay) ? null : say("loop.delay.wrong");
  const label = say(isNew ? "loop.panel.new" : "loop.panel.change", { from, to: loop.to });
  return (
    <FloatingPanel at={at} label={label} onClose={onClose}>
      <form
        className="w-80"
        onSubmit={(event) => {
          event.preventDefault();
          if (wrongMax !== null || wrongDelay !== null) return;
          onDone({ to: loop.to, on, max: unlimited ? "unlimited" : Number(max), ...(condition.trim() === "" ? {} : { if: condition.trim() }), ...(delay === "" ? {} : { delay }) });
        }}
      >
        <header className="flex items-center gap-2 border-b border-line px-4 py-2.5">
          <Repeat2 aria-hidden size={15} className="text-loop-ink" />
          <h2 className="min-w-0 flex-1 truncate text-body font-semibold">{label}</h2>
        </header>
        <div className="space-y-3 px-4 py-3">
          <div>
            <label htmlFor={`${id}-on`} className="mb-1 block font-mono text-small font-medium">on</label>
            <select id={`${id}-on`} value={on} onChange={(event) => setOn(event.target.value)} className={`${CONTROL} h-8`}>
              {OUTCOMES.map((outcome) => (
                <option key={outcome} value={outcome}>{`${outcome}: ${say(`loop.on.${outcome}` as Words)}`}</option>
              ))}
            </select>
          </div>
          <div>
            <label htmlFor={`${id}-if`} className="mb-1 block font-mono text-small font-medium">if <span className="font-sans font-normal text-faint">{say("loop.if.hint")}</span></label>
            <input id={`${id}-if`} value={condition} spellCheck={false} autoComplete="off" placeholder="visit < 3" onChange={(event) => setCondition(event.target.value)} className={`${CONTROL} h-8 font-mono`} />
          </div>
          <div className="flex gap-3">
            <div className="flex-1">
              <label htmlFor={`${id}-max`} className="mb-1 block font-mono text-small font-medium">max</label>
              <input
                id={`${id}-max`}
                inputMode="numeric"
                value={unlimited ? "∞" : max}
                disabled={unlimited}
                aria-invalid={wrongMax !== null}
                {...(wrongMax === null ? {} : { "aria-describedby": `${id}-max-wrong` })}
                onChange={(event) => setMax(event.target.value)}
                className={`${CONTROL} h-8 font-mono`}
              />
              <label className="mt-1.5 flex items-center gap-1.5 text-small text-muted">
                <input type="checkbox" checked={unlimited} onChange={(event) => setUnlimited(event.target.checked)} />
                {say("loop.unlimited")}
              </label>
            </div>
            <div className="flex-1">
              <label htmlFor={`${id}-delay`} className="mb-1 block font-mono text-small font-medium">delay</label>
              <input id={`${id}-delay`} value={delay} placeholder="30s" autoComplete="off" aria-invalid={wrongDelay !== null} {...(wrongDelay === null ? {} : { "aria-describedby": `${id}-delay-wrong` })} onChange={(event) => setDelay(event.target.value.trim())} className={`${CONTROL} h-8 font-mono`} />
            </div>
          </div>
          {wrongMax !== null && <p id={`${id}-max-wrong`} role="alert" className="text-small font-medium text-bad-ink">{wrongMax}</p>}
          {wrongDelay !== null && <p id={`${id}-delay-wrong`} role="alert" className="text-small font-medium text-bad-ink">{wrongDelay}</p>}
          {isNew && <p className="text-small text-muted">{say("loop.explain", { to: loop.to })}</p>}
        </div>
        <footer className="flex items-center gap-2 border-t border-line px-4 py-2.5">
          {onRemove !== null && (
            <Button look="danger" size="small" onClick={onRemove}>
              <Trash2 aria-hidden size={13} />
              {say("common.remove")}
            </Button>
          )}
          <span className="flex-1" />
          <Button size="small" onClick={onClose}>{say("common.cancel")}</Button>
          <Button look="primary" size="small" type="submit" disabled={wrongMax !== null || wrongDelay !== null}>{say(isNew ? "loop.make" : "common.apply")}</Button>
        </footer>
      </form>
    </FloatingPanel>
  );
}
