/** CRC-32 as in zip and PNG (polynomial 0xEDB88320), four bytes a step. */

const STEP = 4;

function tables(): Uint32Array[] {
  const made = Array.from({ length: STEP }, () => new Uint32Array(256));
  const first = made[0]!;
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    first[byte] = value;
  }
  for (let step = 1; step < STEP; step++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = made[step - 1]![byte]!;
      made[step]![byte] = (before >>> 8) ^ first[before & 0xff]!;
    }
  }
  return made;
}

const [T0, T1, T2, T3] = tables() as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

/** Checksum of some bytes, 0 to 2³² - 1. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  let at = 0;
  for (const last = bytes.length - STEP; at <= last; at += STEP) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc = T3[crc & 0xff]! ^ T2[(crc >>> 8) & 0xff]! ^ T1[(crc >>> 16) & 0xff]! ^ T0[crc >>> 24]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ T0[(crc ^ bytes[at]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
