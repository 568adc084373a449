/**
 * The graph of a pipeline. Positions come from the layout alone; a run's state
 * is an overlay, so nothing moves while it runs.
 */
import { Background, BackgroundVariant, type Edge, type Node, type NodeMouseHandler, ReactFlow, ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { Maximize, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { GraphView } from "../../api/types";
import type { Direction } from "../../graph/layoutInput";
import { regionShapes } from "../../graph/regionShape";
import type { CanvasActions, CanvasOverlay, Renaming } from "./canvasModel";
import { ForwardEdgeLine, type ForwardFlowEdge } from "./ForwardEdgeLine";
import { LoopEdgeLine, type LoopFlowEdge } from "./LoopEdgeLine";
import { type RegionFlowNode, RegionNode } from "./RegionNode";
import { type StepFlowNode, StepNode } from "./StepNode";
import { type LaidOut, useGraphLayout } from "./useGraphLayout";

const NODE_TYPES = { step: StepNode, region: RegionNode };
const EDGE_TYPES = { forward: ForwardEdgeLine, loop: LoopEdgeLine };
const MANY_STEPS = 150;
const FIT = { padding: 0.09, maxZoom: 1, minZoom: 0.35 };

export interface PipelineCanvasProps extends CanvasActions {
  readonly graph: GraphView;
  readonly overlay: CanvasOverlay | null;
  readonly renaming?: Renaming | null;
  readonly problems?: ReadonlyMap<string, number>;
  readonly label: string;
}

export function PipelineCanvas(props: PipelineCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ graph, overlay, renaming = null, problems, label, selected, onSelect, onRename, onPin }: PipelineCanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const direction = useFirstDirection(frame);
  const laidOut = useGraphLayout(graph, direction);
  const nodes = useMemo(
    () => (laidOut === null ? [] : [...regionNodes(laidOut, overlay, onPin ?? null), ...stepNodes(laidOut, graph, overlay, selected, renaming, problems)]),
    [laidOut, graph, overlay, selected, renaming, problems, onPin],
  );
  const edges = useMemo(() => (laidOut === null ? [] : edgesOf(laidOut, overlay)), [laidOut, overlay]);
  const { fitView, zoomIn, zoomOut } = useReactFlow();

  useEffect(() => {
    // Wait for React Flow to take in the nodes of this layout.
    if (laidOut === null) return;
    const frameRequest = requestAnimationFrame(() => void fitView(FIT));
    return () => cancelAnimationFrame(frameRequest);
  }, [laidOut, fitView]);

  const touched = useRef(false);
  useFitOnResize(frame, touched);

  const onClick: NodeMouseHandler = (_, node) => node.type === "step" && onSelect(node.id);
  const onKeyDown = (event: KeyboardEvent) => {
    const focused = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    if (focused === undefined || event.target instanceof HTMLInputElement || event.target instanceof HTMLButtonElement) return;
    if (event.key === "F2" && onRename !== undefined) onRename(focused);
    else if (event.key === "Enter" || event.key === " ") onSelect(focused);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={frame} role="region" aria-label={label} data-ready={laidOut !== null} className="relative size-full" onKeyDownCapture={onKeyDown}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodeClick={onClick}
        onNodeDoubleClick={(_, node) => node.type === "step" && onRename?.(node.id)}
        onPaneClick={() => onSelect(null)}
        onMoveStart={(event) => {
          if (event !== null) touched.current = true;
        }}
        onlyRenderVisibleElements={graph.steps.length > MANY_STEPS}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        elementsSelectable
        elevateNodesOnSelect={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        minZoom={0.2}
        maxZoom={1.6}
        fitView
        fitViewOptions={FIT}
        proOptions={{ hideAttribution: true }}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.2} />
      </ReactFlow>
      {laidOut === null && (
        <p role="status" className="pointer-events-none absolute inset-0 grid place-items-center text-small text-faint">
          Laying out…
        </p>
      )}
      <div className="absolute bottom-3 left-3 flex flex-col overflow-hidden rounded-control border border-line bg-raised shadow-raised">
        <CanvasButton label="Zoom in" icon={Plus} onClick={() => void zoomIn({ duration: 120 })} />
        <CanvasButton label="Zoom out" icon={Minus} onClick={() => void zoomOut({ duration: 120 })} />
        <CanvasButton label="Fit the graph" icon={Maximize} onClick={() => {
            touched.current = false;
            void fitView({ ...FIT, duration: 160 });
          }} />
      </div>
    </div>
  );
}

function CanvasButton({ label, icon: Icon, onClick }: { label: string; icon: typeof Plus; onClick: () => void }) {
  return (
    <button type="button" aria-label={label} title={label} onClick={onClick} className="grid size-7 place-items-center border-b border-line text-muted last:border-b-0 hover:bg-hover hover:text-ink">
      <Icon aria-hidden size={14} />
    </button>
  );
}

/**
 * Keeps the graph in sight when the pane changes its size: a dock opens, a bar
 * appears. What the user has panned or zoomed to stays in the middle instead.
 */
function useFitOnResize(frame: React.RefObject<HTMLDivElement | null>, touched: React.RefObject<boolean>): void {
  const { fitView, getViewport, setViewport } = useReactFlow();
  useEffect(() => {
    const pane = frame.current;
    if (pane === null) return;
    let before = pane.getBoundingClientRect();
    const observer = new ResizeObserver(() => {
      const now = pane.getBoundingClientRect();
      const { x, y, zoom } = getViewport();
      if (touched.current) void setViewport({ x: x + (now.width - before.width) / 2, y: y + (now.height - before.height) / 2, zoom });
      else requestAnimationFrame(() => void fitView(FIT));
      before = now;
    });
    observer.observe(pane);
    return () => observer.disconnect();
  }, [frame, touched, fitView, getViewport, setViewport]);
}

/** Chosen once from the shape of the pane: a resize must not move what someone reads. */
function useFirstDirection(frame: React.RefObject<HTMLDivElement | null>): Direction | null {
  const [direction, setDirection] = useState<Direction | null>(null);
  useEffect(() => {
    const box = frame.current?.getBoundingClientRect();
    if (box !== undefined) setDirection((before) => before ?? (box.width > box.height * 1.25 ? "right" : "down"));
  }, [frame]);
  return direction;
}

function stepNodes(
  { projection, layout }: LaidOut,
  graph: GraphView,
  overlay: CanvasOverlay | null,
  selected: string | null,
  renaming: Renaming | null,
  problems: ReadonlyMap<string, number> | undefined,
): StepFlowNode[] {
  const definitions = new Map(graph.steps.map((step) => [step.id, step]));
  return projection.order.flatMap((id) => {
    const [box, step] = [layout.nodes.get(id), definitions.get(id)];
    if (box === undefined || step === undefined) return [];
    const state = overlay?.steps.get(id) ?? null;
    return [
      {
        id,
        type: "step" as const,
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        selected: selected === id,
        ariaLabel: `Step ${id}${state === null ? "" : `, ${state.word ?? state.status}`}`,
        ariaRole: renaming?.step === id ? ("group" as const) : ("button" as const),
        domAttributes: { "aria-roledescription": "step", ...(selected === id ? { "aria-current": true as const } : {}) },
        data: { step, overlay: state, selected: selected === id, direction: layout.direction, problems: problems?.get(id) ?? 0, renaming: renaming?.step === id ? renaming : null },
      },
    ];
  });
}

function regionNodes({ projection, layout }: LaidOut, overlay: CanvasOverlay | null, onPin: CanvasActions["onPin"] | null): RegionFlowNode[] {
  return regionShapes(projection, layout).map((shape, at) => ({
    id: `region:${shape.to}`,
    type: "region",
    position: { x: shape.bounds.x, y: shape.bounds.y },
    width: shape.bounds.width,
    height: shape.bounds.height,
    zIndex: -100 + at,
    selectable: false,
    focusable: false,
    data: { shape, segments: overlay?.regions.get(shape.to) ?? null, onPin: onPin ?? null },
  })) satisfies Node[] as RegionFlowNode[];
}

function edgesOf({ projection, layout }: LaidOut, overlay: CanvasOverlay | null): Edge[] {
  const forward: ForwardFlowEdge[] = projection.forward.map((edge) => ({
    id: edge.id,
    type: "forward",
    source: edge.from,
    target: edge.to,
    zIndex: 0,
    data: { points: layout.lines.get(edge.id) ?? [], on: edge.on, state: overlay?.edges.get(`${edge.from} ${edge.to}`) ?? null },
  }));
  const loops: LoopFlowEdge[] = projection.loops.map((loop) => ({
    id: loop.id,
    type: "loop",
    source: loop.from,
    target: loop.to,
    zIndex: 0,
    data: {
      points: layout.lines.get(loop.id) ?? [],
      pill: layout.pills.get(loop.id) ?? { x: 0, y: 0 },
      on: loop.on,
      max: loop.max,
      used: overlay === null ? null : (overlay.loopsUsed.get(loop.id) ?? 0),
      from: loop.from,
      to: loop.to,
    },
  }));
  return [...forward, ...loops];
}
