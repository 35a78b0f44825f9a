#!/usr/bin/env bash
# The report: made of runs in the simulator, opened in a real browser, wide and narrow, and made of damaged folders.

# shellcheck disable=SC2016 # conditions are for expect to evaluate
# shellcheck source=scripts/tests/harness.sh
. "$(dirname "${BASH_SOURCE[0]}")/harness.sh"

lab=$scripts/../.build/release/ccmlab
if [ ! -x "$lab" ]; then
    skip report "there is no $lab; scripts/lib/build makes it"
    echo '# end'
    exit
fi

# A run that holds, a sweep, and one that cannot hold.
cat >"$scratch/impossible.yaml" <<'END'
name: impossible
summary: Partner b is killed, and a is wanted to call that hung.
steps:
  - do: kill
    partner: b
    after: { partner: a, event: verdict, where: { verdict: alive } }
    delay: 100ms
expect:
  - { partner: a, event: verdict, where: { verdict: hung }, within: 5ms, of: { step: kill-b } }
END
run=$scratch/run
try "$lab" run --fabric sim "$scratch/impossible.yaml" Lab/scenarios/boot-order --output "$run"
expect 'a run makes its report and says where it is' status 1 out "report: $run/report.html" \
    holds '[ -s "$run/report.html" ]'
expect 'it keeps the command that makes it again' \
    holds 'grep -qx "ccmlab run --fabric sim $scratch/impossible.yaml Lab/scenarios/boot-order --output $run" "$run/command.txt"'
try "$lab" report "$run/both-at-once" --output "$scratch/one.html"
expect 'a report is made of one run alone' status 0 out "report: $scratch/one.html" holds '[ -s "$scratch/one.html" ]'
expect 'it loads nothing from anywhere' holds '! grep -qE "(src|href)=\"[^#]" "$run/report.html" "$scratch/one.html"'

try env GITHUB_ACTIONS=true "$lab" run --fabric sim "$scratch/impossible.yaml" --output "$scratch/again"
expect 'machines are told file and line of what did not hold' status 1 \
    out "::error file=$scratch/impossible.yaml,line=9,title=impossible%3A expected::" \
    holds 'grep -qx "not ok 1 impossible" "$scratch/again/verdicts.ktap"'
try "$lab" diff "$run/impossible" "$scratch/again"
expect 'the same run is the same' status 0 out '1 of 1 runs the same'
try "$lab" diff "$run/a-first" "$run/b-first"
expect 'two runs part where they differ' status 1 out 'parts first here' out '0 of 1 runs the same'
try "$lab" diff "$run" "$scratch/nowhere"
expect 'a run that is not there is named' status 2 err "there is no $scratch/nowhere"

try "$lab" report "$scratch/nothing"
expect 'a folder that is not there is named' status 2 err "there is no $scratch/nothing"
mkdir "$scratch/nothing"
try "$lab" report "$scratch/nothing"
expect 'a folder without runs is refused' status 2 err 'is no run folder'
cp -r "$run/both-at-once" "$scratch/nothing/damaged"
head -c 2000 /dev/urandom >"$scratch/nothing/damaged/events.jsonl"
head -c 100 /dev/urandom >"$scratch/nothing/damaged/verdict.json"
head -c 3000 /dev/urandom >"$scratch/nothing/damaged/capture.pcap"
rm "$scratch/nothing/damaged/scenario.yaml"
try "$lab" report "$scratch/nothing"
expect 'of a damaged run the report says what is wrong' status 0 \
    holds 'grep -q "verdict.json is damaged" "$scratch/nothing/report.html"' \
    holds 'grep -q "scenario.yaml is missing" "$scratch/nothing/report.html"' \
    holds 'grep -q "tshark could not read capture.pcap" "$scratch/nothing/report.html"'

browser=$(command -v chromium)
if [ -z "$browser" ]; then
    skip 'the report in a browser' 'there is no chromium; scripts/setup installs it'
    echo '# end'
    exit
fi

