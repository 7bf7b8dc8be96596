//! `verify`: a token explained by hand. Every local check, then STS itself, then the identity.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use aws::credentials::AssumeRole;
use clap::{Args, ValueEnum};
use document::visible;
use hyper::StatusCode;
use identity::{Identity, Partition};
use mapping::authenticator::ClientConfig;
use token::{ClusterId, Confirmed, Description, Refusal, Rules, Unconfirmed};
use visibility::explain::Question;

use crate::{
    credentials::{self, Wanted},
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    runtime, settings,
    shared::{
        token_review::{Review, review},
        transport::Transport,
    },
};

/// Flags of `verify`.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Token to check, or the ExecCredential that `token` prints; stdin is safer, because it keeps the token out of the process list
    #[arg(short, long)]
    token: Option<String>,

    /// Make a token from your AWS credentials, as `token` does, in place of reading one
    #[arg(long, conflicts_with = "token")]
    own_token: bool,

    /// AWS Region of the STS endpoint, for --own-token
    #[arg(long, value_name = "REGION", requires = "own_token", conflicts_with = "token")]
    region: Option<String>,

    /// Profile of the AWS configuration to take credentials from, for --own-token
    #[arg(long, value_name = "NAME", requires = "own_token", conflicts_with = "token")]
    profile: Option<String>,

    /// ARN of a role to assume first, for --own-token
    #[arg(short, long, value_name = "ARN", requires = "own_token", conflicts_with = "token")]
    role: Option<String>,

    /// Also send the token to the webhook named in this kubeconfig (the API server's
    /// authentication-token-webhook-config-file), and print its answer
    #[arg(long, value_name = "FILE")]
    webhook: Option<PathBuf>,

    /// Format of the identity [default: text]
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    output: Option<Output>,

    /// AWS partition of the callers [default: aws]
    #[arg(long)]
    partition: Option<Partition>,

    #[command(flatten)]
    transport: Transport,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Runs `verify`. A refused token is an answer, printed with its code and what to do; the exit code is 1 all the same.
pub(crate) fn run(args: &VerifyArgs, global: &Global, process: &Process) -> CommandResult {
    let config = settings::config(global)?;
    let cluster = settings::cluster_id(global, process, &config)?;
    let text = if args.own_token {
        own_token(args, &cluster, &config.client, process)?
    } else {
        read_token(args, config.client.token.as_deref())?
    };
    // What `token` prints without --token-only.
    let text = if text.trim_start().starts_with('{') { token_in(&text)? } else { text };
    let text = text.trim();
    let output = args.output.map_or_else(|| of_file(&config.client), Ok)?;
    if output == Output::Text
        && let Ok(description) = token::describe(text)
    {
        process::print(&described(&description))?;
    }
    let of_file = config.client.partition.as_deref().filter(|_| args.partition.is_none());
    let of_file = of_file.map(str::parse::<Partition>).transpose().context("partition of the configuration")?;
    let rules = Rules { partitions: args.partition.or(of_file).into(), ..Rules::default() };
    let refused = |refusal: Refusal| refused(refusal, args.own_token);
    let accepted = token::accept(text, &cluster, &rules, process::now()).map_err(refused)?;
    match args.transport.ask(&accepted, process)? {
        Ok(confirmed) => {
            let review = args.webhook.as_ref().map(|file| ask(file, text)).transpose();
            // Who somebody is holds, whatever the webhook says.
            let user = review.as_ref().ok().and_then(Option::as_ref);
            process::print(&identity_text(&confirmed, user, output))?;
            Ok(review.map(drop)?)
        }
        Err(Unconfirmed::Refused(refusal)) => Err(refused(refusal)),
        Err(Unconfirmed::Upstream(trouble)) => {
            process::note(&format!("STS neither confirmed nor refused the token: {trouble} [{}]", trouble.code()));
            process::note_lines(&format!("What to do: {}", trouble.explain_own().fix));
            Err(Failure::AlreadySaid)
        }
    }
}

/// What the key `output` of the configuration says.
fn of_file(client: &ClientConfig) -> anyhow::Result<Output> {
    match client.output.as_deref() {
        None => Ok(Output::Text),
        Some(name) => Output::from_str(name, false)
            .map_err(|_| anyhow::anyhow!("output: {name:?} of the configuration: formats are text and json")),
    }
}

fn read_token(args: &VerifyArgs, configured: Option<&str>) -> Result<String, Failure> {
    let given = args.token.as_deref().or(configured).filter(|text| !text.is_empty() && *text != "-");
    if let Some(text) = given {
        return Ok(text.to_owned());
    }
    if std::io::stdin().is_terminal() && args.token.is_none() {
        let how = "no token: pipe it in (`cluster-auth token -i ID --token-only | cluster-auth verify -i ID`), or give -t TOKEN";
        return Err(anyhow::anyhow!(how).into());
    }
    let text = process::read_source("-".as_ref())?.text().to_owned();
    let text = Some(text).filter(|text| !text.trim().is_empty());
    Ok(text.context("no token on stdin: the command before the pipe printed nothing")?)
}

