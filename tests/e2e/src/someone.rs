//! Who a subject of bindings is: what the API server itself says of name and groups, so that no test stands on our own words.

use std::fs;

use anyhow::Context as _;
use rbac::User;
use serde_json::{Value, json};

use crate::{
    admin::Ask,
    process::{self, wait_until},
    test_cluster::TestCluster,
};

/// A name that nothing binds.
pub const NOBODY: &str = "fz-nobody-else";
/// A namespace, and a service account of that name in it, that nothing binds.
const NOWHERE: &str = "fz-nowhere";

/// Whoever is a subject and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Someone {
    /// Whoever is impersonated by this name and with these groups.
    Impersonated(String, Vec<String>),
    /// Whoever shows a token of a service account: namespace and name.
    Account(String, String),
}

impl Someone {
    /// Of a subject as Kubernetes and our output have it: `{"kind": "Group", "name": …}`.
    pub fn of(subject: &Value) -> anyhow::Result<Self> {
        let text = |key: &str| subject[key].as_str().unwrap_or_default();
        Ok(match (text("kind"), text("name")) {
            ("User", name) => Self::named(name),
            ("Group", name) => Self::in_group(name),
            ("ServiceAccount", name) => Self::Account(text("namespace").to_owned(), name.to_owned()),
            (other, _) => anyhow::bail!("{other}: {subject}"),
        })
    }

    /// Whoever has a name. To be a service account by name is to have its groups, which the API server adds.
    pub fn named(name: &str) -> Self {
        Self::Impersonated(name.to_owned(), Vec::new())
    }

    /// Somebody in a group. Nobody but its service accounts are in a group that the API server fills with them.
    pub fn in_group(name: &str) -> Self {
        match name.strip_prefix("system:serviceaccounts") {
            Some("") => Self::Account(NOWHERE.to_owned(), NOBODY.to_owned()),
            Some(namespace) => Self::Account(namespace.trim_start_matches(':').to_owned(), NOBODY.to_owned()),
            // Nobody is in it but by that name.
            None if name == "system:unauthenticated" => Self::named("system:anonymous"),
            None => Self::Impersonated(NOBODY.to_owned(), vec![name.to_owned()]),
        }
    }
}

impl From<&rbac::Subject> for Someone {
    fn from(subject: &rbac::Subject) -> Self {
        match subject {
            rbac::Subject::User(name) => Self::named(name),
            rbac::Subject::Group(name) => Self::in_group(name),
            rbac::Subject::ServiceAccount { namespace, name } => {
                Self::Account(namespace.as_deref().unwrap_or_default().to_owned(), name.to_string())
            }
        }
    }
}

impl TestCluster {
    /// Makes whatever [`Self::users`] takes for any subject, so that it is there before anything is looked at: a namespace
    /// that no binding is about, and the right of whoever shows nothing to ask who they are.
    pub fn let_everybody_ask(&self) -> anyhow::Result<()> {
        self.users(&[Someone::in_group("system:serviceaccounts")])?;
        let binding = ["create", "clusterrolebinding", "fz-asking", "--clusterrole=system:basic-user"];
        self.admin.kubectl(&[&binding[..], &["--group=system:unauthenticated"]].concat())?.success()?;
        Ok(())
    }

    /// Whom the API server takes each of them for. Service accounts that are not there are made, and so are namespaces.
    pub fn users(&self, of: &[Someone]) -> anyhow::Result<Vec<User>> {
        let mut each = of.to_vec();
        each.sort();
        each.dedup();
        let impersonated = |one: &Someone| match one {
            Someone::Impersonated(name, groups) => {
                let groups = groups.iter().map(|group| ("impersonate-group", group.clone()));
                Some(Ask {
                    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews".to_owned(),
                    headers: [("impersonate-user", name.clone())].into_iter().chain(groups).collect(),
                    body: Some(json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})),
                })
            }
            Someone::Account(..) => None,
        };
        let asked: Vec<Ask> = each.iter().filter_map(impersonated).collect();
        let mut answers = self.admin.ask(&asked)?.into_iter();
        let mut known = Vec::with_capacity(each.len());
        for one in &each {
            known.push(match one {
                Someone::Impersonated(..) => user(&answers.next().context("an answer for each")?)?,
                Someone::Account(namespace, name) => self.account(namespace, name)?,
            });
        }
        Ok(of.iter().map(|one| known[each.binary_search(one).expect("each is one of them")].clone()).collect())
    }

    /// Who a service account is by a token of its own, and nothing besides.
    fn account(&self, namespace: &str, name: &str) -> anyhow::Result<User> {
        // Either may be there.
        self.admin.kubectl(&["create", "namespace", namespace])?;
        self.admin.kubectl(&["-n", namespace, "create", "serviceaccount", name])?;
        let token = self.admin.kubectl(&["-n", namespace, "create", "token", name])?.success()?;
        let ca = self.folder.join("api-server-ca.pem");
        fs::write(&ca, self.cluster.ca_pem())?;
        let whoami = || {
            let mut command = process::command(self.admin.program(), &self.folder);
            command.arg(format!("--server={}", self.cluster.server_url()));
            command.arg(format!("--certificate-authority={}", ca.display())).arg(format!("--token={}", token.trim()));
            process::run(command.args(["auth", "whoami", "-o", "json"]))
        };
        let mut said = None;
        wait_until("the token is one", || {
            let output = whoami()?;
            said = (output.code == 0).then_some(output.stdout);
            Ok(said.is_some())
        })?;
        user(&serde_json::from_str(&said.context("who it is")?)?)
    }
}

/// What a SelfSubjectReview says.
fn user(review: &Value) -> anyhow::Result<User> {
    let of = &review["status"]["userInfo"];
    let name = of["username"].as_str().with_context(|| format!("no user: {review}"))?.to_owned();
    let groups = of["groups"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(User { name, groups: groups.map(str::to_owned).collect() })
}
