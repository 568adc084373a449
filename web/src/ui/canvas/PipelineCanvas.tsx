/**
 * The graph of a pipeline. Positions come from the layout alone; a run's state
 * is an overlay, so nothing moves while it runs. With `editing` it takes gestures.
 */
import { type NodeMouseHandler, ReactFlow, ReactFlowProvider, useReactFlow, useStore } from "@xyflow/react";
import { ArrowRightLeft, Map as MapIcon, Maximize, Minus, Plus, Search, WandSparkles } from "lucide-react";
import { type DragEvent, memo, useMemo, useRef, useState } from "react";
import { regionShapes } from "../../graph/regionShape";
import type { GraphView } from "../../api/types";
import { say } from "../../words/say";
import { CanvasButton } from "./CanvasButton";
import { CanvasDots } from "./CanvasDots";
import { type CanvasEditing, CanvasGesturesContext } from "./canvasEditing";
import { type CanvasActions, type CanvasOverlay, drawnSteps, type Renaming } from "./canvasModel";
import { DraggedEdge } from "./DraggedEdge";
import { type DrawnNodes, flowEdges, MANY_STEPS, regionNodes, stepNodes } from "./flowElements";
import { ForwardEdgeLine } from "./ForwardEdgeLine";
import { GraphMap } from "./GraphMap";
import { KIND_DRAG } from "./kindDrag";
import { LoopEdgeLine } from "./LoopEdgeLine";
import { ManyEdgeLines } from "./ManyEdgeLines";
import { RegionNode } from "./RegionNode";
import { StepNode } from "./StepNode";
import { StepSearch } from "./StepSearch";
import { useCanvasKeys } from "./useCanvasKeys";
import { useCanvasView, useFirstDirection } from "./useCanvasView";
import { useEdgeDrag } from "./useEdgeDrag";
import { useGraphLayout } from "./useGraphLayout";
import { useSeenPart } from "./useSeenPart";
import { useStepFocus } from "./useStepFocus";

const NODE_TYPES = { step: StepNode, region: RegionNode };
const EDGE_TYPES = { forward: ForwardEdgeLine, loop: LoopEdgeLine };
const WORTH_A_MAP = 14;
const NOTHING: ReadonlySet<string> = new Set();
/** Further away, what is small on a step can no longer be read. */
const NEAR = 0.5;

export interface PipelineCanvasProps extends CanvasActions {
  readonly graph: GraphView;
  readonly overlay: CanvasOverlay | null;
  readonly renaming?: Renaming | null;
  readonly problems?: ReadonlyMap<string, number>;
  readonly label: string;
  readonly editing?: CanvasEditing | null;
}

/** Drawn anew only when something of it has changed, not with every letter that is typed beside it. */
export const PipelineCanvas = memo(function PipelineCanvas(props: PipelineCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
});

