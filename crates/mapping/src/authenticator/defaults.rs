//! What holds where neither a flag nor the file says anything: the values of aws-iam-authenticator 0.7.18.

use core::net::{IpAddr, Ipv4Addr};

/// `server.address`: the API server on the same machine asks.
pub const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// `server.port`.
pub const PORT: u16 = 21362;
/// `server.hostname`.
pub const HOSTNAME: &str = "localhost";
/// `server.stateDir`.
pub const STATE_DIR: &str = "/var/aws-iam-authenticator";
/// `server.generateKubeconfig`.
pub const GENERATE_KUBECONFIG: &str = "/etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml";
/// `server.ec2DescribeInstancesQps`, calls per second.
pub const EC2_QPS: u32 = 15;
/// `server.ec2DescribeInstancesBurst`, calls.
pub const EC2_BURST: u32 = 5;
