//! What a page's content leaves open when it ends: what is drawn after it must not depend on that.

/// What is open at the end of a content stream (ISO 32000-2, 7.8.2 and 8.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Open {
    /// Brackets of operands, outermost first, each by what closes it.
    brackets: Vec<&'static str>,
    /// The description of an inline image.
    described: bool,
    /// An inline image whose data does not end.
    image: bool,
    /// A text object.
    text: bool,
    /// A path that is not painted.
    path: bool,
    /// Saved graphics states.
    states: usize,
    /// Marked content.
    marked: usize,
    /// Where states are restored that were never saved, which readers pass over.
    pub unsaved: Vec<usize>,
}

impl Open {
    /// Reads a content stream, whatever it is made of, in linear time.
    pub fn at_the_end_of(content: &[u8]) -> Self {
        let mut open = Self::default();
        let mut at = 0;
        while let Some(&byte) = content.get(at) {
            at = match byte {
                b'%' => end_of(content, at, |byte| matches!(byte, b'\n' | b'\r')),
                b'(' => open.string(content, at),
                b'<' if content.get(at + 1) == Some(&b'<') => open.bracket(">>", at + 2),
                b'<' => open.hexadecimal(content, at),
                b'>' if content.get(at + 1) == Some(&b'>') => open.close(">>", at + 2),
                b'[' => open.bracket("]", at + 1),
                b']' => open.close("]", at + 1),
                b'/' => end_of(content, at + 1, |byte| !is_regular(byte)),
                _ if is_regular(byte) => open.word(content, at),
                _ => at + 1,
            };
        }
        open
    }

    /// Returns what closes all of it, and `state` besides, a state that was saved before it.
    pub fn closing(&self) -> Vec<u8> {
        let mut closing = String::from("\n");
        if self.image {
            closing.push_str("EI\n");
        }
        for bracket in self.brackets.iter().rev() {
            closing.push_str(bracket);
        }
        if !self.brackets.is_empty() {
            closing.push('\n');
        }
        if self.path {
            closing.push_str("n\n");
        }
        if self.text {
            closing.push_str("ET\n");
        }
        closing.push_str(&"EMC\n".repeat(self.marked));
        closing.push_str(&"Q\n".repeat(self.states + 1));
        closing.into_bytes()
    }

    fn string(&mut self, content: &[u8], start: usize) -> usize {
        let (mut depth, mut at) = (0, start);
        while let Some(&byte) = content.get(at) {
            match byte {
                b'\\' => at += 1,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return at;
            }
        }
        self.brackets.extend((0..depth).map(|_| ")"));
        at
    }

    fn hexadecimal(&mut self, content: &[u8], start: usize) -> usize {
        let end = end_of(content, start, |byte| byte == b'>');
        if end == content.len() {
            self.brackets.push(">");
        }
        end + 1
    }

    fn bracket(&mut self, closing: &'static str, next: usize) -> usize {
        self.brackets.push(closing);
        next
    }

    fn close(&mut self, closing: &'static str, next: usize) -> usize {
        self.brackets.pop_if(|open| *open == closing);
        next
    }

    fn word(&mut self, content: &[u8], start: usize) -> usize {
        let end = end_of(content, start, |byte| !is_regular(byte));
        let word = &content[start..end];
        match word {
            b"q" => self.states += 1,
            b"Q" if self.states == 0 => self.unsaved.push(start),
            b"Q" => self.states -= 1,
            b"BT" => self.text = true,
            b"ET" => self.text = false,
            b"BMC" | b"BDC" => self.marked += 1,
            b"EMC" => self.marked = self.marked.saturating_sub(1),
            b"m" | b"l" | b"c" | b"v" | b"y" | b"h" | b"re" | b"W" | b"W*" => self.path = true,
            b"S" | b"s" | b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" | b"n" => self.path = false,
            b"BI" => self.described = true,
            b"ID" if std::mem::take(&mut self.described) => return self.image(content, end),
            _ => {}
        }
        // An operator ends its operands, whatever was open among them.
        if is_operator(word) {
            self.brackets.clear();
        }
        end
    }

    /// The data of an image may hold anything, so its end is where what follows is text.
    fn image(&mut self, content: &[u8], start: usize) -> usize {
        let ends = memchr::memmem::find_iter(&content[start..], b"EI").map(|at| start + at);
        for at in ends {
            let before = content[at - 1];
            let after = &content[at + 2..content.len().min(at + 8)];
            let is_text = |byte: &u8| is_white(*byte) || (b' '..=b'~').contains(byte);
            if is_white(before)
                && after.first().is_none_or(|next| is_white(*next))
                && after.iter().all(is_text)
            {
                return at + 2;
            }
        }
        self.image = true;
        content.len()
    }
}

fn is_operator(word: &[u8]) -> bool {
    word[0].is_ascii_alphabetic() && !matches!(word, b"true" | b"false" | b"null" | b"R")
}

fn is_white(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_regular(byte: u8) -> bool {
    !is_white(byte) && !b"()<>[]{}/%".contains(&byte)
}

/// Returns where the next such byte is, or the end.
fn end_of(content: &[u8], start: usize, is_end: impl Fn(u8) -> bool) -> usize {
    let rest = content.get(start..).unwrap_or_default();
    rest.iter().position(|byte| is_end(*byte)).map_or(content.len(), |at| start + at)
}
