// SPDX-License-Identifier: Apache-2.0
// tuf-js's updater behind a command line:
//
//   tuf-js URL CACHE OUT TARGET...
//
// Refreshes from the CACHE's 1.root.json, fetches the targets, and says on standard output, one JSON object a line,
// where each is. Ends with 1 and the reason at the first that cannot be had.
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { Updater } from "tuf-js";

const [url, cache, out, ...targets] = process.argv.slice(2);
if (!out) {
  console.error("usage: tuf-js URL CACHE OUT TARGET...");
  process.exit(2);
}
try {
  if (!existsSync(join(cache, "root.json"))) copyFileSync(join(cache, "1.root.json"), join(cache, "root.json"));
  const updater = new Updater({
    metadataDir: cache,
    metadataBaseUrl: `${url}/metadata`,
    targetDir: out,
    targetBaseUrl: `${url}/targets`,
  });
  await updater.refresh();
  for (const target of targets) {
    const info = await updater.getTargetInfo(target);
    if (!info) throw new Error(`target ${target} not found`);
    const file = (await updater.findCachedTarget(info)) ?? (await updater.downloadTarget(info));
    console.log(JSON.stringify({ target, file }));
  }
} catch (problem) {
  console.error(`${problem.name}: ${problem.message}`);
  process.exit(1);
}
