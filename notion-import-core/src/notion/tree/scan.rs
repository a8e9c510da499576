//! A tree from JSON with embedded children.
//!
//! One pass finds where blocks begin and end and where their children are; each block's own text, with its arrays
//! of children emptied, is then read like a block of the API. No step recurses by depth, and every byte is read
//! by a fixed number of steps.

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use crate::notion::block::Block;
use crate::notion::lenient::{Any, Key, Lenient, skip, value};
use crate::notion::tree::{BlockTree, Node};

/// Why text is no tree of blocks. It holds none of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The text is not JSON.
    #[error("not JSON: line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
    /// The text is JSON, but no array of blocks.
    #[error("JSON, but no array of blocks: line {line}, column {column}")]
    NotBlocks {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
    },
}

pub(super) fn parse(json: &[u8]) -> Result<BlockTree, ParseError> {
    let text = std::str::from_utf8(json).map_err(|error| {
        let (line, column) = position(json, error.valid_up_to());
        ParseError::NotJson { line, column }
    })?;
    let mut scan = Scan::new(text.strip_prefix('\u{FEFF}').unwrap_or(text));
    scan.root().map_err(|fault| scan.explain(fault))?;
    Ok(BlockTree { nodes: scan.nodes })
}

/// What stopped the scan, at the byte it had reached.
enum Fault {
    NotJson,
    NotBlocks,
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    frames: Vec<Frame>,
    /// The pieces of the open blocks' own text; each frame's begin at its `pieces`.
    pieces: Vec<(usize, usize)>,
    own: String,
    /// The text is one block instead of an array.
    single: bool,
}

/// A block whose end has not been reached.
struct Frame {
    node: usize,
    pieces: usize,
    /// Where its current piece begins.
    start: usize,
    /// How many brackets are open in it: 1 is the block, 2 its payload.
    level: usize,
}

