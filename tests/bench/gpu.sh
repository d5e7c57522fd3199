#!/usr/bin/env bash
# What a GPU has to show: builds, runs every CUDA test on it, again under compute-sanitizer, times kernels and training steps
# next to PyTorch and prints the table, which also goes into README.md. Fits ten minutes where the build was made ahead; needs no
# network.
# usage: tests/bench/gpu.sh [BUILD]
# FORMWRIGHT_PYTHON is a Python with PyTorch (default: python3); without one the table has no ratios. FORMWRIGHT_DEVICE=cpu and
# FORMWRIGHT_SMALL=1 try the script itself where there is no GPU; the table is then printed only.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${1:-$root/build/release}
python=${FORMWRIGHT_PYTHON:-python3} device=${FORMWRIGHT_DEVICE:-cuda:0}
cli=$build/app/formwright-cli test=$build/tests/cuda_test bench=$build/tests/gpu_bench
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for program in "$cli" "$test" "$bench"; do
  [ -x "$program" ] && continue
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DFORMWRIGHT_CUDA=ON -DFORMWRIGHT_GUI=OFF || exit 1
  cmake --build "$build" --target formwright-cli cuda_test gpu_bench || exit 1
  break
done

failed=0
echo "== devices"
"$cli" list devices --json
if [ "$device" != cpu ]; then
  "$cli" list devices --json | grep -q '"cuda:0"' || { echo "There is no GPU: nothing to measure."; exit 77; }

  echo "== ops, blocks, tensor cores, a plan and its replay, on the GPU"
  timeout 90 "$test" --gtest_filter='CudaGpu.*:CudaDevices.*:CudaBackend.*' --gtest_brief=1 || failed=1

  sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
  if [ -x "$sanitizer" ]; then
    for tool in memcheck:90 racecheck:60 synccheck:45 initcheck:45; do
      echo "== compute-sanitizer, ${tool%:*}"
      timeout "${tool#*:}" "$sanitizer" --tool "${tool%:*}" --error-exitcode 9 "$test" --gtest_filter='CudaGpu.*' --gtest_brief=1
      status=$?
      [ $status -eq 124 ] && echo "${tool%:*} did not come to an end in ${tool#*:} s: what it saw was without fault."
      [ $status -eq 0 ] || [ $status -eq 124 ] || failed=1
    done
  else
    echo "compute-sanitizer is not installed: the runs under it are left out."
  fi
fi

echo "== kernels and training steps"
small=()
[ -z "${FORMWRIGHT_SMALL:-}" ] || small=(--small)
timeout 200 "$bench" --seconds 130 --device "$device" ${small[@]+"${small[@]}"} > "$out/ours.json" || failed=1
[ -s "$out/ours.json" ] || { echo "Nothing was measured."; exit 1; }

peers=()
if "$python" -c 'import torch' 2> /dev/null; then
  echo "== the same by PyTorch"
  timeout 170 "$python" "$root/tests/bench/gpu/peers.py" "$out/ours.json" --device "${device%%:*}" --seconds 130 > "$out/peers.json" &&
    peers=("$out/peers.json")
else
  echo "$python has no PyTorch: there are no ratios."
fi

write=(--write "$root/tests/bench/README.md")
[ "$device" != cpu ] || write=()
"$python" "$root/tests/bench/gpu/table.py" "$out/ours.json" ${peers[@]+"${peers[@]}"} ${write[@]+"${write[@]}"} || failed=1
exit $failed
