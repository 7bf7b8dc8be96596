//! Whose files are read beside those of Kubernetes and AWS.

macro_rules! formats {
    ($($name:ident, $title:literal, $command:literal;)*) => {
        /// A format of another program's files that can be read.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FileFormat {
            $(#[doc = $title] $name,)*
            /// Nobody's that is known.
            #[default]
            Unknown,
        }

        impl FileFormat {
            /// All that are read, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the name in words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* Self::Unknown => "a file of no known kind" }
            }

            /// Returns where it comes from.
            pub const fn command(self) -> &'static str {
                match self { $(Self::$name => $command,)* Self::Unknown => "" }
            }
        }
    };
}

formats! {
    Kops, "a Cluster of kops", "kops get cluster -o yaml";
    ClusterConfig, "a ClusterConfig of eksctl", "the file of `eksctl create cluster -f`";
    IdentityMappings, "identity mappings as eksctl prints them", "eksctl get iamidentitymapping -o yaml";
    IdentityProviders, "identity providers as `aws eks` prints them", "aws eks describe-identity-provider-config";
    EksctlEntries, "access entries as eksctl prints them", "eksctl get accessentry -o yaml";
    RbacDefinition, "an RBACDefinition of rbac-manager", "kubectl get rbacdefinitions -o yaml";
    Chart2018, "the values of the first chart, of June 2018", "helm get values RELEASE";
    TerraformEntries, "access entries as Terraform's JSON", "cluster-auth render --to access-entries-terraform";
    TerraformUsers, "variables of the Terraform module", "cluster-auth render --to terraform";
}
