// Times notion-to-md on a file of blocks. Its client answers from memory, so only converting is timed.
import { readFileSync } from "node:fs";
import { NotionToMarkdown } from "notion-to-md";

const RUNS = 5;
const text = readFileSync(process.argv[2], "utf8");

const count = (blocks) => blocks.reduce((sum, block) => sum + 1 + count(block.children ?? []), 0);

const index = (blocks, children) => {
  for (const block of blocks) {
    if (block.children) {
      children.set(block.id, block.children);
      index(block.children, children);
    }
  }
  return children;
};

async function convert(blocks) {
  const children = index(blocks, new Map());
  const list = async ({ block_id }) => ({ results: children.get(block_id) ?? [], has_more: false, next_cursor: null });
  const converter = new NotionToMarkdown({ notionClient: { blocks: { children: { list } } } });
  return converter.toMarkdownString(await converter.blocksToMarkdown(blocks)).parent;
}

// The first run is the cold one: an import converts a page once.
const runs = [];
for (let run = 0; run < RUNS; run += 1) {
  const start = performance.now();
  const blocks = JSON.parse(text);
  const parsed = performance.now();
  await convert(blocks);
  const end = performance.now();
  runs.push({ parse: parsed - start, convert: end - parsed, both: end - start });
}
const best = (name) => Math.min(...runs.map((run) => run[name]));
console.log(JSON.stringify({
  name: "notion-to-md",
  blocks: count(JSON.parse(text)),
  parse_ms: best("parse"),
  convert_ms: best("convert"),
  cold_ms: runs[0].convert,
  both_ms: best("both"),
}));