/// Where the scan stands.
enum Place {
    FirstElement,
    Element,
    AfterElement,
    InBlock,
    End,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            nodes: Vec::new(),
            frames: Vec::new(),
            pieces: Vec::new(),
            own: String::new(),
            single: false,
        }
    }

    fn root(&mut self) -> Result<(), Fault> {
        self.skip_space();
        let start = self.at;
        match self.peek() {
            Some(b'[') => {
                self.at += 1;
                self.run(Place::FirstElement)?;
            }
            Some(b'{') => return self.object(),
            _ => return Err(self.not_blocks_at(start)),
        }
        self.skip_space();
        if self.at == self.bytes.len() { Ok(()) } else { Err(Fault::NotJson) }
    }

    /// A list with `results`, or one block.
    fn object(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let Any(keys): Any<TopKeys> =
            serde_json::from_str(&self.text[start..]).map_err(|_| Fault::NotJson)?;
        if keys.results {
            // The text is known to be JSON, so its keys can be stepped through.
            self.at = self.results(start + 1);
            return self.run(Place::FirstElement);
        }
        if !keys.block {
            return Err(self.not_blocks_at(start));
        }
        self.single = true;
        self.open_block();
        self.run(Place::InBlock)
    }

    /// The byte after the bracket that opens `results`.
    fn results(&mut self, first_key: usize) -> usize {
        self.at = first_key;
        loop {
            self.skip_space();
            let key = self.at;
            self.skip_value();
            let found = &self.text[key..self.at] == "\"results\"";
            self.skip_space();
            self.at += 1;
            self.skip_space();
            if self.at >= self.bytes.len() || found && self.peek() == Some(b'[') {
                return self.at + 1;
            }
            self.skip_value();
            self.skip_space();
            self.at += 1;
        }
    }

    fn run(&mut self, mut place: Place) -> Result<(), Fault> {
        loop {
            self.skip_space();
            place = match place {
                Place::FirstElement if self.peek() == Some(b']') => self.close_array(),
                Place::FirstElement | Place::Element => self.element()?,
                Place::InBlock => self.inside_block()?,
                Place::AfterElement => match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        Place::Element
                    }
                    Some(b']') => self.close_array(),
                    None if self.single && self.frames.is_empty() => Place::End,
                    _ => return Err(Fault::NotJson),
                },
                Place::End => return Ok(()),
            };
        }
    }

    /// The bracket belongs to the open block's own text, which goes on with it.
    fn close_array(&mut self) -> Place {
        let bracket = self.at;
        self.at += 1;
        match self.frames.last_mut() {
            Some(frame) => {
                frame.start = bracket;
                Place::InBlock
            }
            None => Place::End,
        }
    }

    fn element(&mut self) -> Result<Place, Fault> {
        match self.peek() {
            Some(b'{') => {
                self.open_block();
                Ok(Place::InBlock)
            }
            _ if self.frames.is_empty() && self.peek() != Some(b'n') => Err(self.not_blocks_at(self.at)),
            _ => {
                // What is no block among children stays visible as an unknown one.
                self.strict_skip_value()?;
                let end = self.nodes.len() as u32 + 1;
                self.nodes.push(Node {
                    block: Block::default(),
                    depth: self.frames.len() as u32,
                    end,
                    loaded: true,
                });
                Ok(Place::AfterElement)
            }
        }
    }

    fn open_block(&mut self) {
        let (start, node, pieces) = (self.at, self.nodes.len(), self.pieces.len());
        let depth = self.frames.len() as u32;
        self.nodes.push(Node { block: Block::default(), depth, end: 0, loaded: false });
        self.frames.push(Frame { node, pieces, start, level: 1 });
        self.at += 1;
    }

    /// Goes on in the innermost open block, to its end or into its children.
    fn inside_block(&mut self) -> Result<Place, Fault> {
        let Some(mut frame) = self.frames.pop() else { return Err(Fault::NotJson) };
        loop {
            let Some(step) = self.bytes[self.at..]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'))
            else {
                return Err(Fault::NotJson);
            };
            self.at += step;
            match self.bytes[self.at] {
                b'"' => {
                    if self.skip_string()? == "children" && frame.level <= 2 && self.opens_array() {
                        self.at += 1;
                        self.pieces.push((frame.start, self.at));
                        self.frames.push(frame);
                        return Ok(Place::FirstElement);
                    }
                    continue;
                }
                b'{' | b'[' => frame.level += 1,
                _ => frame.level -= 1,
            }
            self.at += 1;
            if frame.level == 0 {
                self.pieces.push((frame.start, self.at));
                self.close_block(&frame)?;
                return Ok(Place::AfterElement);
            }
        }
    }

    /// Reads the block's own text, now that all of it is known.
    fn close_block(&mut self, frame: &Frame) -> Result<(), Fault> {
        let pieces = &self.pieces[frame.pieces..];
        let own = match *pieces {
            [(start, end)] => &self.text[start..end],
            _ => {
                self.own.clear();
                self.own.extend(pieces.iter().map(|&(start, end)| &self.text[start..end]));
                &self.own
            }
        };
        let block: Block = serde_json::from_str(own).map_err(|_| Fault::NotJson)?;
        self.pieces.truncate(frame.pieces);
        let end = self.nodes.len();
        let node = &mut self.nodes[frame.node];
        // An empty array beside `has_children` is more likely a fetch left out than a block without children.
        node.loaded = !block.has_children || end > frame.node + 1;
        node.end = end as u32;
        node.block = block;
        Ok(())
    }

    /// Whether a colon and an opening bracket follow; if so it stands before the bracket.
    fn opens_array(&mut self) -> bool {
        let start = self.at;
        self.skip_space();
        if self.peek() == Some(b':') {
            self.at += 1;
            self.skip_space();
            if self.peek() == Some(b'[') {
                return true;
            }
        }
        self.at = start;
        false
    }

    fn skip_string(&mut self) -> Result<&'a str, Fault> {
        let start = self.at + 1;
        let mut at = start;
        loop {
            match self.bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'\\')) {
                None => return Err(Fault::NotJson),
                Some(step) if self.bytes[at + step] == b'"' => {
                    self.at = at + step + 1;
                    return Ok(&self.text[start..at + step]);
                }
                Some(step) => at = (at + step + 2).min(self.bytes.len()),
            }
        }
    }

    /// Passes over one value of text known to be JSON.
    fn skip_value(&mut self) {
        let _ = self.strict_skip_value();
    }

    fn strict_skip_value(&mut self) -> Result<(), Fault> {
        let mut values = serde_json::Deserializer::from_str(&self.text[self.at..]).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(_)) => {
                self.at += values.byte_offset();
                Ok(())
            }
            _ => Err(Fault::NotJson),
        }
    }

    fn not_blocks_at(&mut self, at: usize) -> Fault {
        self.at = at;
        Fault::NotBlocks
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Says what is wrong with the whole text: that it is not JSON comes first.
    fn explain(&self, fault: Fault) -> ParseError {
        if let Err(error) = serde_json::from_str::<IgnoredAny>(self.text) {
            return ParseError::NotJson { line: error.line(), column: error.column() };
        }
        let (line, column) = position(self.bytes, self.at);
        match fault {
            Fault::NotJson => ParseError::NotJson { line, column },
            Fault::NotBlocks => ParseError::NotBlocks { line, column },
        }
    }
}

/// What the top-level object is.
#[derive(Default)]
struct TopKeys {
    results: bool,
    block: bool,
}

impl Lenient for TopKeys {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "results" => this.results |= value::<IsList, _>(&mut object)?.0,
                "type" => {
                    this.block = true;
                    skip(&mut object)?;
                }
                "object" => this.block |= value::<String, _>(&mut object)? == "block",
                _ => skip(&mut object)?,
            }
        }
        Ok(this)
    }
}

#[derive(Default)]
struct IsList(bool);

impl Lenient for IsList {
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self(true))
    }
}

/// Line and column of a byte, counted from 1.
fn position(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = &bytes[..at.min(bytes.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    (line, column)
}
