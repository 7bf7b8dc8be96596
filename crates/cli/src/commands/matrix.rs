//! `matrix`: everybody × every place, or everything about one of them.

use clap::{Args, builder::PossibleValue};
use inventory::{ObjectKind, Unseen};
use visibility::{
    matrix,
    matrix::{
        By, Matrix, MatrixResource, Options, Person, Whose,
        print::{Heading, MatrixOut, PersonOut, html, markdown, person_html, person_markdown, person_text, text},
    },
    print,
};

use crate::{
    exit::CommandResult,
    global::Global,
    names,
    process::{self, Process},
    shared::{
        analysis::{Analysis, AnalysisArgs, determined, say_gaps, say_notes},
        output::{Further, Output},
        terminal::styled,
    },
};

/// Flags of `matrix`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  cluster-auth matrix
  cluster-auth matrix -n 'team-*' --who group:developers
  cluster-auth matrix --resource pods,secrets,pods/exec
  cluster-auth matrix arn:aws:iam::111122223333:user/alice
  cluster-auth matrix --from access.yaml --from cluster.json -o html > all.html")]
pub(crate) struct MatrixArgs {
    /// Show one principal, with the grant behind each permission: an ARN, or a Kubernetes name as `user:NAME` or `group:NAME`
    #[arg(value_name = "ARN|user:NAME|group:NAME")]
    whose: Option<Whose>,

    /// Show one row for each of these: people who log in, groups, or subjects (every subject of a binding, service accounts included)
    #[arg(long, value_name = "WHAT", default_value = "people", conflicts_with = "whose")]
    by: ByArg,

    /// Show only these namespaces, by name or glob; separated by commas, repeatable
    #[arg(short, long = "namespace", value_name = "NAME", value_delimiter = ',', value_parser = names::namespace_or_glob)]
    namespaces: Vec<String>,

    /// Show only rows that match this name, username, ARN, user:NAME or group:NAME (with its members); globs allowed, repeatable
    #[arg(long, value_name = "WHO", conflicts_with = "whose")]
    who: Vec<String>,

    /// Show verbs on these resources instead of access levels, such as pods,deployments.apps,pods/exec
    #[arg(long = "resource", value_name = "RESOURCE", value_delimiter = ',', conflicts_with = "whose")]
    resources: Vec<String>,

    #[command(flatten)]
    analysis: AnalysisArgs,

    /// Format of the matrix; html is one self-contained file
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Output<Page>,
}

/// `--by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ByArg {
    /// Everybody who logs in.
    People,
    /// Groups.
    Groups,
    /// Everything that bindings name.
    Subjects,
}

/// What is made to be read elsewhere.
#[derive(Clone, Copy, Debug)]
enum Page {
    Markdown,
    Html,
}

impl Further for Page {
    const ALL: &'static [Output<Self>] =
        &[Output::Text, Output::JSON, Output::YAML, Output::Further(Self::Markdown), Output::Further(Self::Html)];

    fn value(self) -> PossibleValue {
        match self {
            Self::Markdown => PossibleValue::new("markdown").help("For pull requests"),
            Self::Html => PossibleValue::new("html").help("For reports: one self-contained file"),
        }
    }
}

