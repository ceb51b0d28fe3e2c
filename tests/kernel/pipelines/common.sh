# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by the pipelines on real DMA-BUFs: as root in the VM, with the build directory as $1.
# shellcheck shell=bash disable=SC2034
build=${1:?the build directory}
export GST_PLUGIN_PATH=$build/gst/plugin
export GST_REGISTRY=${GST_REGISTRY:-$build/gst-registry.bin}
# shellcheck source-path=SCRIPTDIR source=../../pipeline/launch/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../pipeline/launch/common.sh"

heaps=(udmabuf dma-heap:system)

# vivid's webcam and video output of the single-planar API, which map what they import with vmap.
need_vivid() {
    [[ -e /dev/video0 ]] || modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=0 \
        num_outputs=1 output_types=1 no_error_inj=1 multiplanar=1 allocators=0 ||
        skip "this kernel has no vivid"
    camera=$(node_of vid-cap) output=$(node_of vid-out)
    [[ -n $camera && -n $output ]] || skip "vivid has no camera and no output"
}

# node_of KIND: vivid's device node of that kind.
node_of() {
    local name
    for name in /sys/class/video4linux/video*/name; do
        [[ $(<"$name") != vivid-*-"$1" ]] || echo "/dev/$(basename "$(dirname "$name")")"
    done
}
