//! What stands beside the mappings in the configuration and changes what they mean, or which places are asked.
//!
//! Source: `getConfig` of `cmd/aws-iam-authenticator/root.go`, `pkg/config/types.go`; `ToBoolE` of cast 1.10.

use std::collections::BTreeMap;

use document::{Dialect, Limits, Node, Source, parse_as};

use super::{
    Standing,
    backend_modes::{modes, words},
    mounted_file::{Weak, fields},
    text::Text,
};
use crate::{BackendMode, dotted};

/// These settings, as far as the file has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `backendMode`, in order; nothing where the file does not say.
    pub modes: Option<Vec<BackendMode>>,
    /// `dynamicfileUserIDStrict`.
    pub user_id_strict: bool,
    /// `reservedPrefixConfig`, by mode.
    pub reserved_prefixes: BTreeMap<BackendMode, Vec<String>>,
    /// Whether it has `accessFile`, a key of `cluster-auth server` alone.
    pub has_access_file: bool,
}

/// Reads them, of a file of this name, which says whether it is TOML. What cannot be read says nothing here: whoever reads the
/// mappings says why.
pub fn settings(name: &str, config: &str) -> Settings {
    let mut defects = Vec::new();
    let mut text = Text::new(BackendMode::MountedFile, config, Standing::alone(name), &mut defects);
    let Some(root) = root(&text.source) else { return Settings::default() };
    let Some(server) = fields(&root).remove("server") else { return Settings::default() };
    let mut server = fields(server);
    let reserved_prefixes = Weak { text: &mut text, is_taken: true }.reserved(server.remove("reservedprefixconfig"));
    Settings {
        modes: server.get("backendmode").filter(|node| !node.is_null()).map(|node| modes(words(node))),
        user_id_strict: server.get("dynamicfileuseridstrict").is_some_and(|node| is_true(node)),
        reserved_prefixes,
        has_access_file: server.get("accessfile").is_some_and(|node| !node.is_null()),
    }
}

/// Returns the `clusterID`, as it is written, and its line, whatever is wrong with the rest of the file. Its name says whether it
/// is TOML.
pub fn cluster_id(name: &str, config: &str) -> Option<(Box<str>, usize)> {
    let source = Source::new(name, config);
    let root = root(&source)?;
    let node = fields(&root).remove("clusterid")?;
    let id = &node.as_scalar()?.text;
    (!id.is_empty()).then(|| ((&**id).into(), source.position(node.span.start).line))
}

/// Returns whether a file can be read and has no `clusterID`, so that a server has to be told by flag or variable.
pub fn lacks_cluster_id(name: &str, config: &str) -> bool {
    root(&Source::new(name, config)).is_some() && cluster_id(name, config).is_none()
}

/// The file as viper has it; `None` if it is not a mapping.
fn root(source: &Source) -> Option<Node> {
    let root = parse_as(source, &Limits::default(), Dialect::Viper).ok()?.root;
    root.filter(|root| root.as_mapping().is_some()).map(dotted::nested)
}

fn is_true(node: &Node) -> bool {
    match node.to_json() {
        serde_json::Value::Bool(is_true) => is_true,
        serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
        serde_json::Value::String(text) => ["1", "t", "T", "true", "True", "TRUE"].contains(&&*text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        BackendMode,
        aws_iam_authenticator::{Settings, cluster_id, settings},
    };

    #[test]
    fn the_cluster_is_known_whatever_is_wrong_with_the_rest() {
        let rows = [
            ("clusterID: c\n", Some(("c", 1))),
            ("server: {mapRoles: 7}\nCLUSTERID: c\n", Some(("c", 2))),
            ("clusterID: ''\n", None),
            ("clusterID: [c]\n", None),
            ("- clusterID: c\n", None),
            ("clusterID: c\n- x\n", None),
            ("", None),
        ];
        for (config, expected) in rows {
            let read = cluster_id("config.yaml", config);
            assert_eq!(read.as_ref().map(|(id, line)| (&**id, *line)), expected, "{config}");
        }
    }

    #[test]
    fn they_are_read_as_the_program_reads_them() {
        let of = |server: &str| settings("config.yaml", &format!("clusterID: c\nserver:\n{server}"));
        assert_eq!(settings("config.yaml", ""), Settings::default());
        assert_eq!(settings("config.yaml", "server: [\n"), Settings::default());
        assert_eq!(of("  port: 1\n"), Settings::default());
        let (file, aws_auth) = (BackendMode::MountedFile, BackendMode::EksConfigMap);
        for (written, modes) in [
            ("[CRD, MountedFile]", vec![BackendMode::Crd, file]),
            ("EKSConfigMap MountedFile", vec![aws_auth, file]),
            ("[File, ConfigMap]", vec![file, aws_auth]),
            ("[File, MountedFile]", vec![file, file]),
            // With these the program does not start.
            ("EKSConfigMap,CRD", vec![]),
            ("[MountedFile, MountedFile]", vec![]),
            ("[MountedFile, Bogus]", vec![]),
            ("''", vec![]),
        ] {
            assert_eq!(of(&format!("  backendMode: {written}\n")).modes, Some(modes), "{written}");
        }
        for (written, is_strict) in [("true", true), ("'true'", true), ("1", true), ("false", false), ("'yes'", false)]
        {
            assert_eq!(of(&format!("  dynamicfileUserIDStrict: {written}\n")).user_id_strict, is_strict, "{written}");
        }
        let reserved =
            of("  reservedPrefixConfig:\n  - {backendMode: EKSConfigMap, usernamePrefixReserveList: [a, b]}\n  - \
                           {backendMode: ConfigMap, usernamePrefixReserveList: [c]}\n");
        assert_eq!(reserved.reserved_prefixes, [(aws_auth, vec!["a".to_owned(), "b".to_owned()])].into());
        assert!(of("  accessFile: /a.yaml\n").has_access_file);
    }
}
