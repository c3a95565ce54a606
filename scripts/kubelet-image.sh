# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What './dev vm --init kubelet' has on top of the disk image with systemd: a
# read-only layer with the kubelet, this suite's containerd and runc, and the
# container images of manifests/, which are made by hand. Each holds a program of
# this machine with its libraries, under the name that the manifest asks for.

# The kubelet speaks v1alpha2 of the container runtime interface, which
# containerd has until 2.0.
CONTAINERD_BELOW=2~

# Besides what a node has: a client's certificate, and load for Redis.
KUBELET_TOOLS=(openssl redis-benchmark)

# Paths of this machine's programs.
kubelet_image_programs() {
	local name
	for name in "$@"; do
		PATH="$MUS_DEPS/bin:/usr/sbin:$PATH" type -P "$name" || die "the program $name is missing here"
	done
}

# The image that a manifest asks for.
kubelet_image_name() {
	sed -n 's/^ *image: *//p' "$MUS_ROOT/manifests/$1.yaml"
}

# The layer's path; it is there after kubelet_image_get.
kubelet_image() {
	printf '%s/vm/kubelet-%s-%s.squashfs' "$MUS_CACHE" "$(codename)" "$({
		kubelet_image_programs redis-server stress-ng busybox "${KUBELET_TOOLS[@]}" | xargs stat -L -c '%n %s %Y'
		stat -c '%n %s %Y' "$(kubelet_program)"
		kubelet_image_name redis
		kubelet_image_name noise
		cat "$MUS_ROOT/scripts/kubelet-image.sh"
	} | digest)"
}

kubelet_image_get() {
	local to
	kubelet_get
	to=$(kubelet_image)
	[[ -e $to ]] || with_lock vm-kubelet kubelet_image_make "$to"
}

kubelet_image_make() {
	local to=$1 work root tools start=$SECONDS log="$MUS_CACHE/logs/kubelet-image.log"
	[[ -e $to ]] && return 0
	say "packing containerd and the kubelet for the virtual machine"
	mkdir -p "$MUS_CACHE/vm" "$MUS_CACHE/logs"
	: >"$log"
	apt_private_update
	work=$(mktemp -d "$MUS_CACHE/vm/root.XXXXXX")
	root="$work/layer"
	kubelet_image_fetch containerd 1.5 "$CONTAINERD_BELOW" "$work/packages"
	kubelet_image_fetch runc 1.0 '' "$work/packages"
	mkdir -p "$root/usr/lib/ssl" "$root/usr/local/share"
	mapfile -t tools < <(kubelet_image_programs "${KUBELET_TOOLS[@]}")
	vm_copy_programs "$root" "$(kubelet_program)" "$work"/packages/usr/sbin/runc \
		"$work"/packages/usr/bin/{containerd,containerd-shim-runc-v2,ctr} "${tools[@]}"
	cp /etc/ssl/openssl.cnf "$root/usr/lib/ssl/"
	kubelet_image_containers "$work" "$root/usr/local/share/container-images.tar"
	mksquashfs "$root" "$to.new" -noappend -no-progress -comp lz4 >>"$log" || die "mksquashfs failed; see $log"
	mv "$to.new" "$to"
	rm -rf "$work"
	# Older ones, but for one that another clone may want.
	find "$MUS_CACHE/vm" -maxdepth 1 -name 'kubelet-*.squashfs' -printf '%T@ %p\n' | sort -rn |
		tail -n +3 | cut -d' ' -f2- | xargs -r rm -f
	say "the layer is ready in $(elapsed "$start")"
}

kubelet_image_fetch() {
	local package=$1 minimum=$2 below=$3 into=$4 version
	version=$(apt_pick "$package" own "$minimum" "$below" || true)
	[[ $version ]] || die "$(codename) has no $package from $minimum${below:+ below ${below%\~}}, which kubelet $KUBELET_VERSION needs"
	say "  $package $version"
	apt_extract "$package=$version" "$into"
}

# An OCI layout with the sandbox's image and those of Redis and the noise.
kubelet_image_containers() {
	local work=$1 to=$2 layout="$1/oci" paths
	mkdir -p "$layout/blobs/sha256"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	mapfile -t paths < <(kubelet_image_programs redis-server stress-ng busybox)
	{
		printf '{"schemaVersion":2,"manifests":['
		kubelet_container "$work" "$(kubelet_image_name redis)" "${paths[0]}" '"redis-server"'
		printf ','
		kubelet_container "$work" "$(kubelet_image_name noise)" "${paths[1]}" '"stress-ng"'
		printf ','
		# It only has to be there, and is a static program.
		kubelet_container "$work" mus.test/pause:1 "${paths[2]}" '"busybox","sleep","2147483647"'
		printf ']}'
	} >"$layout/index.json"
	tar -C "$layout" -cf "$to" oci-layout index.json blobs
}

# One image, as an entry of the index: a program, and how it is started.
kubelet_container() {
	local work=$1 name=$2 program=$3 entrypoint=$4 layout="$1/oci" root="$1/container" layer config manifest
	rm -rf "$root"
	mkdir -p "$root"/{etc,tmp} "$root"/usr/{bin,lib,lib64}
	ln -s usr/bin usr/lib usr/lib64 "$root/"
	printf 'root:x:0:0::/:/usr/bin/nologin\n' >"$root/etc/passwd"
	printf 'root:x:0:\n' >"$root/etc/group"
	vm_copy_programs "$root" "$program"
	tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
	layer=$(kubelet_blob "$layout" <"$work/layer.tar")
	config=$(printf '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/usr/bin"],"Entrypoint":[%s]},"rootfs":{"type":"layers","diff_ids":[%s]}}' \
		"$entrypoint" "$(cut -d, -f1 <<<"$layer" | cut -d: -f2-)" | kubelet_blob "$layout")
	manifest=$(printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s",%s},"layers":[{"mediaType":"%s",%s}]}' \
		application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$config" \
		application/vnd.oci.image.layer.v1.tar "$layer" | kubelet_blob "$layout")
	printf '{"mediaType":"application/vnd.oci.image.manifest.v1+json",%s,"annotations":{"io.containerd.image.name":"%s"}}' \
		"$manifest" "$name"
}

# Keeps what it reads, and prints how a descriptor names it.
kubelet_blob() {
	local layout=$1 sum
	cat >"$layout/blob"
	sum=$(sha256sum <"$layout/blob" | cut -d' ' -f1)
	printf '"digest":"sha256:%s","size":%s' "$sum" "$(stat -c %s "$layout/blob")"
	mv "$layout/blob" "$layout/blobs/sha256/$sum"
}
