# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# A node in the machine: containerd, a standalone kubelet, and the pods of manifests/. Sourced after lib.sh. The kernel's
# command line may ask for another cgroup driver: mus.cgroup_driver=cgroupfs.
DRIVER=$(sed -n 's/.*mus\.cgroup_driver=\([a-z]*\).*/\1/p' /proc/cmdline)
DRIVER=${DRIVER:-systemd}
MANIFESTS=/etc/kubernetes/manifests
CLIENT=/etc/kubernetes/client
# shellcheck disable=SC2034
KUBELET_CERTIFICATE=/var/lib/kubelet/pki/kubelet.crt

# What the kubelet wants of a node, and what containerd wants of its directory: no overlay below it.
node_make() {
	hostname node1
	modprobe overlay
	modprobe dummy
	ip link add dummy0 type dummy
	ip address add 10.99.0.1/24 dev dummy0
	ip link set dummy0 up
	rm -f /etc/resolv.conf
	: >/etc/resolv.conf
	echo '127.0.0.1 localhost' >/etc/hosts
	for directory in /var/lib/containerd /var/lib/kubelet; do
		mkdir -p $directory
		mount -t tmpfs -o mode=755 tmpfs $directory || die "no tmpfs"
	done
	mkdir -p $MANIFESTS
	# One that is its own authority.
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=mus-scheduler \
		-keyout $CLIENT.key -out $CLIENT.crt 2>/dev/null || die "no client certificate"
}

node_unit() {
	cat >"/etc/systemd/system/$1.service" <<-END
		[Service]
		Type=$2
		ExecStart=$3
		KillMode=process
		Delegate=yes
		OOMScoreAdjust=-999
		LimitNOFILE=65536
	END
	systemctl daemon-reload
}

start_containerd() {
	systemd_cgroup=false
	[ "$DRIVER" != systemd ] || systemd_cgroup=true
	mkdir -p /etc/containerd
	cat >/etc/containerd/config.toml <<-END
		version = 2
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "mus.test/pause:1"
		  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		    runtime_type = "io.containerd.runc.v2"
		    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		      SystemdCgroup = $systemd_cgroup
	END
	node_unit containerd notify /usr/bin/containerd
	systemctl start containerd || die "containerd: $(journalctl -u containerd --no-pager | tail -n 20)"
	ctr -n k8s.io images import /usr/local/share/container-images.tar || die "the images are refused"
}

# Standalone: its pods are files. As a client only who has the certificate is let in; the read-only port is for the test's
# own eyes.
start_kubelet() {
	cat >/etc/kubernetes/kubelet.yaml <<-END
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		staticPodPath: $MANIFESTS
		cgroupDriver: $DRIVER
		failSwapOn: false
		enforceNodeAllocatable: []
		resolvConf: ""
		readOnlyPort: 10255
		authentication:
		  anonymous: {enabled: false}
		  webhook: {enabled: false}
		  x509: {clientCAFile: $CLIENT.crt}
		authorization: {mode: AlwaysAllow}
	END
	node_unit kubelet simple "/usr/bin/kubelet --config=/etc/kubernetes/kubelet.yaml --container-runtime=remote \
--container-runtime-endpoint=unix:///run/containerd/containerd.sock --hostname-override=node1 --node-ip=10.99.0.1"
	systemctl start kubelet
	await 120 kubelet_pods || die "the kubelet does not answer: $(journalctl -u kubelet --no-pager | tail -n 30)"
}

# A Deployment's pod as a static one, with the node's network: there is no other here.
add_static_pod() {
	awk -v name="$1" '
		/^---/ { exit }
		/^  template:/ { inside = 1; print "apiVersion: v1"; print "kind: Pod"; next }
		inside { sub(/^    /, ""); print }
		inside && /^metadata:/ { print "  name: " name }
		inside && /^spec:/ { print "  hostNetwork: true" }
	' "/share/$1.yaml" >"/etc/kubernetes/$1.yaml"
	# At once, as a whole.
	mv "/etc/kubernetes/$1.yaml" "$MANIFESTS/$1.yaml"
}
remove_static_pod() { rm "$MANIFESTS/$1.yaml"; }

kubelet_pods() { curl -sS --fail --max-time 10 http://127.0.0.1:10255/pods; }
# What the kubelet says of one pod, on a line.
pod_json() { kubelet_pods | tr -d '\n' | sed 's/{"metadata":{"name":"/\n&/g' | grep "^{\"metadata\":{\"name\":\"$1-node1\""; }
# The last id is the present one: those of earlier runs are told before it.
container_id() { pod_json "$1" | grep -o 'containerd://[0-9a-f]*' | tail -n 1 | cut -d/ -f3; }
runs() { pod_json "$1" | grep -q '"state":{"running":{'; }
runs_anew() { runs "$1" && [ "$(container_id "$1")" != "$2" ]; }
is_not_listed() { kubelet_pods >/tmp/pods.json && ! grep -q "\"name\":\"$1-node1\"" /tmp/pods.json; }

# Their cgroups, below $CG. Found by the container's id: beside the pod's directory 1.20 leaves an empty one, where the
# other driver would have it.
container_group() { find "$CG" -type d -name "*$(container_id "$1")*" | head -n 1 | sed "s:^$CG/::"; }
pod_group() { dirname "$(container_group "$1")"; }
# shellcheck disable=SC2046
kill_container() { kill -9 $(cat "$CG/$(container_group "$1")/cgroup.procs"); }

# For tests/fixtures: what is there now, if anybody wants it.
capture() {
	[ -d /share/captures ] || return 0
	kubelet_pods >"/share/captures/pods$1.json"
	find "$CG" -type d | grep -E "^$CG(\$|/kubepods|/system.slice/(containerd|kubelet))" | LC_ALL=C sort \
		>"/share/captures/cgroup-tree$1.txt"
}
