/** Bundles the benchmark's page with the widget's own esbuild: `node bundle.mjs ENTRY OUT`. */

import { writeFile } from "node:fs/promises";
import { bundle } from "../../widgets/build.mjs";

const [entry, out] = process.argv.slice(2);
await writeFile(out, await bundle(entry));
