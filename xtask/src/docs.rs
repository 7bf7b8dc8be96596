//! `cargo xtask docs`: the pages of docs/ that come from code.

mod access_file;
mod chart;
mod lint;
mod log;
mod plan;
mod reference;

use std::fs;

use crate::run;

/// Flags of `docs`.
#[derive(clap::Args)]
pub(crate) struct DocsArgs {
    /// Only say whether they are up to date
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes or checks them.
pub(crate) fn docs(args: &DocsArgs) -> anyhow::Result<()> {
    let schema = format!("{:#}\n", access::schema());
    let reference = reference::Reference::ask()?;
    let pages = [
        ("docs/denials.md", denials()),
        ("docs/access-file.md", access_file::page()),
        ("docs/access-problems.md", access_file::problems()),
        ("docs/access-file.schema.json", schema),
        ("docs/plan.md", plan::page()),
        ("chart/cluster-auth/Chart.yaml", chart::chart()),
        ("chart/cluster-auth/values.yaml", chart::values()),
        ("chart/cluster-auth/values.schema.json", format!("{:#}\n", access::values_schema())),
        ("chart/cluster-auth/README.md", chart::readme()),
        ("docs/lint.md", lint::page()),
        ("docs/commands.md", reference.commands()),
        ("docs/metrics.md", reference.metrics()?),
    ];
    for (name, page) in pages {
        let path = run::root().join(name);
        if !args.check {
            fs::write(path, page)?;
            continue;
        }
        let up_to_date = fs::read_to_string(&path).is_ok_and(|text| text == page);
        anyhow::ensure!(up_to_date, "{name} is out of date: run `cargo xtask docs`");
    }
    Ok(())
}

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask docs` from the code; changes here are lost. -->
# Unauthorized: why a login is refused

Kubernetes tells a caller nothing but `Unauthorized`, by design. The reason stands in the server's log (`code`), in the metric
`cluster_auth_decisions_total{code=\"…\"}`, and here. Codes are stable: alerts and scripts may name them.

- `token.…` – found by the server, nothing was sent to AWS.
- `sts.…` – said by AWS.
- `mapping.…` – AWS confirmed who the caller is; the configuration does not let them in.
- `upstream.…` and `server.…` – no denial at all: there was no answer. The API server tries again by itself (not after `server.not-loaded`).

The API server remembers none of these: whoever comes again, with the same token or another, is asked about again. A server with
[`--deny-with-200`](server.md#denials-that-are-not-failures) has it remember denials.

To see the reason by hand: `cluster-auth token -i CLUSTER --token-only | cluster-auth verify -i CLUSTER`. The administrator sees it without the
caller's credentials: `cluster-auth explain ARN` goes every step from the ARN to the rights, names the nearest mapping and says what to write where
([explain.md](explain.md)). `cluster-auth explain CODE` prints what stands here.
";

fn denials() -> String {
    let mut page = INTRODUCTION.to_owned();
    for visibility::explain::Code { code, summary, meaning, fix, .. } in visibility::explain::codes() {
        page.push_str(&format!("\n## `{code}`\n\n{}.\n{meaning}\n\n**What to do:** {fix}\n", capitalised(summary)));
    }
    page
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
