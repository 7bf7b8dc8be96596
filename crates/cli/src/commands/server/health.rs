//! The plain HTTP health check. Nobody is locked out because its port is taken, as in aws-iam-authenticator; and who has it,
//! such as the server that is being replaced, may give it back.

use std::{net::SocketAddr, time::Duration};

use webhook::Health;

/// How often a port that is taken is tried again.
const INTERVAL: Duration = Duration::from_secs(1);

/// Answers for as long as the runtime lives, from when the port can be had.
pub(super) fn spawn(address: SocketAddr) {
    tokio::spawn(async move {
        let mut has_said = false;
        let health = loop {
            match Health::bind(address) {
                Ok(health) => break health,
                Err(error) if !has_said => {
                    tracing::error!(
                        address = %address,
                        error = %error,
                        "the health check's port is in use; trying again every second"
                    );
                    has_said = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(INTERVAL).await;
        };
        if has_said {
            tracing::info!(address = %address, "the health check is listening now");
        }
        health.run().await;
    });
}
