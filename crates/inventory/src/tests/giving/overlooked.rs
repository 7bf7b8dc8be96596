//! What says something of access and is not read: each is named, in a folder too.

use identity::Partition;

use super::{super::now, lines};
use crate::{How, Inputs, MappingTarget, Unseen};

const BOUND: &str = "metadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\n\
                     subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: eve}]\n";
const LOGINS: &str = "data:\n  mapRoles: |\n    - {rolearn: 'arn:aws:iam::111122223333:role/A', username: a, groups: [system:masters]}\n";

/// What is said of a text that lies in a folder.
fn said(text: &str) -> String {
    let mut given = Inputs::default();
    let known = given.read_as("it", text.as_bytes(), How { is_of_folder: true, ..How::default() }).expect(text);
    let notes: String = given.dump.notes().iter().map(|note| format!("note: {note}\n")).collect();
    let lines = lines(given);
    assert_eq!(known, !lines.is_empty() || !notes.is_empty(), "{text}: {lines}");
    lines + &notes
}

/// kubectl 1.37.2 with an API server was given each of these and refused it.
#[test]
fn an_object_whose_kind_is_nearly_right_is_named() {
    let binding = |version: &str, kind: &str| format!("apiVersion: {version}\nkind: {kind}\n{BOUND}");
    let groups = [
        "rbac/v1",
        "rbac.k8s.io/v1",
        "authorization.k8s.io/v1",
        "rbac.authorization/v1",
        "RBAC.authorization.k8s.io/v1",
        "rbac.authorisation.k8s.io/v1",
        "rbac.autorization.k8s.io/v1beta1",
    ];
    for group in groups {
        for kind in ["ClusterRoleBinding", "clusterrolebinding"] {
            let expected =
                format!("gap: {kind} b (it:1): Kubernetes has no `{group}`; write rbac.authorization.k8s.io/v1\n");
            assert_eq!(said(&binding(group, kind)), expected, "{group}");
        }
    }
    let map = |kind: &str, metadata: &str| format!("apiVersion: v1\nkind: {kind}\nmetadata: {metadata}\n{LOGINS}");
    let aws_auth = "{name: aws-auth, namespace: kube-system}";
    let rows = [
        (
            "a blank in front",
            binding("' rbac.authorization.k8s.io/v1'", "ClusterRoleBinding"),
            "gap: ClusterRoleBinding b (it:1): Kubernetes has no ` rbac.authorization.k8s.io/v1`; write rbac.authorization.k8s.io/v1\n",
        ),
        (
            "a kind in another case without a version",
            format!("kind: Clusterrolebinding\n{BOUND}"),
            "gap: Clusterrolebinding b (it:1): it has no apiVersion, which kubectl requires\n",
        ),
        (
            "a key in another case",
            format!("apiVersion: rbac.authorization.k8s.io/v1\nKind: ClusterRoleBinding\n{BOUND}"),
            "gap: an object (it:1): it has `Kind` in place of `kind`, which kubectl requires\n",
        ),
        (
            "both of them",
            format!("apiversion: rbac.authorization.k8s.io/v1\nKind: ClusterRoleBinding\n{BOUND}"),
            "gap: an object (it:1): it has `apiversion` in place of `apiVersion`, which kubectl requires\n",
        ),
        (
            "as JSON",
            r#"{"APIVersion": "v1", "Kind": "ConfigMap", "metadata": {"name": "aws-auth", "namespace": "kube-system"}, "data": {"mapRoles": ""}}"#.to_owned(),
            "gap: an object (it:1): it has `APIVersion` in place of `apiVersion`, which kubectl requires\n",
        ),
        (
            "a ConfigMap with logins",
            map("Configmap", aws_auth),
            "gap: Configmap aws-auth (it:1): unknown kind, so kubectl refuses it; write `kind: ConfigMap`\n",
        ),
        (
            "a ConfigMap with logins that is called otherwise",
            map("configMap", "{name: x}"),
            "gap: configMap x (it:1): unknown kind, so kubectl refuses it; write `kind: ConfigMap`\n",
        ),
        (
            "a ConfigMap with neither name nor namespace",
            format!("apiVersion: v1\nkind: ConfigMap\n{LOGINS}"),
            "gap: ConfigMap without a name (it:1): it has no name, which an API server requires; write `name` and `namespace` below `metadata`\n",
        ),
        (
            "one without a namespace that is called otherwise",
            map("ConfigMap", "{name: x}"),
            "note: the ConfigMap x (it:1) has mapRoles, and nobody logs in through it: kube-system/aws-auth alone is read\n",
        ),
        (
            "an IAMIdentityMapping of another version",
            "apiVersion: iamauthenticator.k8s.aws/v1beta1\nkind: IAMIdentityMapping\nmetadata: {name: m}\n".to_owned(),
            "gap: IAMIdentityMapping m (it:1): its `apiVersion` is `iamauthenticator.k8s.aws/v1beta1`, and clusters have \
             `iamauthenticator.k8s.aws/v1alpha1`, `kind: IAMIdentityMapping` alone: kubectl refuses it\n",
        ),
        (
            "an IAMIdentityMapping in another case",
            "apiVersion: iamauthenticator.k8s.aws/v1alpha1\nkind: IamIdentityMapping\nmetadata: {name: m}\n".to_owned(),
            "gap: IamIdentityMapping m (it:1): its `kind` is `IamIdentityMapping`, and clusters have `kind: \
             IAMIdentityMapping` alone: kubectl refuses it\n",
        ),
    ];
    for (name, text, expected) in rows {
        assert_eq!(said(&text), expected, "{name}");
    }
}

