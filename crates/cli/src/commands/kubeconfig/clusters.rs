//! Which clusters a kubeconfig is to lead to: one by its URL, contexts of another kubeconfig, or clusters of EKS.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use aws::{EksClusterName, credentials::Credentials, describe_eks_cluster, eks_endpoint};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kubeconfig::{Authority, ClusterEndpoint};
use token::ClusterId;

use super::{KubeconfigArgs, report};
use crate::{
    credentials::{self, Found, Wanted},
    exit::Failure,
    global::Global,
    process::{self, Process},
    runtime, settings,
};

/// One of them.
pub(super) struct Cluster {
    pub(super) id: ClusterId,
    pub(super) endpoint: ClusterEndpoint,
    /// The Region for `token`, where the cluster is in one.
    pub(super) region: Option<String>,
}

/// All that were asked for, in that order; at least one.
pub(super) fn clusters(args: &KubeconfigArgs, global: &Global, process: &Process) -> Result<Vec<Cluster>, Failure> {
    let clusters = if !args.eks.is_empty() {
        of_eks(args, global, process)?
    } else if let Some(path) = &args.from_kubeconfig {
        of_kubeconfig(path, args, global, process)?
    } else {
        vec![by_url(args, global, process)?]
    };
    if args.name.is_some() && clusters.len() > 1 {
        let message = "--name names the context of one cluster, and several clusters were given; leave it out: each context is named after its cluster id";
        return Err(anyhow::anyhow!(message).into());
    }
    for (at, cluster) in clusters.iter().enumerate() {
        if clusters[..at].iter().any(|other| other.id == cluster.id) {
            let id = cluster.id.as_str();
            let message = format!("two clusters would be named {id}: add them one by one, with --merge and --name");
            return Err(anyhow::anyhow!(message).into());
        }
    }
    Ok(clusters)
}

fn by_url(args: &KubeconfigArgs, global: &Global, process: &Process) -> Result<Cluster, Failure> {
    let server = args
        .server
        .clone()
        .context("no API server: give --server URL (and --ca FILE), --from-kubeconfig FILE, or --eks NAME")?;
    if !server.starts_with("https://") {
        return Err(anyhow::anyhow!("--server {server}: the URL must start with https://").into());
    }
    let is_blank = |host: &str| host.is_empty() || host.starts_with(['/', '?', '#', ':']);
    if is_blank(&server["https://".len()..]) || server.contains(char::is_whitespace) {
        return Err(anyhow::anyhow!(
            "--server {server:?} is not a URL: the API server's is like https://api.example.com"
        )
        .into());
    }
    let authority = args.ca.as_deref().map(read_authority).transpose()?.map_or(Authority::System, Authority::Pem);
    let id = settings::cluster_id(global, process, &settings::config(global)?)?;
    if args.ca.is_none() {
        process::note(&format!(
            "note: without --ca FILE kubectl trusts the authorities of its machine for {server}, and a cluster's own authority is \
             none of them"
        ));
    }
    let endpoint = ClusterEndpoint { server, authority, other: BTreeMap::new() };
    Ok(Cluster { id, endpoint, region: None })
}

fn read_authority(path: &Path) -> anyhow::Result<String> {
    let pem = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    tls::inspect(&pem).with_context(|| format!("{}", path.display()))?;
    Ok(pem)
}

/// `CONTEXT=ID`, or `CONTEXT`, whose id is that of `-i` or, with several, the context's name: kops names both alike.
fn of_kubeconfig(
    path: &Path,
    args: &KubeconfigArgs,
    global: &Global,
    process: &Process,
) -> Result<Vec<Cluster>, Failure> {
    let contexts = &args.from_context[..];
    if contexts.len() > 1 && args.ca.is_some() {
        let message = "--ca is the certificate authority of one cluster, and several contexts were given; add them one by one, with --merge";
        return Err(anyhow::anyhow!(message).into());
    }
    let authority = args.ca.as_deref().map(read_authority).transpose()?;
    let source = process::read_source(path)?;
    let cluster = |context: Option<&str>, id: ClusterId| {
        let mut endpoint = kubeconfig::read_cluster(&source, context).map_err(|problems| report(&source, &problems))?;
        if let Some(pem) = &authority {
            endpoint = endpoint.vouched_for_by(pem.clone());
        }
        // The path is one from the folder of that kubeconfig, and not from that of the one that is written.
        if let Authority::File(file) = &endpoint.authority {
            let file = path.parent().unwrap_or(Path::new("")).join(file);
            endpoint.authority = Authority::Pem(read_authority(&file)?);
        }
        if !endpoint.is_secure() {
            return Err(anyhow::anyhow!(
                "{}: the server is {}, and kubectl sends nobody's credentials to one whose URL does not start with https://",
                path.display(),
                endpoint.server
            )
            .into());
        }
        if endpoint.is_insecure() {
            process::note(&format!(
                "note: {} has insecure-skip-tls-verify: true, so the certificate of {} is not checked; --ca \
                 FILE makes kubectl check it",
                path.display(),
                endpoint.server
            ));
        }
        Ok(Cluster { id, endpoint, region: None })
    };
    let parsed = |id: &str| ClusterId::parse(id).with_context(|| format!("{id:?} is not a cluster id"));
    let of_flag = || Ok::<_, Failure>(settings::cluster_id(global, process, &settings::config(global)?)?);
    let says_ids = contexts.len() > 1 || contexts.iter().any(|context| context.contains('='));
    if says_ids && (global.cluster_id.is_some() || global.config.is_some()) {
        let message = "-i and -c give the id of one cluster; with several --from-context give each as CONTEXT=ID \
                       (default: the context's name) and leave -i and -c out";
        return Err(anyhow::anyhow!(message).into());
    }
    match contexts {
        [] => Ok(vec![cluster(None, of_flag()?)?]),
        [context] if !context.contains('=') => Ok(vec![cluster(Some(context), of_flag()?)?]),
        _ => contexts
            .iter()
            .map(|context| match context.rsplit_once('=') {
                Some((context, id)) => cluster(Some(context), parsed(id)?),
                None => cluster(Some(context), parsed(context)?),
            })
            .collect(),
    }
}