/// Runs `matrix`.
pub(crate) fn run(args: &MatrixArgs, global: &Global, process: &Process) -> CommandResult {
    let exact: Vec<String> = args.namespaces.iter().filter(|glob| !glob.contains('*')).cloned().collect();
    let Analysis { world, resources, context, .. } = args.analysis.look(&exact, global, process)?;
    let mut asked = Vec::new();
    for text in &args.resources {
        let (resource, notes) = MatrixResource::parse(&resources, text).map_err(anyhow::Error::from)?;
        for note in &notes {
            process::note(&format!("note: {note}"));
        }
        asked.push(resource);
    }
    let by = match args.by {
        ByArg::People => By::People,
        ByArg::Groups => By::Groups,
        ByArg::Subjects => By::Subjects,
    };
    let options = Options { by, namespaces: args.namespaces.clone(), who: args.who.clone(), resources: asked };
    let source = args.analysis.sources(context.as_deref());
    let cluster = world.cluster_id().or(context.as_deref()).unwrap_or(&source);
    let heading = Heading { cluster, source: &source, now: process::now() };
    let is_asked = |name: &str| options.namespaces.iter().any(|glob| access::glob(glob, name));
    if !options.namespaces.is_empty() && !world.namespaces().any(is_asked) {
        let globs = options.namespaces.join(", ");
        if let Some(gap) = world.gaps().iter().find(|gap| gap.is_of(&[ObjectKind::Namespaces])) {
            let Unseen { what, why, .. } = gap;
            return Err(anyhow::anyhow!(
                "no known namespace matches --namespace {globs}, and others may: {what} could not be read: {why}"
            )
            .into());
        }
        return Err(anyhow::anyhow!("no namespace matches --namespace {globs}; leave it out to see all").into());
    }
    let is_known = !world.gaps().iter().any(|gap| gap.is_of(&[ObjectKind::Namespaces]));
    for glob in options.namespaces.iter().filter(|glob| !world.namespaces().any(|name| access::glob(glob, name))) {
        let namespace = if is_known { "no namespace" } else { "no known namespace" };
        process::note(&format!("note: {namespace} matches --namespace {glob}"));
    }
    let width = process::columns(process);
    let Some(whose) = &args.whose else {
        let matrix: Matrix<'_> = matrix(&world, &resources, &options);
        if matrix.rows.is_empty() {
            say_gaps(&matrix.gaps);
            let known = if matrix.gaps.is_empty() { "" } else { " in what could be read" };
            let who = args.who.join(", ");
            let nobody = format!("--who {who} matches no user or group{known}; leave it out to see everybody");
            return Err(anyhow::anyhow!(nobody).into());
        }
        match args.output {
            Output::Text => {
                process::print_styled(&styled(&text(&matrix, &heading, width)))?;
                say_notes(&world);
            }
            Output::Data(data) => data.print(&MatrixOut::new(&matrix, &heading))?,
            Output::Further(Page::Markdown) => process::print(&markdown(&matrix, &heading))?,
            Output::Further(Page::Html) => process::print(&html(&matrix, &heading))?,
        }
        return Ok(());
    };
    let person: Person<'_> = matrix::person(&world, &resources, &options, whose).map_err(|nobody| {
        let arn = nobody.arn();
        if let Err(undetermined) = determined(&world, &nobody) {
            return undetermined;
        }
        let why = nobody.login.as_ref().err().map(|refusal| refusal.code()).unwrap_or_default();
        let unseen: Vec<&str> =
            world.may_say_otherwise(&nobody.identity).into_iter().map(|place| &*place.gap.what).collect();
        if unseen.is_empty() {
            anyhow::anyhow!("{arn} cannot log in here [{why}]: `cluster-auth explain {arn}` says more")
        } else {
            let unseen = unseen.join(", ");
            anyhow::anyhow!(
                "it is not known whether {arn} can log in here, because this was not read: {unseen}; `cluster-auth explain {arn}` says more"
            )
        }
    })?;
    if let Whose::Subject(subject) = whose
        && !matrix::is_named(&world, subject)
    {
        process::note(&format!(
            "note: no binding and no mapping here names the {}; names are case-sensitive, and `cluster-auth \
             matrix --by subjects` lists those that are named",
            print::subject(subject)
        ));
    }
    match args.output {
        Output::Text => process::print_styled(&styled(&person_text(&person, &world, &heading, width)))?,
        Output::Data(data) => data.print(&PersonOut::new(&person, &world, &heading))?,
        Output::Further(Page::Markdown) => process::print(&person_markdown(&person, &world, &heading))?,
        Output::Further(Page::Html) => process::print(&person_html(&person, &world, &heading))?,
    }
    Ok(())
}