# browse FILE: what the browser's console says of a page, without the browser's own complaints.
browse() {
    "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$scratch/profile" --enable-logging=stderr \
        --window-size=1280,900 --virtual-time-budget=4000 --dump-dom "file://$1" 2>&1 >"$scratch/dom" |
        sed -n 's/.*CONSOLE[^"]*"\(.*\)", source.*/\1/p'
}

# The report with a probe in it, which opens every run and says what it sees; and a frame as narrow as a phone around that.
cat >"$scratch/probe.js" <<'END'
<script>
addEventListener("load", () => {
  const runs = [...document.querySelectorAll("details")];
  for (const run of runs) run.open = true;
  setTimeout(() => {
    const plots = [...document.querySelectorAll(".plot")].map(plot => plot.getBoundingClientRect());
    const bars = [...document.querySelectorAll(".band.established")].map(bar => bar.getBoundingClientRect());
    const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
    const least = Math.min(...plots.map(plot => Math.min(plot.width, plot.height)));
    console.log(`PROBE width ${innerWidth}, ${plots.length} time lines, ${least > 100 ? "all of some size" : "one of no size"}, `
      + `${bars.some(bar => bar.width > 20) ? "bars" : "no bars"}, ${wide ? "TOO WIDE" : "fits"}`);
    const plot = document.querySelector(".run.broke .plot"), bar = plot.querySelector(".band.up");
    const before = bar.getBoundingClientRect().width;
    plot.closest("figure").querySelector(".tools button").click();
    console.log("PROBE zoom " + (bar.getBoundingClientRect().width > before * 1.5 ? "works" : "does nothing"));
    const run = document.querySelector(".run.broke");
    const rows = () => [...run.querySelectorAll(".eventtable tbody tr")].filter(row => row.getBoundingClientRect().height > 0).length;
    const all = rows();
    run.querySelector(".filter input").click();
    console.log("PROBE filter " + (rows() < all && rows() > 0 ? "works" : "does nothing"));
    const link = run.querySelector(".break a");
    for (const fold of runs) fold.open = false;
    link.click();
    setTimeout(() => console.log("PROBE link " +
      (document.querySelector(link.hash).getBoundingClientRect().height > 0 ? "leads to its event" : "leads nowhere")), 100);
  }, 300);
});
</script></body>
END
sed -e "/<\/body>/{r $scratch/probe.js" -e 's/<\/body>//;}' "$run/report.html" >"$scratch/probed.html"
cat >"$scratch/narrow.html" <<'END'
<!DOCTYPE html><body><iframe src="probed.html" width="400" height="800" style="border:0"></iframe></body>
END
try browse "$scratch/probed.html"
expect 'a browser draws every time line' out 'PROBE width 1280' out 'all of some size, bars, fits' \
    holds 'grep -q "a process" "$scratch/dom"'
expect 'time lines are zoomed, events filtered and led to' out 'zoom works' out 'filter works' out 'leads to its event'
expect 'its console has nothing to complain of' holds '! grep -v "^PROBE" <<<"$out" | grep -q "[^[:space:]]"'
try browse "$scratch/narrow.html"
expect 'at 400 pixels nothing is too wide' out 'PROBE width 400' out 'all of some size, bars, fits'

"$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$scratch/profile" --window-size=1280,900 \
    --screenshot="$scratch/shot.png" "file://$run/report.html" >"$scratch/log" 2>&1
try file "$scratch/shot.png"
expect 'it can be photographed' out '1280 x 900'

# Without its script everything that matters is there as well.
sed '/<script>/,/<\/script>/{s/<script>.*//;t;s/.*<\/script>//;t;d}' "$run/report.html" >"$scratch/plain.html"
try browse "$scratch/plain.html"
expect 'without a script, the drawings and the events are there' holds '! grep -q "<script" "$scratch/dom"' \
    holds 'grep -q "band established" "$scratch/dom"' holds 'grep -q "it never came" "$scratch/dom"'

echo '# end'
