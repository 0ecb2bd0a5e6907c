/** Icons as paths in a square of 16 by 16: no font has to bring them. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  back: "M11 3v10L5 8zM3.5 3H5v10H3.5z",
  forward: "M5 3v10l6-5zM11 3h1.5v10H11z",
  sound: "M2 6h2.5L8 3v10l-3.500-3H2zM9.500 5.500a3 3 0 0 1 0 5v-1.400a1.800 1.800 0 0 0 0-2.200zM9.500 3.200a5.200 5.200 0 0 1 0 9.600v-1.400a3.900 3.900 0 0 0 0-6.800z",
  muted: "M2 6h2.500L8 3v10l-3.500-3H2zM9.500 6.300l1-1L12 6.800l1.500-1.500 1 1L13 7.800l1.500 1.500-1 1L12 8.800l-1.500 1.500-1-1L11 7.800z",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  return drawn(PATHS[name]);
}

/** An icon of any path in that square; where the path crosses itself it is hollow. */
export function drawn(outline: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", outline);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}
