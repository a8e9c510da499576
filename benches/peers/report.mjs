// Prints what was measured, and how much faster this converter is.
import { readFileSync, statSync } from "node:fs";

const [page, results] = process.argv.slice(2);
const all = readFileSync(results, "utf8").trim().split("\n").map((line) => JSON.parse(line));
const [ours, ...peers] = all;
const megabytes = statSync(page).size / 1e6;

console.log(`${ours.blocks} blocks, ${megabytes.toFixed(1)} MB`);
for (const one of all) {
  const rate = (ms) => `${Math.round(one.blocks / ms)} thousand blocks/s`;
  console.log(`${one.name}: parse ${one.parse_ms.toFixed(1)} ms, convert ${one.convert_ms.toFixed(1)} ms (${rate(one.convert_ms)}), both ${one.both_ms.toFixed(1)} ms (${(megabytes / one.both_ms * 1000).toFixed(0)} MB/s)`);
}
console.log(`serde_json to Value: ${ours.value_ms.toFixed(1)} ms; our parse takes ${(ours.parse_ms / ours.value_ms).toFixed(2)} of it`);
for (const peer of peers) {
  const times = (name) => `x${(peer[name] / ours[name]).toFixed(1)}`;
  console.log(`against ${peer.name}: convert ${times("convert_ms")} (its first run: ${times("cold_ms")}), parse and convert ${times("both_ms")}`);
}
