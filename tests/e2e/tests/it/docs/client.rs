//! docs/client.md, at the machine of somebody of the team.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use e2e::{
    page::{self, Reader},
    people::environment,
    production::{API, PRODUCTION, Production},
    server::{Server, ServerOptions},
    shell::Shell,
    sts::Sts,
    world::World,
};
use serde_json::json;

use crate::Test;

pub(super) const TESTS: &[Test] = &[("docs::client_md_is_so_at_alices_machine", client)];

const MAPPINGS: &str = "  mapUsers:
  - {userarn: \"arn:aws:iam::111122223333:user/alice\", username: alice, groups: [developers]}
  mapRoles:
  - {rolearn: \"arn:aws:iam::111122223333:role/Admin\", username: \"admin:{{SessionName}}\", groups: [admins]}
";

/// A role that alice may assume, and EKS clusters of two Regions.
fn identities(production: &Production) -> String {
    let ca = production.cluster.ca_pem();
    let cluster = |name: &str, region: &str| json!({"name": name, "region": region, "endpoint": production.cluster.server_url(), "certificateAuthority": ca});
    let clusters = json!([cluster("prod", "eu-west-1"), cluster("edge", "us-east-1")]);
    let admin = "roles:\n- {name: Admin, assumableBy: [alice, dave]}\n";
    let known = include_str!("../../../src/identities.yaml").replace("roles:\n", admin);
    format!("{known}\nclusters: {clusters}\n")
}

fn client(world: &World) -> anyhow::Result<()> {
    let folder = world.folder("docs-client")?;
    let options = ServerOptions { cluster_id: PRODUCTION, mappings: MAPPINGS, args: &[] };
    let server = Server::start(&world.parts, &world.sts, &folder, &options)?;
    let production = Production::start(world, &folder, Some(server.kubeconfig()))?;
    let aws = Sts::start_with(&folder, &identities(&production))?;
    // The server asks the AWS of all tests, which knows alice by the same keys; the role's sessions are this one's.
    let mut shell = Shell::new(&world.parts, &folder)?;
    shell.set_all(production.environment(&aws)?);
    shell.set_all(environment(&aws.credentials("alice")?));
    others(&folder, &production)?;
    let mut alice = Alice { folder: folder.clone(), shell };
    page::follow("docs/client.md", &folder, &mut alice)?;
    in_running_text(&mut alice)
}

/// Files that people have: an administrator's with two contexts, and one of the AWS CLI's.
fn others(folder: &Path, production: &Production) -> anyhow::Result<()> {
    let admin = folder.join("admin.conf");
    let mut contexts: serde_json::Value = serde_json::from_str(&fs::read_to_string(&admin)?)?;
    let mut old = contexts["contexts"][0].clone();
    old["name"] = json!("old");
    contexts["contexts"].as_array_mut().context("contexts")?.push(old);
    fs::write(&admin, contexts.to_string())?;
    fs::create_dir_all(folder.join(".aws"))?;
    fs::write(
        folder.join(".aws/config"),
        "[profile staging]\nregion = eu-west-1\n[profile k8s]\nregion = eu-west-1\n",
    )?;
    ensure!(production.cluster.server_url() != API, "the name is nobody's address");
    Ok(())
}

struct Alice {
    folder: PathBuf,
    shell: Shell,
}

impl Reader for Alice {
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        match command {
            "cluster-auth kubeconfig --convert --dry-run" => {
                // Somebody else's, beside ours.
                self.shell
                    .output("aws eks update-kubeconfig --name prod --region eu-west-1 --alias theirs")?
                    .success()?;
            }
            "cluster-auth whoami" => {
                self.shell.output("kubectl config use-context prod.example.com")?.success()?;
            }
            _ => {}
        }
        let said = match command {
            "cluster-auth kubeconfig --kuberc" => self.shell.answers(command, "Type `yes` to confirm:", "yes")?,
            _ => self.shell.runs(command)?,
        };
        let config = || fs::read_to_string(self.folder.join(".kube/config"));
        match command {
            _ if command.ends_with("--from-kubeconfig admin.conf --merge") => {
                // From here on it is kubectl's, of whoever has credentials.
                let whoami = self.shell.output("kubectl auth whoami -o jsonpath='{.status.userInfo.username}'")?;
                ensure!(whoami.stdout == "alice", "{whoami:?}");
            }
            _ if command.ends_with("> team.kubeconfig") => {
                let contexts = self.shell.output("kubectl --kubeconfig team.kubeconfig config get-contexts -o name")?;
                ensure!(contexts.stdout == "old.example.com\nprod.example.com\n", "{contexts:?}");
            }
            "cluster-auth kubeconfig --convert --dry-run" => {
                ensure!(config()?.contains("command: aws\n"), "it only says what would change: {}", config()?);
            }
            "cluster-auth kubeconfig --convert" => {
                ensure!(!config()?.contains("command: aws\n"), "{}", config()?);
            }
            "cluster-auth kubeconfig --kuberc --dry-run" => {
                ensure!(!self.folder.join(".kube/kuberc").exists(), "it only says what would change");
            }
            "cluster-auth kubeconfig --kuberc" => {
                let kuberc = fs::read_to_string(self.folder.join(".kube/kuberc"))?;
                ensure!(kuberc.ends_with("credentialPluginAllowlist:\n- name: cluster-auth\n"), "{kuberc}");
            }
            "cluster-auth whoami" => {
                ensure!(said.contains("arn:aws:iam::111122223333:user/alice") && said.contains("developers"), "{said}");
            }
            _ if command.starts_with("cluster-auth eks get-token ") => {
                ensure!(said.starts_with("k8s-aws-v1.") && said.trim_end().lines().count() == 1, "{said}");
            }
            _ if command.starts_with("cluster-auth eks update-kubeconfig ") => {
                // The AWS CLI has written the cluster before.
                ensure!(
                    said.contains("Updated context prod-eks in ")
                        && config()?.contains("arn:aws:eks:eu-west-1:111122223333:cluster/prod"),
                    "{said}"
                );
            }
            _ if command.ends_with(" --explain") => {
                ensure!(said.contains("keys in the environment") && said.contains("AKIA"), "{said}");
            }
            _ if command.starts_with("cluster-auth token ") => {
                ensure!(said.contains("\"token\":\"k8s-aws-v1."), "{said}");
            }
            _ => {}
        }
        Ok(())
    }
}

fn in_running_text(alice: &mut Alice) -> anyhow::Result<()> {
    let shell = &alice.shell;
    let token = shell.runs("cluster-auth eks get-token --cluster-name prod --region eu-west-1")?;
    ensure!(token.contains("\"kind\":\"ExecCredential\""), "{token}");
    let verified =
        shell.runs("cluster-auth token -i prod.example.com --token-only | cluster-auth verify -i prod.example.com")?;
    ensure!(verified.contains("arn:aws:iam::111122223333:user/alice"), "{verified}");
    shell.runs("cluster-auth kubeconfig -i prod.example.com --from-kubeconfig admin.conf --profile k8s --merge")?;
    Ok(())
}
