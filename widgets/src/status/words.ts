/** How numbers and times are written for people. */

export function count(number: number): string {
  return Math.round(number).toLocaleString("en");
}

export function plural(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** In powers of 1,000, as the command line writes them. */
export function bytes(number: number): string {
  let [left, unit] = [number, "B"];
  for (const next of ["kB", "MB", "GB", "TB"]) {
    if (Math.abs(left) < 1000) break;
    [left, unit] = [left / 1000, next];
  }
  return unit === "B" ? `${left} B` : `${left.toFixed(left < 100 ? 1 : 0)} ${unit}`;
}

/** How long something takes, in two units at most: `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 90) return `${minutes} min`;
  if (minutes < 36 * 60) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** How long a film is: `2:05`, `1:02:05`. */
export function length(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** Where the reader sits: `14:05` today, else `Mon 14:05` or `12 Nov 14:05`. */
export function clock(iso: string, now: Date): string {
  const then = new Date(iso);
  const time = `${String(then.getHours()).padStart(2, "0")}:${String(then.getMinutes()).padStart(2, "0")}`;
  if (then.toDateString() === now.toDateString()) return time;
  const near = Math.abs(then.getTime() - now.getTime()) < 6 * 86_400_000;
  const day = near ? { weekday: "short" as const } : { day: "numeric" as const, month: "short" as const };
  return `${then.toLocaleDateString("en-GB", day)} ${time}`;
}

/** A name of the catalog: `prepare_failed` → `prepare failed`. */
export function plain(name: string): string {
  return name.replaceAll("_", " ");
}

function two(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return second ? `${first} ${firstUnit} ${second} ${secondUnit}` : `${first} ${firstUnit}`;
}
