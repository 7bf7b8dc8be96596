//! `diff`: who gains or loses what from one cluster, dump or file to another; or what two subjects may do that the other
//! one may not.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use identity::Arn;
use inventory::{ObjectKind, Unseen};
use rbac::Subject;
use report::{Section, markdown_of, text_of};
use visibility::{
    World,
    diff::{Contrast, DiffSubject, Difference, not_given, take_built_in},
};

use crate::{
    exit::{CommandResult, Failure},
    global::Global,
    process::{self, Process},
    shared::{
        analysis::{Analysis, AnalysisArgs, determined, only_if_read, say_gaps, say_idle},
        observe,
        output::{Markdown, Output},
        terminal::styled,
    },
};

/// Flags of `diff`.
#[derive(Args, Debug)]
#[command(
    mut_arg("from", |arg| arg.help(observe::COMPARED_IN)),
    mut_arg("context", |arg| arg.help("Context of the kubeconfig, only where A and B are subjects [default: its current context]")),
    after_help = "A and B must be of the same kind: two sources (PATH, context:NAME), or two
subjects (user:, group:, arn:):
  PATH            a dump, manifests, access files, or a folder; `-` is stdin
  context:NAME    the cluster of a kubeconfig's context
  user:NAME       a Kubernetes user; a service account is one, as
                  user:system:serviceaccount:NAMESPACE:NAME
  group:NAME      a Kubernetes group
  arn:…           an IAM user, a role, or one session of it, as they log in

Examples:
  cluster-auth diff before.json context:prod
  cluster-auth diff access.yaml ../main/access.yaml --exit-code
  cluster-auth diff group:developers group:operators --context prod
  cluster-auth diff user:alice arn:aws:iam::111122223333:role/Deployer"
)]
pub(crate) struct DiffArgs {
    /// Left side: a file or folder, context:NAME, user:NAME, group:NAME or an ARN
    #[arg(value_name = "A", group = "given", value_hint = clap::ValueHint::AnyPath)]
    a: OsString,

    /// Right side, of the same kind
    #[arg(value_name = "B", value_hint = clap::ValueHint::AnyPath)]
    b: OsString,

    #[command(flatten)]
    analysis: AnalysisArgs,

    /// Format of the differences
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output<Markdown>,

    /// Exit with status 2 if something differs, and 1 if that is not known
    #[arg(long)]
    exit_code: bool,
}

/// What is compared.
enum Side {
    World(WorldSource),
    Subject(OneOf),
}

/// Where a world is.
enum WorldSource {
    Path(PathBuf),
    Context(String),
}

/// What came of it.
struct Found {
    differs: bool,
    unread: Vec<Unseen>,
}

/// Somebody in a world.
enum OneOf {
    Subject(Subject),
    Arn(Arn),
}

/// Runs `diff`.
pub(crate) fn run(args: &DiffArgs, global: &Global, process: &Process) -> CommandResult {
    let found = match (side(&args.a)?, side(&args.b)?) {
        (Side::World(before), Side::World(after)) => worlds(args, [&before, &after], global, process)?,
        (Side::Subject(first), Side::Subject(second)) => subjects(args, [&first, &second], global, process)?,
        (Side::World(_), Side::Subject(_)) | (Side::Subject(_), Side::World(_)) => {
            let (a, b) = (args.a.display(), args.b.display());
            let why = format!(
                "{a} and {b} are not of the same kind: compare two clusters or files, or two subjects \
                 of one cluster (named by `--context` or `--from`)"
            );
            return Err(anyhow::anyhow!(why).into());
        }
    };
    match found {
        _ if !args.exit_code => Ok(()),
        Found { differs: true, .. } => Err(Failure::Differs),
        Found { unread, .. } => only_if_read(&unread, "something differs"),
    }
}

/// What was typed. Nothing is guessed: what begins with none of the words is a path, and it must exist.
fn side(typed: &OsString) -> anyhow::Result<Side> {
    let text = typed.to_str().unwrap_or_default();
    let somebody = |subject| Ok(Side::Subject(OneOf::Subject(subject)));
    match text.split_once(':') {
        Some(("context" | "user" | "group", "")) => anyhow::bail!("{text} needs a name after the colon"),
        Some(("context", name)) => return Ok(Side::World(WorldSource::Context(name.to_owned()))),
        Some(("user", name)) => return somebody(Subject::User(name.into())),
        Some(("group", name)) => return somebody(Subject::Group(name.into())),
        Some(("arn", _)) => {
            let arn = text.parse().with_context(|| format!("{text} is not an ARN"))?;
            return Ok(Side::Subject(OneOf::Arn(arn)));
        }
        Some(_) | None => {}
    }
    let path = Path::new(typed);
    anyhow::ensure!(
        text == "-" || path.exists(),
        "{}: no such file or folder; give a path, context:NAME, user:NAME, group:NAME or an ARN (and ./user:NAME \
         for a file of that name)",
        path.display()
    );
    Ok(Side::World(WorldSource::Path(path.to_owned())))
}

