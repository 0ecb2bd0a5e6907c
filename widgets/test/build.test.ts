import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const { sourceHash } = (await import(new URL("../build.mjs", import.meta.url).href)) as {
  sourceHash(folder: string): Promise<string>;
};

test("the stamp covers names and bytes of all source files, and the lock file", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "widgets-"));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "src", "b"), { recursive: true });
  const files = { "src/a.ts": "one", "src/b.ts": "two", "src/b/c.css": "three", "package-lock.json": "{}" };
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  const order = ["src/a.ts", "src/b.ts", "src/b/c.css", "package-lock.json"] as const;
  const text = order.map((path) => `${path}\0${files[path]}\0`).join("");
  assert.equal(await sourceHash(folder), createHash("sha256").update(text).digest("hex"));
});
