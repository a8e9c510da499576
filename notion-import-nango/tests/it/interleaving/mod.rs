//! Whatever order things happen in, a tenant reads the workspace its administrator confirmed and no other.
//! `NOTION_IMPORT_SOAK=1` tries fifty times as many histories.

mod action;
mod stage;

use proptest::prelude::any;
use proptest::test_runner::{Config, TestCaseResult};

use self::action::{Action, histories};
use self::stage::Stage;

fn config() -> Config {
    let cases = if std::env::var_os("NOTION_IMPORT_SOAK").is_some() { 10_000 } else { 200 };
    Config { cases, max_shrink_iters: 4_000, failure_persistence: None, ..Config::default() }
}

proptest::proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_tenant_reads_only_the_workspace_its_administrator_confirmed(history in histories(), with_key in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(happens(&history, with_key))?;
    }
}

async fn happens(history: &[Action], with_key: bool) -> TestCaseResult {
    let mut stage = Stage::new(with_key);
    for action in history {
        stage.act(*action).await?;
        stage.look().await?;
    }
    stage.grow_quiet().await
}
