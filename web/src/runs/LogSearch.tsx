/** Finds text in a log: how many lines hold it, and from one to the next of those that have been read. */
import { ChevronDown, ChevronUp, Search } from "lucide-react";
import { CONTROL } from "../ui/SchemaField";
import { say } from "../words/say";

export interface LogSearchProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Positions of lines. */
  readonly found: readonly number[];
  /** How many there are in the whole log, as far as it is known. */
  readonly total: number;
  /** Which of them is seen, from 0. */
  readonly at: number;
  readonly onGo: (at: number) => void;
}

export function LogSearch({ text, onText, found, total, at, onGo }: LogSearchProps) {
  const go = (by: number) => found.length > 0 && onGo((at + by + found.length) % found.length);
  return (
    <span role="search" className="flex items-center gap-1">
      <span className="relative">
        <Search aria-hidden size={13} className="absolute top-2 left-2 text-faint" />
        <input
          type="search"
          aria-label={say("log.search")}
          placeholder={say("log.search")}
          value={text}
          onChange={(event) => onText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          }}
          className={`${CONTROL} h-7 !w-44 !pl-7 !text-small`}
        />
      </span>
      {text !== "" && (
        <>
          <button type="button" aria-label={say("log.previous")} disabled={found.length === 0} onClick={() => go(-1)} className="grid size-7 place-items-center rounded-control hover:bg-hover hover:text-ink disabled:opacity-40">
            <ChevronUp aria-hidden size={14} />
          </button>
          <button type="button" aria-label={say("log.next")} disabled={found.length === 0} onClick={() => go(1)} className="grid size-7 place-items-center rounded-control hover:bg-hover hover:text-ink disabled:opacity-40">
            <ChevronDown aria-hidden size={14} />
          </button>
          <span role="status" className="tabular-nums">{total === 0 ? say("log.notFound") : say("log.of", { at: (found.length === 0 ? 0 : at + 1).toLocaleString(), count: total.toLocaleString() })}</span>
        </>
      )}
    </span>
  );
}