#[test]
fn lists_that_kubectl_takes_for_none_are_named() {
    let binding = format!("  apiVersion: rbac.authorization.k8s.io/v1\n  kind: ClusterRoleBinding\n{}", {
        BOUND.lines().map(|line| format!("  {line}\n")).collect::<String>()
    });
    let element = format!("-{}", &binding[1..]);
    let of_kind = |kind: &str| format!("apiVersion: v1\nkind: {kind}\nitems:\n{element}");
    let json = r#"{"apiVersion": "example.com/v1", "kind": "Things", "items": [{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "a"}}]}"#;
    let no_kind = "gap: a list of objects (it:1): kubectl requires a kind in a list; write `apiVersion: v1` and `kind: List`, and \
                   the objects below `items`, or give what `kubectl get … -o json` prints as a whole\n";
    let rows = [
        ("a sequence", element.clone(), no_kind.to_owned()),
        (
            "an array",
            r#"[{"apiVersion": "v1", "kind": "Service"}, {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole"}]"#.to_owned(),
            no_kind.to_owned(),
        ),
        ("an array of other things", r#"[{"apiVersion": "v1", "kind": "Service"}]"#.to_owned(), String::new()),
        (
            "a kind in another case",
            of_kind("list"),
            "gap: a list of the kind list (it:1): objects of access are in it, and kubectl refuses it for its kind; write \
             `apiVersion: v1` and `kind: List`\n"
                .to_owned(),
        ),
        (
            "another kind, as JSON",
            json.to_owned(),
            "gap: a list of the kind Things (it:1): objects of access are in it, and kubectl refuses it for its kind; write \
             `apiVersion: v1` and `kind: List`\n"
                .to_owned(),
        ),
    ];
    for (name, text, expected) in rows {
        assert_eq!(said(&text), expected, "{name}");
    }
}

#[test]
fn what_other_programs_make_access_of_is_named() {
    let make = "give what `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where it is installed";
    let entries =
        "give what `aws eks list-access-entries`, `describe-access-entry` and `list-associated-access-policies` print";
    let of = |version: &str, kind: &str, rest: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: ns}}\n{rest}\n")
    };
    let operator = |strategy: &str| {
        of(
            "operators.coreos.com/v1alpha1",
            "ClusterServiceVersion",
            &format!("spec: {{install: {{strategy: deployment, spec: {{{strategy}}}}}}}"),
        )
    };
    let rancher = |kind: &str| {
        (
            of("management.cattle.io/v3", kind, ""),
            format!("gap: {kind} ns/a (it:1): Rancher makes bindings of it; {make}\n"),
        )
    };
    let rows = [
        (
            of("eks.services.k8s.aws/v1alpha1", "AccessEntry", "spec: {}"),
            format!("gap: AccessEntry ns/a (it:1): ACK turns it into an EKS access entry, which is not read here; {entries}\n"),
        ),
        (
            of("eks.aws.upbound.io/v1beta1", "AccessPolicyAssociation", "spec: {}"),
            format!("gap: AccessPolicyAssociation ns/a (it:1): Crossplane turns it into an EKS access entry, which is not read here; {entries}\n"),
        ),
        (
            "Resources:\n  E: {Type: 'AWS::EKS::AccessEntry', Properties: {PrincipalArn: !Sub 'arn:aws:iam::${A}:role/x'}}\n".to_owned(),
            format!("gap: CloudFormation's AWS::EKS::AccessEntry E (it:1): what CloudFormation creates on EKS is not read here; {entries}\n"),
        ),
        (
            r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"E": {"Type": "AWS::EKS::AccessEntry"}}}"#.to_owned(),
            format!("gap: CloudFormation's AWS::EKS::AccessEntry E (it:1): what CloudFormation creates on EKS is not read here; {entries}\n"),
        ),
        (
            operator("clusterPermissions: [{serviceAccountName: x, rules: []}]"),
            format!("gap: ClusterServiceVersion ns/a (it:1): Operator Lifecycle Manager makes roles and bindings of its install strategy; {make}\n"),
        ),
        (operator("permissions: []"), String::new()),
        (
            of("addons.cluster.x-k8s.io/v1beta1", "ClusterResourceSet", "spec: {resources: [{kind: ConfigMap, name: x}, {kind: Secret, name: z}]}"),
            "gap: ClusterResourceSet ns/a (it:1): Cluster API applies the manifests in the ConfigMap x, the Secret z, which are not read; \
             give the manifests themselves\n"
                .to_owned(),
        ),
        rancher("GlobalRoleBinding"),
        rancher("ClusterRoleTemplateBinding"),
        rancher("ProjectRoleTemplateBinding"),
        (of("management.cattle.io/v3", "Project", ""), String::new()),
        (
            r#"{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 403}"#.to_owned(),
            "gap: Status (it:1): it is an error of an API server, not an answer; ask again as somebody who may read it\n".to_owned(),
        ),
        (
            r#"{"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "5"}, "rows": []}"#.to_owned(),
            "gap: Table (it:1): it is a table for people, without the objects; give what `kubectl get … -o json` prints\n".to_owned(),
        ),
    ];
    for (text, expected) in rows {
        let mut given = Inputs::default();
        given.read_as("it", text.as_bytes(), How { is_of_folder: true, ..How::default() }).expect(&text);
        assert_eq!(lines(given), expected, "{text}");
    }
    // Kinds of other groups are nothing like Kubernetes' own.
    for version in [
        "iam.services.k8s.aws/v1alpha1",
        "iam.aws.crossplane.io/v1beta1",
        "elasticsearch.k8s.elastic.co/v1",
        "minio.min.io/v2",
        "rbac.istio.io/v1alpha1",
        "rbac.example.com/v1",
    ] {
        for kind in ["Role", "RoleBinding", "ClusterRole"] {
            assert_eq!(said(&of(version, kind, "spec: {}")), "", "{version} {kind}");
        }
    }
}

