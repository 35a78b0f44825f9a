#!/usr/bin/env bash
# Tests the published schema of the scenario language (Lab/scenario.schema.json) against every scenario of the project, with a
# validator that is not ours.

# shellcheck disable=SC2016 # expanded by the harness
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$scripts/../.build/release/ccmlab
if [ ! -x "$lab" ]; then
    skip schema "there is no $lab; scripts/lib/build makes it"
    echo '# end'
    exit
fi

validate() {
    /usr/bin/python3 - "$@" <<'EOF'
import json, sys
import jsonschema, yaml

with open("Lab/scenario.schema.json") as file:
    validator = jsonschema.Draft202012Validator(json.load(file))
validator.check_schema(validator.schema)
wrong = 0
for name in sys.argv[1:]:
    with open(name) as file:
        for error in validator.iter_errors(yaml.safe_load(file)):
            print(f"{name}: {error.json_path}: {error.message}")
            wrong += 1
print(f"{len(sys.argv) - 1} read")
sys.exit(1 if wrong else 0)
EOF
}

mapfile -t files < <(find Lab -name '*.yaml')
try validate "${files[@]}"
expect 'every scenario of the project is one' status 0 out "${#files[@]} read"
# The examples of the reference, each in a file of its own, with the head that a piece lacks.
awk -v folder="$scratch" '
    /^```yaml$/ { file = sprintf("%s/example-%d.yaml", folder, NR); first = 1; next }
    /^```$/ { file = ""; next }
    file != "" { if (first && !/^name:/) print "name: piece\nsummary: A piece." >file; first = 0; print >file }
' docs/scenarios.md
examples=("$scratch"/example-*.yaml)
try validate "${examples[@]}"
expect 'every example of the reference is one, too' status 0 out "${#examples[@]} read" \
    holds '[ ${#examples[@]} -gt 20 ]'
cat >"$scratch/bad.yaml" <<'EOF'
name: bad
summary: Three mistakes.
steps:
  - { do: kil, partner: b, at: 1 s }
expects: []
EOF
try validate "$scratch/bad.yaml"
expect 'an action that there is not' status 1 out "'kil' is not one of"
expect 'a duration that is none' out "'1 s' does not match"
expect 'a field that there is not' out "'expects' was unexpected"
try "$lab" check --schema
expect 'the one in the repository is the one that is printed' status 0 holds 'cmp -s "$scratch/out" Lab/scenario.schema.json'
try "$lab" check Lab/scenarios
expect 'check finds nothing wrong' status 0 out 'nothing wrong'
try "$lab" check "$scratch/bad.yaml"
expect 'check names all mistakes with line and column' status 64 err 'bad.yaml:4:11: steps[0].do: “kil” is not something the lab can do; did you mean “kill”?' \
    err 'bad.yaml:4:32: steps[0].at' err 'bad.yaml:5:1: expects: is no field here; did you mean “expect”?'
try "$lab" check
expect 'check wants to know what to look at' status 64 err 'name a scenario'
echo '# end'
