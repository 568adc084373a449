/** A dialog over the page: title, content, actions. Escape and a click beside it close it. */
import * as Dialog from "@radix-ui/react-dialog";
import { X } from "lucide-react";
import { type ReactNode, useRef } from "react";
import { say } from "../words/say";

export interface ModalProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly children: ReactNode;
  readonly wide?: boolean;
  /** Nearly the whole window, for what is worked in. */
  readonly full?: boolean;
  /** Only its own buttons close it: what it shows is gone afterwards. */
  readonly firm?: boolean;
}

export function Modal({ open, onClose, title, description, children, wide = false, full = false, firm = false }: ModalProps) {
  const before = useRef<Element | null>(null);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-[light-dark(rgb(20_20_40/0.32),rgb(0_0_0/0.6))]" />
        <Dialog.Content
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          onEscapeKeyDown={(event) => firm && event.preventDefault()}
          onInteractOutside={(event) => firm && event.preventDefault()}
          onOpenAutoFocus={(event) => {
            before.current = document.activeElement;
            // To what is to be filled in, not to the cross in the corner.
            const field = (event.currentTarget as HTMLElement).querySelector<HTMLElement>("input, select, textarea, [autofocus]");
            if (field === null) return;
            event.preventDefault();
            field.focus();
          }}
          // Back to where it was; no element is known to the dialog as the one that has opened it.
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (before.current instanceof HTMLElement) before.current.focus();
          }}
          className={`fixed top-1/2 left-1/2 z-40 flex ${full ? "h-[94dvh]" : "max-h-[88dvh]"} w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-card border border-line bg-surface shadow-floating ${full ? "max-w-[88rem]" : wide ? "max-w-5xl" : "max-w-md"}`}
        >
          <header className="flex items-start gap-3 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Dialog.Title className="text-title font-semibold">{title}</Dialog.Title>
              {description !== undefined && <Dialog.Description className="mt-0.5 text-body text-muted">{description}</Dialog.Description>}
            </div>
            {!firm && <Dialog.Close aria-label={say("common.close")} className="-mr-1.5 rounded-control p-1.5 text-faint hover:bg-hover hover:text-ink">
              <X aria-hidden size={16} />
            </Dialog.Close>}
          </header>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
