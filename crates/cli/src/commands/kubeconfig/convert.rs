//! `kubeconfig --convert`: users of the AWS CLI and of aws-iam-authenticator, turned to this program where they stand.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kubeconfig::Converted;

use super::{
    KubeconfigArgs,
    file::{self, Locked, default_paths},
    report,
};
use crate::{
    commands::token,
    exit::{CommandResult, Failure},
    process::{self, Process},
};

/// Turns them in the file given, or in every file that kubectl would read, and says each change.
pub(super) fn convert(file: Option<&Path>, args: &KubeconfigArgs, process: &Process) -> CommandResult {
    let files = match file {
        Some(file) => vec![file.to_owned()],
        None => default_paths(process)?,
    };
    // All are read before one is written: a file that cannot be read leaves the others as they were.
    let read = |path: PathBuf| {
        let locked = if args.dry_run { None } else { Some(Locked::new(&path)?) };
        let source = file::read_to_change(&path)?.with_context(|| format!("there is no file {}", path.display()))?;
        let accepts = |words: &[String]| token::accepts(words);
        let converted = kubeconfig::convert(&source, args.command(process), kubeconfig::INSTALL_HINT, accepts)
            .map_err(|problems| report(&source, &problems))?;
        Ok::<_, Failure>((path, locked, converted))
    };
    let present: Vec<PathBuf> = files.into_iter().filter(|path| path.exists() || file.is_some()).collect();
    if present.is_empty() {
        return Err(anyhow::anyhow!("there is no kubeconfig to convert; name one, as --convert FILE").into());
    }
    let converted: Vec<_> = present.into_iter().map(read).collect::<Result<_, _>>()?;
    for (path, locked, Converted { text, users, left, unread }) in &converted {
        for user in users {
            process::note(&format!("user {}: `{}` becomes `{}`", user.name, user.before, user.after));
        }
        for user in left {
            process::note(&format!("user {} stays: `{}`: {}", user.name, user.command_line, user.why));
        }
        let shown = path.display();
        for line in unread {
            process::note(&format!(
                "{shown}:{line}: a second document begins here and is ignored: kubectl reads only the first"
            ));
        }
        match (users.len(), locked) {
            (0, _) if left.is_empty() => process::note(&format!("{shown}: nothing to convert")),
            (0, _) => {
                let stay = if left.len() == 1 { "1 user stays" } else { &*format!("{} users stay", left.len()) };
                process::note(&format!("{shown}: nothing was converted: {stay} as said above"));
            }
            (count, None) => process::note(&format!("{shown}: {count} would change; nothing was written (--dry-run)")),
            (count, Some(locked)) => {
                locked.write(text)?;
                process::note(&format!("{shown}: {count} changed"));
            }
        }
    }
    Ok(())
}
