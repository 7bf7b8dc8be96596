//! The cluster that the documentation speaks of: prod.example.com, whose API server is https://api.prod.example.com.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::SignedDuration;
use local_cluster::{Binaries, Cluster, Options, ReviewVersion, Webhook};
use tls::{Authority, Leaf, Usage};

use crate::{sts::Sts, tunnel::Tunnel, world::World};

/// What tokens are for.
pub const PRODUCTION: &str = "prod.example.com";

/// Where its API server is, by everybody's account.
pub const API: &str = "https://api.prod.example.com";

/// A running one.
pub struct Production {
    /// The real API server.
    pub cluster: Cluster,
    folder: PathBuf,
}

impl Production {
    /// Starts it, with the webhook that a kubeconfig names if one does. `ca.pem` and `admin.conf` are in the folder then.
    pub fn start(world: &World, folder: &Path, webhook: Option<PathBuf>) -> anyhow::Result<Self> {
        let authority = Authority::new("prod.example.com", crate::sts::now(), SignedDuration::from_hours(24))?;
        let names = vec!["api.prod.example.com".to_owned()];
        let usage = Usage::Server;
        let pair = authority.issue(&Leaf { common_name: "kube-apiserver".into(), organization: None, names, usage })?;
        let file = |name: &str| folder.join(name);
        for (name, text) in
            [("ca.pem", authority.cert_pem()), (".api.pem", pair.cert_pem()), (".api.key", pair.key_pem())]
        {
            fs::write(file(name), text)?;
        }
        let (certificate, key) = (file(".api.pem"), file(".api.key"));
        let argument = format!("--tls-sni-cert-key={},{}:api.prod.example.com", certificate.display(), key.display());
        let ttl = Some(std::time::Duration::from_millis(100));
        let webhook = webhook.map(|kubeconfig| Webhook { kubeconfig, version: ReviewVersion::V1, cache_ttl: ttl });
        let options = Options { webhook, api_server_arguments: vec![argument], ..Options::default() };
        let binaries = Binaries::find(std::slice::from_ref(&world.parts.kubernetes))?;
        let cluster = Cluster::start(&binaries, &options, crate::sts::now())?;
        let production = Self { cluster, folder: folder.to_owned() };
        production.write_admin()?;
        Ok(production)
    }

    /// The variables that lead programs to it by its name, and to an AWS.
    pub fn environment(&self, sts: &Sts) -> anyhow::Result<Vec<(&'static str, String)>> {
        let url = self.cluster.server_url();
        let tunnel = Tunnel::before(sts.proxy, &[("api.prod.example.com:443", url.trim_start_matches("https://"))])?;
        let mut variables = sts.proxy_environment();
        variables.retain(|(name, _)| *name != "HTTPS_PROXY");
        variables.push(("HTTPS_PROXY", format!("http://{}", tunnel.address)));
        Ok(variables)
    }

    /// An administrator's kubeconfig as others write it: the cluster's name is the context's too.
    fn write_admin(&self) -> anyhow::Result<()> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};

        let mut admin: serde_json::Value =
            serde_saphyr::from_str(&fs::read_to_string(self.cluster.admin_kubeconfig())?)?;
        let ca = STANDARD.encode(fs::read(self.folder.join("ca.pem"))?);
        admin["clusters"][0] = serde_json::json!({
            "name": PRODUCTION, "cluster": {"server": API, "certificate-authority-data": ca},
        });
        let user = admin["users"][0]["name"].clone();
        admin["contexts"] = serde_json::json!([{"name": PRODUCTION, "context": {"cluster": PRODUCTION, "user": user}}]);
        admin["current-context"] = PRODUCTION.into();
        Ok(fs::write(self.folder.join("admin.conf"), serde_json::to_string_pretty(&admin)?)?)
    }
}
