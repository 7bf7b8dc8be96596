//! What the server makes of its other sources: `IAMIdentityMapping` objects and a dynamic file. `aws-auth` has a file of its own.
//!
//! They are read as aws-iam-authenticator reads them, so that a server in its place maps the same callers. What is decided
//! by them is decided as everything is here: nobody without a username, permission sets by their whole name, and of several
//! entries for one caller always the same one.

use crate::{
    Defect, DefectKind, Reader, Rule, RuleSource, Source,
    aws_iam_authenticator::{self, Object, Options, Standing},
};

/// Reads `IAMIdentityMapping` objects, of which `spec` alone says whom they are for: `status` may be written by others.
pub fn objects<'a>(objects: impl IntoIterator<Item = Object<'a>>) -> Source {
    let of_spec = objects.into_iter().map(|object| Object { canonical_arn: "", ..object });
    decided_here(aws_iam_authenticator::objects(of_spec))
}

/// Returns a dynamic file, taken as a whole or not at all.
///
/// # Errors
///
/// What is wrong with a file that is not taken, as [`Source::defects`] of a source without rules.
pub fn dynamic_file(bytes: &[u8], standing: Standing, options: Options) -> Result<Source, Box<Source>> {
    let read = aws_iam_authenticator::dynamic_file(bytes, standing, options);
    read.map(decided_here).map_err(|refused| Box::new(decided_here(*refused)))
}

/// The same rules, by which the server decides; and what it says of them.
pub(super) fn decided_here(source: Source) -> Source {
    let mut defects: Vec<Defect> = source.defects;
    for defect in &mut defects {
        if defect.kind == DefectKind::Undetermined {
            defect.kind = DefectKind::Duplicate;
            "another entry matches the same callers: an ARN takes precedence over a permission set, and the last of equal entries is used"
                .clone_into(&mut defect.message);
        }
    }
    defects.retain(|defect| defect.kind != DefectKind::EmptyUsername);
    defects.extend(source.roles.iter().chain(&source.users).filter(|rule| rule.username.is_empty()).map(nameless));
    Source { reader: Reader::ClusterAuth, defects, ..source }
}

fn nameless(rule: &Rule) -> Defect {
    let RuleSource { mode, list, index, file, line } = rule.source.clone();
    Defect {
        kind: DefectKind::EmptyUsername,
        mode,
        section: format!("{list}[{index}]").into(),
        file,
        line,
        excerpt: "".into(),
        message: "it has no username: whoever it names is refused".to_owned(),
        hint: Some("give it a username".to_owned()),
    }
}
