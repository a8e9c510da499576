//! PDFs made by hand: one page, a few lines.

/// A valid PDF of one page: the first line is its heading.
pub fn one_page(lines: &[&str]) -> Vec<u8> {
    let mut drawing = String::from("BT /F1 22 Tf 60 760 Td 30 TL");
    for (at, line) in lines.iter().enumerate() {
        let size = if at == 1 { "/F1 12 Tf 20 TL " } else { "" };
        drawing.push_str(&format!(" {size}({}) Tj T*", escape(line)));
    }
    drawing.push_str(" ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    assemble(&objects)
}

fn assemble(objects: &[String]) -> Vec<u8> {
    let mut pdf = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(pdf.len());
        pdf.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let table = pdf.len();
    pdf.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for offset in offsets {
        pdf.push_str(&format!("{offset:010} 00000 n \n"));
    }
    let size = objects.len() + 1;
    pdf.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"));
    pdf.into_bytes()
}

/// Only ASCII: the standard fonts know little else.
fn escape(line: &str) -> String {
    let plain = line.chars().filter(char::is_ascii);
    plain.flat_map(|c| if matches!(c, '(' | ')' | '\\') { vec!['\\', c] } else { vec![c] }).collect()
}
