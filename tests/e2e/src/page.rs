//! Pages of the documentation whose commands are run and whose outputs are theirs.
//!
//! A comment with a file's name in front of a block says that it is that file; the lines of a `console` block that begin
//! with `$` are commands, and what follows each is what it prints. The commands of an `sh` block print what they like, and
//! must succeed. `<!-- run first: COMMAND -->` is not shown to readers, and `<!-- meanwhile: WHAT -->` is something that
//! happens at this point beside the commands.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use pages::{Block, Page, Table};

use crate::typed;

/// Whoever follows a page.
pub trait Reader {
    /// What a command prints on a terminal, both streams.
    fn types(&mut self, command: &str) -> anyhow::Result<String> {
        anyhow::bail!("whoever follows this page does not know what {command:?} prints")
    }

    /// Types a command of an `sh` block, which must succeed.
    fn runs(&mut self, command: &str) -> anyhow::Result<()> {
        anyhow::bail!("whoever follows this page does not know how to type {command:?}")
    }

    /// What a page says happens beside the commands.
    fn meanwhile(&mut self, what: &str) -> anyhow::Result<()> {
        anyhow::bail!("nothing is known about {what:?}")
    }
}

/// Follows a page from top to bottom in a folder; what it shows must be what happens.
pub fn follow(page: &str, folder: &Path, reader: &mut impl Reader) -> anyhow::Result<()> {
    let page = Page::read(page)?;
    let (text, blocks, table) = (&page.text, page.blocks(), Table::read()?);
    let mut shown = String::new();
    let (mut file, mut in_console, mut digest) = (None, false, String::new());
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if in_console && line != "```" {
            let Some(command) = line.strip_prefix("$ ") else { continue };
            let output = reader.types(&command.replace("DIGEST", &digest))?;
            typed::note(command);
            // The API server's warnings come in log lines of Helm's, with times and numbers of processes.
            let output: String = output.split_inclusive('\n').filter(|line| !line.contains(" warnings.go:")).collect();
            let next = |line: &str| line.trim().to_owned();
            digest = output.lines().skip_while(|line| !line.starts_with("Digest")).nth(1).map_or(digest, next);
            shown.push_str(&format!("{line}\n{}", output.trim_start_matches('\n')));
            if !shown.ends_with('\n') {
                shown.push('\n');
            }
            continue;
        }
        in_console = line == "```console";
        if line.trim_start() == "```sh" && file.is_none() {
            let block = blocks.iter().find(|block| block.line == at + 1).context("a block begins here")?;
            run(block, &table, reader).with_context(|| format!("{}:{}", page.path, at + 1))?;
        }
        shown.push_str(&format!("{line}\n"));
        if let Some(comment) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            match comment.split_once(": ") {
                Some(("run first", command)) => drop(reader.types(command)?),
                Some(("meanwhile", what)) => reader.meanwhile(what)?,
                _ => file = Some(comment),
            }
        } else if let Some(name) = file.take_if(|_| line.starts_with("```")) {
            let content: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let content = content.join("\n") + "\n";
            fs::write(folder.join(name), &content)?;
            shown.push_str(&format!("{content}```\n"));
        }
    }
    let steady = |text: &str| text.lines().map(|line| steady(line) + "\n").collect::<String>();
    let (text, shown) = (steady(text), steady(&shown));
    let first = text.lines().zip(shown.lines()).find(|(text, shown)| text != shown);
    ensure!(text == shown, "{} shows something else, first at {first:?}; it is now:\n{shown}", page.path);
    typed::note(&page.path);
    Ok(())
}

/// Types what else the table says that this test types: what pages say in running text.
pub fn besides(reader: &mut impl Reader) -> anyhow::Result<()> {
    for command in typed::left()? {
        reader.runs(&command).with_context(|| command.clone())?;
        typed::note(&command);
    }
    Ok(())
}

/// Types what no other test types of a block.
fn run(block: &Block<'_>, table: &Table, reader: &mut impl Reader) -> anyhow::Result<()> {
    let test = typed::test();
    for command in block.commands().iter().filter(|command| !table.is_of_others(&test, &command.text)) {
        reader.runs(&command.text).with_context(|| command.text.clone())?;
        typed::note(&command.text);
    }
    Ok(())
}

/// The time of day is another one at every run.
fn steady(line: &str) -> String {
    if line.starts_with("LAST DEPLOYED: ") {
        return "LAST DEPLOYED: Wed Nov 25 14:07:00 2026".to_owned();
    }
    match line.split_once("everywhere by ") {
        Some((before, after)) => format!("{before}everywhere by 14:07{}", after.get(5..).unwrap_or_default()),
        None => line.to_owned(),
    }
}
