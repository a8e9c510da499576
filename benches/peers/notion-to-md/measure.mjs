// Times notion-to-md, or with --client only the client below it, and says in JSON what it took.
//   convert FILE                     the blocks of a file; its client answers from memory
//   read ORIGIN TOKEN PAGE...        pages from a stand-in for Notion, 8 at once
//   export FOLDER ORIGIN TOKEN PAGE...  the same, and writes them; timed by whoever starts it
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "@notionhq/client";
import { NotionToMarkdown } from "notion-to-md";

const AT_ONCE = 8;
const LEAST_MS = 500;

const clientOnly = process.argv[2] === "--client";
const [task, ...rest] = process.argv.slice(clientOnly ? 3 : 2);

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

// The first run warms up; the fastest of the others counts, as many as half a second has, but two at least.
async function timeConverting(file) {
  const text = readFileSync(file, "utf8");
  await convert(JSON.parse(text));
  const best = { convert_ms: Infinity, both_ms: Infinity };
  const began = performance.now();
  for (let run = 0; run < 2 || performance.now() - began < LEAST_MS; run += 1) {
    const start = performance.now();
    const blocks = JSON.parse(text);
    const parsed = performance.now();
    await convert(blocks);
    const end = performance.now();
    best.convert_ms = Math.min(best.convert_ms, end - parsed);
    best.both_ms = Math.min(best.both_ms, end - start);
  }
  return best;
}

async function list(client, block_id) {
  let start_cursor;
  do {
    const answer = await client.blocks.children.list({ block_id, start_cursor, page_size: 100 });
    for (const block of answer.results) if (block.has_children) await list(client, block.id);
    start_cursor = answer.next_cursor ?? undefined;
  } while (start_cursor);
}

async function read([origin, auth, ...pages], keep) {
  const client = new Client({ auth, baseUrl: origin });
  const one = async (page) => {
    if (clientOnly) return list(client, page);
    const converter = new NotionToMarkdown({ notionClient: client });
    return keep(page, converter.toMarkdownString(await converter.pageToMarkdown(page)).parent);
  };
  const queue = [...pages];
  const visit = async () => {
    for (let page = queue.pop(); page !== undefined; page = queue.pop()) await one(page);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, visit));
}

async function timeReading(task) {
  const [origin, token, ...pages] = task;
  await read([origin, token, ...pages.slice(0, AT_ONCE)], async () => {});
  const start = performance.now();
  await read(task, async () => {});
  return { took_ms: performance.now() - start };
}

async function exportAll([folder, ...task]) {
  await read(task, (page, text) => writeFile(join(folder, `${page}.md`), text));
  return {};
}

const said = await { convert: ([file]) => timeConverting(file), read: timeReading, export: exportAll }[task](rest);
console.log(JSON.stringify(said));