#[test]
fn what_makes_bindings_for_tenants_and_namespaces_is_named() {
    let make = "give what `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where it is installed";
    let of = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: ns}}\nspec: {spec}\n")
    };
    let capsule = |kind: &str, spec: &str| of("capsule.clastix.io/v1beta2", kind, spec);
    let tenant =
        format!("gap: Tenant ns/a (it:1): Capsule makes bindings of it in the namespaces of the tenant; {make}\n");
    let brings = |kind: &str, what: &str| {
        format!(
            "gap: {kind} ns/a (it:1): it adds access objects to a cluster, which are not read here ({what}); give the objects themselves\n"
        )
    };
    let bearer = "{resources: [{rawItems: [{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b}}, {apiVersion: v1, kind: Secret}]}]}";
    let template =
        "{resources: [{generators: [{template: \"apiVersion: rbac.authorization.k8s.io/v1\"}, {template: x}]}]}";
    let reference =
        "{resources: [{namespacedItems: [{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, namespace: x}]}]}";
    let rows = [
        (capsule("Tenant", "{owners: [{name: alice, kind: User}]}"), tenant.clone()),
        (of("capsule.clastix.io/v1alpha1", "Tenant", "{owner: {name: alice, kind: User}}"), tenant.clone()),
        (capsule("Tenant", "{additionalRoleBindings: [{clusterRoleName: view}]}"), tenant.clone()),
        (capsule("Tenant", "{permissions: {matchOwners: [{matchLabels: {team: x}}]}}"), tenant.clone()),
        (capsule("Tenant", "{rules: [{permissions: {bindings: [{clusterRoleName: view}]}}]}"), tenant),
        (capsule("Tenant", "{owners: [], cordoned: true, rules: [{enforce: {}}]}"), String::new()),
        (
            capsule("TenantOwner", "{name: alice, kind: User}"),
            format!(
                "gap: TenantOwner ns/a (it:1): Capsule makes bindings of it in the namespaces of its tenants; {make}\n"
            ),
        ),
        (capsule("GlobalTenantResource", bearer), brings("GlobalTenantResource", "RoleBinding b")),
        (capsule("TenantResource", template), brings("TenantResource", "a template")),
        (capsule("TenantResource", reference), brings("TenantResource", "Role")),
        (capsule("TenantResource", "{resources: [{rawItems: [{apiVersion: v1, kind: Secret}]}]}"), String::new()),
        (capsule("CapsuleConfiguration", "{userGroups: [x]}"), String::new()),
        (
            of("hnc.x-k8s.io/v1alpha2", "SubnamespaceAnchor", "{}"),
            format!(
                "gap: SubnamespaceAnchor ns/a (it:1): the Hierarchical Namespace Controller makes the namespace a of it, and copies roles and bindings of the namespace ns to it; {make}\n"
            ),
        ),
        (
            of("hnc.x-k8s.io/v1alpha2", "HierarchyConfiguration", "{parent: up}"),
            format!(
                "gap: HierarchyConfiguration ns/a (it:1): the Hierarchical Namespace Controller copies roles and bindings of the namespace up; {make}\n"
            ),
        ),
        (of("hnc.x-k8s.io/v1alpha2", "HierarchicalResourceQuota", "{hard: {pods: 1}}"), String::new()),
    ];
    for (text, expected) in rows {
        assert_eq!(said(&text), expected, "{text}");
    }
}

