//! Several sources behind each other, in every order, each with logins, accounts and reserved prefixes of its own: both servers
//! go through them in the same way.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, ensure};
use e2e::{
    authenticator::{GoOptions, GoServer},
    process::wait_until,
    random::{Random, say},
    server::{Server, ServerOptions},
    test_cluster::TestCluster,
    world::{CLUSTER_ID, World},
};
use serde_json::{Value, json};

use crate::access::DEFINITION;

/// How many chains are tried.
const ROUNDS: u64 = 24;

/// Where all of them begin: what fails here fails for whoever looks.
const SEED: u64 = 18_000_001;

const SOURCES: [&str; 4] = ["MountedFile", "EKSConfigMap", "CRD", "DynamicFile"];

/// Who asks, and the ARN by which mappings name them.
const CALLERS: [(&str, &str); 9] = [
    ("alice", "user/alice"),
    ("bob", "user/ops/bob"),
    ("carol", "user/carol"),
    ("dave", "role/AWSReservedSSO_DevAccess_0123456789abcdef"),
    ("deployer", "role/Deployer"),
    ("mallory", "user/mallory"),
    ("node", "role/Node"),
    ("erin", "user/erin"),
    ("root", "root"),
];

/// What one source says.
#[derive(Default)]
struct Said {
    roles: Vec<Value>,
    users: Vec<Value>,
    accounts: Vec<&'static str>,
    /// With what its usernames may not begin.
    reserved: Vec<&'static str>,
}

/// A chain: sources in their order.
struct Chain {
    sources: Vec<(&'static str, Said)>,
    /// Whether permission sets are looked at.
    has_gate: bool,
    /// Whether the dynamic file knows people by what AWS calls them.
    is_strict: bool,
}

pub(super) fn compared(world: &World) -> anyhow::Result<()> {
    let cluster = TestCluster::start(world, "both-chains", "")?;
    cluster.admin.kubectl(&["get", "namespace", "kube-system"])?.success()?;
    cluster.admin.with_file(&["apply"], DEFINITION)?.success()?;
    wait_until("the resource is served", || Ok(cluster.admin.kubectl(&["get", "iamidentitymappings"])?.code == 0))?;
    let ids = ids(world)?;
    let (mut seen, mut strict) = (BTreeMap::new(), 0);
    for round in 0..ROUNDS {
        let mut random = Random(SEED + round);
        let chain = Chain::new(&mut random);
        strict += usize::from(chain.is_strict && chain.has("DynamicFile"));
        let folder = world.folder(&format!("both-chains-{round}"))?;
        let config = chain.put(&cluster, &folder, &ids)?;
        run(world, &chain, &folder, &config, &mut seen).with_context(|| format!("round {round}\n{config}"))?;
    }
    say(&format!("chains of sources: {seen:?}; {strict} with a dynamic file that is strict about ids"));
    ensure!(strict >= 3, "{strict} dynamic files are strict");
    for outcome in ["by MountedFile", "by EKSConfigMap", "by CRD", "by DynamicFile", "by an account", "denied"] {
        ensure!(seen.get(outcome).is_some_and(|count| *count >= 5), "{outcome} was hardly tried: {seen:?}");
    }
    Ok(())
}

impl Chain {
    /// Two sources to all four.
    fn new(random: &mut Random) -> Self {
        let mut left = SOURCES.to_vec();
        let has_gate = random.below(3) == 0;
        let count = 2 + random.below(3);
        let names: Vec<&str> = (0..count).map(|_| left.remove(random.below(left.len()))).collect();
        let sources = names.into_iter().map(|name| (name, Said::new(random, name, has_gate))).collect();
        Self { sources, has_gate, is_strict: random.below(2) == 0 }
    }

