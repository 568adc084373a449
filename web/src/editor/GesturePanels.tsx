/** The panel that a gesture has opened: which kind of step, which target, which loop. */
import { say } from "../words/say";
import { ConnectPanel } from "./ConnectPanel";
import { KindMenu } from "./KindMenu";
import { LoopPanel } from "./LoopPanel";
import type { StepGestures } from "./useStepGestures";

export function GesturePanels({ gestures }: { gestures: StepGestures }) {
  const { panel, closePanel } = gestures;
  if (panel === null) return null;
  if (panel.kind === "add") {
    const { place } = panel;
    const label = place.kind === "between" ? say("canvas.addBetween", { from: place.from, to: place.to }) : place.kind === "behind" ? say("canvas.addBehind", { step: place.step }) : say(place.kind === "finally" ? "palette.finally.about" : "canvas.add");
    return <KindMenu at={panel.at} label={label} onChoose={(kind) => gestures.addKind(kind, place)} onClose={closePanel} />;
  }
  if (panel.kind === "connect") return <ConnectPanel at={panel.at} from={panel.from} targets={panel.targets} onChoose={(to) => gestures.connect(panel.from, to, panel.at)} onClose={closePanel} />;
  const { from, index, loop } = panel;
  return (
    <LoopPanel
      key={`${from} ${index} ${loop.to}`}
      at={panel.at}
      from={from}
      loop={loop}
      isNew={index === null}
      onDone={(next) => gestures.saveLoop(from, index, next)}
      onRemove={index === null ? null : () => gestures.dropLoop(from, index)}
      onClose={closePanel}
    />
  );
}
