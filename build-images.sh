#!/usr/bin/env bash
# Builds the five images: ./build-images.sh [registry] [version] [--push]
# The names are those of the CUE module: <registry>/faas-<part>:<version>. DOCKER=podman uses another engine, and
# PLATFORM=linux/arm64 builds for another architecture.
set -euo pipefail
cd "$(dirname "$0")"

push=
names=()
for argument in "$@"; do
  if [ "$argument" = --push ]; then push=1; else names+=("$argument"); fi
done
registry=${names[0]:-registry.example/faas}
version=${names[1]:-$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)}
docker=${DOCKER:-docker}

for part in frontend dbmanager jqmanager worker scaler; do
  image="$registry/faas-$part:$version"
  DOCKER_BUILDKIT=1 "$docker" build ${PLATFORM:+--platform "$PLATFORM"} --target "$part" --tag "$image" .
  if [ -n "$push" ]; then "$docker" push "$image"; fi
  echo "$image"
done

# What the pinned versions were on this day; put the digests into the Dockerfile's ARGs for builds that never change.
sed -n 's/^ARG \(SDK\|RUNTIME\)=//p' Dockerfile | while read -r base; do
  "$docker" image inspect --format '{{index .RepoDigests 0}}' "$base" 2>/dev/null || echo "$base: its digest is not known here"
done