    /// Puts everything where it belongs; the configuration of both servers.
    fn put(&self, cluster: &TestCluster, folder: &Path, ids: &BTreeMap<&str, String>) -> anyhow::Result<String> {
        let names: Vec<&str> = self.sources.iter().map(|(name, _)| *name).collect();
        let mut config = json!({
            "backendMode": names, "kubeconfig": cluster.cluster.admin_kubeconfig(),
            "reservedPrefixConfig": self.sources.iter().filter(|(_, said)| !said.reserved.is_empty()).map(|(name, said)| {
                json!({"backendMode": name, "usernamePrefixReserveList": said.reserved})
            }).collect::<Vec<_>>(),
        });
        let admin = &cluster.admin;
        admin.kubectl(&["delete", "iamidentitymappings", "--all"])?.success()?;
        for (name, said) in &self.sources {
            let Said { roles, users, accounts, .. } = said;
            match *name {
                "MountedFile" => {
                    config["mapRoles"] = roles.clone().into();
                    config["mapUsers"] = users.clone().into();
                    config["mapAccounts"] = accounts.clone().into();
                }
                "EKSConfigMap" => {
                    let data = json!({
                        "mapRoles": Value::from(roles.clone()).to_string(),
                        "mapUsers": Value::from(users.clone()).to_string(),
                        "mapAccounts": Value::from(accounts.clone()).to_string(),
                    });
                    let metadata = json!({"name": "aws-auth", "namespace": "kube-system"});
                    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data});
                    admin.with_file(&["apply"], &map.to_string())?.success()?;
                }
                "DynamicFile" => {
                    let path = folder.join("logins.json");
                    let entries = |entries: &[Value]| -> Vec<Value> {
                        entries
                            .iter()
                            .map(|entry| if self.is_strict { by_id(entry, ids) } else { entry.clone() })
                            .collect()
                    };
                    let file = json!({"mapRoles": entries(roles), "mapUsers": entries(users), "mapAccounts": accounts});
                    config["dynamicfileUserIDStrict"] = self.is_strict.into();
                    fs::write(&path, file.to_string())?;
                    config["dynamicfilepath"] = path.display().to_string().into();
                }
                _ => {
                    let all = roles.iter().chain(users).enumerate().map(|(at, entry)| {
                        let arn = entry.get("rolearn").or(entry.get("userarn"));
                        json!({
                            "apiVersion": "iamauthenticator.k8s.aws/v1alpha1", "kind": "IAMIdentityMapping",
                            "metadata": {"name": format!("m-{at}")},
                            "spec": {"arn": arn, "username": entry["username"], "groups": entry["groups"]},
                        })
                    });
                    let all: Vec<_> = all.collect();
                    if !all.is_empty() {
                        let list = json!({"apiVersion": "v1", "kind": "List", "items": all});
                        admin.with_file(&["create"], &list.to_string())?.success()?;
                    }
                }
            }
        }
        let fields = config.as_object().into_iter().flatten();
        Ok(fields.map(|(key, value)| format!("  {key}: {value}\n")).collect())
    }

    fn objects(&self) -> Option<usize> {
        let (_, said) = self.sources.iter().find(|(name, _)| *name == "CRD")?;
        Some(said.roles.len() + said.users.len())
    }

    fn has(&self, name: &str) -> bool {
        self.sources.iter().any(|(other, _)| *other == name)
    }
}

/// What AWS calls everybody by: a login without an entry says it.
fn ids(world: &World) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let folder = world.folder("both-chains-ids")?;
    let mappings = "  mapAccounts: ['444455556666', '111122223333']\n";
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings, args: &[] };
    let ours = Server::start(&world.parts, &world.sts, &folder, &options)?;
    let id = |name: &'static str| {
        let answer = ours.review(&world.fresh_token(name, CLUSTER_ID)?)?;
        let review: Value = serde_json::from_str(&answer.body)?;
        let id = review["status"]["user"]["extra"]["principalId"][0].as_str();
        Ok((name, id.with_context(|| format!("{name}: {answer:?}"))?.to_owned()))
    };
    CALLERS.iter().map(|(name, _)| id(name)).collect()
}

/// The same entry by what AWS calls its caller, with the ARN beside it or without.
fn by_id(entry: &Value, ids: &BTreeMap<&str, String>) -> Value {
    let mut entry = entry.clone();
    let key = if entry.get("rolearn").is_some() { "rolearn" } else { "userarn" };
    let arn = entry[key].as_str().unwrap_or_default().to_owned();
    let named = CALLERS.iter().find(|(_, resource)| arn.ends_with(&format!(":{resource}")));
    if let Some((name, _)) = named {
        entry["userid"] = ids[name].clone().into();
        if name.len() == 5 {
            entry.as_object_mut().map(|fields| fields.remove(key));
        }
    }
    entry
}

