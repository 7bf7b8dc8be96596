//! `server`: answers the API server's TokenReviews.
//!
//! ```text
//!   flags, environment, file ─► settings ─► pair and kubeconfig ─► webhook::Server
//!                                  └ watch: configuration and pair, every half second; last good wins
//!                                  └ modes: aws-auth, IAMIdentityMappings, the dynamic file; each when it changes
//! ```

mod authorities;
mod cluster;
mod dynamic;
mod health;
mod looking;
mod mappings;
mod mode_file;
mod modes;
mod shadow;
mod sources;
mod watch;

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    num::NonZeroU32,
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use identity::{Partition, Partitions, StsHost};
use jiff::SignedDuration;
use kubeconfig::WEBHOOK_FILE;
use mapping::{
    BackendMode,
    authenticator::{self, Config, ListenAddress, ServerConfig, defaults},
    aws_iam_authenticator::Options,
};
use reading::Kind;
use tokio::pin;
use webhook::{Settings, Webhook};

use self::{authorities::Authorities, cluster::Reached, modes::Modes, shadow::ShadowArgs, sources::Sources};
use super::version::{VERSION, banner};
use crate::{
    exit::{CommandResult, Failure},
    global::{Boolean, Global, number, path_or_empty},
    logs,
    process::{self, Process},
    runtime, settings,
    shared::transport::Transport,
    signals,
    state::{Pair, Reach, StateFiles},
};

/// How often a port that another program has is tried: for that long at most, a machine has no webhook when it ends.
const PORT_INTERVAL: Duration = Duration::from_millis(2);

/// Flags of `server`, named as aws-iam-authenticator names them.
#[derive(Args, Debug)]
pub(crate) struct ServerArgs {
    /// AWS partition of the callers [default: aws]
    #[arg(long)]
    partition: Option<Partition>,

    /// File to write the API server's kubeconfig to [default: /etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml]
    #[arg(long, value_name = "FILE")]
    generate_kubeconfig: Option<PathBuf>,

    /// Do not write the API server's kubeconfig, because `init` has written it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL", value_parser = Boolean)]
    kubeconfig_pregenerated: Option<bool>,

    /// Folder with the certificate and the key [default: /var/aws-iam-authenticator]
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,

    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "IP", value_parser = authenticator::address)]
    address: Option<ListenAddress>,

    /// Port to listen on [default: 21362]
    #[arg(long, value_parser = number::<u16>)]
    port: Option<u16>,

    /// Name or IP address under which the API server reaches this server [default: localhost]
    #[arg(long, value_name = "HOST")]
    hostname: Option<String>,

    /// Access file, or a folder of them, asked before all other sources; several are merged [default: accessFile of the
    /// configuration, or access.yaml beside it]
    #[arg(long, value_name = "PATH")]
    access_file: Vec<PathBuf>,

    /// Sources of mappings, in the order in which they are asked: MountedFile (the configuration), EKSConfigMap (aws-auth),
    /// CRD (IAMIdentityMappings), DynamicFile (a file of its own) [default: MountedFile]
    #[arg(long, value_name = "MODE", value_delimiter = ',')]
    backend_mode: Vec<String>,

    /// Kubeconfig file for EKSConfigMap and CRD [default: the pod's service account]
    #[arg(long, value_name = "FILE", value_parser = path_or_empty())]
    kubeconfig: Option<PathBuf>,

    /// URL of the API server for EKSConfigMap and CRD, in place of the kubeconfig's
    #[arg(long, value_name = "URL")]
    master: Option<String>,

    /// Answer definite denials with HTTP 200, so that API servers do not count them as webhook failures; API servers then
    /// cache a denial for as long as a login
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    deny_with_200: Option<bool>,

    /// If another server already listens on the port, share it with a server of the same user that also runs with
    /// --take-over, and wait until any other server exits
    #[arg(long)]
    take_over: bool,

    /// Address of the health check (plain HTTP), or none
    #[arg(long, value_name = "IP:PORT|none", default_value = "127.0.0.1:21363")]
    health_address: HealthAddress,

    /// Refuse tokens that have more bytes than this
    #[arg(long, value_name = "BYTES", default_value_t = 4096)]
    max_token_length: usize,

    /// Accept tokens signed up to this many seconds ahead of this machine's clock; at most 900, which is
    /// STS's own limit
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(0..=900))]
    max_clock_skew_seconds: u16,

    /// Remember STS's answer about a token for this many seconds; at most 60, 0 remembers none
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=60))]
    identity_cache_seconds: u64,

    /// Regions of the STS endpoints that people log in through, or `global`, to treat as known from the start; others count as
    /// new until somebody has logged in through them; separated by commas, repeatable [default: AWS_REGION]
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    sts_regions: Vec<StsRegion>,

    /// Maximum calls of EC2 per second, on average; 0 for no limit [default: 15]
    #[arg(long = "ec2-describeInstances-qps", alias = "ec2-describe-instances-qps", value_name = "QPS", value_parser = number::<u32>)]
    ec2_qps: Option<u32>,

    /// Maximum calls of EC2 in a burst, before that limit holds [default: 5]
    #[arg(long = "ec2-describeInstances-burst", alias = "ec2-describe-instances-burst", value_name = "N", value_parser = number::<u32>)]
    ec2_burst: Option<u32>,

    #[command(flatten)]
    shadow: ShadowArgs,

    #[command(flatten)]
    transport: Transport,
}

