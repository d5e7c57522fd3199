#!/usr/bin/env bash
# What a GPU has to show: builds, runs every CUDA test on it, again under compute-sanitizer, and times presets on GPU and CPU.
# usage: tests/bench/gpu.sh [BUILD]     (a build made ahead saves the time on the machine with the GPU; needs no network)
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1:-$root/build/release}
cli=$build/app/formwright-cli
test=$build/tests/cuda_test

if [ ! -x "$cli" ] || [ ! -x "$test" ]; then
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DFORMWRIGHT_CUDA=ON -DFORMWRIGHT_GUI=OFF || exit 1
  cmake --build "$build" --target formwright-cli cuda_test || exit 1
fi

echo "== devices"
"$cli" list devices --json
"$cli" list devices --json | grep -q '"cuda:0"' || { echo "There is no GPU: nothing to measure."; exit 77; }

failed=0
echo "== the ops, a plan and its replay, on the GPU"
"$test" --gtest_filter='CudaGpu.*:CudaTable.*:CudaBackend.*' || failed=1

sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
if [ -x "$sanitizer" ]; then
  for tool in memcheck racecheck synccheck; do
    echo "== compute-sanitizer, $tool"
    timeout 150 "$sanitizer" --tool "$tool" --error-exitcode 9 "$test" --gtest_filter='CudaGpu.*' --gtest_brief=1 || failed=1
  done
else
  echo "compute-sanitizer is not installed: the runs under it are left out."
fi

echo "== presets, GPU and CPU"
for preset in attention-recall hybrid-recall gpt2 mamba-130m; do
  for mode in prefill train; do
    for device in cuda:0 cpu; do
      echo "-- $preset $mode $device"
      timeout 60 "$cli" bench "$preset" --mode "$mode" --device "$device" --batch 4 --time 256 --repeat 3 --json || failed=1
    done
  done
done
exit $failed
