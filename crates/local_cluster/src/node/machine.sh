# A machine from its first moment, as the first process of namespaces of its own. When its input ends, which is when whoever started
# it ends or wants it to, it ends, and the kernel ends everything in the namespaces before anybody is told.
# $1: the folder of the machine's files. $2: a folder with a link
# to each folder of programs. $3: the machine's name.
set -eu
root=$1 programs=$2
echo "$3" > /proc/sys/kernel/hostname

# The programs first: where they lie may be hidden in a moment.
path=
for link in "$programs"/*; do
    folder=$(readlink "$link")
    rm "$link"
    mkdir "$link"
    mount --bind "$folder" "$link"
    path=$path$link:
done
# What Kubernetes writes is the machine's, and the rest of the system is as it is outside.
for folder in "$root"/* "$root"/usr/* "$root"/usr/local/*; do
    seen=${folder#"$root"}
    case $seen in /usr|/usr/local) ;; *) [ ! -d "$seen" ] || mount --bind "$folder" "$seen" ;; esac
done
export PATH="$path/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/var/lib/home

# An address that nobody outside of the namespaces has, for etcd and the API server.
ip link set lo up
ip link add node0 type bridge
ip address add 10.123.0.1/24 dev node0
ip link set node0 up
ip route add default dev node0

# As systemd would: whatever ends is started again.
( while :; do containerd --config /etc/containerd/config.toml; sleep 0.2; done ) < /dev/null > /var/log/containerd.log 2>&1 &
( while :; do
    if [ -f /var/lib/kubelet/config.yaml ] && [ -f /etc/kubernetes/kubelet.conf ]; then
        kubelet --config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
            --container-runtime-endpoint=unix:///run/containerd/containerd.sock
    fi
    sleep 0.1
done ) < /dev/null > /var/log/kubelet.log 2>&1 &
read -r _ || exit 0