/// A repository may have nothing else.
#[test]
fn charts_and_folders_that_are_deployed_are_counted() {
    let of = |version: &str, kind: &str, name: &str| {
        format!(
            "apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: ns}}\nspec: {{chart: {{}}}}\n---\n"
        )
    };
    let release = |name: &str| of("helm.toolkit.fluxcd.io/v2", "HelmRelease", name);
    let rights = "`kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where";
    let charts = format!(
        "charts are not read, and may hold roles and bindings; give what `helm template` prints of them, or what {rights} they are installed\n"
    );
    let folders = format!(
        "what they deploy is not read unless it is given, and may hold roles and bindings; give what {rights} it is deployed\n"
    );
    assert_eq!(said(&release("a")), format!("gap: 1 HelmRelease of Flux (it:1): {charts}"));
    let application = of("argoproj.io/v1alpha1", "Application", "a");
    let all = release("a")
        + &release("b")
        + &application
        + &of("argoproj.io/v1alpha1", "ApplicationSet", "a")
        + &release("c");
    assert_eq!(
        said(&all),
        format!(
            "gap: 3 HelmReleases of Flux (the first: it:1): {charts}gap: 1 Application of Argo CD (it:11): {folders}gap: 1 ApplicationSet of Argo CD (it:16): {folders}"
        )
    );
    for other in [
        of("app.k8s.io/v1beta1", "Application", "a"),
        of("argoproj.io/v1alpha1", "AppProject", "a"),
        of("argoproj.io/v1alpha1", "Rollout", "a"),
    ] {
        assert_eq!(said(&other), "", "{other}");
    }
    for (version, kind, words, why) in [
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "1 Kustomization of Flux", &folders),
        ("helm.cattle.io/v1", "HelmChart", "1 HelmChart of K3s", &charts),
        ("helm.cattle.io/v1", "HelmChartConfig", "1 HelmChartConfig of K3s", &charts),
        ("fleet.cattle.io/v1alpha1", "GitRepo", "1 GitRepo of Fleet", &folders),
        ("kappctrl.k14s.io/v1alpha1", "App", "1 App of kapp-controller", &folders),
        ("helm.crossplane.io/v1beta1", "Release", "1 Release of Crossplane", &charts),
        ("helm.m.crossplane.io/v1beta1", "Release", "1 Release of Crossplane", &charts),
        ("addons.cluster.x-k8s.io/v1alpha1", "HelmChartProxy", "1 HelmChartProxy of Cluster API", &charts),
        ("config.projectsveltos.io/v1beta1", "ClusterProfile", "1 ClusterProfile of Sveltos", &folders),
        ("config.projectsveltos.io/v1beta1", "Profile", "1 Profile of Sveltos", &folders),
        ("configsync.gke.io/v1beta1", "RootSync", "1 RootSync of Config Sync", &folders),
        ("configsync.gke.io/v1beta1", "RepoSync", "1 RepoSync of Config Sync", &folders),
        ("operators.coreos.com/v1alpha1", "Subscription", "1 Subscription of Operator Lifecycle Manager", &folders),
    ] {
        assert_eq!(said(&of(version, kind, "a")), format!("gap: {words} (it:1): {why}"));
    }
    let proxy = of("addons.cluster.x-k8s.io/v1alpha1", "HelmChartProxy", "a");
    assert!(said(&proxy.repeat(2)).starts_with("gap: 2 HelmChartProxies of Cluster API (the first: it:1)"));
    // Those of several files are counted together, and those of a cluster where its rights are not known.
    let mut given = Inputs::default();
    for text in [release("a"), release("b"), release("c").replace("metadata: {", "metadata: {resourceVersion: '7', ")] {
        given.read("it", text.as_bytes()).expect("readable");
    }
    let mut other = Inputs::default();
    other.read("other", release("d").as_bytes()).expect("readable");
    given.dump.extend(other.dump);
    let gaps: Vec<String> = given.dump.unread().iter().map(|gap| gap.what.to_string()).collect();
    assert_eq!(gaps, ["3 HelmReleases of Flux (the first: it:1)", "1 HelmRelease of Flux (it:1)"]);
}

