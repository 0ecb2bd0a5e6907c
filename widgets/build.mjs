/**
 * Bundles src/index.ts into ../heaters/ui/static/player.js: one ES module that loads nothing else.
 *
 * The first line of the bundle is `// heaters widgets <hash>`. The hash is SHA-256, in hex, over these files: every file
 * below src/, sorted by its path relative to this folder with `/` between the parts (`src/bytes/http.ts`; compared as UTF-8
 * bytes), then `package-lock.json`. For each file, in that order: its path in UTF-8, one NUL byte, the file's bytes, one NUL byte.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));

export const BUNDLE = join(HERE, "..", "heaters", "ui", "static", "player.js");

/** Hash of everything that the bundle is made of. */
export async function sourceHash(folder = HERE) {
  const entries = await readdir(join(folder, "src"), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const hash = createHash("sha256");
  for (const path of [...paths, "package-lock.json"]) {
    hash.update(path).update("\0").update(await readFile(join(folder, path))).update("\0");
  }
  return hash.digest("hex");
}

/** One ES module as text, of any entry file; `define` replaces names in it. */
export async function bundle(entry, define = {}) {
  const { build } = await import("esbuild");
  const built = await build({
    entryPoints: [entry], bundle: true, write: false, minify: true, format: "esm", target: "es2022",
    charset: "utf8", legalComments: "none", define, loader: { ".css": "text" },
  });
  return built.outputFiles[0].text;
}

async function main() {
  const hash = await sourceHash();
  const code = await bundle(join(HERE, "src", "index.ts"), { SOURCE_HASH: JSON.stringify(hash) });
  const text = `// heaters widgets ${hash}\n${code}`;
  await mkdir(dirname(BUNDLE), { recursive: true });
  await writeFile(`${BUNDLE}.part`, text);
  await rename(`${BUNDLE}.part`, BUNDLE);
  console.log(`${BUNDLE}: ${text.length} characters`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
