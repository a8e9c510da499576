//! The blocks of a page as one flat list in reading order, so that no depth can exhaust a stack.

use crate::notion::block::Block;

mod assemble;
mod scan;

pub use assemble::{Handle, TreeBuilder};
pub use scan::ParseError;

/// The blocks of a page, in reading order: every node comes before its children, and knows where they end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockTree {
    nodes: Vec<Node>,
}

/// A block in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The block.
    pub block: Block,
    /// How many blocks it is inside of.
    pub depth: u32,
    /// The index after its last descendant.
    pub end: u32,
    /// Whether its children are here. If not, and it has some, the tree is truncated.
    pub loaded: bool,
}

impl BlockTree {
    /// Reads blocks as JSON: an array, one block, or a list with `results`. Children are the arrays named
    /// `children` in a block or in its payload. Any depth is read, in linear time.
    ///
    /// # Errors
    /// [`ParseError`] if the text is not JSON, or holds no blocks.
    pub fn parse(json: &[u8]) -> Result<Self, ParseError> {
        scan::parse(json)
    }

    /// The nodes in reading order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many blocks there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no block.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The indices of a node's children, or of the top-level blocks.
    pub fn children(&self, of: Option<usize>) -> impl Iterator<Item = usize> {
        let (start, end) = match of {
            None => (0, self.nodes.len()),
            Some(parent) => (parent + 1, self.nodes.get(parent).map_or(0, |node| node.end as usize)),
        };
        let mut next = start;
        std::iter::from_fn(move || {
            let here = (next < end).then_some(next)?;
            next = self.nodes[here].end as usize;
            Some(here)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::notion::block::{BlockType, Content, UnknownBlock};

    fn shape(json: &str) -> Vec<(&'static str, u32, u32)> {
        let tree = BlockTree::parse(json.as_bytes()).unwrap();
        tree.nodes()
            .iter()
            .map(|node| (node.block.content.block_type().name(), node.depth, node.end))
            .collect()
    }

    #[test]
    fn children_are_found_in_the_block_and_in_its_payload_whatever_the_order_of_keys() {
        let expected = vec![("toggle", 0, 3), ("quote", 1, 3), ("divider", 2, 3), ("divider", 0, 4)];
        for json in [
            r#"[{"type":"toggle","toggle":{"children":[{"type":"quote","quote":{},"children":[{"type":"divider"}]}]}},{"type":"divider"}]"#,
            r#"[{"children":[{"quote":{"children" : [ {"divider":{},"type":"divider"} ],"rich_text":[]},"type":"quote"}],"toggle":{},"type":"toggle"},{"divider":{}}]"#,
            r#" {"object":"list","next_cursor":null,"results":[{"toggle":{},"type":"toggle","children":[{"type":"quote","children":[{"type":"divider"}]}]},{"type":"divider"}],"type":"block"}"#,
        ] {
            assert_eq!(shape(json), expected, "{json}");
        }
    }

    #[test]
    fn a_single_block_is_a_tree() {
        assert_eq!(shape(r#"{"object":"block","type":"to_do","to_do":{}} "#), [("to_do", 0, 1)]);
    }

    #[test]
    fn what_is_no_block_among_blocks_stays_visible() {
        assert_eq!(
            shape(r#"[null,{"type":"quote","children":[1,"]",{"type":"form"}]}]"#),
            [("unknown", 0, 1), ("quote", 0, 5), ("unknown", 1, 3), ("unknown", 1, 4), ("unknown", 1, 5)]
        );
    }

    #[test]
    fn an_error_says_what_is_wrong_and_where() {
        for (json, expected) in [
            ("", ParseError::NotJson { line: 1, column: 0 }),
            ("[\n{},\n x]", ParseError::NotJson { line: 3, column: 2 }),
            ("[{}{}]", ParseError::NotJson { line: 1, column: 4 }),
            ("[{},]", ParseError::NotJson { line: 1, column: 5 }),
            ("[{}", ParseError::NotJson { line: 1, column: 3 }),
            ("[{\"children\":[{}}]", ParseError::NotJson { line: 1, column: 17 }),
            ("[{]}", ParseError::NotJson { line: 1, column: 3 }),
            ("[]]", ParseError::NotJson { line: 1, column: 3 }),
            ("{\"type\":\"quote\"},", ParseError::NotJson { line: 1, column: 17 }),
            ("\n 5", ParseError::NotBlocks { line: 2, column: 2 }),
            ("[{},\n7]", ParseError::NotBlocks { line: 2, column: 1 }),
            ("{\"object\":\"error\",\"status\":401}", ParseError::NotBlocks { line: 1, column: 1 }),
        ] {
            assert_eq!(BlockTree::parse(json.as_bytes()), Err(expected), "{json}");
        }
    }

    #[test]
    fn no_depth_exhausts_a_stack() {
        for depth in [10_000, 100_000] {
            let mut json = r#"[{"type":"toggle","toggle":{"children":"#.repeat(depth);
            json.push_str("[]");
            json.push_str(&"}}]".repeat(depth));
            let tree = BlockTree::parse(json.as_bytes()).unwrap();
            assert_eq!(tree.len(), depth);
            assert_eq!(tree.nodes()[depth - 1].depth as usize, depth - 1);
        }
    }

    #[test]
    fn lists_fetched_in_any_order_make_one_tree() {
        let unknown = |name: &str| UnknownBlock { name: name.to_owned(), texts: Vec::new() };
        let named = |name: &str| Block::new(Content::Unknown(unknown(name)));
        let mut builder = TreeBuilder::default();
        let mut roots = builder.roots(vec![named("a"), named("d")]);
        let last = builder.children(roots[1], vec![named("e")]);
        let inner = builder.children(roots[0], vec![named("b")]);
        builder.children(inner[0], vec![named("c")]);
        builder.children(last[0], vec![]);
        roots.extend(builder.roots(vec![named("f")]));
        let tree = builder.build();
        let names: Vec<_> = tree
            .nodes()
            .iter()
            .map(|node| match &node.block.content {
                Content::Unknown(block) => (block.name.as_str(), node.depth, node.end),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(names, [("a", 0, 3), ("b", 1, 3), ("c", 2, 3), ("d", 0, 5), ("e", 1, 5), ("f", 0, 6)]);
        assert_eq!(tree.children(None).collect::<Vec<_>>(), [0, 3, 5]);
        assert_eq!(tree.children(Some(0)).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn children_that_were_not_loaded_are_known_to_be_missing() {
        let loaded = |json: &str| BlockTree::parse(json.as_bytes()).unwrap().nodes()[0].loaded;
        assert!(!loaded(r#"[{"type":"quote","has_children":true}]"#));
        assert!(!loaded(r#"[{"type":"quote","has_children":true,"children":[]}]"#));
        assert!(loaded(r#"[{"type":"quote","has_children":true,"children":[{"type":"divider"}]}]"#));
        assert!(loaded(r#"[{"type":"quote"}]"#));

        let mut builder = TreeBuilder::default();
        let block = Block { has_children: true, ..Block::default() };
        let roots = builder.roots(vec![block.clone(), block]);
        builder.children(roots[0], vec![]);
        let tree = builder.build();
        assert_eq!(tree.nodes().iter().map(|node| node.loaded).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn every_type_is_read_by_its_name_and_by_its_payload() {
        for &kind in BlockType::ALL {
            let name = kind.name();
            assert_eq!(shape(&format!(r#"[{{"type":"{name}"}}]"#)), [(name, 0, 1)]);
            assert_eq!(shape(&format!(r#"[{{"{name}":{{}}}}]"#)), [(name, 0, 1)]);
            assert_eq!(
                shape(&format!(r#"[{{"audio":{{}},"{name}":{{}},"type":"{name}"}}]"#)),
                [(name, 0, 1)]
            );
        }
    }
}