/// What a cluster has it has made: nothing of it is missing where all roles and bindings are there.
#[test]
fn what_a_cluster_has_made_of_an_object_is_known_where_it_was_listed() {
    let binding = |version: &str| {
        format!(
            r#"{{"apiVersion": "management.cattle.io/v3", "kind": "GlobalRoleBinding", "metadata": {{"name": "a", "resourceVersion": "{version}"}}}}"#
        )
    };
    let list =
        |kind: &str| format!(r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "{kind}List", "items": []}}"#);
    let kinds = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];
    for (version, kinds, is_known) in [("7", &kinds[..], true), ("7", &kinds[..3], false), ("", &kinds[..], false)] {
        let mut given = Inputs::default();
        for text in kinds.iter().map(|kind| list(kind)).chain([binding(version)]) {
            given.read("it", text.as_bytes()).expect("a list");
        }
        assert_eq!(given.dump.unread().is_empty(), is_known, "{version:?} {kinds:?}");
        let gaps = lines(given);
        assert_eq!(!gaps.contains("Rancher"), is_known, "{gaps}");
    }
}

#[test]
fn templates_that_bring_whole_documents_are_named() {
    let row = |action: &str, line: usize| {
        format!(
            "gap: what `{action}` makes (it:{line}): it is a template; give what it becomes: `helm template … | cluster-auth … \
             --from -`, or what its own program prints\n"
        )
    };
    let rows = [
        ("{{- include \"common.rbac\" . }}\n", row("{{- include \"common.rbac\" . }}", 1)),
        ("{{- if .Values.rbac }}\n{{ template \"x\" . }}\n{{- end }}\n", row("{{ template \"x\" . }}", 2)),
        ("{{ .Values.extra }}\n", row("{{ .Values.extra }}", 1)),
        ("# all of it\n{{- range .Values.extra }}\n---\n{{ toYaml . }}\n{{- end }}\n", row("{{ toYaml . }}", 4)),
        ("{{- include \"x\" (dict\n  \"a\" 1) }}\n", row("{{- include \"x\" (dict … }}", 1)),
        ("{{/* nothing */}}\n{{- define \"x\" }}{{ end }}\n{{- $a := 1 }}\n", String::new()),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n{{ include \"x\" . | indent 4 }}\n",
            String::new(),
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(said(text), expected, "{text}");
    }
    let error = super::given("{{- include \"common.rbac\" . }}\n").expect_err("a template");
    assert!(
        error.starts_with("it is a template (line 1: ")
            && error.contains("`helm template … | cluster-auth … --from -`"),
        "{error}"
    );
}

/// Each as its own program refuses it, in a folder too.
#[test]
fn files_of_other_programs_that_are_nearly_right_are_named() {
    let broken = "apiVersion: rbacmanager.reactiveops.io/v1beta1\nkind: RBACDefinition\nrbacBindings:\n  - name: a\n  subjects: []\n";
    let definition = |version: &str, kind: &str| format!("apiVersion: {version}\nkind: {kind}\nrbacBindings: []\n");
    let json = r#"{"apiVersion": "rbacmanager.io/v1beta1", "kind": "RBACDefinition", "rbacBindings": []}"#;
    let rows = [
        (
            "a kind in another case",
            definition("rbacmanager.reactiveops.io/v1beta1", "RbacDefinition"),
            "`kind: RBACDefinition`",
        ),
        ("another version", definition("rbacmanager.reactiveops.io/v1", "RBACDefinition"), "`apiVersion: rbacmanager"),
        ("another group", definition("rbac.reactiveops.io/v1beta1", "RBACDefinition"), "`apiVersion: rbacmanager"),
        ("another group as JSON", json.to_owned(), "`apiVersion: rbacmanager"),
        ("broken YAML", broken.to_owned(), "gap: an RBACDefinition (it:2): it cannot be read: line 5"),
        (
            "OpenID Connect beside AWS",
            "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nidentityProviders: [{type: oidc}]\n".to_owned(),
            "whoever logs in through OpenID Connect is not an AWS principal, and is not named here",
        ),
        ("eksctl's", "apiVersion: eksctl.io/v1alpha5\nkind: Clusterconfig\n".to_owned(), "write `kind: ClusterConfig`"),
    ];
    for (name, text, expected) in rows {
        let said = said(&text);
        assert!(said.starts_with("gap: ") && said.contains(expected), "{name}: {said}");
    }
}

#[test]
fn namespaces_that_a_definition_chooses_are_a_gap_until_they_are_known() {
    let definition = "apiVersion: rbacmanager.reactiveops.io/v1beta1\nkind: RBACDefinition\nmetadata: {name: harbor}\nrbacBindings:\n\
                      - name: a\n  subjects: [{kind: User, name: eve}]\n  roleBindings:\n  - {clusterRole: edit, namespaceSelector: {matchLabels: {team: a}}}\n";
    let namespaces = r#"{"apiVersion": "v1", "kind": "NamespaceList", "items": [{"metadata": {"name": "dock", "labels": {"team": "a"}}}]}"#;
    let alone = [("rbac.yaml", definition)];
    let beside = [("rbac.yaml", definition), ("namespaces.json", namespaces)];
    for (texts, gaps, bound) in [(&alone[..], 1, 0), (&beside[..], 0, 1)] {
        let mut given = Inputs::default();
        for (name, text) in texts {
            assert!(given.read(name, text.as_bytes()).expect(name), "{name}");
        }
        let observed = given.dump.observed(MappingTarget::None, Partition::Aws, now());
        let is_it =
            |gap: &&Unseen| &*gap.what == "the namespaces that the RBACDefinition harbor (rbac.yaml) chooses by labels";
        assert_eq!((observed.unseen.iter().filter(is_it).count(), observed.bindings.len()), (gaps, bound), "{texts:?}");
    }
}

const ROLE: &str = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}}";
const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: b}}";

