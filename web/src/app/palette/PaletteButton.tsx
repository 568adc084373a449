/** Opens the palette of commands, by its keys from anywhere or by a click. Who has opened it types on at once, so it is never loaded late. */
import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { isMac, KeyCaps } from "../../ui/KeyCaps";
import { say } from "../../words/say";
import { CommandPalette } from "./CommandPalette";

export function PaletteButton() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      // The other of both keys is the editor's own on a Mac.
      const modifier = isMac() ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
      if (event.key.toLowerCase() !== "k" || !modifier || event.shiftKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      // A dialog is answered first.
      setOpen((was) => !was && document.querySelector('[role="dialog"]') === null);
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, []);
  return (
    <>
      <button
        type="button"
        aria-keyshortcuts="Control+K Meta+K"
        aria-label={say("palette.commands")}
        onClick={() => setOpen(true)}
        className="flex h-11 items-center gap-2 rounded-control px-2.5 text-body text-faint hover:bg-hover hover:text-ink sm:mb-2 sm:h-8 sm:border sm:border-line sm:bg-surface sm:shadow-raised"
      >
        <Search aria-hidden size={15} />
        <span className="hidden flex-1 text-left sm:inline">{say("palette.find")}</span>
        <span className="hidden sm:inline"><KeyCaps keys="Mod+K" /></span>
      </button>
      {open && <CommandPalette onClose={() => setOpen(false)} />}
    </>
  );
}