impl Said {
    fn new(random: &mut Random, source: &'static str, has_gate: bool) -> Self {
        let mut said = Self::default();
        for (name, resource) in CALLERS {
            if random.below(3) != 0 {
                continue;
            }
            let username = match random.below(6) {
                // Only a machine has such a name: whoever else is mapped so is denied at once.
                0 => format!("{source}:{{{{EC2PrivateDNSName}}}}"),
                1 => format!("reserved-{source}:{name}"),
                2 => format!("{source}:{{{{AccountID}}}}:{{{{SessionName}}}}"),
                _ => format!("{source}:{name}"),
            };
            let groups = [format!("of-{source}"), "{{AccountID}}".to_owned()];
            let is_role = resource.starts_with("role/");
            let is_set =
                name == "dave" && has_gate && source != "CRD" && source != "DynamicFile" && random.below(2) == 0;
            let arn = format!("arn:aws:iam::111122223333:{resource}");
            let who = match (is_set, is_role) {
                (true, _) => ("sso", json!({"permissionSetName": "DevAccess", "accountID": "111122223333"})),
                (false, true) => ("rolearn", arn.into()),
                (false, false) => ("userarn", arn.into()),
            };
            let entry = json!({who.0: who.1, "username": username, "groups": groups});
            if is_role { said.roles.push(entry) } else { said.users.push(entry) }
        }
        if source != "CRD" && random.below(4) == 0 {
            said.accounts = vec!["444455556666", "111122223333"];
        }
        if random.below(2) == 0 {
            said.reserved = vec!["reserved-", "", "system:"];
        }
        said
    }
}

fn run(
    world: &World,
    chain: &Chain,
    folder: &Path,
    config: &str,
    seen: &mut BTreeMap<String, usize>,
) -> anyhow::Result<()> {
    let features: &[&str] = if chain.has_gate { &["SSORoleMatch"] } else { &[] };
    let mut environment = e2e::people::environment(&world.sts.credentials("alice")?);
    environment.extend(world.sts.proxy_environment());
    environment.push(("NO_PROXY", "127.0.0.1,localhost".to_owned()));
    let options =
        GoOptions { cluster_id: CLUSTER_ID, server: config, features, args: &[], environment: environment.clone() };
    let theirs = GoServer::start_with(&world.parts, &world.sts, &folder.join("theirs"), options)?;
    let gate: &[&str] = if chain.has_gate { &["--feature-gates=SSORoleMatch=true"] } else { &[] };
    let options = ServerOptions { cluster_id: CLUSTER_ID, mappings: config, args: gate };
    let ours = Server::start_in(&world.parts, &world.sts, &folder.join("ours"), &options, environment)?;
    wait_until("theirs has read every source", || {
        let log = theirs.process.log();
        let synced = log.matches("successfully synced ").count();
        Ok((!chain.has("EKSConfigMap") || log.contains("Received aws-auth watch event"))
            && (!chain.has("DynamicFile") || log.contains("LoadDynamicFile: "))
            && chain.objects().is_none_or(|objects| synced >= objects && log.contains("started workers")))
    })
    .with_context(|| theirs.process.log())?;
    wait_until("ours has", || Ok(!ours.request("GET", "/readyz", "")?.body.contains("not read yet")))?;
    let tokens: Vec<_> =
        CALLERS.iter().map(|(name, _)| world.fresh_token(name, CLUSTER_ID)).collect::<Result<_, _>>()?;
    let ask = || -> anyhow::Result<Vec<(Value, Value)>> {
        tokens.iter().map(|token| Ok((user(&theirs.review(token)?)?, user(&ours.review(token)?)?))).collect()
    };
    // Theirs says that it has an object before it looks it up by what it wrote into it.
    let mut answers = ask()?;
    for _ in 0..LOOKS {
        if answers.iter().all(|(theirs, ours)| theirs == ours) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        answers = ask()?;
    }
    for ((name, _), (theirs, ours)) in CALLERS.iter().zip(&answers) {
        ensure!(theirs == ours, "{name}\n  theirs {theirs}\n  ours   {ours}");
        let username = theirs["username"].as_str().unwrap_or_default();
        let outcome = match SOURCES.iter().find(|source| username.starts_with(&format!("{source}:"))) {
            Some(source) => format!("by {source}"),
            None if username.starts_with("arn:") => "by an account".to_owned(),
            None if username.is_empty() => "denied".to_owned(),
            None => "with a prefix that is reserved elsewhere".to_owned(),
        };
        *seen.entry(outcome).or_default() += 1;
    }
    Ok(())
}

/// How often both are asked until they say the same.
const LOOKS: usize = 100;

/// Who somebody is in the cluster; null for nobody.
fn user(answer: &e2e::https::Answer) -> anyhow::Result<Value> {
    ensure!([200, 403].contains(&answer.status), "{answer:?}");
    let review: Value = serde_json::from_str(&answer.body)?;
    let user = &review["status"]["user"];
    Ok(json!({"username": user["username"], "groups": user["groups"], "uid": user["uid"]}))
}
