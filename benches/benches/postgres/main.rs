//! What the stores on PostgreSQL do in a second, and how long a read takes among how many documents.
//!
//! It starts a cluster of its own with the settings of every new one. `BENCH_DOCUMENTS=10000,100000` and
//! `BENCH_CONNECTIONS=100000` choose other sizes.

mod bench;
mod documents;
mod reads;
mod schedule;
mod writes;

use bench::{Bench, Failure};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let documents = sizes("BENCH_DOCUMENTS", &[10_000, 100_000, 1_000_000])?;
    let connections = sizes("BENCH_CONNECTIONS", &[100_000, 1_000_000])?;
    let bench = Bench::start().await?;
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
