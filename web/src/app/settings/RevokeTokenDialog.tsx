/** Asks before a token is taken back: whoever works with it is cut off. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client } from "../../api/client";
import { messageOf } from "../../api/problem";
import { tokensQuery } from "../../api/queries";
import type { Token } from "../../api/types";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";
import { say } from "../../words/say";

export function RevokeTokenDialog({ token, last, onClose }: { token: Token; last: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => client.revokeToken(token.id),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: tokensQuery().queryKey });
      onClose();
    },
  });
  return (
    <Modal open onClose={onClose} title={say("tokens.revoke.ask", { token: token.name })} description={say("tokens.revoke.about")}>
      <div className="space-y-3 px-5">
        {last && <p className="rounded-control bg-wait-tint px-3 py-2 text-small text-wait-ink">{say("tokens.revoke.last")}</p>}
        {revoke.error !== null && <p role="alert" className="text-body text-bad-ink">{messageOf(revoke.error)}</p>}
      </div>
      <footer className="flex justify-end gap-2 px-5 pt-3 pb-4">
        <Button onClick={onClose} autoFocus>{say("common.cancel")}</Button>
        <Button look="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>{say("tokens.revoke.do")}</Button>
      </footer>
    </Modal>
  );
}