/// Asks EKS with the credentials of the environment or `--profile`; `--role` is for logging in only.
fn of_eks(args: &KubeconfigArgs, global: &Global, process: &Process) -> Result<Vec<Cluster>, Failure> {
    if global.cluster_id.is_some() || global.config.is_some() {
        let message = "an EKS cluster's id is its name, which --eks gives; leave -i and -c out";
        return Err(anyhow::anyhow!(message).into());
    }
    let named: Vec<_> = args.eks.iter().map(|text| Named::parse(text)).collect::<anyhow::Result<_>>()?;
    let environment = process.aws_environment();
    let wanted = Wanted { region: args.region.clone(), profile: args.profile.clone(), ..Wanted::default() };
    let found = credentials::find(&wanted, &environment).context("cannot ask EKS")?;
    let asking = async {
        let client = aws::Client::new(&found.environment)?;
        let mut clusters = Vec::with_capacity(named.len());
        for cluster in named {
            clusters.push(cluster.ask(&client, &found).await?);
        }
        Ok::<_, anyhow::Error>(clusters)
    };
    Ok(runtime::block_on(asking)?.context("cannot ask EKS")?)
}

/// A cluster of EKS, by its name or by its ARN, which says the Region and whose it is.
struct Named {
    name: EksClusterName,
    region: Option<String>,
    arn: Option<String>,
}

impl Named {
    fn parse(text: &str) -> anyhow::Result<Self> {
        if !text.starts_with("arn:") {
            return Ok(Self { name: EksClusterName::parse(text)?, region: None, arn: None });
        }
        let shape = || {
            format!(
                "{text:?} is not the ARN of an EKS cluster, such as arn:aws:eks:eu-west-1:111122223333:cluster/prod"
            )
        };
        let fields: Vec<_> = text.splitn(6, ':').collect();
        let ["arn", _, "eks", region, _, resource] = fields[..] else { anyhow::bail!(shape()) };
        let name = resource.strip_prefix("cluster/").with_context(shape)?;
        Ok(Self { name: EksClusterName::parse(name)?, region: Some(region.to_owned()), arn: Some(text.to_owned()) })
    }

    /// EKS is asked by name and answers for the account of the credentials: another account's cluster of that name is not meant.
    fn ensure_is(&self, answered: &str) -> anyhow::Result<()> {
        let Some(asked) = &self.arn else { return Ok(()) };
        let name = self.name.as_str();
        anyhow::ensure!(
            !answered.is_empty(),
            "EKS does not say whose cluster {name} is, so it may not be {asked}; give its name alone"
        );
        if answered == asked {
            return Ok(());
        }
        let account = |arn: &str| arn.split(':').nth(4).unwrap_or_default().to_owned();
        let (theirs, ours) = (account(asked), account(answered));
        anyhow::ensure!(
            theirs != ours,
            "the cluster {name} of these AWS credentials is {answered}, and not {asked}; check the ARN"
        );
        anyhow::bail!(
            "these AWS credentials are of account {ours}, whose cluster {name} is another than {asked}; give credentials of \
             account {theirs} (`--profile`)"
        )
    }

    async fn ask(self, client: &aws::Client, found: &Found) -> anyhow::Result<Cluster> {
        let name = self.name.as_str();
        let region = self
            .region
            .clone()
            .or_else(|| found.region.clone())
            .with_context(|| format!("the Region of {name} is not known: give --region, or the cluster's ARN"))?;
        let endpoint = eks_endpoint(&found.environment, &region)?;
        let Described { arn, id, endpoint, .. } =
            Described::ask(client, &found.credentials, &endpoint, &self.name).await?;
        self.ensure_is(&arn)?;
        Ok(Cluster { id, endpoint, region: Some(region) })
    }
}

/// What EKS says of a cluster, as far as a kubeconfig needs it.
pub(super) struct Described {
    pub(super) arn: String,
    pub(super) id: ClusterId,
    /// Whether that is an id beside its name.
    pub(super) is_known_by_id: bool,
    pub(super) endpoint: ClusterEndpoint,
}

impl Described {
    pub(super) async fn ask(
        client: &aws::Client,
        credentials: &Credentials,
        endpoint: &aws::Endpoint,
        name: &EksClusterName,
    ) -> anyhow::Result<Self> {
        let cluster = describe_eks_cluster(client, credentials, endpoint, name, process::now()).await?;
        let name = name.as_str();
        let unusable =
            || format!("EKS gave an unusable answer about {name}; check HTTPS_PROXY and AWS_ENDPOINT_URL_EKS");
        let pem = STANDARD.decode(&cluster.certificate_authority_data).ok().and_then(|pem| String::from_utf8(pem).ok());
        let pem = pem.filter(|pem| tls::inspect(pem).is_ok()).with_context(unusable)?;
        anyhow::ensure!(cluster.endpoint.starts_with("https://"), unusable());
        let id = ClusterId::parse(&cluster.cluster_id).with_context(unusable)?;
        let (server, authority) = (cluster.endpoint, Authority::Pem(pem));
        let endpoint = ClusterEndpoint { server, authority, other: BTreeMap::new() };
        Ok(Self { arn: cluster.arn, id, is_known_by_id: cluster.is_known_by_id, endpoint })
    }
}