/// The token of what `token` prints for kubectl.
fn token_in(text: &str) -> anyhow::Result<String> {
    match Question::read(text) {
        Ok(Question::Token(token)) => Ok(token.as_str().to_owned()),
        Ok(_) => Ok(text.to_owned()),
        Err(why) => Err(why.into()),
    }
}

fn own_token(
    args: &VerifyArgs,
    cluster: &ClusterId,
    client: &ClientConfig,
    process: &Process,
) -> anyhow::Result<String> {
    let role = credentials::role(args.role.as_ref(), process).or_else(|| client.role.clone());
    let role = role.filter(|role| !role.is_empty());
    let wanted = Wanted {
        region: args.region.clone().or_else(|| client.region.clone()),
        profile: args.profile.clone(),
        role: role.map(|role_arn| AssumeRole { role_arn, ..AssumeRole::default() }),
        ..Wanted::default()
    };
    Ok(credentials::own_token(&wanted, cluster, process)?.token)
}

/// Whom the webhook lets in for this token; that it lets nobody in is a failure.
fn ask(kubeconfig: &Path, token: &str) -> anyhow::Result<Review> {
    let source = process::read_source(kubeconfig)?;
    let webhook = kubeconfig::read_webhook(&source).map_err(|_| {
        anyhow::anyhow!(
            "{} is not a kubeconfig for an API server's webhook; `cluster-auth init` writes one",
            source.name()
        )
    })?;
    let url = webhook.server.clone();
    let review = runtime::block_on(review(&webhook, token))?.with_context(|| format!("cannot ask {url}"))?;
    anyhow::ensure!(
        !review.is_of_api_server,
        "{url} of {} is an API server, and no webhook (status {}): give the file that API servers have as \
         authentication-token-webhook-config-file, which `cluster-auth init` or the server writes",
        source.name(),
        review.status.as_u16()
    );
    if review.authenticated {
        return Ok(review);
    }
    let said = match review.status {
        StatusCode::FORBIDDEN | StatusCode::OK => {
            "refused this token: either no mapping names the caller, or the token is not valid here, \
             for instance because it is for another cluster id; the server's log says which, with a code"
        }
        StatusCode::TOO_MANY_REQUESTS => "is overloaded; try again",
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
            "could neither confirm nor refuse the token; its log and its /readyz say why"
        }
        _ => "does not answer like a webhook",
    };
    anyhow::bail!("the webhook at {url} {said} (status {})", review.status.as_u16())
}

fn described(description: &Description) -> String {
    let Description { host, access_key_id, signed_at, valid_until, signed_headers, .. } = description;
    let rows = [
        ("STS endpoint", format!("{} (signed for {})", host.as_str(), host.signing_region())),
        ("access key", format!("{access_key_id} ({})", description.sort())),
        ("signed at", format!("{signed_at}, good until {valid_until}")),
        ("signed headers", signed_headers.join(", ")),
    ];
    lines(&rows) + "\n"
}

/// For people: whoever made the token may have chosen some of the values.
fn lines(rows: &[(&str, String)]) -> String {
    rows.iter().map(|(name, value)| format!("{name:<14} {}\n", visible(value))).collect()
}

fn refused(refusal: Refusal, is_own: bool) -> Failure {
    process::note(&format!("refused: {refusal} [{}]", refusal.code()));
    let explained = if is_own { refusal.explain_own() } else { *refusal.explain() };
    process::note_lines(explained.meaning);
    process::note_lines(&format!("What to do: {}", explained.fix));
    Failure::AlreadySaid
}

fn identity_text(confirmed: &Confirmed, review: Option<&Review>, output: Output) -> String {
    let identity = confirmed.identity();
    let of_aws = rows(identity, confirmed.access_key_id(), confirmed.host().as_str());
    let of_webhook =
        review.map(|Review { username, groups, .. }| [("Username", username.clone()), ("Groups", groups.join(", "))]);
    let rows: Vec<_> = of_aws.into_iter().chain(of_webhook.into_iter().flatten()).collect();
    match output {
        Output::Text => lines(&rows),
        // Four blanks of indentation and these keys are what aws-iam-authenticator prints.
        Output::Json => {
            let lines: Vec<_> = rows
                .iter()
                .map(|(name, value)| format!("    \"{name}\": {}", serde_json::Value::from(&**value)))
                .collect();
            format!("{{\n{}\n}}\n", lines.join(",\n"))
        }
    }
}

fn rows<'a>(identity: &'a Identity, access_key_id: &'a str, host: &'a str) -> [(&'static str, String); 7] {
    [
        ("ARN", identity.arn()),
        ("CanonicalARN", identity.canonical_arn()),
        ("AccountID", identity.account.to_string()),
        ("UserID", identity.unique_id.clone()),
        ("SessionName", identity.session_name().unwrap_or_default().to_owned()),
        ("AccessKeyID", access_key_id.to_owned()),
        ("STSEndpoint", host.to_owned()),
    ]
}
