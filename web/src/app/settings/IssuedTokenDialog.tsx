/** Shows a new token, this once. It closes when somebody says that they have it. */
import { useQueryClient } from "@tanstack/react-query";
import { tokensQuery } from "../../api/queries";
import type { IssuedToken } from "../../api/types";
import { Button } from "../../ui/Button";
import { CopyableCommand } from "../../ui/CopyableCommand";
import { Modal } from "../../ui/Modal";
import { say } from "../../words/say";
import { issuedToken } from "./issuedToken";

export function IssuedTokenDialog({ issued }: { issued: IssuedToken }) {
  const queries = useQueryClient();
  const close = () => {
    issuedToken.hold(null);
    void queries.invalidateQueries({ queryKey: tokensQuery().queryKey });
  };
  return (
    <Modal open firm onClose={close} title={say("tokens.issued", { token: issued.name })} description={say("tokens.issued.about")}>
      <div className="px-5">
        <CopyableCommand text={issued.token} wrap />
      </div>
      <footer className="flex justify-end gap-2 px-5 pt-4 pb-4">
        <Button look="primary" onClick={close}>{say("tokens.kept")}</Button>
      </footer>
    </Modal>
  );
}
