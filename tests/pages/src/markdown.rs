//! Blocks and commands of a page.

use crate::Page;

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The line of its fence, from 1.
    pub line: usize,
    /// The word behind the fence: `sh`, `console`, `yaml`.
    pub language: &'a str,
    /// What is in it.
    pub lines: Vec<&'a str>,
}

/// Something that people are told to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its line, from 1.
    pub line: usize,
    /// The text without its comment; a loop has several lines.
    pub text: String,
    /// Whether it stands in a block; otherwise it is in running text.
    pub in_block: bool,
}

/// Programs whose names begin a command of running text. One that a block begins with must be among them.
const PROGRAMS: [&str; 48] = [
    "aws",
    "aws-iam-authenticator",
    "brew",
    "cargo",
    "cat",
    "cd",
    "chmod",
    "chown",
    "cluster-auth",
    "cp",
    "crictl",
    "curl",
    "date",
    "docker",
    "eksctl",
    "export",
    "for",
    "gh",
    "git",
    "go",
    "grep",
    "helm",
    "install",
    "jq",
    "k3s",
    "kill",
    "kops",
    "kube-apiserver",
    "kubeadm",
    "kubectl",
    "ln",
    "minisign",
    "mkdir",
    "mv",
    "n=0",
    "openssl",
    "sed",
    "sha256sum",
    "skopeo",
    "source",
    "sudo",
    "systemctl",
    "tar",
    "terraform",
    "time",
    "tofu",
    "useradd",
    "apt-get",
];

impl Page {
    /// Its fenced blocks.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut open: Option<Block<'_>> = None;
        // How far the block stands in a list.
        let mut indent = 0;
        for (at, line) in self.text.lines().enumerate() {
            match (fence(line), &mut open) {
                (Some(language), None) => {
                    indent = line.len() - line.trim_start().len();
                    open = Some(Block { line: at + 1, language, lines: Vec::new() });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.lines.push(line.get(indent..).unwrap_or_default()),
                (None, None) => {}
            }
        }
        blocks
    }

    /// Everything that it tells people to type, from top to bottom: `sh` and `console` blocks, and code of running text that
    /// begins with a program's name and goes on.
    pub fn commands(&self) -> Vec<Command> {
        let mut commands: Vec<Command> = self.blocks().iter().flat_map(Block::commands).collect();
        for (line, text) in self.running_text() {
            let found = code(text).filter(|text| is_command(text)).map(|text| bare(text).to_owned());
            commands.extend(found.map(|text| Command { line, text, in_block: false }));
        }
        commands.sort_by_key(|command| command.line);
        commands
    }
}

impl Page {
    /// Flags that running text names by themselves, each with its line: `--from`, `--by groups`.
    pub fn flags(&self) -> Vec<(usize, String)> {
        let is_flag = |text: &&str| {
            let rest = text.strip_prefix('-');
            rest.is_some_and(|rest| rest.starts_with(|first: char| first == '-' || first.is_alphabetic()))
        };
        let mut flags = Vec::new();
        for (line, text) in self.running_text() {
            flags.extend(code(text).filter(is_flag).map(|text| (line, text.to_owned())));
        }
        flags
    }

    /// Its lines that are in no block and no comment, each with its number.
    pub(crate) fn running_text(&self) -> Vec<(usize, &str)> {
        let mut in_block = false;
        let mut lines = Vec::new();
        for (at, line) in self.text.lines().enumerate() {
            if fence(line).is_some() {
                in_block = !in_block;
            } else if !in_block && !line.starts_with("<!--") {
                lines.push((at + 1, line));
            }
        }
        lines
    }
}

/// What stands behind a fence.
fn fence(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("```")
}

impl Block<'_> {
    /// What is typed in it: each line of `sh`, with loops as one; what stands behind `$` in `console`.
    pub fn commands(&self) -> Vec<Command> {
        let mut commands: Vec<Command> = Vec::new();
        // How many loops are open.
        let mut depth = 0;
        for (at, line) in self.lines.iter().enumerate() {
            let typed = match self.language {
                "sh" => *line,
                "console" => match line.strip_prefix("$ ") {
                    Some(typed) => typed,
                    None => continue,
                },
                _ => continue,
            };
            let text = bare(typed);
            let word = text.split_whitespace().next().unwrap_or_default();
            match commands.last_mut().filter(|_| depth > 0) {
                Some(loops) => loops.text.push_str(&format!("\n{}", bare_end(typed))),
                None if text.is_empty() => continue,
                None => commands.push(Command { line: self.line + 1 + at, text: text.to_owned(), in_block: true }),
            }
            depth += usize::from(["for", "while", "if"].contains(&word));
            depth -= usize::from(["done", "fi"].contains(&word) && depth > 0);
        }
        commands
    }
}

impl Command {
    /// Whether its first word is a program that running text is searched for.
    pub(crate) fn is_known(&self) -> bool {
        PROGRAMS.contains(&self.text.split(' ').next().unwrap_or_default())
    }
}

fn is_command(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(program, _)| PROGRAMS.contains(&program))
}

/// What stands between backticks on a line.
fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// A line as it is typed, without the comment behind it.
pub fn bare(line: &str) -> &str {
    bare_end(line).trim_start()
}

fn bare_end(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '#') if before == ' ' => return line[..at].trim_end(),
            _ => {}
        }
        before = character;
    }
    line.trim_end()
}

#[cfg(test)]
mod tests {
    use super::bare;
    use crate::Page;

    #[test]
    fn a_page_says_what_to_type_in_blocks_and_in_running_text() {
        let text = "# `cluster-auth`\n\
             \n\
             Type `cluster-auth check a.yaml` or `kubectl get pods`; `access.yaml` and `system:masters` are not commands.\n\
             \n\
             ```sh\n\
             cluster-auth check        # everything\n\
             \n\
             for name in a b; do\n  \
               echo \"# $name\"   # why\n\
             done\n\
             export A=b\n\
             ```\n\
             \n\
             ```console\n\
             $ cluster-auth plan | grep '#'\n\
             cluster-auth says something\n\
             ```\n\
             \n\
             ```yaml\n\
             kubectl: get pods\n\
             ```\n\
             <!-- Written by `cargo xtask docs`. -->\n\
             1. In a list:\n\
             \n   \
                ```sh\n   \
                kubectl get nodes\n   \
                ```\n";
        let page = Page { path: "docs/a.md".to_owned(), text: text.to_owned() };
        let commands = page.commands();
        let found: Vec<_> = commands.iter().map(|found| (found.line, &*found.text, found.in_block)).collect();
        let expected = [
            (3, "cluster-auth check a.yaml", false),
            (3, "kubectl get pods", false),
            (6, "cluster-auth check", true),
            (8, "for name in a b; do\n  echo \"# $name\"\ndone", true),
            (11, "export A=b", true),
            (15, "cluster-auth plan | grep '#'", true),
            (26, "kubectl get nodes", true),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_comment_begins_behind_a_space_and_outside_of_quotes() {
        let rows = [("a b   # c", "a b"), ("# c", ""), ("a#b '# c' \"# d\"  # e", "a#b '# c' \"# d\""), ("  a ", "a")];
        for (line, expected) in rows {
            assert_eq!(bare(line), expected);
        }
    }
}
