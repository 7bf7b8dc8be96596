//! What was typed: the full command line. What it means is decided in each command and in [`crate::settings`].

use std::ffi::OsString;

use clap::{
    CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    commands,
    exit::Failure,
    global::{Color, Global, Uses, typed},
};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "cluster-auth",
    about = "Kubernetes access for AWS IAM identities, from one file: who may log in, and what they may do.",
    disable_version_flag = true,
    disable_help_subcommand = false,
    help_template = "{about-with-newline}\n{usage-heading} {usage}{after-help}\n\nOptions:\n{options}",
    after_help = HEADINGS,
    // Options hold before and after the command, as they do for aws-iam-authenticator.
    args_conflicts_with_subcommands = false,
    arg_required_else_help = false
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    /// Print the version number alone, as `version --short` does
    #[arg(short = 'V', long, help_heading = None)]
    pub(crate) version: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands by what one wants to do; clap lists them in one heap only. A test compares this with [`Command`].
const HEADINGS: &str = "\
For the team member:
  token        Print a bearer token for kubectl (exec plugin)
  kubeconfig   Print or merge a kubeconfig that uses this plugin
  whoami       Show who you are to AWS and to the cluster, and what you may do
  cache        Show or clear cached AWS sessions

Setting a cluster up:
  init         Create the certificate, the key and the API server's kubeconfig
  server       Run the webhook that answers the API server's TokenReviews
  add          Add an IAM user or role to aws-auth, or to a file
  kops         Print what a kops cluster's spec needs, and upload its files

Deciding access:
  check        Report every problem in an access file
  render       Compile an access file for aws-auth, CRDs, RBAC, Terraform …
  import       Write an access file for the access that a cluster has today
  plan         Show what applying an access file would change, and for whom
  apply        Apply an access file to a cluster

Seeing access:
  who-can      Show who may do something, and what grants it
  matrix       Show everybody's access by namespace, or one principal in full
  explain      Explain why somebody can log in or not, and what they may do
  diff         Compare the access of two clusters, files or subjects
  lint         Find privilege escalation, stale bindings and other leftovers
  verify       Check a token, ask STS whose it is, and print the identity

Trying it:
  demo         Show several logins on this machine, without AWS or a cluster
  sandbox      Run a local AWS STS that verifies signatures

Others:
  version      Print the version
  completion   Print a shell's completion script
  help         Print help for a command

Exit codes: 0 success, 1 any failure; 2 only with `--exit-code` (something
changes or differs) or `--fail-on` (findings), and 1 if that is not known.";

/// One variant per command, one file per variant in [`crate::commands`].
///
/// Of a flag that stands twice the last counts in commands of aws-iam-authenticator's own, as there. Elsewhere it is a mistake.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a bearer token for kubectl (exec plugin)
    #[command(args_override_self = true)]
    Token(commands::token::TokenArgs),
    /// Print or merge a kubeconfig that uses this plugin
    Kubeconfig(commands::kubeconfig::KubeconfigArgs),
    /// Show who you are to AWS and to the cluster, and what you may do
    Whoami(commands::whoami::WhoamiArgs),
    /// Show or clear cached AWS sessions
    Cache(commands::cache::CacheArgs),
    /// Create the certificate, the key and the API server's kubeconfig
    #[command(args_override_self = true)]
    #[cfg(unix)]
    Init(commands::init::InitArgs),
    /// Run the webhook that answers the API server's TokenReviews
    #[command(args_override_self = true)]
    #[cfg(unix)]
    Server(commands::server::ServerArgs),
    /// Add an IAM user or role to aws-auth, or to a file
    Add(commands::add::AddArgs),
    /// Print what a kops cluster's spec needs, and upload its files
    #[cfg(unix)]
    Kops(commands::kops::KopsArgs),
    /// Report every problem in an access file
    Check(commands::check::CheckArgs),
    /// Compile an access file for aws-auth, CRDs, RBAC, Terraform …
    Render(commands::render::RenderArgs),
    /// Write an access file for the access that a cluster has today
    Import(commands::import::ImportArgs),
    /// Show what applying an access file would change, and for whom
    Plan(commands::plan::PlanArgs),
    /// Apply an access file to a cluster
    Apply(commands::apply::ApplyArgs),
    /// Show who may do something, and what grants it
    WhoCan(commands::who_can::WhoCanArgs),
    /// Show everybody's access by namespace, or one principal in full
    Matrix(commands::matrix::MatrixArgs),
    /// Explain why somebody can log in or not, and what they may do
    Explain(commands::explain::ExplainArgs),
    /// Compare the access of two clusters, files or subjects
    Diff(commands::diff::DiffArgs),
    /// Find privilege escalation, stale bindings and other leftovers
    Lint(commands::lint::LintArgs),
    /// Check a token, ask STS whose it is, and print the identity
    #[command(args_override_self = true)]
    Verify(commands::verify::VerifyArgs),
    /// Show several logins on this machine, without AWS or a cluster
    #[cfg(all(unix, feature = "local"))]
    Demo(commands::demo::DemoArgs),
    /// Run a local AWS STS that verifies signatures
    #[cfg(all(unix, feature = "local"))]
    Sandbox(commands::sandbox::SandboxArgs),
    /// Print the version
    #[command(args_override_self = true)]
    Version(commands::version::VersionArgs),
    /// Print a shell's completion script
    Completion(commands::completion::CompletionArgs),
    /// What completion asks for
    #[command(name = "__complete", hide = true)]
    Candidates(commands::completion::CandidatesArgs),
    /// What the documentation says of commands and metrics
    #[command(name = "__reference", hide = true)]
    Reference(commands::reference::ReferenceArgs),
}

