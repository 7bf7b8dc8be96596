//! The table of who types what, and what is wrong with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::Context as _;
use serde::Deserialize;

use crate::{Block, Page, repository};

/// Where the table is.
pub const TABLE: &str = "tests/pages/commands.yaml";

/// The page that is written from the help, whose examples are typed as they stand there (`docs::help`).
const HELP: &str = "docs/commands.md";

/// What CI runs.
pub const CI: &str = ".ci/run";

/// Every command of the pages, by who types it in exactly that form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// By test: the pages whose blocks it follows from top to bottom.
    pub followed: BTreeMap<String, Vec<String>>,
    /// By test: what it types, of blocks that nobody follows and of running text.
    pub typed: BTreeMap<String, Vec<String>>,
    /// Commands that are only named, and would say that something is missing: [`Table::NAMES`] asks each program for its help.
    pub named: Vec<String>,
    /// By program: flags of other programs than ours, which running text names by themselves.
    pub flags: BTreeMap<String, Vec<String>>,
    /// What `.ci/run` types, as it is what runs the tests.
    pub ci: Vec<String>,
    /// What cannot be typed here.
    pub elsewhere: Vec<Elsewhere>,
}

/// Commands that cannot be run here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// What it would take.
    pub because: String,
    /// The commands.
    pub commands: Vec<String>,
}

impl Table {
    /// The test that asks each program whether it has the commands that are only named.
    pub const NAMES: &str = "docs::named_commands_exist";

    /// Reads the repository's own.
    pub fn read() -> anyhow::Result<Self> {
        let text = fs::read_to_string(repository().join(TABLE)).context(TABLE)?;
        serde_saphyr::from_str(&text).context(TABLE)
    }

    /// Flags of programs that say which ones they have, each with its program. xtask's are held by its own tests, the AWS CLI's
    /// are typed at it by `eks::`, and the compiler is given its own by every release.
    pub fn foreign_flags(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_other_tests =
            |program: &str| ["cargo xtask", "aws eks", "rustc"].iter().any(|of| program.starts_with(of));
        let foreign = self.flags.iter().filter(move |(program, _)| !of_other_tests(program));
        foreign.flat_map(|(program, flags)| flags.iter().map(|flag| (program.as_str(), flag.as_str())))
    }

    /// Whether a test that follows a page passes over a command of a block: another one types it, or nobody can.
    pub fn is_of_others(&self, test: &str, command: &str) -> bool {
        let others = self.typed.iter().filter(|(name, _)| *name != test).flat_map(|(_, commands)| commands);
        others
            .map(|other| other.trim_end())
            .chain(self.all_ci())
            .chain(self.all_elsewhere())
            .any(|other| other == command)
    }

    /// What a test has not typed although it is said to, once it is done.
    pub fn unfulfilled(&self, test: &str, done: &BTreeSet<String>) -> Vec<String> {
        let of = |map: &BTreeMap<String, Vec<String>>| map.get(test).cloned().unwrap_or_default();
        let mut named = if test == Self::NAMES { self.named.clone() } else { Vec::new() };
        if test == Self::NAMES {
            named.extend(self.foreign_flags().map(|(program, flag)| format!("{program} {flag}")));
        }
        let due = of(&self.followed).into_iter().chain(of(&self.typed)).chain(named);
        due.filter(|due| !done.contains(due)).collect()
    }