/// In a folder, and in a file with others.
#[test]
fn what_brings_logins_or_bindings_to_a_cluster_is_named() {
    let of = |version: &str, kind: &str, spec: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")
    };
    let anywhere = |spec: &str| of("anywhere.eks.amazonaws.com/v1alpha1", "AWSIamConfig", spec);
    let plane = |spec: &str| of("controlplane.cluster.x-k8s.io/v1beta2", "AWSManagedControlPlane", spec);
    let crossplane = |manifest: &str| {
        of("kubernetes.crossplane.io/v1alpha2", "Object", &format!("{{forProvider: {{manifest: {manifest}}}}}"))
    };
    let work = |manifest: &str| {
        of("work.open-cluster-management.io/v1", "ManifestWork", &format!("{{workload: {{manifests: [{manifest}]}}}}"))
    };
    let kyverno =
        |generate: &str| of("kyverno.io/v1", "ClusterPolicy", &format!("{{rules: [{{generate: {generate}}}]}}"));
    let nested = |parent: &str| of("hnc.x-k8s.io/v1alpha2", "HierarchyConfiguration", parent);
    let aws_auth = "{apiVersion: v1, kind: ConfigMap, metadata: {name: aws-auth, namespace: kube-system}}";
    let named = [
        (anywhere("{mapRoles: [{roleARN: x}]}"), "AWSIamConfig a", "its `mapRoles` says who logs in"),
        (anywhere("{mapUsers: [{userARN: x}]}"), "AWSIamConfig a", "its `mapUsers` says who logs in"),
        (plane("{iamAuthenticatorConfig: {mapRoles: []}}"), "AWSManagedControlPlane a", "its `iamAuthenticatorConfig`"),
        (plane("{accessEntries: [{principalARN: x}]}"), "AWSManagedControlPlane a", "its `accessEntries`"),
        (
            crossplane(ROLE),
            "Object a",
            "it adds access objects to a cluster, which are not read here (ClusterRoleBinding b)",
        ),
        (crossplane(aws_auth), "Object a", "(ConfigMap aws-auth)"),
        (work(ROLE), "ManifestWork a", "(ClusterRoleBinding b)"),
        (
            kyverno("{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, name: x}"),
            "ClusterPolicy a",
            "(RoleBinding x)",
        ),
        (kyverno("{cloneList: {kinds: [rbac.authorization.k8s.io/v1/Role]}}"), "ClusterPolicy a", "(Role)"),
        (nested("{parent: top}"), "HierarchyConfiguration a", "copies roles and bindings of the namespace top"),
        ("accessEntries: [{principalARN: x}]\n".to_owned(), "`accessEntries`", "a ClusterConfig of eksctl"),
        ("iamIdentityMappings: [{arn: x}]\n".to_owned(), "`iamIdentityMappings`", "a ClusterConfig of eksctl"),
        (
            "accessConfig: {accessEntries: [{principalARN: x}]}\n".to_owned(),
            "`accessConfig`",
            "a ClusterConfig of eksctl",
        ),
        (r#"{"accessEntries": [{"principalARN": "x"}]}"#.to_owned(), "`accessEntries`", "a ClusterConfig of eksctl"),
        (r#"{"iamIdentityMappings": [{"arn": "x"}]}"#.to_owned(), "`iamIdentityMappings`", "a ClusterConfig of eksctl"),
    ];
    for (text, what, why) in named {
        let alone = said(&text);
        assert!(alone.starts_with(&format!("gap: {what} (it:1): ")) && alone.contains(why), "{text}: {alone}");
        if !text.starts_with('{') {
            let beside = said(&format!("{SERVICE}\n---\n{text}"));
            assert!(beside.starts_with(&format!("gap: {what} (it:3): ")) && beside.contains(why), "{text}: {beside}");
        }
    }
    let silent = [
        anywhere("{awsRegion: eu-west-1}"),
        plane("{region: eu-west-1, accessEntries: []}"),
        crossplane(SERVICE),
        work(SERVICE),
        kyverno("{apiVersion: v1, kind: ConfigMap, name: x}"),
        nested("{children: [b]}"),
        r#"{"accessConfig": {"authenticationMode": "API"}}"#.to_owned(),
    ];
    for text in silent {
        assert_eq!(said(&text), "", "{text}");
    }
}

#[test]
fn what_the_authenticator_fills_in_makes_no_template() {
    let broken = |username: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\ndata:\n  mapRoles: |\n  - rolearn: x\n    username: {username}\n"
        )
    };
    let rows = [
        ("system:node:{{EC2PrivateDNSName}}", "it cannot be read"),
        ("'{{ SessionName }}'", "it cannot be read"),
        ("{{ .Values.user }}", "it is a template"),
        ("{{SessionName}} {{ .Values.user }}", "it is a template"),
    ];
    for (username, expected) in rows {
        let said = said(&broken(username));
        assert!(said.contains(expected), "{username}: {said}");
    }
}