/// One of `--sts-regions`: where its tokens are asked about.
#[derive(Clone, Debug)]
struct StsRegion(StsHost);

impl FromStr for StsRegion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = if text == "global" { Ok(StsHost::global()) } else { StsHost::regional(text) };
        host.map(Self).map_err(|_| "expected a Region, such as us-west-2, or global".to_owned())
    }
}

/// `--health-address`.
#[derive(Clone, Copy, Debug)]
struct HealthAddress(Option<SocketAddr>);

impl FromStr for HealthAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self(None)),
            _ => text.parse().map(|address| Self(Some(address))).map_err(|_| "expected IP:PORT or none".to_owned()),
        }
    }
}

/// Where the server's files are.
pub(crate) struct Paths {
    /// Of certificate and key.
    pub(crate) state_dir: PathBuf,
    /// The API server's kubeconfig.
    pub(crate) kubeconfig: PathBuf,
}

impl Paths {
    /// Flag, file or default.
    pub(crate) fn resolve(state_dir: Option<&PathBuf>, kubeconfig: Option<&PathBuf>, config: &Config) -> Self {
        let server = &config.server;
        let pick = |flag: Option<&PathBuf>, file: Option<&PathBuf>, default: &str| {
            flag.or(file).cloned().unwrap_or_else(|| default.into())
        };
        Self {
            state_dir: pick(state_dir, server.state_dir.as_ref(), defaults::STATE_DIR),
            kubeconfig: pick(kubeconfig, server.generate_kubeconfig.as_ref(), defaults::GENERATE_KUBECONFIG),
        }
    }
}

/// How the API server reaches it: flag, file or default.
pub(crate) fn reach(
    hostname: Option<&str>,
    address: Option<&ListenAddress>,
    port: Option<u16>,
    config: &Config,
) -> anyhow::Result<Reach> {
    let server = &config.server;
    let address = match (address, &server.address) {
        (Some(typed), _) => found(typed).context("--address")?,
        (None, Some(written)) => found(written)
            .with_context(|| config.place("server.address").map(ToString::to_string).unwrap_or_default())?,
        (None, None) => defaults::ADDRESS,
    };
    Ok(Reach {
        hostname: hostname.or(server.hostname.as_deref()).unwrap_or(defaults::HOSTNAME).to_owned(),
        address,
        port: port.map_or_else(|| port_of(server, config), Ok)?,
    })
}

/// The address to listen on. A name is looked up once, and of its addresses one of IPv4 goes first, as in aws-iam-authenticator (Go's
/// `net.Listen`).
fn found(address: &ListenAddress) -> anyhow::Result<IpAddr> {
    let name = match address {
        ListenAddress::Ip(address) => return Ok(*address),
        ListenAddress::Name(name) => name,
    };
    let addresses = (&**name, 0).to_socket_addrs();
    let why = || format!("this machine knows no host {name:?}; give an IP address of the machine");
    let addresses: Vec<IpAddr> = addresses.with_context(why)?.map(|address| address.ip()).collect();
    addresses.iter().find(|address| address.is_ipv4()).or(addresses.first()).copied().with_context(why)
}

/// The file's port, or the default. What is not a port there matters where it would be used.
fn port_of(server: &ServerConfig, config: &Config) -> anyhow::Result<u16> {
    let Some(number) = server.port else { return Ok(defaults::PORT) };
    let place = config.place("server.port").map(|place| format!("{place}: ")).unwrap_or_default();
    u16::try_from(number).with_context(|| format!("{place}port {number}: ports are 0 to 65535"))
}

/// Whether a server could not ask what a configuration names: `init` says it before anything is made for that server.
pub(crate) fn check_modes(config: &ServerConfig) -> anyhow::Result<()> {
    modes::check_dynamic_file(&modes::of_file(config), config)
}