fn worlds(args: &DiffArgs, places: [&WorldSource; 2], global: &Global, process: &Process) -> Result<Found, Failure> {
    if args.analysis.names_a_world() || global.config.is_some() {
        let why = "--from, --context and --config are for comparing two subjects; two clusters or files are named \
                   by A and B alone (context:NAME)";
        return Err(anyhow::anyhow!(why).into());
    }
    if places.iter().all(|place| matches!(place, WorldSource::Path(_))) && args.analysis.names_kubeconfig() {
        let why = "--kubeconfig is for contexts, and both sides are files; leave it out, or name a context:NAME";
        return Err(anyhow::anyhow!(why).into());
    }
    if places.iter().all(|place| matches!(place, WorldSource::Path(path) if path.as_os_str() == "-")) {
        return Err(anyhow::anyhow!("only one of the two sides can be stdin").into());
    }
    let look = |place: &WorldSource| match place {
        WorldSource::Path(path) => args.analysis.look_at_path(path, global),
        WorldSource::Context(name) => args.analysis.look_at_context(name, global, process),
    };
    let [mut before, mut after] = [look(places[0])?, look(places[1])?];
    // What changes one of both is of use.
    say_idle(before.world.idle().iter().filter(|flag| after.world.idle().contains(flag)));
    let names = places.map(WorldSource::in_words);
    for (seen, name) in [(&before, &names[0]), (&after, &names[1])] {
        comparable(&seen.world, name, true)?;
    }
    let lacking = not_given([&before.world, &after.world]);
    let say = |of_logins: bool| {
        for one in lacking.iter().filter(|one| one.is_of_logins == of_logins) {
            let Unseen { what, why, .. } = &one.gap;
            process::note(&format!("{}: {what}: {why}", names[one.side]));
        }
    };
    if lacking.iter().any(|one| !one.is_of_logins) {
        say(false);
        let why = "nothing was compared: what was given for one side only would count as lost or gained";
        return Err(anyhow::anyhow!(why).into());
    }
    // Kubernetes installs bindings of its own, which nobody writes into manifests.
    let of_pieces = match [before.world.is_whole(), after.world.is_whole()] {
        [true, false] => Some((take_built_in(&mut after.world, &before.world), [&names[1], &names[0]])),
        [false, true] => Some((take_built_in(&mut before.world, &after.world), [&names[0], &names[1]])),
        [true, true] | [false, false] => None,
    };
    if let Some((taken @ 1.., [pieces, whole])) = of_pieces {
        process::note(&format!(
            "note: {pieces} is not of a whole cluster; the bindings that Kubernetes installs itself ({taken}) count as in {whole}"
        ));
    }
    let difference = Difference::between(&before.world, &after.world);
    let names = [&*names[0], &*names[1]];
    args.output.print(|| difference.report(names), &difference.out(names))?;
    if !difference.not_given.is_empty() {
        say(true);
        let why = "people were not compared: mappings that were given for one side only would count as lost or gained";
        return Err(anyhow::anyhow!(why).into());
    }
    let unread = [before.world.unread(), after.world.unread()].concat();
    Ok(Found { differs: !difference.is_empty(), unread })
}

fn subjects(args: &DiffArgs, both: [&OneOf; 2], global: &Global, process: &Process) -> Result<Found, Failure> {
    args.analysis.ensure_default_namespace_is_for_files()?;
    let Analysis { world, context, .. } = args.analysis.look(&[], global, process)?;
    let of_logins = both.iter().any(|one| matches!(one, OneOf::Arn(_)));
    comparable(&world, &args.analysis.sources(context.as_deref()), of_logins)?;
    let [first, second] = [asked(&world, both[0])?, asked(&world, both[1])?];
    let contrast = Contrast::between(&world, &first, &second);
    args.output.print(|| contrast.report(), &contrast.out())?;
    // Of whom it is not known whether they log in, nothing was compared.
    let unknown = contrast.unseen_logins();
    Ok(Found { differs: !contrast.is_empty() && unknown.is_empty(), unread: [world.unread(), &unknown].concat() })
}

/// What could not be read would count as absent: half of two is not compared.
fn comparable(world: &World, name: &str, of_logins: bool) -> anyhow::Result<()> {
    let matters =
        |gap: &&Unseen| gap.is_of(&ObjectKind::OF_RBAC) || (of_logins && !gap.is_of(&[ObjectKind::Namespaces]));
    if world.is_blank() {
        say_gaps(world.unread());
        anyhow::bail!(
            "nothing was compared: nothing of {name} could be read, and what was not read would count as absent"
        );
    }
    let unlisted: Vec<&Unseen> = world.unlisted().iter().filter(matters).collect();
    for Unseen { what, why, .. } in &unlisted {
        process::note(&format!("{name}: {what}: {why}"));
    }
    anyhow::ensure!(
        unlisted.is_empty(),
        "nothing was compared: in {name} not everything could be read, and what was not read would count as absent"
    );
    Ok(())
}

fn asked(world: &World, one: &OneOf) -> anyhow::Result<DiffSubject> {
    match one {
        OneOf::Subject(subject) => Ok(DiffSubject::Subject(subject.clone())),
        OneOf::Arn(arn) => {
            let asked = DiffSubject::of_arn(world, arn)
                .with_context(|| format!("{arn} cannot log in: name an IAM user, a role, or a session of a role"))?;
            if let DiffSubject::Principal(principal) = &asked {
                determined(world, principal)?;
            }
            Ok(asked)
        }
    }
}

impl WorldSource {
    fn in_words(&self) -> String {
        match self {
            Self::Path(path) if path.as_os_str() == "-" => "stdin".to_owned(),
            Self::Path(path) => path.display().to_string(),
            Self::Context(name) => format!("context {name}"),
        }
    }
}

impl Output<Markdown> {
    fn print(self, report: impl FnOnce() -> Vec<Section>, value: &impl serde::Serialize) -> anyhow::Result<()> {
        match self {
            Self::Text => process::print_styled(&styled(&text_of(&report()))),
            Self::Further(Markdown) => process::print(&markdown_of(&report())),
            Self::Data(data) => data.print(value),
        }
    }
}