    /// Everything that does not fit together, each with its place and what to do; `ci` is the script that CI runs.
    pub fn problems(&self, pages: &[Page], tests: &BTreeSet<String>, ci: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let names = self.followed.keys().chain(self.typed.keys());
        problems.extend(
            names.filter(|name| !tests.contains(*name)).map(|name| format!("{TABLE}: there is no test {name}")),
        );
        let paths: BTreeSet<&str> = pages.iter().map(|page| &*page.path).collect();
        let followed: BTreeSet<&str> = self.followed.values().flatten().map(String::as_str).collect();
        problems.extend(followed.difference(&paths).map(|page| format!("{TABLE}: there is no page {page}")));

        let mut rows = BTreeMap::<&str, usize>::new();
        for row in self.all_typed().chain(self.all_named()).chain(self.all_ci()).chain(self.all_elsewhere()) {
            *rows.entry(row).or_default() += 1;
        }
        problems.extend(rows.iter().filter(|(_, times)| **times > 1).map(|(row, _)| format!("{TABLE}: twice: {row}")));
        let absent = self.all_ci().filter(|row| !ci.lines().any(|line| line == *row));
        problems.extend(absent.map(|row| format!("{TABLE}: {CI} has no such line: {row}")));
        problems.extend(
            self.elsewhere
                .iter()
                .filter(|elsewhere| elsewhere.because.trim().is_empty())
                .map(|elsewhere| format!("{TABLE}: why can it not be run here? {}", elsewhere.commands.join(", "))),
        );
        for name in self.all_named().filter(|name| !is_name(name)) {
            problems.push(format!("{TABLE}: more than the name of a command; a test has to type it: {name}"));
        }

        let is_followed = |page: &Page| followed.contains(&*page.path);
        let shown: BTreeSet<String> = pages.iter().filter(|page| is_followed(page)).flat_map(in_blocks).collect();
        let mut seen = BTreeSet::new();
        for page in pages {
            for command in page.commands() {
                let place = format!("{}:{}", page.path, command.line);
                if !command.is_known() {
                    problems.push(format!(
                        "{place}: add its program to PROGRAMS of tests/pages/src/markdown.rs: {}",
                        command.text
                    ));
                }
                // What one page names in running text, another one may have in a block.
                if page.path != HELP && !shown.contains(&command.text) && !rows.contains_key(&*command.text) {
                    problems.push(format!(
                        "{place}: no test types this, see CONTRIBUTING.md, A command in the documentation: {}",
                        command.text
                    ));
                }
                seen.insert(command.text);
            }
        }
        let flags: BTreeSet<String> = pages.iter().flat_map(Page::flags).map(|(_, flag)| flag).collect();
        let stale = self.flags.values().flatten().filter(|flag| !flags.contains(*flag));
        problems.extend(stale.map(|flag| format!("{TABLE}: no page names this flag any more: {flag}")));
        let stale = rows.keys().filter(|row| !seen.contains(**row));
        problems.extend(stale.map(|row| format!("{TABLE}: no page has it in this form any more: {row}")));
        problems
    }

    fn all_typed(&self) -> impl Iterator<Item = &str> {
        self.typed.values().flatten().map(|command| command.trim_end())
    }

    fn all_named(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(String::as_str)
    }

    fn all_ci(&self) -> impl Iterator<Item = &str> {
        self.ci.iter().map(String::as_str)
    }

    fn all_elsewhere(&self) -> impl Iterator<Item = &str> {
        self.elsewhere.iter().flat_map(|elsewhere| &elsewhere.commands).map(|command| command.trim_end())
    }
}

/// What a page has in blocks.
fn in_blocks(page: &Page) -> impl Iterator<Item = String> {
    page.blocks().iter().flat_map(Block::commands).map(|command| command.text).collect::<Vec<_>>().into_iter()
}

