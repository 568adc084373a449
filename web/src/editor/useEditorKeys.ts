/** Save, undo and redo by keyboard, wherever the focus is; fields keep their own undo. */
import { useEffect } from "react";
import type { EditorDocument } from "./useEditorDocument";

export function useEditorKeys(editor: EditorDocument, onSave: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.defaultPrevented || !(event.ctrlKey || event.metaKey)) return;
      const key = event.key.toLowerCase();
      if (key === "s") {
        if (editor.changed) onSave();
      } else if (key === "z" && !typing) (event.shiftKey ? editor.redo : editor.undo)();
      else if (key === "y" && !typing) editor.redo();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [editor, onSave]);
}
