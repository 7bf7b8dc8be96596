//! `explain`: why somebody is let in or not, step by step; what a code means; what a token is.

use std::{
    io::{IsTerminal as _, stdin},
    path::PathBuf,
};

use clap::Args;
use inventory::Inputs;
use token::{ClusterId, Rules, Unconfirmed};
use visibility::explain::{Caller, CodeOut, Explanation, Question, Token, code_report};

use crate::{
    exit::CommandResult,
    global::Global,
    process::{self, Process},
    settings,
    shared::{
        analysis::{Analysis, AnalysisArgs, configured, not_of_another, of_cluster},
        observe::read_access_files,
        output::Output,
        terminal::styled,
        transport::Transport,
    },
};

/// Flags of `explain`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cluster-auth explain arn:aws:iam::111122223333:role/Developer
  cluster-auth explain arn:aws:iam::111122223333:user/alice access.yaml
  cluster-auth explain mapping.none
  cluster-auth token -i prod.example.com | cluster-auth explain - --aws")]
#[command(
    mut_arg("sts_connect_to", |arg| arg.requires("aws")),
    mut_arg("sts_ca_file", |arg| arg.requires("aws")),
)]
pub(crate) struct ExplainArgs {
    /// What to explain: the ARN of a user, role, session of a role, federated user or root; a denial code such as
    /// mapping.none; or `-` for any of these, a token, a TokenReview or an ExecCredential on stdin
    #[arg(value_name = "ARN|CODE|-")]
    what: String,

    /// Treat these access files, or folders of them, as already applied
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,

    /// Access file or folder, the same as the argument FILE; repeatable
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    more: Vec<PathBuf>,

    #[command(flatten)]
    analysis: AnalysisArgs,

    /// Ask AWS whose the token is, as the server would, and explain that identity
    #[arg(long)]
    aws: bool,

    #[command(flatten)]
    transport: Transport,

    /// Format of the explanation
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// Runs `explain`. That somebody is not let in is an answer, and no failure.
pub(crate) fn run(args: &ExplainArgs, global: &Global, process: &Process) -> CommandResult {
    let text = if args.what == "-" { read()? } else { args.what.clone() };
    match Question::read(&text).map_err(anyhow::Error::from)? {
        Question::Code(code) => {
            let config = global.config.iter().map(|path| format!(" --config {}", path.display()));
            let more: String = args.aws.then(|| " --aws".to_owned()).into_iter().chain(config).collect();
            args.ensure_alone(global, "a code means the same for every cluster;", &more)?;
            if let Output::Data(data) = args.output {
                return Ok(data.print(&CodeOut::from(code))?);
            }
            let report = code_report(&code);
            Ok(process::print_styled(&styled(&report::text_of(&report)))?)
        }
        Question::Caller(_) if args.aws => {
            let why = "--aws asks AWS whose a token is, and no token was given; leave --aws out";
            Err(anyhow::anyhow!(why).into())
        }
        Question::Caller(caller) => {
            let Analysis { world, .. } = of_cluster(args.look(global, process)?, global)?;
            args.print(&world.explain(*caller), Some(&world))
        }
        Question::Token(token) => {
            if args.what != "-" {
                process::note(
                    "warning: a token on the command line stays in the shell's history, and everybody on this machine sees it \
                     in `ps`; pipe it in and give `-`",
                );
            }
            if !args.aws {
                args.ensure_alone(global, "without --aws only the token itself is checked; add --aws, or", "")?;
            }
            if args.aws { args.asked(&token, global, process) } else { args.unasked(&token, global) }
        }
    }
}

fn read() -> anyhow::Result<String> {
    if stdin().is_terminal() {
        process::note("paste it, then Ctrl-D:");
    }
    Ok(process::read_source("-".as_ref())?.text().to_owned())
}

impl ExplainArgs {
    /// The mappings and rights to explain by.
    fn look(&self, global: &Global, process: &Process) -> Result<Analysis, crate::exit::Failure> {
        let mut found = Inputs::default();
        read_access_files(self.paths.iter().chain(&self.more), &mut found)?;
        configured(global, &mut found)?;
        self.analysis.look_beside(found, process)
    }

    /// Refuses what says where to look, where nothing is looked at.
    fn ensure_alone(&self, global: &Global, why: &str, more: &str) -> anyhow::Result<()> {
        let paths = self.paths.iter().chain(&self.more).map(|path| format!(" {}", path.display()));
        let id = global.cluster_id.iter().map(|id| format!(" --cluster-id {id}"));
        let gates = global.feature_gates().into_iter().map(|gates| format!(" --feature-gates {gates}"));
        let typed: String = paths.chain([self.analysis.typed(), more.to_owned()]).chain(id).chain(gates).collect();
        anyhow::ensure!(typed.is_empty(), "{why} leave out{typed}");
        Ok(())
    }

    /// What can be said without AWS.
    fn unasked(&self, token: &Token, global: &Global) -> CommandResult {
        let partitions = settings::config_if_readable(global)?.server.partitions;
        // Which cluster it is for is in the signature alone, which nobody checks here.
        let anyone = ClusterId::parse("unknown").expect("a cluster id");
        let rules = Rules { partitions, ..Rules::default() };
        let described = token::describe(token.as_str()).ok();
        let explanation = match (token::accept(token.as_str(), &anyone, &rules, process::now()), described) {
            (Err(refusal), described) => Explanation::refused(described, refusal),
            (Ok(_), Some(described)) => Explanation::not_asked(described),
            (Ok(_), None) => unreachable!("what is accepted can be described"),
        };
        self.print(&explanation, None)
    }

    /// What the server would say.
    fn asked(&self, token: &Token, global: &Global, process: &Process) -> CommandResult {
        let config = settings::config_if_readable(global)?;
        let Analysis { world, .. } = self.look(global, process)?;
        not_of_another(&world, global)?;
        let cluster = match settings::cluster_id(global, process, &config) {
            Ok(cluster) => cluster,
            Err(error) => {
                let known = world.cluster_id().and_then(|id| ClusterId::parse(id).ok());
                known.ok_or(error)?
            }
        };
        let rules = Rules { partitions: world.snapshot().partitions(), ..Rules::default() };
        let described = token::describe(token.as_str()).ok();
        let accepted = match token::accept(token.as_str(), &cluster, &rules, process::now()) {
            Ok(accepted) => accepted,
            Err(refusal) => return self.print(&Explanation::refused(described, refusal), Some(&world)),
        };
        let explanation = match self.transport.ask(&accepted, process)? {
            Ok(confirmed) => world.explain(Caller::confirmed(confirmed.identity(), confirmed.access_key_id())),
            Err(Unconfirmed::Refused(refusal)) => Explanation::refused(None, refusal),
            Err(Unconfirmed::Upstream(trouble)) => Explanation::no_answer(trouble),
        };
        self.print(&explanation.with_token(described), Some(&world))
    }

    fn print(&self, explanation: &Explanation<'_>, world: Option<&visibility::World>) -> CommandResult {
        if let Output::Data(data) = self.output {
            return Ok(data.print(&explanation.out(world))?);
        }
        let report = explanation.report(world);
        Ok(process::print_styled(&styled(&report::text_of(&report)))?)
    }
}
