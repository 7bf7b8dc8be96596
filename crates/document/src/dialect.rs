//! By whose rules a text is read.

/// The dialect that a text is read in: the rules of the program that owns it. A file means what the program makes of it that owns it, so each source has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Files of our own: YAML 1.2. What would have to be guessed is refused with its place: a key that stands twice, the
    /// merge key `<<`, a second document.
    #[default]
    Strict,
    /// Manifests and kubeconfigs as kubectl reads them, and the texts in `aws-auth` as aws-iam-authenticator does
    /// (sigs.k8s.io/yaml 1.6, which reads with go.yaml.in/yaml/v2 and makes JSON of it): merge keys, of two equal keys the
    /// last, truth values of YAML 1.1 (`yes`, `on`, `n` …), keys turned into texts, and nothing behind the first document.
    Kubernetes,
    /// aws-iam-authenticator's configuration as viper reads it (go.yaml.in/yaml/v3): merge keys, no key twice, truth values
    /// of YAML 1.2, and nothing behind the first document.
    Viper,
    /// JSON as Go's encoding/json reads it: of two equal keys the last. Whether `Groups` is `groups` is for
    /// [`Fields`](crate::Fields) to say.
    Json,
}

impl Dialect {
    /// Whether of equal keys the last one counts.
    pub(crate) fn takes_the_last(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Json)
    }

    /// Whether one of Go's YAML libraries reads it: they read the first document alone.
    pub(crate) fn is_go_yaml(self) -> bool {
        matches!(self, Self::Kubernetes | Self::Viper)
    }
}
