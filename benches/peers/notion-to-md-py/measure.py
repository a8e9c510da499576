"""Times notion-to-md-py and says in JSON what it took.

convert FILE                        the blocks of a file; its client answers from memory
read ORIGIN TOKEN PAGE...           pages from a stand-in for Notion, 8 at once
export FOLDER ORIGIN TOKEN PAGE...  the same, and writes them; timed by whoever starts it
"""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

from notion_client import AsyncClient
from notion_to_md import NotionToMarkdown, NotionToMarkdownAsync

AT_ONCE = 8
LEAST_S = 0.5


class FromMemory:
    """A client that has every list of blocks."""

    def __init__(self, blocks):
        self.lists = {}
        self.index(blocks)
        self.blocks = self.children = self

    def index(self, blocks):
        for block in blocks:
            if "children" in block:
                self.lists[block["id"]] = block["children"]
                self.index(block["children"])

    def list(self, block_id, start_cursor=None):
        return {"results": self.lists.get(block_id, []), "has_more": False, "next_cursor": None}


def convert(blocks):
    converter = NotionToMarkdown(FromMemory(blocks))
    return converter.to_markdown_string(converter.block_list_to_markdown(blocks))["parent"]


def time_converting(file):
    """The first run warms up; the fastest of the others counts, as many as half a second has, but two at least."""
    text = Path(file).read_bytes()
    convert(json.loads(text))
    best = {"convert_ms": float("inf"), "both_ms": float("inf")}
    began, runs = perf_counter(), 0
    while runs < 2 or perf_counter() - began < LEAST_S:
        start = perf_counter()
        blocks = json.loads(text)
        parsed = perf_counter()
        convert(blocks)
        end = perf_counter()
        best["convert_ms"] = min(best["convert_ms"], (end - parsed) * 1e3)
        best["both_ms"] = min(best["both_ms"], (end - start) * 1e3)
        runs += 1
    return best


async def read(origin, token, pages, keep):
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncClient(auth=token, base_url=origin) as client:

        async def one(page):
            async with gate:
                converter = NotionToMarkdownAsync(client)
                keep(page, converter.to_markdown_string(await converter.page_to_markdown(page))["parent"])

        await asyncio.gather(*(one(page) for page in pages))


def time_reading(origin, token, *pages):
    asyncio.run(read(origin, token, pages[:AT_ONCE], lambda page, text: None))
    start = perf_counter()
    asyncio.run(read(origin, token, pages, lambda page, text: None))
    return {"took_ms": (perf_counter() - start) * 1e3}


def export(folder, origin, token, *pages):
    asyncio.run(read(origin, token, pages, lambda page, text: (Path(folder) / f"{page}.md").write_text(text)))
    return {}


task, *rest = sys.argv[1:]
print(json.dumps({"convert": time_converting, "read": time_reading, "export": export}[task](*rest)))
