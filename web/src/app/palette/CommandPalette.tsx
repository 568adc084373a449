/**
 * The palette of commands (⌘K): what the open page can do, its steps, and the way
 * to every pipeline, run and page. A list box that the field above it steers.
 */
import * as Dialog from "@radix-ui/react-dialog";
import { Search } from "lucide-react";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { KeyCaps } from "../../ui/KeyCaps";
import { say } from "../../words/say";
import { type PaletteItem, shownGroups } from "./paletteItems";
import { usePaletteItems } from "./usePaletteItems";

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const { items, loading } = usePaletteItems();
  const groups = useMemo(() => shownGroups(items, text), [items, text]);
  const shown = groups.flatMap((group) => group.items);
  const chosen = shown[Math.min(at, shown.length - 1)];
  const going = useRef<(() => void) | null>(null);
  const choose = (item: PaletteItem) => {
    going.current = item.perform;
    onClose();
  };
  const field = useRef<HTMLInputElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    document.getElementById(`${list}-${chosen?.key ?? ""}`)?.scrollIntoView({ block: "nearest" });
  }, [list, chosen]);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-50 bg-[light-dark(rgb(20_20_40/0.32),rgb(0_0_0/0.6))]" />
        <Dialog.Content
          aria-describedby={undefined}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            before.current = document.activeElement;
            field.current?.focus();
          }}
          // First the focus goes back to where it was: the command may take it from there.
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (before.current instanceof HTMLElement) before.current.focus();
            going.current?.();
          }}
          className="fixed top-[12dvh] left-1/2 z-50 flex max-h-[min(30rem,76dvh)] w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 flex-col overflow-hidden rounded-card border border-line bg-raised shadow-floating"
        >
          <Dialog.Title className="sr-only">{say("palette.commands")}</Dialog.Title>
          <div className="flex shrink-0 items-center gap-2.5 border-b border-line px-4">
            <Search aria-hidden size={15} className="shrink-0 text-faint" />
            <input
              ref={field}
              role="combobox"
              aria-label={say("palette.search")}
              aria-expanded
              aria-controls={list}
              aria-autocomplete="list"
              {...(chosen === undefined ? {} : { "aria-activedescendant": `${list}-${chosen.key}` })}
              placeholder={say("palette.search")}
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={(event) => {
                if (event.nativeEvent.isComposing) return;
                const last = shown.length - 1;
                if (event.key === "ArrowDown") setAt(at >= last ? 0 : at + 1);
                else if (event.key === "ArrowUp") setAt(at <= 0 ? last : at - 1);
                else if (event.key === "PageDown") setAt(Math.min(at + 8, last));
                else if (event.key === "PageUp") setAt(Math.max(at - 8, 0));
                else if (event.key === "Enter" && chosen !== undefined) choose(chosen);
                else return;
                event.preventDefault();
              }}
              className="h-12 min-w-0 flex-1 bg-transparent text-title outline-none placeholder:text-faint"
            />
            <KeyCaps keys="Esc" />
          </div>
          <div id={list} role="listbox" aria-label={say("palette.commands")} className="min-h-0 flex-1 overflow-auto p-1.5">
            {groups.map((group) => (
              <div key={group.name} role="group" aria-label={group.name}>
                <div aria-hidden className="px-2.5 pt-2 pb-1 text-micro font-medium text-faint">{group.name}</div>
                {group.items.map((item) => (
                  <Option key={item.key} id={`${list}-${item.key}`} item={item} chosen={item === chosen} onPoint={() => setAt(shown.indexOf(item))} onChoose={() => choose(item)} />
                ))}
              </div>
            ))}
          </div>
          <p role="status" className={shown.length === 0 ? "px-4 pb-6 text-center text-body text-muted" : "sr-only"}>
            {shown.length > 0 ? say("palette.count", { count: shown.length }) : say(loading ? "log.state.loading" : "palette.none")}
          </p>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Option({ id, item, chosen, onPoint, onChoose }: { id: string; item: PaletteItem; chosen: boolean; onPoint: () => void; onChoose: () => void }) {
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the field above has the keyboard
    <div id={id} role="option" aria-selected={chosen} onPointerMove={chosen ? undefined : onPoint} onClick={onChoose} className={`flex h-9 cursor-pointer items-center gap-2.5 rounded-control px-2.5 ${chosen ? "bg-accent-tint text-ink" : ""}`}>
      <span className="grid w-4 shrink-0 place-items-center text-faint">{item.icon}</span>
      <span className={`min-w-0 truncate text-body ${item.mono === true ? "font-mono text-small font-medium" : ""}`}>{item.label}</span>
      {item.detail !== undefined && <span className="min-w-0 flex-1 truncate text-small text-muted">{item.detail}</span>}
      {item.keys !== undefined && <span className="ml-auto"><KeyCaps keys={item.keys} /></span>}
    </div>
  );
}
