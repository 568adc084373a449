/** Another pipeline, beside those that are there. */
import { Modal } from "../ui/Modal";
import { say } from "../words/say";
import { StartingPoints } from "./StartingPoints";

export function NewPipelineDialog({ onClose }: { onClose: () => void }) {
  return (
    <Modal open onClose={onClose} title={say("home.new")} description={say("home.sample.about")} wide>
      <div className="overflow-auto px-5 pt-1 pb-5">
        <StartingPoints />
      </div>
    </Modal>
  );
}