/// Of each of these a controller makes roles or bindings.
#[test]
fn what_a_controller_makes_rights_of_is_named() {
    let make = "makes roles or bindings of it; give what `kubectl get roles,clusterroles,rolebindings,clusterrolebindings -A -o json` prints where it is installed";
    let rows = [
        ("managed.openshift.io/v1alpha1", "SubjectPermission", "OpenShift's RBAC permissions operator"),
        ("auth.giantswarm.io/v1alpha1", "RoleBindingTemplate", "Giant Swarm's RBAC operator"),
        ("kubeflow.org/v1", "Profile", "Kubeflow"),
        ("kubermatic.k8c.io/v1", "UserProjectBinding", "Kubermatic"),
        ("management.cattle.io/v3", "RoleTemplate", "Rancher"),
        ("management.cattle.io/v3", "GlobalRole", "Rancher"),
        ("rbac.open-cluster-management.io/v1alpha1", "ClusterPermission", "Open Cluster Management"),
        ("types.kubefed.io/v1beta1", "FederatedClusterRoleBinding", "KubeFed"),
        ("rbacsync.getcruise.com/v1alpha", "RBACConfig", "RBACSync"),
    ];
    for (version, kind, program) in rows {
        for text in [
            format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n"),
            format!(r#"{{"kind": "{kind}", "apiVersion": "{version}", "metadata": {{"name": "a"}}}}"#),
        ] {
            assert_eq!(said(&text), format!("gap: {kind} a (it:1): {program} {make}\n"));
        }
    }
    let configuration = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: []\n";
    assert_eq!(
        said(configuration),
        "gap: AuthenticationConfiguration (it:1): API servers that have it let people in by tokens of an identity provider, as users and in groups of which nothing is known here; bindings say what these may do\n"
    );
}

/// Whoever gives a repository asks what is in all of it.
#[test]
fn what_is_in_something_else_is_named_with_its_lines() {
    const RBAC: &str = "rbac.authorization.k8s.io/v1";
    let binding = format!(r#"{{"apiVersion": "{RBAC}", "kind": "ClusterRoleBinding", "metadata": {{"name": "b"}}}}"#);
    let object = |version: &str, kind: &str, rest: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a, namespace: ns}}\n{rest}\n")
    };
    let rows = [
        (object("example.com/v1", "Composition", &format!("spec:\n  base:\n  - {binding}")), "Composition a", "ClusterRoleBinding b in line 6"),
        (format!("extraObjects:\n- {binding}\n- {binding}\n"), "", "ClusterRoleBinding b in line 2, ClusterRoleBinding b in line 3"),
        (
            object("v1", "ConfigMap", &format!("data:\n  x.yaml: |\n    apiVersion: {RBAC}\n    kind: ClusterRole")),
            "ConfigMap a",
            "rbac.authorization.k8s.io/v… in a text in line 5",
        ),
        (
            object("example.com/v1", "Setup", "spec:\n  run: |\n    echo '{\"mapRoles\": \"\"}' | put"),
            "Setup a",
            "mapRoles in a text in line 5",
        ),
        ("inputs:\n  aws_auth_roles: [{rolearn: x}]\n".to_owned(), "", "aws_auth_roles in line 2"),
        (
            r#"{"version": 4, "resources": [{"type": "aws_eks_access_entry", "name": "x"}, {"type": "kubernetes_config_map",
"instances": [{"attributes": {"data": {"mapUsers": "- {}"}}}]}]}"#
                .to_owned(),
            "",
            "aws_eks_access_entry in line 1, mapUsers in line 2",
        ),
        (
            r#"{"values": {"root_module": {"resources": [{"type": "kubernetes_cluster_role_binding_v1"}]}}}"#.to_owned(),
            "",
            "kubernetes_cluster_role_binding_v1 in line 1",
        ),
        (
            r#"{"Resources": {"X": {"Type": "Custom::AWSCDK-EKS-KubernetesResource", "Properties": {"Manifest": {"Fn::Join": ["",
["[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"mapRoles\":\"[]\"}}]"]]}}}}}"#
                .to_owned(),
            "",
            "mapRoles in a text in line 2",
        ),
        (
            object(
                "policies.kyverno.io/v1",
                "GeneratingPolicy",
                &format!("spec:\n  generate:\n  - expression: 'generator.Apply(ns, [{{\"apiVersion\": dyn(\"{RBAC}\")}}])'"),
            ),
            "GeneratingPolicy a",
            "rbac.authorization.k8s.io/v… in a text in line 6",
        ),
        (
            object("v1", "List", &format!("items:\n- apiVersion: example.com/v1\n  kind: Thing\n  metadata: {{name: t}}\n  spec: [{binding}]")),
            "Thing t",
            "ClusterRoleBinding b in line 8",
        ),
    ];
    for (text, what, found) in rows {
        let what = if what.is_empty() { "an object of no kind" } else { what };
        let line = if what == "Thing t" { 5 } else { 1 };
        let expected = format!(
            "gap: {what} (it:{line}): what is in it says who logs in or who may do something, and is not read here ({found}); give that itself, or what `kubectl get … -o json` prints of it\n"
        );
        assert_eq!(said(&text), expected, "{text}");
    }
    // A cluster's own objects are what it made of these, and a version alone is the name of something.
    let nothing = [
        object(
            "example.com/v1",
            "Match",
            &format!("spec: {{kinds: ['{RBAC}/ClusterRole'], versions: ['{RBAC}'], url: /apis/{RBAC}/roles}}"),
        ),
        object("example.com/v1", "Owned", "spec: {}")
            .replace("namespace: ns", &format!("namespace: ns, ownerReferences: [{{apiVersion: {RBAC}}}]")),
        object("example.com/v1", "Composition", &format!("spec: [{binding}]"))
            .replace("namespace: ns", "namespace: ns, resourceVersion: '1'"),
        "aws_auth_roles: []\n".to_owned(),
        r#"{"name": "kubernetes_things", "type": "kubernetes_service"}"#.to_owned(),
    ];
    for text in nothing {
        assert_eq!(said(&text), "", "{text}");
    }
}