/// Runs `server` until SIGTERM or SIGINT. Where the log is JSON, so is why it ends.
pub(crate) fn run(args: &ServerArgs, global: &Global, process: &Process) -> CommandResult {
    let _logs = settings::start_logs(global, process)?;
    match run_logged(args, global, process) {
        Err(Failure::Error(error)) if logs::is_json() => {
            tracing::error!("{error:#}");
            Err(Failure::AlreadySaid)
        }
        result => result,
    }
}

fn run_logged(args: &ServerArgs, global: &Global, process: &Process) -> CommandResult {
    let (mut config, rules) = settings::indexed_config(global, args.partition)?;
    if let Some(partition) = args.partition {
        config.server.partitions = partition.into();
    }
    let backends = modes::configured(args, &config.server)?;
    modes::check_dynamic_file(&backends, &config.server)?;
    let mut mappings = mappings::Files::of(args, global, &config.server);
    let read = mappings.read_access().map_err(shown)?;
    let written = config.cluster_id.clone();
    if config.cluster_id.is_none() {
        config.cluster_id = read.as_ref().and_then(|read| read.cluster_id.clone());
    }
    let cluster_id = settings::cluster_id(global, process, &config)?;
    mappings.serve_only(&cluster_id, read.as_ref())?;
    let options = Options {
        sso_role_match: settings::gates(global)?.sso_role_match,
        user_id_strict: config.server.dynamic_file_user_id_strict.unwrap_or_default(),
    };
    let mut settings = Settings::new(cluster_id, process::now);
    settings.rules.partitions = config.server.partitions;
    settings.rules.max_length = args.max_token_length;
    settings.rules.max_future_skew = SignedDuration::from_secs(args.max_clock_skew_seconds.into());
    settings.deny_with_200 = args.deny_with_200.or(config.server.deny_with_200).unwrap_or_default();
    settings.known_hosts = known_hosts(&args.sts_regions, process);
    settings.cache_max_age = Duration::from_secs(args.identity_cache_seconds);
    fit_open_files(&mut settings);
    if args.shadow.is_given() {
        settings.share_with_predecessor();
    }
    let paths = Paths::resolve(args.state_dir.as_ref(), args.generate_kubeconfig.as_ref(), &config);
    let files = StateFiles { kubeconfig: paths.kubeconfig, ..StateFiles::in_folder(&paths.state_dir, "") };
    let reach = reach(args.hostname.as_deref(), args.address.as_ref(), args.port, &config)?;
    args.shadow.check(&settings, &reach)?;
    let state_folder = || format!("state folder {}", paths.state_dir.display());
    let pair = files.ensure_pair(&reach, process::now()).with_context(state_folder)?;
    // In a pod both streams are one log, which is JSON from the first line to the last where that was asked for.
    if !logs::is_json() {
        // Nobody may be there to read it.
        let _ = process::print(&banner());
    }
    if pair == Pair::Made {
        let folder = paths.state_dir.display().to_string();
        tracing::info!(folder, "made a certificate and its authority");
    }
    let pregenerated = args.kubeconfig_pregenerated.or(config.server.kubeconfig_pregenerated).unwrap_or_default();
    if !pregenerated && files.ensure_kubeconfig(&reach)? {
        tracing::info!(file = %files.kubeconfig.display(), "wrote the API server's kubeconfig");
    }
    let read = mappings::Read { cluster_id: written, config: config.server.clone(), mounted: rules, access: read };
    read.say_twice();
    let logins = Logins { files: mappings, read, modes: backends, options };
    Ok(runtime::block_on(serve(args, process, config.server, logins, settings, &files, &reach))??)
}

/// What is wrong in a file is shown where it is, as it is of every file that is read at a terminal.
fn shown(error: anyhow::Error) -> Failure {
    match error.downcast::<mappings::Refused>() {
        Ok(mappings::Refused { sources, problems }) => {
            settings::print_problems(&sources, &problems);
            Failure::AlreadySaid
        }
        Err(error) => error.into(),
    }
}

/// A process that may open few files would run out of them as soon as anybody holds connections open.
fn fit_open_files(settings: &mut Settings) {
    if let Some(open_files) = process::open_files_limit()
        && settings.fit(open_files)
    {
        tracing::warn!(
            open_files,
            connections = settings.max_connections,
            sts_questions = settings.sts_questions.under_way,
            "the limit of open files is low, so the server handles fewer requests at once: raise it to 704 (LimitNOFILE, ulimit -n)"
        );
    }
}

