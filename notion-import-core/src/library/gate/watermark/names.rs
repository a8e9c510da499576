//! Names in the bytes of a PDF, before anything of it is read.

use memchr::{memchr_iter, memmem};

/// Returns whether a name stands anywhere in these bytes, in whatever spelling.
pub fn has(pdf: &[u8], name: &[u8]) -> bool {
    places(pdf, name).next().is_some()
}

/// Returns how many parts of these bytes have a name, if the word `stream` is what parts them: not fewer than there are streams with
/// such a key, whatever the file is made to look like.
pub fn groups_with(pdf: &[u8], name: &[u8]) -> usize {
    let mut ends = memmem::find_iter(pdf, b"stream").peekable();
    let (mut groups, mut counted) = (0, None);
    for place in places(pdf, name) {
        while ends.next_if(|end| *end < place).is_some() {}
        let group = ends.peek().copied();
        if counted != Some(group) {
            (groups, counted) = (groups + 1, Some(group));
        }
    }
    groups
}

fn places<'a>(pdf: &'a [u8], name: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memchr_iter(b'/', pdf).filter(move |at| is_named(&pdf[at + 1..], name))
}

/// A letter of a name may be written by its number: `#46` is `F`.
fn is_named(mut bytes: &[u8], name: &[u8]) -> bool {
    for letter in name {
        bytes = match bytes {
            [b'#', high, low, rest @ ..]
                if digit(*high).zip(digit(*low)) == Some((letter >> 4, letter & 15)) =>
            {
                rest
            }
            [first, rest @ ..] if first == letter => rest,
            _ => return false,
        };
    }
    !bytes.first().is_some_and(|next| next.is_ascii_alphanumeric())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_every_spelling_and_no_other_is() {
        for (bytes, is_there) in [
            (&b"<< /Encrypt 5 0 R >>"[..], true),
            (b"/#45ncrypt<<", true),
            (b"/En#63#72ypt", true),
            (b"/#45#6e#63#72#79#70#74", true),
            (b"/#45#6E#63#72#79#70#74", true),
            (b"/EncryptMetadata true", false),
            (b"/Encryp", false),
            (b"Encrypt", false),
            (b"/#4encrypt", false),
            (b"/#", false),
        ] {
            assert_eq!(has(bytes, b"Encrypt"), is_there, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn each_stream_with_a_key_is_counted() {
        for (bytes, groups) in [
            (&b""[..], 0),
            (b"/First", 1),
            (b"/First /First stream", 1),
            (b"/First stream endstream /First stream endstream", 2),
            (b"/First stream endstream stream endstream /F#69rst", 2),
            (b"/First (stream) /First stream", 2),
        ] {
            assert_eq!(groups_with(bytes, b"First"), groups, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
