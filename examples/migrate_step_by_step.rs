//! A program half of whose functions are still those of `#[instrument]`: one tree, one set of metrics.
//!
//! ```sh
//! cargo run --example migrate_step_by_step
//! ```

use std::io;

use tracer_runtime::{event, testing, traced, tracing_layer};
use tracing_subscriber::layer::SubscriberExt as _;

/// Not touched yet: `tracing_layer` puts its spans into our trees.
mod stock {
    use tracing::{info, instrument};

    #[instrument(skip(free))]
    pub(super) async fn reserve(id: u64, free: &[u64]) -> bool {
        info!(warehouse = "north", "looked up");
        let found = free.contains(&id);
        super::payment::charge(id, found).await.is_ok()
    }
}

/// The first step: another import, and nothing else.
mod payment {
    use std::io;

    use tracer_runtime::instrument;

    #[instrument(err)]
    pub(super) async fn charge(id: u64, found: bool) -> io::Result<()> {
        if !found {
            return Err(io::Error::other("nothing to pay for"));
        }
        super::receipt(id);
        Ok(())
    }
}

/// The last step.
#[traced(args(id))]
fn receipt(id: u64) {
    event!("printed", pages = 1);
    let _ = id;
}

#[traced(args(id))]
async fn buy(id: u64) -> io::Result<()> {
    match stock::reserve(id, &[7]).await {
        true => Ok(()),
        false => Err(io::Error::other("out of stock")),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let capture = testing::capture();
    let subscriber = tracing_subscriber::registry().with(tracing_layer());
    let _subscriber = tracing::subscriber::set_default(subscriber);

    buy(7).await.expect("it is in stock");
    buy(8).await.expect_err("it is not");

    assert_eq!(
        capture.tree(),
        r#"buy [ok] {id=7}
  reserve [ok] {id=7}
    * looked up {level="INFO", target="migrate_step_by_step::stock", warehouse="north"}
    charge [ok] {id=7, found=true}
      receipt [ok] {id=7}
        * printed {pages=1}
buy [error: out of stock] {id=8}
  reserve [ok] {id=8}
    * looked up {level="INFO", target="migrate_step_by_step::stock", warehouse="north"}
    charge [error: nothing to pay for] {id=8, found=false}
      * exception {level="ERROR", target="migrate_step_by_step::payment", exception.message="nothing to pay for"}
"#
    );
}
