/** How fast clips play. */

export const [SLOWEST, FASTEST] = [0.25, 4];
const SPEEDS = [SLOWEST, 0.5, 1, 1.5, 2, FASTEST];

export function faster(speed: number): number | undefined {
  return SPEEDS.find((one) => one > speed);
}

export function slower(speed: number): number {
  return Math.max(SLOWEST, ...SPEEDS.filter((one) => one < speed));
}
