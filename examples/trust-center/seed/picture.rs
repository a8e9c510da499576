//! Pictures made by hand: boxes and arrows, as PNG.

const WIDTH: usize = 640;
const HEIGHT: usize = 240;

/// White, dark, blue, green, pale.
const PALETTE: [[u8; 3]; 5] =
    [[255, 255, 255], [52, 64, 84], [59, 110, 219], [52, 160, 120], [226, 232, 244]];

/// A diagram: a row of boxes with arrows between them. The name decides how many.
pub fn diagram(name: &str) -> Vec<u8> {
    let boxes = 3 + name.len() % 3;
    let mut picture = vec![[0u8; WIDTH]; HEIGHT];
    let step = WIDTH / boxes;
    for at in 0..boxes {
        let left = at * step + step / 8;
        let width = step * 5 / 8;
        fill(&mut picture, left, 60, width, 120, 1);
        fill(&mut picture, left + 2, 62, width - 4, 116, 4);
        fill(&mut picture, left + 2, 62, width - 4, 26, if at % 2 == 0 { 2 } else { 3 });
        for line in 0..3 {
            fill(&mut picture, left + 14, 106 + line * 22, width - 28 - line * 12, 6, 1);
        }
        if at + 1 < boxes {
            arrow(&mut picture, left + width + 4, step - width - 8);
        }
    }
    png(&picture)
}

fn arrow(picture: &mut [[u8; WIDTH]], left: usize, length: usize) {
    fill(picture, left, 119, length, 3, 1);
    for at in 0..8 {
        fill(picture, left + length - 8 + at, 112 + at, 1, 17 - 2 * at, 1);
    }
}

fn fill(picture: &mut [[u8; WIDTH]], left: usize, top: usize, width: usize, height: usize, colour: u8) {
    for row in picture.iter_mut().skip(top).take(height) {
        row.iter_mut().skip(left).take(width).for_each(|pixel| *pixel = colour);
    }
}

/// Four bits a pixel, not compressed.
fn png(picture: &[[u8; WIDTH]]) -> Vec<u8> {
    let mut raw = Vec::new();
    for row in picture {
        raw.push(0);
        raw.extend(row.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or_default()));
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend((WIDTH as u32).to_be_bytes());
    header.extend((HEIGHT as u32).to_be_bytes());
    header.extend([4, 3, 0, 0, 0]);
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"PLTE", &PALETTE.concat());
    chunk(&mut png, b"IDAT", &stored(&raw));
    chunk(&mut png, b"IEND", &[]);
    png
}

/// A zlib stream of stored blocks.
fn stored(raw: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = raw.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    let (mut a, mut b) = (1u32, 0u32);
    for byte in raw {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    png.extend((content.len() as u32).to_be_bytes());
    let from = png.len();
    png.extend(kind);
    png.extend(content);
    let sum = crc(&png[from..]);
    png.extend(sum.to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
    !bytes.iter().fold(!0u32, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}
