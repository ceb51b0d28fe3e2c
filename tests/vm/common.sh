# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What run and prepare share: where the data lies, how they speak, and what differs per machine.

vm_rooms=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_cache=${MEDIAHEAP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/mediaheap}/vm

say() { printf 'vm: %s\n' "$*" >&2; }

# die STATUS MESSAGE: the cause and, where there is one, the remedy.
die() {
    local status=$1
    shift
    say "$*"
    exit "$status"
}

# Another architecture is one more entry here, and guest_modules where its virtio transport differs.
case $(uname -m) in
x86_64)
    debian_arch=amd64
    qemu='qemu-system-x86_64'
    machine=q35
    cpu=max
    console=ttyS0
    guest_modules=(virtio_pci virtio_console 9pnet_virtio 9p overlay)
    ;;
*)
    die 69 "no guest is known for a $(uname -m) machine; the VM runs on x86_64 only"
    ;;
esac
# shellcheck disable=SC2034 # read by the scripts that source this file
readonly vm_rooms vm_cache debian_arch qemu machine cpu console guest_modules

# The kernel in use: a link to kernel/<architecture>/<package>, set by prepare once all is in place.
current_kernel() { readlink -e "$vm_cache/kernel/$debian_arch/current"; }

# An initrd is named after the init inside it, so trees of different age can share one cache.
initrd_of() { printf '%s/initrd-%s.cpio' "$1" "$(cksum <"$vm_rooms/guest-init" | cut -d' ' -f1)"; }

# kbuild HEADERS ARGUMENT...: makes modules. Another release than the kernel's need not have the compiler
# that the kernel was built with.
kbuild() {
    local headers=$1 built_with compiler=()
    shift
    built_with=$(sed -n 's/^CC = .*)\(gcc[-0-9.]*\)$/\1/p' "$headers/.kernelvariables")
    command -v "x86_64-linux-gnu-${built_with:-none}" >/dev/null || compiler=(CC=gcc)
    make -C "$headers" "${compiler[@]}" "$@"
}
