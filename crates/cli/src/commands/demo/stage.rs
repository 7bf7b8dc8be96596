//! The sandbox's AWS and the server, both in this process, and the way of an API server to it.

use std::{net::SocketAddr, sync::Arc};

use access::{Expiry, Facts, RenderTarget};
use document::{Limits, Sources};
use identity::Partition;
use jiff::SignedDuration;
use kubeconfig::WebhookConfig;
use mapping::Snapshot;
use sandbox::{Identities, Options, Running, Sandbox};
use tokio::{sync::oneshot, task::JoinHandle};
use webhook::{Server, Settings, Webhook};

use crate::{
    process,
    shared::token_review::{Review, review},
};

/// The access file of the demo is the example that people start from.
pub(super) const ACCESS: &str = include_str!("../../../../../examples/access.yaml");
pub(super) const ACCESS_NAME: &str = "examples/access.yaml";

/// The cluster of that example.
pub(super) const CLUSTER_ID: &str = "prod.example.com";

/// Everything that plays a part.
pub(super) struct Stage {
    pub(super) identities: Identities,
    pub(super) webhook: Arc<Webhook>,
    pub(super) address: SocketAddr,
    pub(super) ca_pem: String,
    pub(super) sandbox: Running,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Stage {
    /// Starts both on free ports of loopback.
    pub(super) async fn set() -> anyhow::Result<Self> {
        let (identities, sandbox) = aws().await?;
        let sts = aws::StsClient::new(&aws::Transport {
            connect_to: Some(sandbox.sts().to_string()),
            roots: tls::Roots::Only(sandbox.ca_pem().into()),
            ..aws::Transport::default()
        })?;
        let cluster_id = token::ClusterId::parse(CLUSTER_ID)?;
        let webhook = Webhook::new(Settings::new(cluster_id, process::now), sts, None);
        webhook.load(example()?);

        let authority = tls::Authority::new("cluster-auth demo", process::now(), SignedDuration::from_hours(24))?;
        let names = ["localhost", "127.0.0.1"].map(str::to_owned).to_vec();
        let leaf =
            tls::Leaf { common_name: "cluster-auth".to_owned(), organization: None, names, usage: tls::Usage::Server };
        let pair = authority.issue(&leaf)?;
        let identity = tls::ServerIdentity::from_pem(pair.cert_pem(), pair.key_pem(), process::now())?;
        let tls = tls::server_config(tls::ReloadingResolver::new(&identity))?;
        let server = Server::bind(([127, 0, 0, 1], 0).into(), tls, Arc::clone(&webhook))?;
        let address = server.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(async {
            // The other end is dropped only together with the stage.
            let _ = stopped.await;
        }));
        Ok(Self { identities, webhook, address, ca_pem: authority.cert_pem().to_owned(), sandbox, stop, server })
    }

    /// Asks as an API server does.
    pub(super) async fn review(&self, token: &str) -> anyhow::Result<Review> {
        let server = format!("https://localhost:{}/authenticate", self.address.port());
        review(&WebhookConfig { server, certificate_authority_pem: self.ca_pem.clone() }, token).await
    }

    /// Ends both.
    pub(super) async fn strike(self) {
        // Whoever has ended already needs no telling.
        let _ = self.stop.send(());
        let _ = self.server.await;
        self.sandbox.stop().await;
    }
}

/// The sandbox, and whom it knows.
pub(super) async fn aws() -> anyhow::Result<(Identities, Running)> {
    let identities = Identities::example();
    let sandbox = Sandbox::start(identities.clone(), Options::new(process::now)).await?;
    Ok((identities, sandbox))
}

/// The example as the server serves it.
fn example() -> anyhow::Result<Snapshot> {
    let (access, sources) = read()?;
    let (desired, _) = access::compile(&access, &Facts::default(), process::now());
    Ok(Snapshot::new(Partition::Aws, vec![access::mapping_source(&desired, &sources)], []))
}

/// The namespace that the example speaks of.
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: dev}\n";

/// The example's namespace, roles and bindings, for `kubectl apply`.
pub(super) fn example_objects() -> anyhow::Result<String> {
    let (access, _) = read()?;
    let rendered = access::render(&access, &Facts::default(), process::now(), RenderTarget::Rbac, Expiry::AtNextApply);
    let rendered = rendered.map_err(|_| anyhow::anyhow!("the example cannot be rendered"))?;
    Ok(format!("{NAMESPACE}{}", rendered.text))
}

fn read() -> anyhow::Result<(access::Access, Sources)> {
    let mut sources = Sources::default();
    sources.add(ACCESS_NAME, ACCESS);
    let access::Read { access, problems } = access::read(&sources, &Limits::default());
    anyhow::ensure!(problems.is_empty(), "the example's access file has problems");
    Ok((access, sources))
}