function Canvas({ graph, overlay, renaming = null, problems, label, selected, onSelect, onRename, onPin, editing = null }: PipelineCanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const firstDirection = useFirstDirection(frame);
  const [turned, setTurned] = useState(false);
  const [anew, setAnew] = useState(0);
  const direction = firstDirection === null || !turned ? firstDirection : firstDirection === "right" ? "down" : "right";
  const all = useMemo(() => drawnSteps(graph), [graph]);
  const laidOut = useGraphLayout(all, direction, anew);
  const selection = editing?.selection ?? NOTHING;
  const shapes = useMemo(() => (laidOut === null ? [] : regionShapes(laidOut.projection, laidOut.layout)), [laidOut]);
  const regions = useMemo(() => regionNodes(shapes, overlay, onPin ?? null), [shapes, overlay, onPin]);
  const [drawn] = useState<DrawnNodes>(() => new Map());
  const far = useStore(({ transform: [, , zoom] }) => zoom < NEAR);
  const many = all.length > MANY_STEPS;
  const brief = many && far;
  const part = useSeenPart(many);
  const steps = useMemo(() => (laidOut === null || (many && part === null) ? [] : stepNodes(laidOut, graph, { overlay, selected, selection, renaming, problems, brief, part }, drawn)), [laidOut, graph, overlay, selected, selection, renaming, problems, brief, many, part, drawn]);
  const nodes = useMemo(() => [...regions, ...steps], [regions, steps]);
  const edges = useMemo(() => (laidOut === null ? [] : flowEdges(laidOut, overlay, part)), [laidOut, overlay, part]);
  const { zoomIn, zoomOut } = useReactFlow();
  const view = useCanvasView(frame, laidOut);
  const [mapShown, setMapShown] = useState<boolean | null>(null);
  const map = mapShown ?? all.length >= WORTH_A_MAP;
  const [searching, setSearching] = useState(false);
  const { line, begin } = useEdgeDrag(editing);
  const gestures = useMemo(() => (editing === null ? null : { ...editing, drag: line, beginDrag: begin }), [editing, line, begin]);
  const focusStep = useStepFocus(frame, view.show);
  const onKeyDown = useCanvasKeys({ laidOut, editing, focusStep, onSelect, onRename, onSearch: () => setSearching(true) });

  const onClick: NodeMouseHandler = (event, node) => {
    if (node.type !== "step") return;
    if (editing !== null && (event.shiftKey || event.ctrlKey || event.metaKey)) editing.onStep("toggle", node.id, { x: event.clientX, y: event.clientY });
    else onSelect(node.id);
  };
  const onDropKind = (event: DragEvent) => {
    const kind = event.dataTransfer.getData(KIND_DRAG);
    if (editing === null || kind === "") return;
    event.preventDefault();
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const knob = under.map((element) => element.closest<HTMLElement>("[data-edge-knob]")?.dataset["edgeKnob"]).find((one) => one !== undefined)?.split(" ");
    const step = under.map((element) => element.closest<HTMLElement>(".react-flow__node-step")?.dataset["id"]).find((one) => one !== undefined);
    const place = knob?.[0] !== undefined && knob[1] !== undefined ? { kind: "between" as const, from: knob[0], to: knob[1] } : step !== undefined ? { kind: "behind" as const, step } : { kind: "alone" as const };
    editing.onDropKind(kind, place);
  };
  return (
    <CanvasGesturesContext value={gestures}>
      <div
        ref={frame}
        role="region"
        aria-label={label}
        data-ready={laidOut !== null}
        data-far={far}
        className="relative size-full"
        onKeyDownCapture={onKeyDown}
        onDragOver={(event) => editing !== null && event.dataTransfer.types.includes(KIND_DRAG) && event.preventDefault()}
        onDrop={onDropKind}
      >
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodeClick={onClick}
          onNodeDoubleClick={(_, node) => node.type === "step" && onRename?.(node.id)}
          onPaneClick={() => {
            onSelect(null);
            editing?.onSelection([]);
          }}
          onMoveStart={(event) => {
            // Said to the element itself: nothing of the page is drawn anew for it.
            frame.current?.setAttribute("data-moving", "");
            if (event !== null) view.onMoved();
          }}
          onMoveEnd={() => frame.current?.removeAttribute("data-moving")}
          nodesDraggable={false}
          nodesConnectable={false}
          edgesFocusable={false}
          elementsSelectable
          elevateNodesOnSelect={false}
          deleteKeyCode={null}
          selectionKeyCode={editing === null ? null : "Shift"}
          onSelectionEnd={() => editing?.onSelection([...(frame.current?.querySelectorAll<HTMLElement>(".react-flow__node-step.selected") ?? [])].flatMap((node) => node.dataset["id"] ?? []))}
          multiSelectionKeyCode={null}
          disableKeyboardA11y
          zoomOnDoubleClick={false}
          minZoom={0.2}
          maxZoom={1.6}
          proOptions={{ hideAttribution: true }}
        >
          {laidOut !== null && <CanvasDots width={laidOut.layout.size.width} height={laidOut.layout.size.height} />}
          {laidOut !== null && many && <ManyEdgeLines laidOut={laidOut} edges={overlay?.edges ?? null} />}
        </ReactFlow>
        {map && laidOut !== null && <GraphMap laidOut={laidOut} overlay={overlay} selected={selected} onMoved={view.onMoved} />}
        {laidOut === null && (
          <p role="status" className="pointer-events-none absolute inset-0 grid place-items-center text-small text-faint">
            {say("canvas.layingOut")}
          </p>
        )}
        {searching && (
          <StepSearch
            steps={all}
            onClose={() => setSearching(false)}
            onFound={(step) => {
              setSearching(false);
              onSelect(step);
              view.show(step);
              requestAnimationFrame(() => focusStep(step));
            }}
          />
        )}
        <div role="group" aria-label={say("canvas.view")} className="absolute bottom-3 left-3 flex flex-col overflow-hidden rounded-control border border-line bg-raised shadow-raised">
          <CanvasButton label={say("canvas.zoomIn")} icon={Plus} onClick={() => void zoomIn({ duration: 120 })} />
          <CanvasButton label={say("canvas.zoomOut")} icon={Minus} onClick={() => void zoomOut({ duration: 120 })} />
          <CanvasButton label={say("canvas.fit")} icon={Maximize} onClick={view.fit} />
          <CanvasButton label={say("canvas.search")} icon={Search} onClick={() => setSearching(true)} />
          <CanvasButton label={say("canvas.map")} icon={MapIcon} pressed={map} onClick={() => setMapShown(!map)} />
          {editing !== null && (
            <>
              <CanvasButton
                label={say("canvas.layOut")}
                icon={WandSparkles}
                onClick={() => {
                  setAnew(anew + 1);
                  view.fit();
                }}
              />
              <CanvasButton label={say("canvas.turn")} icon={ArrowRightLeft} onClick={() => setTurned(!turned)} />
            </>
          )}
        </div>
        {line !== null && <DraggedEdge line={line} direction={direction ?? "right"} />}
      </div>
    </CanvasGesturesContext>
  );
}