/// A program, words in small letters, and flags without their values.
fn is_name(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let mut flags = text.split(' ').skip_while(|word| !word.starts_with('-'));
    text.split(' ').all(|word| !word.is_empty() && word.chars().all(is_plain))
        && flags.all(|word| word.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Table;
    use crate::Page;

    const FOLLOWED: &str =
        "```sh\ncluster-auth check\ncrictl stop\n```\n\nThen `cluster-auth plan` or `kubectl get pods -n shop`.\n";
    const OTHER: &str = "See `cluster-auth check`; `cluster-auth server` says more, `cargo xtask test` all.\n\n```console\n$ helm list   # all\n```\n";
    const TABLE: &str = "
followed:
  pages::one: [docs/one.md]
typed:
  helm::lists:
  - helm list
  pages::one:
  - cluster-auth plan
  - kubectl get pods -n shop
named: [cluster-auth server]
ci: [cargo xtask test]
elsewhere:
- because: nobody has a container runtime here
  commands: [crictl stop]
";

    fn pages() -> Vec<Page> {
        let page = |path: &str, text: &str| Page { path: path.to_owned(), text: text.to_owned() };
        vec![page("docs/one.md", FOLLOWED), page("docs/two.md", OTHER)]
    }

    fn problems(table: &str, pages: &[Page]) -> Vec<String> {
        let tests = ["helm::lists", "pages::one"].map(str::to_owned);
        let table: Table = serde_saphyr::from_str(table).expect("a table");
        table.problems(pages, &BTreeSet::from(tests), "set -e\ncargo xtask test\n")
    }

    #[test]
    fn every_command_has_its_row_and_every_row_its_command() {
        assert_eq!(problems(TABLE, &pages()), [""; 0]);
        let table = "tests/pages/commands.yaml";
        let rows = [
            (("helm list", "helm ls"), vec![
                "docs/two.md:4: no test types this, see CONTRIBUTING.md, A command in the documentation: helm list".to_owned(),
                format!("{table}: no page has it in this form any more: helm ls"),
            ]),
            (("  helm::lists", "  helm::gone"), vec![format!("{table}: there is no test helm::gone")]),
            (("docs/one.md", "docs/none.md"), vec![
                format!("{table}: there is no page docs/none.md"),
                "docs/one.md:2: no test types this, see CONTRIBUTING.md, A command in the documentation: cluster-auth check"
                    .to_owned(),
                "docs/two.md:1: no test types this, see CONTRIBUTING.md, A command in the documentation: cluster-auth check"
                    .to_owned(),
            ]),
            (("[cluster-auth server]", "[cluster-auth server, crictl stop]"), vec![format!("{table}: twice: crictl stop")]),
            (("nobody has a container runtime here", "''"), vec![format!("{table}: why can it not be run here? crictl stop")]),
            (("  - kubectl get pods -n shop\nnamed: [", "named: [kubectl get pods -n shop, "), vec![
                format!("{table}: more than the name of a command; a test has to type it: kubectl get pods -n shop"),
            ]),
            (("ci: [cargo xtask test]\n", "ci: [cargo xtask test, helm list]\n"), vec![
                format!("{table}: twice: helm list"),
                format!("{table}: .ci/run has no such line: helm list"),
            ]),
        ];
        for ((from, to), expected) in rows {
            assert_eq!(problems(&TABLE.replace(from, to), &pages()), expected, "{to}");
        }
        let unknown = Page { path: "docs/x.md".to_owned(), text: "```sh\nfrobnicate now\n```\n".to_owned() };
        let said = problems(TABLE, &[pages(), vec![unknown]].concat());
        assert!(said[0].starts_with("docs/x.md:2: add its program to PROGRAMS"), "{said:?}");
    }

    #[test]
    fn a_test_has_to_type_what_its_row_says() {
        let table: Table = serde_saphyr::from_str(TABLE).expect("a table");
        let done = |commands: &[&str]| commands.iter().map(|command| (*command).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(table.unfulfilled("helm::lists", &done(&["helm ls"])), ["helm list"]);
        let all = ["docs/one.md", "cluster-auth plan", "kubectl get pods -n shop"];
        assert_eq!(table.unfulfilled("pages::one", &done(&all)), [""; 0]);
        assert_eq!(table.unfulfilled("pages::one", &done(&[])), all);
        assert_eq!(table.unfulfilled(Table::NAMES, &done(&[])), ["cluster-auth server"]);
        assert!(table.is_of_others("pages::one", "helm list") && !table.is_of_others("helm::lists", "helm list"));
        assert!(["crictl stop", "cargo xtask test"].iter().all(|command| table.is_of_others("pages::one", command)));
    }
}
