#!/usr/bin/env bash
# Ends with the code of the training's verdict, once the comparison and the report are written.
set -uo pipefail

read -ra more <<<"$ARGUMENTS"
mkdir -p "$RESULTS"
rm -f "$RESULTS/metrics.json"
customlabels train "$SOURCE" --project "$PROJECT" ${BUCKET:+--bucket "$BUCKET"} \
  --junit "$RESULTS/gate.xml" --metrics-file "$RESULTS/metrics.json" \
  --plots-file "$RESULTS/plots.csv" --confusion-file "$RESULTS/confusion.csv" "${more[@]}"
code=$?
echo "code=$code" >>"$GITHUB_OUTPUT"
if [ ! -f "$RESULTS/metrics.json" ]; then exit "$code"; fi

version=$(python -c 'import json, sys; print(json.load(open(sys.argv[1]))["version"])' "$RESULTS/metrics.json")
echo "version=$version" >>"$GITHUB_OUTPUT"
case $code in
0) verdict=passed ;;
3) verdict="did not pass" ;;
*) verdict="ended with code $code" ;;
esac
{
  echo "Version \`$version\` is trained; its gate: **$verdict**."
  echo
  customlabels versions compare champion "$version" --project "$PROJECT" --markdown ||
    echo "There is no comparison with a champion; the log tells why."
} >"$RESULTS/comment.md"
cat "$RESULTS/comment.md" >>"$GITHUB_STEP_SUMMARY"
customlabels versions report "$version" --project "$PROJECT" --to "$RESULTS/report.html" ||
  echo "There is no report; the line above tells why." >&2
exit "$code"
