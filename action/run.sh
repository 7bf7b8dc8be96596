#!/usr/bin/env bash
# Runs one command of cluster-auth as a step of a workflow. What it prints stands in the step's log and in the summary.
set -euo pipefail

# GitHub takes comments of 65536 characters at most.
LONGEST_COMMENT=60000
MARK='<!-- cluster-auth plan -->'

# Flags and files come as one text: split as a shell does, with nothing in it expanded.
words=()
if [ -n "${ARGS:-}" ]; then
  while IFS= read -r -d '' word; do words+=("$word"); done < <(xargs printf '%s\0' <<< "$ARGS")
fi

main() {
  case "$COMMAND" in
    check) check ;;
    plan) plan ;;
    lint) lint ;;
    *) echo "error: command is check, plan or lint, and not \`$COMMAND\`" >&2; exit 1 ;;
  esac
}

check() {
  cluster-auth check "${words[@]}"
}

# With changes the step is no failure: a reviewer decides about them. What could not be looked at is one.
plan() {
  local file=$RUNNER_TEMP/plan.md code=0
  cluster-auth plan -o markdown --exit-code "${words[@]}" > "$file" || code=$?
  cat "$file" >> "$GITHUB_STEP_SUMMARY"
  cat "$file"
  case "$code" in
    0) echo changes=false >> "$GITHUB_OUTPUT" ;;
    2) echo changes=true >> "$GITHUB_OUTPUT" ;;
  esac
  if [ "$COMMENT" = true ] && [ -n "${PULL_REQUEST:-}" ] && [ -s "$file" ]; then
    comment "$file"
  fi
  if [ "$code" != 2 ]; then return "$code"; fi
}

# One comment for each pull request: the first run writes it, and every further one changes it.
comment() {
  local body=$RUNNER_TEMP/comment.md comments=repos/$GITHUB_REPOSITORY/issues id
  { echo "$MARK"; head -c "$LONGEST_COMMENT" "$1"; } > "$body"
  if [ "$(wc -c < "$1")" -gt "$LONGEST_COMMENT" ]; then
    printf '\n\nIt goes on in the summary of the workflow.\n' >> "$body"
  fi
  id=$(gh api --paginate "$comments/$PULL_REQUEST/comments" --jq ".[] | select(.body | startswith(\"$MARK\")) | .id" | head -n 1)
  if [ -n "$id" ]; then
    gh api --silent --method PATCH "$comments/comments/$id" --field "body=@$body"
  else
    gh api --silent --method POST "$comments/$PULL_REQUEST/comments" --field "body=@$body"
  fi
}

# The findings as SARIF, and once more for people; `--fail-on` decides whether the step fails.
lint() {
  local file=$RUNNER_TEMP/cluster-auth.sarif code=0
  cluster-auth lint -o sarif "${words[@]}" > "$file" || code=$?
  if [ -s "$file" ]; then echo "sarif=$file" >> "$GITHUB_OUTPUT"; fi
  cluster-auth lint "${words[@]}" || true
  return "$code"
}

main
