/**
 * The whole graph, small, with a frame around what is in sight. One path for all
 * steps; the frame follows the view without anything being rendered anew.
 */
import { useReactFlow, useStoreApi } from "@xyflow/react";
import { memo, type PointerEvent, type RefObject, useEffect, useMemo, useRef } from "react";
import { type Box, boxAround, roundedBox } from "../../graph/graphLayout";
import { say } from "../../words/say";
import { appearanceOf, TONE_STROKE } from "../statusAppearance";
import { groupBy } from "../../graph/groupBy";
import type { CanvasOverlay } from "./canvasModel";
import type { LaidOut } from "./useGraphLayout";

const WIDTH = 168;
const HEIGHT = 104;
const MARGIN = 0.04;

export interface GraphMapProps {
  readonly laidOut: LaidOut;
  readonly overlay: CanvasOverlay | null;
  readonly selected: string | null;
  /** The user has chosen what to look at. */
  readonly onMoved: () => void;
}

export const GraphMap = memo(function GraphMap({ laidOut: { layout }, overlay, selected, onMoved }: GraphMapProps) {
  const frame = useRef<SVGPathElement>(null);
  const { setCenter, getZoom } = useReactFlow();
  const bounds = useMemo(() => boundsOf([...layout.nodes.values()]), [layout]);
  const steps = useMemo(() => [...groupBy(layout.nodes, ([id]) => colourOf(id, overlay))].map(([colour, nodes]) => ({ colour, d: nodes.map(([, box]) => roundedBox(box, 8)).join("") })), [layout, overlay]);
  useFrame(frame, bounds);
  const box = selected === null ? undefined : layout.nodes.get(selected);
  const go = (event: PointerEvent<SVGSVGElement>) => {
    if (event.buttons !== 1) return;
    const matrix = event.currentTarget.getScreenCTM();
    if (matrix === null) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    onMoved();
    void setCenter(x, y, { zoom: getZoom() });
  };
  return (
    <svg
      role="img"
      aria-label={say("canvas.map")}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`${bounds.x} ${bounds.y} ${bounds.width} ${bounds.height}`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
      className="absolute right-3 bottom-3 z-[5] cursor-crosshair touch-none rounded-control border border-line bg-raised shadow-raised"
    >
      {steps.map(({ colour, d }) => (
        <path key={colour} d={d} style={{ fill: colour }} />
      ))}
      {box !== undefined && <path d={roundedBox(box, 8)} className="fill-accent stroke-accent" strokeWidth={bounds.width / 60} />}
      <path ref={frame} fillRule="evenodd" className="pointer-events-none fill-[light-dark(rgb(20_20_40/7%),rgb(0_0_0/45%))] stroke-edge" strokeWidth={bounds.width / WIDTH} />
    </svg>
  );
});

/** Everything out of sight is shaded. */
function useFrame(frame: RefObject<SVGPathElement | null>, around: Box): void {
  const store = useStoreApi();
  useEffect(() => {
    let request = 0;
    const draw = () => {
      request = 0;
      const { transform: [x, y, zoom], width, height } = store.getState();
      const seen = roundedBox({ x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom }, 0);
      frame.current?.setAttribute("d", `M ${around.x} ${around.y} h ${around.width} v ${around.height} h ${-around.width} Z ${seen}`);
    };
    draw();
    const stop = store.subscribe((now, before) => {
      if (request === 0 && (now.transform !== before.transform || now.width !== before.width || now.height !== before.height)) request = requestAnimationFrame(draw);
    });
    return () => {
      stop();
      cancelAnimationFrame(request);
    };
  }, [frame, store, around]);
}

function colourOf(step: string, overlay: CanvasOverlay | null): string {
  const status = overlay?.steps.get(step)?.status;
  return status === undefined || status === "pending" || status === "skipped" ? "light-dark(#c4c6d0, #454a56)" : TONE_STROKE[appearanceOf(status).tone];
}

/** In the shape of the map, so that what is drawn fills it and clicks land where they are made. */
function boundsOf(boxes: readonly Box[]): Box {
  const whole = boxAround(boxes);
  if (boxes.length === 0) return { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  const scale = Math.max(whole.width / WIDTH, whole.height / HEIGHT) * (1 + 2 * MARGIN);
  const [width, height] = [WIDTH * scale, HEIGHT * scale];
  return { x: whole.x + (whole.width - width) / 2, y: whole.y + (whole.height - height) / 2, width, height };
}
