/** Asks before a secret is removed: its value cannot be had back. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client } from "../../api/client";
import { messageOf } from "../../api/problem";
import { secretsQuery } from "../../api/queries";
import type { SecretSummary } from "../../api/types";
import { Button } from "../../ui/Button";
import { Modal } from "../../ui/Modal";
import { say } from "../../words/say";

export function RemoveSecretDialog({ secret, onClose }: { secret: SecretSummary; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => client.removeSecret(secret.project, secret.name),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: secretsQuery(secret.project).queryKey });
      onClose();
    },
  });
  return (
    <Modal open onClose={onClose} title={say("secrets.remove.ask", { secret: secret.name })} description={say("secrets.remove.about")}>
      {remove.error !== null && <p role="alert" className="px-5 text-body text-bad-ink">{messageOf(remove.error)}</p>}
      <footer className="flex justify-end gap-2 px-5 pt-2 pb-4">
        <Button onClick={onClose} autoFocus>{say("common.cancel")}</Button>
        <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>{say("secrets.remove.do")}</Button>
      </footer>
    </Modal>
  );
}
