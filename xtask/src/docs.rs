//! `cargo xtask docs`: the pages of docs/ that come from code.

mod access_file;
mod chart;
mod lint;
mod plan;

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
# Why a login is refused

Kubernetes tells a caller nothing but `Unauthorized`, by design. The reason stands in the server's log (`code`), in the metric
`cluster_auth_decisions_total{code=\"…\"}`, and here. Codes are stable: alerts and scripts may name them.

- `token.…` – found by the server, nothing was sent to AWS.
- `sts.…` – said by AWS.
- `mapping.…` – AWS confirmed who the caller is; the configuration does not let them in.
- `upstream.…` and `server.…` – no denial at all: there was no answer. The API server tries again by itself and remembers nothing.

To see the reason by hand: `cluster-auth token -i CLUSTER --token-only | cluster-auth verify -i CLUSTER`.
";

fn denials() -> String {
    let of_token = token::catalogue().map(|entry| (entry.code, entry.summary, entry.meaning, entry.fix));
    let of_mapping = mapping::catalogue().map(|entry| (entry.code, entry.summary, entry.meaning, entry.fix));
    let of_server = [
        (
            "upstream.circuit-open",
            "STS is left alone for a moment",
            "An STS endpoint failed ten times in a row; one question every two seconds finds out whether it is back.",
            "Nothing; look at what the failures before it say.",
        ),
        (
            "upstream.ec2",
            "EC2 could not be asked for a private DNS name",
            "A mapping uses {{EC2PrivateDNSName}}, and EC2 gave no answer. The line before this one says why.",
            "Check the server's AWS credentials, its Region, and the permission ec2:DescribeInstances.",
        ),
        (
            "server.overloaded",
            "too many reviews at once",
            "More reviews are under way than the server takes at once, so that those under way are answered in time.",
            "Find out who floods the API server with tokens.",
        ),
        (
            "server.not-loaded",
            "no mapping has been loaded yet",
            "The server has just started.",
            "Nothing; if it stays, /readyz says why.",
        ),
    ];
    let mut page = INTRODUCTION.to_owned();
    for (code, summary, meaning, fix) in of_token.chain(of_mapping).chain(of_server) {
        page.push_str(&format!("\n## `{code}`\n\n{}.\n{meaning}\n\n**What to do:** {fix}\n", capitalised(summary)));
    }
    page
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