impl Command {
    /// Which of the flags of every command say something to this one.
    pub(crate) fn uses(&self) -> Uses {
        match self {
            Self::Token(_) | Self::Verify(_) | Self::Version(_) | Self::Add(_) => Uses::ALL,
            #[cfg(unix)]
            Self::Init(_) | Self::Server(_) => Uses::ALL,
            Self::Import(_) | Self::Plan(_) | Self::Apply(_) => Uses::OF_ACCESS,
            Self::WhoCan(_) | Self::Matrix(_) | Self::Explain(_) | Self::Diff(_) | Self::Lint(_) => Uses::OF_ACCESS,
            Self::Kubeconfig(_) | Self::Check(_) | Self::Render(_) => Uses::OF_CLUSTER,
            #[cfg(unix)]
            Self::Kops(_) => Uses::OF_CLUSTER,
            Self::Whoami(_) => Uses { config: false, ..Uses::OF_CLUSTER },
            #[cfg(all(unix, feature = "local"))]
            Self::Demo(_) | Self::Sandbox(_) => Uses::NONE,
            Self::Cache(_) | Self::Completion(_) | Self::Reference(_) => Uses::NONE,
            // What is completed may be anything.
            Self::Candidates(_) => Uses::ALL,
        }
    }
}

/// The command line, in the words that were typed for it: as kubectl's plugin it is called `kubectl cluster-auth`, and where it
/// stands in for another program it has that one's name.
pub(crate) fn command(arguments: &[OsString]) -> clap::Command {
    let command = Cli::command();
    let headings = headings(&command);
    let (command, typed) = (command.after_help(headings), typed(arguments));
    if typed == command.get_name() {
        return command;
    }
    command.bin_name(typed).mut_subcommands(|command| match command.get_after_help() {
        Some(examples) => {
            let examples = examples.to_string().replace("cluster-auth ", &format!("{typed} "));
            command.after_help(examples)
        }
        None => command,
    })
}

