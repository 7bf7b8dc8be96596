//! The table itself.
//!
//! Source: discovery of Kubernetes 1.37.2, as it is by default and with every API and feature switched on, which tests compare;
//! what older ones served under other groups (`extensions`, `policy`); what the documentation of RBAC, impersonation and
//! certificates names besides.

/// Under each API group its resources: plural, kind, short names, scope, verbs, who serves it, subresources. `-` is nothing, and
/// `all` the eight verbs of requests.
pub(super) const TABLE: &str = "\
core:
  bindings Binding - namespaced create default
  componentstatuses ComponentStatus cs cluster get,list default
  configmaps ConfigMap cm namespaced all default
  endpoints Endpoints ep namespaced all default
  events Event ev namespaced all default
  groups - - cluster impersonate never
  limitranges LimitRange limits namespaced all default
  namespaces Namespace ns cluster create,delete,get,list,patch,update,watch default finalize status
  nodes Node no cluster all default proxy status
  persistentvolumeclaims PersistentVolumeClaim pvc namespaced all default status
  persistentvolumes PersistentVolume pv cluster all default status
  pods Pod po namespaced all default attach binding ephemeralcontainers eviction exec log portforward proxy resize status
  podtemplates PodTemplate - namespaced all default
  replicationcontrollers ReplicationController rc namespaced all default scale status
  resourcequotas ResourceQuota quota namespaced all default status
  secrets Secret - namespaced all default
  serviceaccounts ServiceAccount sa namespaced all default token
  services Service svc namespaced all default proxy status
  users - - cluster impersonate never
admissionregistration.k8s.io:
  mutatingadmissionpolicies MutatingAdmissionPolicy - cluster all default
  mutatingadmissionpolicybindings MutatingAdmissionPolicyBinding - cluster all default
  mutatingwebhookconfigurations MutatingWebhookConfiguration - cluster all default
  validatingadmissionpolicies ValidatingAdmissionPolicy - cluster all default status
  validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding - cluster all default
  validatingwebhookconfigurations ValidatingWebhookConfiguration - cluster all default
apiextensions.k8s.io:
  customresourcedefinitions CustomResourceDefinition crd,crds cluster all default status
apiregistration.k8s.io:
  apiservices APIService - cluster all default status
apps:
  controllerrevisions ControllerRevision - namespaced all default
  daemonsets DaemonSet ds namespaced all default status
  deployments Deployment deploy namespaced all default scale status
  replicasets ReplicaSet rs namespaced all default scale status
  statefulsets StatefulSet sts namespaced all default scale status
authentication.k8s.io:
  groups - - cluster impersonate never
  nodes - - cluster impersonate never
  selfsubjectreviews SelfSubjectReview - cluster create default
  serviceaccounts - - namespaced impersonate never
  tokenreviews TokenReview - cluster create default
  uids - - cluster impersonate never
  userextras - - cluster impersonate never
  users - - cluster impersonate never
authorization.k8s.io:
  localsubjectaccessreviews LocalSubjectAccessReview - namespaced create default
  selfsubjectaccessreviews SelfSubjectAccessReview - cluster create default
  selfsubjectrulesreviews SelfSubjectRulesReview - cluster create default
  subjectaccessreviews SubjectAccessReview - cluster create default
autoscaling:
  horizontalpodautoscalers HorizontalPodAutoscaler hpa namespaced all default status
batch:
  cronjobs CronJob cj namespaced all default status
  jobs Job - namespaced all default status
certificates.k8s.io:
  certificatesigningrequests CertificateSigningRequest csr cluster all default approval status
  clustertrustbundles ClusterTrustBundle - cluster all default
  podcertificaterequests PodCertificateRequest - namespaced all default status
  signers - - cluster approve,attest,sign never
coordination.k8s.io:
  leasecandidates LeaseCandidate - namespaced all enabled
  leases Lease - namespaced all default
discovery.k8s.io:
  endpointslices EndpointSlice - namespaced all default
events.k8s.io:
  events Event ev namespaced all default
extensions:
  daemonsets DaemonSet ds namespaced all formerly status
  deployments Deployment deploy namespaced all formerly rollback scale status
  ingresses Ingress ing namespaced all formerly status
  networkpolicies NetworkPolicy netpol namespaced all formerly
  podsecuritypolicies PodSecurityPolicy psp cluster all formerly
  replicasets ReplicaSet rs namespaced all formerly scale status
flowcontrol.apiserver.k8s.io:
  flowschemas FlowSchema - cluster all default status
  prioritylevelconfigurations PriorityLevelConfiguration - cluster all default status
iamauthenticator.k8s.aws:
  iamidentitymappings IAMIdentityMapping - cluster all beside status
internal.apiserver.k8s.io:
  storageversions StorageVersion - cluster all enabled status
lifecycle.k8s.io:
  evictionrequests EvictionRequest - namespaced all enabled status
  evictions Eviction - namespaced all enabled status
metrics.k8s.io:
  nodes NodeMetrics - cluster get,list beside
  pods PodMetrics - namespaced get,list beside
networking.k8s.io:
  ingressclasses IngressClass - cluster all default
  ingresses Ingress ing namespaced all default status
  ipaddresses IPAddress ip cluster all default
  networkpolicies NetworkPolicy netpol namespaced all default
  servicecidrs ServiceCIDR - cluster all default status
node.k8s.io:
  runtimeclasses RuntimeClass - cluster all default
policy:
  poddisruptionbudgets PodDisruptionBudget pdb namespaced all default status
  podsecuritypolicies PodSecurityPolicy psp cluster use never
rbac.authorization.k8s.io:
  clusterrolebindings ClusterRoleBinding - cluster all default
  clusterroles ClusterRole - cluster all default
  rolebindings RoleBinding - namespaced all default
  roles Role - namespaced all default
resource.k8s.io:
  deviceclasses DeviceClass - cluster all default
  devicetaintrules DeviceTaintRule - cluster all default status
  podschedulingcontexts PodSchedulingContext - namespaced all formerly status
  resourceclaims ResourceClaim - namespaced all default status
  resourceclaimtemplates ResourceClaimTemplate - namespaced all default
  resourcepoolstatusrequests ResourcePoolStatusRequest - cluster all enabled status
  resourceslices ResourceSlice - cluster all default
scheduling.k8s.io:
  compositepodgroups CompositePodGroup - namespaced all enabled status
  podgroups PodGroup - namespaced all enabled status
  priorityclasses PriorityClass pc cluster all default
  workloads Workload - namespaced all enabled
storage.k8s.io:
  csidrivers CSIDriver - cluster all default
  csinodes CSINode - cluster all default status
  csistoragecapacities CSIStorageCapacity - namespaced all default
  storageclasses StorageClass sc cluster all default
  volumeattachments VolumeAttachment - cluster all default status
  volumeattributesclasses VolumeAttributesClass vac cluster all default
storagemigration.k8s.io:
  storageversionmigrations StorageVersionMigration - cluster all default status
";