/// The STS endpoints that are in use, as far as that is known before anybody logs in.
fn known_hosts(regions: &[StsRegion], process: &Process) -> Vec<StsHost> {
    if regions.is_empty() {
        return own_region(process).and_then(|region| StsHost::regional(region).ok()).into_iter().collect();
    }
    regions.iter().map(|region| region.0.clone()).collect()
}

/// The Region that this runs in, as the environment says.
fn own_region(process: &Process) -> Option<&str> {
    process.variable("AWS_REGION").or_else(|| process.variable("AWS_DEFAULT_REGION"))
}

/// STS in the Region that this runs in, where its name has no Region's form: nobody else would know it.
fn own_hosts(region: &str, partitions: Partitions) -> Vec<StsHost> {
    let mut of_these = Partition::ALL.into_iter().filter(|partition| partitions.has(*partition));
    match StsHost::regional(region) {
        Ok(_) => Vec::new(),
        Err(_) => of_these.next().map(|partition| StsHost::of_own_region(region, partition)).unwrap_or_default(),
    }
}

/// Knows the hosts of the Region that the environment names, and asks the instance, if this is one, for its Region. Nobody waits
/// for that.
fn learn_own_region(webhook: &Arc<Webhook>, process: &Process, partitions: Partitions) {
    if let Some(region) = own_region(process) {
        webhook.know_hosts(&own_hosts(region, partitions));
    }
    let (webhook, environment) = (Arc::clone(webhook), process.aws_environment());
    tokio::spawn(async move {
        if let Some(region) = aws::credentials::instance_region(&environment).await {
            webhook.know_hosts(&own_hosts(&region, partitions));
        }
    });
}

/// Who logs in, as far as that is known at the start.
struct Logins {
    files: mappings::Files,
    read: mappings::Read,
    modes: Vec<BackendMode>,
    options: Options,
}

async fn serve(
    args: &ServerArgs,
    process: &Process,
    config: ServerConfig,
    logins: Logins,
    settings: Settings,
    files: &StateFiles,
    reach: &Reach,
) -> anyhow::Result<()> {
    let started = watch::Started {
        cluster_id: logins.read.cluster_id.clone(),
        config: config.clone(),
        has_modes: !args.backend_mode.is_empty(),
        has_denials: args.deny_with_200.is_some(),
        shadow: args.shadow.clone(),
    };
    let transport = aws::Transport {
        max_concurrent: settings.sts_questions.under_way,
        ..args.transport.resolve(process, Kind::Regular)?
    };
    let sts = aws::StsClient::new(&transport).context("cannot prepare for asking STS")?;
    let (predecessor, ec2) = (args.shadow.predecessor(&settings)?, Some(ec2(args, process, &config)));
    let webhook = match predecessor {
        Some(predecessor) => Webhook::with_predecessor(predecessor, settings, sts, ec2),
        None => Webhook::new(settings, sts, ec2),
    };
    learn_own_region(&webhook, process, config.partitions);
    webhook.metrics().set_version(VERSION);
    let notes = args.transport.notes();
    webhook.metrics().set_transport_override(!notes.is_empty());
    for note in notes.into_iter().chain(args.shadow.note()) {
        tracing::warn!("{note}");
        webhook.readiness().note(note);
    }
    // Whether its time is now is for the clock to say, which may be wrong, and for API servers: a server that ends for it would be
    // missing when the clock is right.
    let identity = tls::ServerIdentity::load_at_any_time(&files.certificate, &files.key)?;
    if !identity.inspection().covers(&reach.hostname) {
        tracing::warn!(
            hostname = reach.hostname,
            "the certificate is not valid for the host name; `cluster-auth init --rotate` makes one that is"
        );
    }
    webhook.metrics().set_certificate_not_after(identity.not_after());
    if let Some(mode) = files.key_mode_for_others()? {
        tracing::warn!(
            file = %files.key.display(),
            mode = format!("{mode:04o}"),
            "users other than its owner may read or write the server's key: give it mode 0600 (chmod 600)"
        );
    }
    let resolver = tls::ReloadingResolver::new(&identity);
    let address = SocketAddr::new(reach.address, reach.port);
    let pair = (files.certificate.clone(), files.key.clone());
    let Logins { files: mappings, read, modes, options } = logins;
    let (sources, rules) = Sources::new(Arc::clone(&webhook), modes, read, options);
    if rules == 0 && !sources.has_others() {
        tracing::warn!("no mapping: nobody can log in; give --config, --access-file or --backend-mode");
    }
    let modes = Modes::start(Reached::of(args, &config, process), &config, sources.into());
    if let Some(path) = &config.dynamic_backend_mode_path {
        mode_file::follow(path.clone(), Arc::clone(&modes));
    }
    for file in args.shadow.authorities().into_iter().chain(authorities_of_sts(&args.transport)) {
        authorities::follow(file, Arc::clone(modes.sources().webhook()));
    }
    watch::spawn(started, mappings, watch::Shown { pair, identity, resolver: Arc::clone(&resolver) }, modes);
    let ending = async {
        // Without signals there is no wish to end; the process can still be killed.
        if signals::termination().await.is_err() {
            std::future::pending::<()>().await;
        }
        tracing::info!("shutting down: waiting for requests in progress");
    };
    pin!(ending);
    let server = tokio::select! {
        server = bind(address, resolver, webhook, args.take_over) => server?,
        () = &mut ending => return Ok(()),
    };
    let (listening, kubeconfig) = (server.local_addr()?, api_servers_kubeconfig(files));
    let kubeconfig = kubeconfig.display();
    tracing::info!("listening on {listening}");
    tracing::info!(
        "reconfigure your apiserver with `--authentication-token-webhook-config-file={kubeconfig}` to enable"
    );
    if let Some(address) = args.health_address.0 {
        health::spawn(address);
    }
    tracing::info!(version = VERSION, address = %listening, rules, "ready");
    server.run(ending).await;
    Ok(())
}

