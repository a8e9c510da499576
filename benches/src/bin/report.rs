//! Writes RESULTS.md and its pictures from the lines of a run: `report <lines> <folder>`.

use std::error::Error;
use std::fs;
use std::path::Path;

use benches::report::groups::GROUPS;
use benches::report::machine::machine;
use benches::report::{Run, markdown, plot};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lines, folder] = &arguments[..] else { return Err("usage: report <lines> <folder>".into()) };
    // Before anything is written, for it says whether the commit is all there is.
    let machine = machine();
    let run = Run::parse(&fs::read_to_string(lines)?)?;
    let plots = Path::new(folder).join("plots");
    fs::create_dir_all(&plots)?;
    for group in &GROUPS {
        let file = plots.join(format!("{}.svg", group.name));
        match plot::draw(&run, group) {
            Some(svg) => fs::write(file, svg)?,
            // One of an earlier run would be taken for this one's.
            None if file.exists() => fs::remove_file(file)?,
            None => {}
        }
    }
    fs::write(Path::new(folder).join("RESULTS.md"), markdown::report(&run, &machine))?;
    Ok(())
}
