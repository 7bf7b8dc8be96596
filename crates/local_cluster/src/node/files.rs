//! What the programs of a node are told in files. Pure.

/// Where containerd listens: where everybody looks for it.
pub(super) const SOCKET: &str = "/run/containerd/containerd.sock";

/// The machine's address, in its own network.
pub(super) const ADDRESS: &str = "10.123.0.1";

/// containerd's configuration. `pause` is the image that holds a pod's namespaces.
pub(super) fn containerd(pause: &str) -> String {
    format!(
        r#"version = 3
[grpc]
  address = "{SOCKET}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{pause}"
[plugins.'io.containerd.cri.v1.runtime']
  # Containers are often not allowed to change it downwards.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "/etc/cni/net.d"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    SystemdCgroup = false
"#
    )
}

/// The network of pods that do not have the machine's own. A node without one never gets ready.
pub(super) const CNI: &str = r#"{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipam": {
    "type": "host-local", "ranges": [[{"subnet": "10.124.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
"#;

/// `kubeadm init --config`: ours, and a ClusterConfiguration of whoever starts the node.
pub(super) fn kubeadm(version: &str, cgroup_root: &str, cluster: &str) -> String {
    let cluster = if cluster.contains("kubernetesVersion:") {
        cluster.to_owned()
    } else {
        format!("{}\nkubernetesVersion: {version}\n", cluster.trim_end())
    };
    format!(
        "apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {{advertiseAddress: {ADDRESS}}}
# The one machine is for everything: no taints.
nodeRegistration: {{criSocket: \"unix://{SOCKET}\", taints: [], imagePullPolicy: IfNotPresent}}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
cgroupRoot: {cgroup_root}
failCgroupV1: false
failSwapOn: false
# A machine of tests is full in its own ways, and nothing here lives long.
evictionHard: {{memory.available: \"0%\", nodefs.available: \"0%\", nodefs.inodesFree: \"0%\", imagefs.available: \"0%\"}}
imageGCHighThresholdPercent: 100
# Changed ConfigMaps reach pods sooner than in a minute.
syncFrequency: 10s
---
{cluster}"
    )
}

/// A ClusterConfiguration that says nothing.
pub const PLAIN: &str = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n";
