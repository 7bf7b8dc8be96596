//! The resources that Kubernetes itself has, and those that exist for authorizers alone.
//!
//! Source: Kubernetes 1.37, what its API server answers to discovery, which a test compares; for the virtual ones
//! `endpoints/filters/impersonation`, "Certificates and Certificate Signing Requests", "Pod Security Policies".

use super::ApiResource;

/// Group, then one resource in each line: plural, singular and short names, `-` where it is in no namespace, `/` and its
/// subresources.
const KNOWN: &[(&str, &str)] = &[
    (
        "",
        "bindings binding
        componentstatuses componentstatus cs -
        configmaps configmap cm
        endpoints ep
        events event ev
        limitranges limitrange limits
        namespaces namespace ns - /finalize status
        nodes node no - /proxy status
        persistentvolumeclaims persistentvolumeclaim pvc /status
        persistentvolumes persistentvolume pv - /status
        pods pod po /attach binding ephemeralcontainers eviction exec log portforward proxy resize status
        podtemplates podtemplate
        replicationcontrollers replicationcontroller rc /scale status
        resourcequotas resourcequota quota /status
        secrets secret
        serviceaccounts serviceaccount sa /token
        services service svc /proxy status",
    ),
    (
        "apps",
        "controllerrevisions controllerrevision
        daemonsets daemonset ds /status
        deployments deployment deploy /scale status
        replicasets replicaset rs /scale status
        statefulsets statefulset sts /scale status",
    ),
    ("batch", "cronjobs cronjob cj /status\njobs job /status"),
    ("autoscaling", "horizontalpodautoscalers horizontalpodautoscaler hpa /status"),
    ("policy", "poddisruptionbudgets poddisruptionbudget pdb /status"),
    (
        "networking.k8s.io",
        "ingressclasses ingressclass -
        ingresses ingress ing /status
        ipaddresses ipaddress ip -
        networkpolicies networkpolicy netpol
        servicecidrs servicecidr - /status",
    ),
    (
        "rbac.authorization.k8s.io",
        "clusterrolebindings clusterrolebinding -
        clusterroles clusterrole -
        rolebindings rolebinding
        roles role",
    ),
    (
        "storage.k8s.io",
        "csidrivers csidriver -
        csinodes csinode - /status
        csistoragecapacities csistoragecapacity
        storageclasses storageclass sc -
        volumeattachments volumeattachment - /status
        volumeattributesclasses volumeattributesclass vac -",
    ),
    (
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicies mutatingadmissionpolicy -
        mutatingadmissionpolicybindings mutatingadmissionpolicybinding -
        mutatingwebhookconfigurations mutatingwebhookconfiguration -
        validatingadmissionpolicies validatingadmissionpolicy - /status
        validatingadmissionpolicybindings validatingadmissionpolicybinding -
        validatingwebhookconfigurations validatingwebhookconfiguration -",
    ),
    ("apiextensions.k8s.io", "customresourcedefinitions customresourcedefinition crd crds - /status"),
    ("apiregistration.k8s.io", "apiservices apiservice - /status"),
    (
        "authentication.k8s.io",
        "selfsubjectreviews selfsubjectreview -
        tokenreviews tokenreview -",
    ),
    (
        "authorization.k8s.io",
        "localsubjectaccessreviews localsubjectaccessreview
        selfsubjectaccessreviews selfsubjectaccessreview -
        selfsubjectrulesreviews selfsubjectrulesreview -
        subjectaccessreviews subjectaccessreview -",
    ),
    (
        "certificates.k8s.io",
        "certificatesigningrequests certificatesigningrequest csr - /approval status
        clustertrustbundles clustertrustbundle -
        podcertificaterequests podcertificaterequest /status",
    ),
    ("coordination.k8s.io", "leases lease"),
    ("discovery.k8s.io", "endpointslices endpointslice"),
    ("events.k8s.io", "events event ev"),
    (
        "flowcontrol.apiserver.k8s.io",
        "flowschemas flowschema - /status
        prioritylevelconfigurations prioritylevelconfiguration - /status",
    ),
    ("node.k8s.io", "runtimeclasses runtimeclass -"),
    ("scheduling.k8s.io", "priorityclasses priorityclass pc -"),
    (
        "resource.k8s.io",
        "deviceclasses deviceclass -
        devicetaintrules devicetaintrule - /status
        resourceclaims resourceclaim /status
        resourceclaimtemplates resourceclaimtemplate
        resourceslices resourceslice -",
    ),
    ("storagemigration.k8s.io", "storageversionmigrations storageversionmigration - /status"),
    ("iamauthenticator.k8s.aws", "iamidentitymappings iamidentitymapping - /status"),
];

/// What no API server serves and authorizers are asked about all the same.
const VIRTUAL: &[(&str, &str)] = &[
    ("", "users user -\ngroups group -"),
    ("authentication.k8s.io", "userextras userextra -\nuids uid -"),
    ("certificates.k8s.io", "signers signer -"),
    ("policy", "podsecuritypolicies podsecuritypolicy psp -"),
];

pub(super) fn all() -> Vec<ApiResource> {
    let mut all: Vec<ApiResource> = KNOWN.iter().flat_map(read).collect();
    all.extend(virtual_ones());
    all
}

pub(super) fn virtual_ones() -> Vec<ApiResource> {
    VIRTUAL.iter().flat_map(read).collect()
}

fn read(&(api_group, lines): &(&str, &str)) -> Vec<ApiResource> {
    let resource = |line: &str| {
        let (words, subresources) = line.split_once('/').unwrap_or((line, ""));
        let mut words = words.split_whitespace();
        let name = words.next().unwrap_or_default().into();
        let (of_cluster, also): (Vec<&str>, Vec<&str>) = words.partition(|word| *word == "-");
        ApiResource {
            api_group: api_group.into(),
            name,
            also: also.into_iter().map(Box::from).collect(),
            namespaced: of_cluster.is_empty(),
            subresources: subresources.split_whitespace().map(Box::from).collect(),
        }
    };
    lines.lines().map(resource).collect()
}