/// The kubeconfig that is there: `init` writes it beside certificate and key, and not to where the server writes its own.
fn api_servers_kubeconfig(files: &StateFiles) -> PathBuf {
    let beside = files.certificate.with_file_name(WEBHOOK_FILE);
    if !files.kubeconfig.exists() && beside.exists() {
        return std::path::absolute(&beside).unwrap_or(beside);
    }
    files.kubeconfig.clone()
}

/// Who vouches for STS, where that is a file.
fn authorities_of_sts(transport: &Transport) -> Option<Authorities> {
    Some(Authorities { flag: "sts-ca-file", path: transport.sts_ca_file.clone()?, trust: trust_for_sts })
}

fn trust_for_sts(webhook: &Webhook, pem: &str) -> anyhow::Result<()> {
    Ok(webhook.trust_for_sts(&tls::Roots::Only(pem.into()))?)
}

/// Listens: at once, or, where another server has the port and does not share it, when that one ends.
async fn bind(
    address: SocketAddr,
    resolver: Arc<tls::ReloadingResolver>,
    webhook: Arc<Webhook>,
    take_over: bool,
) -> anyhow::Result<webhook::Server> {
    let tls = tls::server_config(resolver)?;
    let refused = |error: io::Error| {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "; is another server running?",
            io::ErrorKind::AddrNotAvailable => "; give an address of this machine as --address",
            io::ErrorKind::PermissionDenied => "; ports below 1024 are for root: give another as --port",
            _ => "",
        };
        anyhow::Error::from(error).context(format!("cannot listen on {address}{why}"))
    };
    if !take_over {
        return webhook::Server::bind(address, tls, webhook).map_err(refused);
    }
    let is_taken = webhook::Server::is_taken(address);
    let mut has_said = false;
    loop {
        match webhook::Server::bind_shared(address, Arc::clone(&tls), Arc::clone(&webhook)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if !has_said {
                    tracing::info!(address = %address, "another server has the port; waiting for it to exit");
                    has_said = true;
                }
                tokio::time::sleep(PORT_INTERVAL).await;
            }
            result => {
                if is_taken && !has_said {
                    tracing::info!(address = %address, "another server has the port, and shares it until it exits");
                }
                return result.map_err(refused);
            }
        }
    }
}

/// The way to EC2, for mappings that ask for private DNS names; nothing is asked until one does.
fn ec2(args: &ServerArgs, process: &Process, config: &ServerConfig) -> aws::Ec2 {
    let role = config.ec2_role_arn.clone().map(|role_arn| aws::credentials::AssumeRole {
        role_arn,
        duration_seconds: Some(3600),
        source_arn: config.source_arn.clone(),
        ..Default::default()
    });
    let options = aws::Ec2Options {
        region: None,
        role,
        queries_per_second: NonZeroU32::new(args.ec2_qps.or(config.ec2_qps).unwrap_or(defaults::EC2_QPS)),
        burst: args.ec2_burst.or(config.ec2_burst).unwrap_or(defaults::EC2_BURST),
    };
    aws::Ec2::new(process.aws_environment(), options, process::now)
}
