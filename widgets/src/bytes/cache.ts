/** Encoded frames in memory, the least recently used thrown out first. */

const PAGE_BYTES = 64 * 2 ** 20;

export class ByteCache {
  readonly capacity: number;
  readonly #entries = new Map<string, Uint8Array>();
  #size = 0;

  /** `capacity` in bytes. */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Bytes held. */
  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): Uint8Array | undefined {
    const bytes = this.#entries.get(key);
    if (bytes) {
      this.#entries.delete(key);
      this.#entries.set(key, bytes);
    }
    return bytes;
  }

  /** Keep these bytes; what is larger than the whole cache is not kept. */
  set(key: string, bytes: Uint8Array): void {
    this.#drop(key);
    if (bytes.byteLength > this.capacity) return;
    this.#entries.set(key, bytes);
    this.#size += bytes.byteLength;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.capacity) break;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  #drop(key: string): void {
    this.#size -= this.#entries.get(key)?.byteLength ?? 0;
    this.#entries.delete(key);
  }
}

/** One for all players of a page: a notebook may hold many. */
export const pageCache = new ByteCache(PAGE_BYTES);
