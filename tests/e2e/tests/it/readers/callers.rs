//! Who asks: every kind of caller, in two partitions, each with what STS would say of them.

use anyhow::{Context as _, ensure};
use e2e::{
    exchange::Exchange,
    https,
    server::token_review,
    sts::{Sts, now},
    world::CLUSTER_ID,
};
use identity::{Arn, Identity, Partition, Principal};
use serde_json::Value;

/// Everybody of the commercial partition.
pub(super) const PEOPLE: &str = include_str!("people.yaml");
/// Everybody of another one.
pub(super) const PEOPLE_CN: &str = include_str!("people-cn.yaml");

/// How many callers at least every mapping of the commercial partition is tried with.
const CALLERS: usize = 20;

/// Their names in these files, by partition.
const NAMES: [(Partition, &[&str]); 2] = [
    (
        Partition::Aws,
        &[
            "alice",
            "Ann.Smith",
            "bob",
            "carol",
            "eve",
            "zed",
            "kim",
            "gwen",
            "admin",
            "admin-by-mail",
            "deployer",
            "odd",
            "node",
            "node-unknown",
            "node-no-hexadecimal",
            "node-no-instance",
            "fargate",
            "cross",
            "lead",
            "sso-admin",
            "sso-dev",
            "sso-dev-admin",
            "sso-other-account",
            "Feddy",
            "root",
        ],
    ),
    (Partition::AwsCn, &["wei", "lin", "admin-cn", "sso-admin-cn"]),
];

/// The instance that EC2 knows, and what it calls it.
pub(super) const INSTANCE: (&str, &str) = ("i-0123456789abcdef0", "ip-10-0-0-17.us-west-2.compute.internal");

/// Somebody with a key of AWS's.
pub(super) struct Caller {
    /// What the files call them.
    pub(super) name: &'static str,
    /// What STS says of them.
    pub(super) identity: Identity,
    /// The id of their key.
    pub(super) access_key_id: String,
    keys: aws::credentials::Credentials,
    region: &'static str,
}

/// Who somebody is in the cluster; nobody where they are turned away.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    /// Let in, with groups as a set.
    In { username: String, groups: Vec<String> },
    /// Turned away.
    Out,
}

impl Answer {
    /// Somebody who is let in.
    pub(super) fn of(username: impl Into<String>, groups: impl IntoIterator<Item = String>) -> Self {
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable();
        groups.dedup();
        Self::In { username: username.into(), groups }
    }
}

impl Caller {
    /// Everybody of a partition whom this AWS knows.
    pub(super) fn all(partition: Partition, sts: &Sts) -> anyhow::Result<Vec<Self>> {
        let (_, names) = NAMES.iter().find(|(of, _)| *of == partition).context("people of the partition")?;
        ensure!(partition != Partition::Aws || names.len() >= CALLERS, "{} callers are too few", names.len());
        names.iter().map(|name| Self::new(name, sts)).collect()
    }

    /// Everybody of the commercial partition who has a permission set.
    pub(super) fn with_permission_sets(sts: &Sts) -> anyhow::Result<Vec<Self>> {
        let mut callers = Self::all(Partition::Aws, sts)?;
        callers.retain(|caller| caller.identity.canonical_arn().contains("/AWSReservedSSO_"));
        Ok(callers)
    }

    /// Who is in no mapping but in the object that is made last.
    pub(super) fn last(sts: &Sts) -> anyhow::Result<Self> {
        Self::new("Last", sts)
    }

    fn new(name: &'static str, sts: &Sts) -> anyhow::Result<Self> {
        let credentials = sts.credentials(name)?;
        let arn: Arn = sts.identities.arn(name).context("an ARN")?.parse()?;
        let principal = Principal::from_arn(&arn).context("a caller's ARN")?;
        // Only AWS knows it: [`Self::learn_id`].
        let unique_id = "UNIQUE".to_owned();
        let identity = Identity { partition: arn.partition, account: arn.account, principal, unique_id };
        let access_key_id = credentials.access_key_id.clone();
        let keys = aws::credentials::Credentials {
            session_token: credentials.session_token.map(aws::credentials::Secret::new),
            ..aws::credentials::Credentials::long_term(credentials.access_key_id, credentials.secret_access_key)
        };
        let region = match arn.partition {
            Partition::AwsCn => "cn-north-1",
            Partition::AwsUsGov => "us-gov-west-1",
            _ => "us-west-2",
        };
        Ok(Self { name, identity, access_key_id, keys, region })
    }

    /// What AWS calls them by, as a server says it that lets in everybody.
    pub(super) fn learn_id(&mut self, server: &mut Exchange) -> anyhow::Result<()> {
        let review: Value = serde_json::from_str(&review(server, &self.token()?)?.body)?;
        let id = &review["status"]["user"]["extra"]["principalId"][0];
        self.identity.unique_id = id.as_str().with_context(|| format!("an id: {review}"))?.to_owned();
        Ok(())
    }

    /// A token that is good for a quarter of an hour.
    pub(super) fn token(&self) -> anyhow::Result<String> {
        let endpoint = aws::sts_endpoint(&aws::credentials::Environment::default(), Some(self.region))?;
        Ok(token::wrap(&aws::presign_get_caller_identity(&self.keys, &endpoint, CLUSTER_ID, now())))
    }
}

/// What a server says of a token.
pub(super) fn ask(server: &mut Exchange, token: &str) -> anyhow::Result<Answer> {
    let answer = review(server, token)?;
    let said: Value = serde_json::from_str(&answer.body).with_context(|| format!("{answer:?}"))?;
    let status = &said["status"];
    if answer.status == 403 {
        return Ok(Answer::Out);
    }
    ensure!(answer.status == 200 && status["authenticated"] == true, "neither in nor out: {answer:?}");
    let user = &status["user"];
    // Go leaves out what is empty.
    let groups = user["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    let groups = groups.iter().map(|group| group.as_str().map(str::to_owned).context("a group"));
    let groups = groups.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Answer::of(user["username"].as_str().unwrap_or_default(), groups))
}

fn review(server: &mut Exchange, token: &str) -> anyhow::Result<https::Answer> {
    server.request("POST", "/authenticate", &token_review("authentication.k8s.io/v1beta1", token))
}
