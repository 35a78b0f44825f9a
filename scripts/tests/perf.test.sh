#!/usr/bin/env bash
# ccmlab perf: two records of one program are one file, what became worse is found and named, and bad input is told.

# shellcheck disable=SC2016 # expanded by the harness
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$scripts/../.build/release/ccmlab
if [ ! -x "$lab" ] || ! command -v valgrind >/dev/null || ! "$scripts/uml" --check >/dev/null 2>&1; then
    skip perf "no $lab (scripts/lib/build), no valgrind or no User-Mode Linux (scripts/setup)"
    echo '# end'
    exit
fi

# A record of the form that is published.
validate() {
    /usr/bin/python3 - "$1" <<'EOF'
import json, sys
import jsonschema

with open("docs/perf-record.schema.json") as file:
    validator = jsonschema.Draft202012Validator(json.load(file))
validator.check_schema(validator.schema)
with open(sys.argv[1]) as file:
    problems = list(validator.iter_errors(json.load(file)))
for problem in problems:
    print(f"{problem.json_path}: {problem.message}")
sys.exit(1 if problems else 0)
EOF
}

# change FILE NEW SCRIPT: a record that differs.
change() {
    /usr/bin/python3 - "$1" "$2" "$3" <<'EOF'
import json, sys

with open(sys.argv[1]) as file:
    record = json.load(file)
figures = {figure["name"]: figure for figure in record["figures"]}
exec(sys.argv[3])
with open(sys.argv[2], "w") as file:
    json.dump(record, file)
EOF
}

# says PATTERN: a line of what was printed matches.
says() { grep -qE -- "$1" <<<"$out"; }

one=$scratch/one.json
try "$lab" perf record --output "$one"
expect 'a program is counted, beside a floor' status 0 holds 'says "^handshake\.a +[0-9,]+ +[0-9,]+ +[0-9.]+$"'
expect 'in 80 columns' holds '! says "^.{81}"'
try validate "$one"
expect 'its record has the published form' status 0
try "$lab" perf record --output "$scratch/two.json" --jobs 1
expect 'counted again, it is the same file' status 0 holds 'cmp "$one" "$scratch/two.json"'
try "$lab" perf compare "$one" "$scratch/two.json"
expect 'and nothing changed' status 0 holds 'says ": [0-9]+ same$"'

change "$one" "$scratch/slow.json" '
figures["handshake.a"]["functions"]["planted"] = round(figures["handshake.a"]["value"] * 0.002)
figures["handshake.a"]["value"] *= 1.002'
try "$lab" perf compare "$one" "$scratch/slow.json" --junit "$scratch/junit.xml" --html "$scratch/perf.html"
expect 'a five-hundredth more is slower' status 1 holds 'says "^handshake\.a .* \+0\.20 %  slower$"'
expect 'and the function that grew is named' holds 'says "^    \+[0-9]+ planted$"'
expect 'as JUnit' holds 'grep -q "<failure message=\"slower: +0.20 %\">" "$scratch/junit.xml"'
expect 'as a page' holds 'grep -q "class=\"slower\"" "$scratch/perf.html"'
try "$lab" perf compare "$scratch/slow.json" "$one"
expect 'less is faster, and no failure' status 0 out '  faster'

change "$one" "$scratch/less.json" 'record["figures"] = record["figures"][1:]'
try "$lab" perf compare "$one" "$scratch/less.json"
expect 'a figure that only one has is not the same' status 2 out '  missing'
change "$one" "$scratch/kernel.json" 'record["environment"]["kernelDigest"] = "other"'
try "$lab" perf compare "$one" "$scratch/kernel.json"
expect 'records of two kernels are refused' status 2 err 'different environments: kernelDigest is'
change "$one" "$scratch/schema.json" 'record["schema"] = "ccm-lab.perf-record/9"'
try "$lab" perf compare "$one" "$scratch/schema.json"
expect 'a record of another form is refused' status 2 err 'perf-record/9”, and this lab reads'
head -c 1000 "$one" >"$scratch/cut.json"
try "$lab" perf compare "$one" "$scratch/cut.json"
expect 'a damaged one, too' status 2 err 'cut.json is no record'
try "$lab" perf compare "$one" no-such-commit
expect 'and what is neither a file nor a commit' status 2 err 'neither a file nor a commit'
try "$lab" perf bisect HEAD HEAD
expect 'there is nothing to halve between a commit and itself' status 2 err 'nothing to halve'
try "$lab" perf history "$scratch/none"
expect 'a history of no folder' status 2 err 'there is no folder'
mkdir "$scratch/empty"
try "$lab" perf history "$scratch/empty"
expect 'and of an empty one' status 2 err 'holds no *.json'
try "$lab" perf baseline --reason ' '
expect 'a baseline needs a reason' status 64 err 'one line that says why'
try "$lab" perf record --ccmd /bin/false
expect 'a program that is no partner has no figures' status 2 err 'could not be run: partner a could not start'
echo '# end'
