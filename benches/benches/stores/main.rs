//! What a document costs every store and the gate, and on PostgreSQL how long a read takes among how many documents.
//!
//! PostgreSQL is a cluster of its own with the settings of every new one. `BENCH_DOCUMENTS=10000,1000000` and
//! `BENCH_CONNECTIONS=1000000` choose other sizes.

mod bench;
mod documents;
mod every;
mod floor;
mod reads;
mod schedule;
mod writes;

use benches::is_quick;

use bench::{Bench, Failure};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (documents, connections): (&[usize], &[usize]) =
        if is_quick() { (&[10_000], &[20_000]) } else { (&[10_000, 100_000], &[100_000]) };
    let documents = sizes("BENCH_DOCUMENTS", documents)?;
    let connections = sizes("BENCH_CONNECTIONS", connections)?;
    let bench = Bench::start().await?;
    every::measure(&bench).await?;
    writes::measure(&bench).await?;
    let mut filled = 0;
    for size in documents {
        documents::fill(&bench, filled, size).await?;
        reads::measure(&bench, size).await?;
        filled = size;
    }
    for size in connections {
        schedule::measure(&bench, size).await?;
    }
    Ok(())
}

/// Growing sizes, as the environment says.
fn sizes(variable: &str, default: &[usize]) -> Result<Vec<usize>, Failure> {
    let Ok(text) = std::env::var(variable) else { return Ok(default.to_vec()) };
    let sizes = text.split(',').filter(|size| !size.is_empty()).map(|size| size.trim().parse());
    let mut sizes = sizes.collect::<Result<Vec<usize>, _>>()?;
    sizes.sort_unstable();
    Ok(sizes)
}