/// The headings with the commands that this build has: on Windows there is no server, and none plays AWS in an image.
fn headings(command: &clap::Command) -> String {
    let is_here = |line: &str| {
        let name = line.split_whitespace().next().unwrap_or_default();
        !line.starts_with("  ") || name == "help" || command.find_subcommand(name).is_some()
    };
    let parts = HEADINGS.split("\n\n").filter_map(|part| {
        let lines: Vec<&str> = part.lines().filter(|line| is_here(line)).collect();
        // A heading alone is left out with what stood below it.
        (lines.len() > 1).then(|| lines.join("\n"))
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Parses what was typed. No command at all prints the help and is not an error, as in aws-iam-authenticator.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Cli, Failure> {
    let mut command = command(arguments);
    let matches = command.try_get_matches_from_mut(arguments);
    let matches = matches.map_err(|error| with_whose(error, &command))?;
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    let mut cli = Cli { global: cli.global.settled(), ..cli };
    // clap keeps those behind the command alone where there are some before it, too.
    let gates = typed_gates(arguments);
    if gates.len() > cli.global.feature_gates.len() {
        cli.global.feature_gates = gates;
    }
    match cli.global.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    Ok(cli)
}

/// An error about a flag that is another command's, with whose it is, in place of what is guessed of it.
fn with_whose(mut error: clap::Error, command: &clap::Command) -> clap::Error {
    let flag = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) => flag.clone(),
        _ => return error,
    };
    // No value of ours begins so: whoever types a flag means a flag.
    error.remove(ContextKind::Suggested);
    let Some(long) = flag.strip_prefix("--") else { return error };
    if let Some(ContextValue::String(other)) = error.get(ContextKind::SuggestedArg)
        && document::nearest(long, [other.trim_start_matches('-')]).is_none()
    {
        error.remove(ContextKind::SuggestedArg);
    }
    let has = |command: &&clap::Command| {
        let mut arguments = command.get_arguments().filter(|argument| !argument.is_hide_set());
        !command.is_hide_set() && arguments.any(|argument| argument.get_long() == Some(long))
    };
    let of: Vec<String> = command.get_subcommands().filter(has).map(|of| format!("`{}`", of.get_name())).collect();
    if !of.is_empty() {
        error.remove(ContextKind::SuggestedArg);
        let tip = format!("{flag} is a flag of {}", of.join(", "));
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// What stands behind each `--feature-gates`, wherever that is. The parser has taken every one of them already.
fn typed_gates(arguments: &[OsString]) -> Vec<String> {
    let mut words = arguments.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    let mut gates = Vec::new();
    while let Some(word) = words.next() {
        match word.strip_prefix("--feature-gates") {
            Some("") => gates.extend(words.next().map(str::to_owned)),
            Some(rest) => gates.extend(rest.strip_prefix('=').map(str::to_owned)),
            None => {}
        }
    }
    gates
}

/// The help, for a call without a command: what `--help` prints, and no failure either.
pub(crate) fn help(arguments: &[OsString]) -> Failure {
    match command(arguments).try_get_matches_from(["cluster-auth", "--help"]) {
        Err(help) => help.into(),
        Ok(_) => unreachable!("--help is answered by the parser"),
    }
}

#[cfg(test)]
mod tests {
    use clap::{
        CommandFactory as _,
        error::{ContextKind, ErrorKind},
    };

    use super::{Cli, HEADINGS, headings, parse};

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// What a command wants at least, so that each of its flags can be tried beside that.
    fn least(path: &str) -> &'static [&'static str] {
        match path {
            "who-can" => &["get", "pods"],
            "explain" => &["mapping.none"],
            "diff" => &["a", "b"],
            "render" => &["--to", "rbac"],
            "completion" => &["bash"],
            _ => &[],
        }
    }

    /// A flag with a value that it takes.
    fn typed(arg: &clap::Arg) -> Option<Vec<String>> {
        let flag = format!("--{}", arg.get_long()?);
        let value = match &*flag {
            "--role" => Some("arn:aws:iam::111122223333:role/Deployer"),
            "--api-version" => Some("v1"),
            "--log-verbosity" => Some("info"),
            "--feature-gates" => Some("AllAlpha=true"),
            "--address" => Some("127.0.0.1"),
            "--port" | "--owner" | "--max-token-length" | "--max-clock-skew-seconds" | "--identity-cache-seconds" => {
                Some("1")
            }
            "--ec2-describeInstances-qps" | "--ec2-describeInstances-burst" => Some("1"),
            "--health-address" => Some("none"),
            "--listen" | "--proxy" => Some("127.0.0.1:0"),
            "--sts-regions" => Some("global"),
            "--sso" => Some("permissionSetName=x"),
            "--prompt" => Some("false"),
            "--shadow-of" => Some("https://localhost:1/authenticate"),
            "--state" => Some("s3://state"),
            "--reader" => Some("cluster-auth"),
            "--mapping" => Some("aws-auth"),
            "--expiry" => Some("refuse"),
            "--config-map" => Some("kube-system/x"),
            "--settle" => Some("1m"),
            "--severity" | "--fail-on" => Some("danger"),
            "--partition" => Some("aws"),
            _ => None,
        };
        let possible = arg.get_possible_values();
        let possible = possible.first().filter(|_| value.is_none()).map(|value| value.get_name().to_owned());
        let is_lone =
            !arg.get_action().takes_values() || arg.get_num_args().is_some_and(|number| number.min_values() == 0);
        let value = value.map(str::to_owned).or(possible).or_else(|| Some("x".to_owned())).filter(|_| !is_lone);
        Some([flag].into_iter().chain(value).collect())
    }

    /// clap lets a flag pass that requires another one where that other one conflicts with what is there: it would be
    /// ignored. So of each flag that cannot stand alone every pair is tried with what it does not ask for.
    #[test]
    fn what_a_flag_requires_is_required_beside_every_other_flag() {
        let mut root = Cli::command();
        root.build();
        let commands = root.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
        let commands = commands.flat_map(|command| match command.get_subcommands().next() {
            Some(_) => command.get_subcommands().map(|sub| (command.get_name(), sub)).collect::<Vec<_>>(),
            _ => vec![("", command)],
        });
        for (above, command) in commands.filter(|(_, command)| command.get_name() != "help") {
            let name = command.get_name();
            let parse = |flags: &[&[String]]| {
                let above = Some(above).filter(|above| !above.is_empty());
                let line = ["cluster-auth"].into_iter().chain(above).chain([name]).chain(least(name).iter().copied());
                Cli::command().try_get_matches_from(line.chain(flags.iter().copied().flatten().map(String::as_str)))
            };
            let is_fixed = |arg: &&clap::Arg| least(name).iter().any(|word| word.strip_prefix("--") == arg.get_long());
            let flags: Vec<(&str, Vec<String>)> = command
                .get_arguments()
                .filter(|arg| arg.get_id() != "help" && !is_fixed(arg))
                .filter_map(|arg| Some((arg.get_long()?, typed(arg)?)))
                .collect();
            for (flag, words) in &flags {
                let Err(error) = parse(&[words]) else { continue };
                assert_eq!(
                    error.kind(),
                    ErrorKind::MissingRequiredArgument,
                    "{name} --{flag}: give it a value: {error}"
                );
                let missing = format!("{:?}", error.get(ContextKind::InvalidArg));
                for (other, more) in flags.iter().filter(|(other, _)| other != flag) {
                    let is_asked_for = missing.contains(&format!("--{other}"));
                    assert!(
                        is_asked_for || parse(&[words, more]).is_err(),
                        "{name} --{flag} --{other}: --{flag} does nothing"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_laid_out_in_lines_fits_any_terminal() {
        let mut root = Cli::command();
        root.build();
        for command in [&root].into_iter().chain(root.get_subcommands()) {
            for line in command.get_after_help().map(ToString::to_string).unwrap_or_default().lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
        }
    }

    #[test]
    fn headings_name_the_commands_that_a_build_has() {
        let command = |names: &[&'static str]| {
            names.iter().fold(clap::Command::new("x"), |command, name| command.subcommand(clap::Command::new(*name)))
        };
        let text = headings(&command(&["token", "version"]));
        let expected = "\
For the team member:
  token        Print a bearer token for kubectl (exec plugin)

Others:
  version      Print the version
  help         Print help for a command

";
        let (_, last) = HEADINGS.rsplit_once("\n\n").expect("something stands below all headings");
        assert_eq!(text, format!("{expected}{last}"));
        if cfg!(all(unix, feature = "local")) {
            assert_eq!(headings(&Cli::command()), HEADINGS);
        }
    }

    #[test]
    fn every_command_stands_under_a_heading_with_its_own_words() {
        let is_typed = |command: &&clap::Command| command.get_name() != "help" && !command.is_hide_set();
        for command in Cli::command().get_subcommands().filter(is_typed) {
            let about = command.get_about().expect("every command says what it does").to_string();
            let line = HEADINGS.lines().find(|line| line.trim_start().starts_with(&format!("{} ", command.get_name())));
            assert!(line.is_some_and(|line| line.ends_with(&about)), "{}: {about}", command.get_name());
        }
    }

    #[test]
    fn feature_gates_add_up_wherever_they_stand() {
        let line = "cluster-auth --feature-gates SSORoleMatch=true version --feature-gates=AllBeta=true --feature-gates AllAlpha=1";
        let cli = parse(&line.split(' ').map(Into::into).collect::<Vec<_>>()).expect("a line");
        assert_eq!(cli.global.feature_gates, ["SSORoleMatch=true", "AllBeta=true", "AllAlpha=1"]);
    }

    #[test]
    fn of_a_flag_of_another_command_it_is_said_whose_it_is() {
        let rows = [
            ("plan --settle 1m", "tip: --settle is a flag of `apply`\n"),
            ("apply --exit-code", "tip: --exit-code is a flag of `plan`, `diff`\n"),
            ("plan --sette 1m", "unexpected argument '--sette' found"),
        ];
        for (line, tip) in rows {
            let words: Vec<_> = ["cluster-auth"].into_iter().chain(line.split(' ')).map(Into::into).collect();
            let Err(crate::exit::Failure::Arguments(error)) = parse(&words) else { panic!("{line}: is not an error") };
            assert!(error.to_string().contains(tip), "{line}: {error}");
        }
    }

    #[test]
    fn the_version_is_a_flag_of_the_program_and_verbosity_is_another() {
        let parse = |line: &str| <Cli as clap::Parser>::try_parse_from(line.split(' '));
        for line in ["cluster-auth --version", "cluster-auth -V"] {
            assert!(parse(line).expect(line).version, "{line}");
        }
        let cli = parse("cluster-auth -v debug version").expect("a level");
        assert!(!cli.version && cli.global.log_verbosity.is_some());
        assert!(parse("cluster-auth -v").is_err(), "a level is missing");
    }
}
