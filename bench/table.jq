# Turns results.json into the table that `just bench` prints.

def operations: ["run", "create", "start", "exec", "state", "kill", "delete"];

def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def pad($width): " " * ([$width - length, 0] | max) // "";
def left($width): . + pad($width);
def right($width): pad($width) + .;
def hundredths: (. * 100 | round) as $n
    | "\($n / 100 | floor).\(if $n % 100 < 10 then "0" else "" end)\($n % 100)";

def row($title; $cells): ($title | left(14)) + ([$cells[] | right(11)] | add);
def heading($unit): "", row($unit; ["ociruntime", "crun", "runc", "floor", "ours/crun", "ours/runc"]);
def ratio($a; $b): if $a and $b then $a / $b | hundredths else "-" end;

# One row of a figure, given as {ours, crun, runc, floor}; what nobody measured is a dash.
def compare($title; show): . as $of
    | if $of == {} then empty else
        row($title; [($of.ours, $of.crun, $of.runc, $of.floor | if . then show else "-" end),
            ratio($of.ours; $of.crun), ratio($of.ours; $of.runc)])
      end;

def by_name: map({key: .name, value}) | from_entries;

. as $all
| def times($operation): $all.times | map(select(.operation == $operation) | {name, value: (.milliseconds | median)}) | by_name;
  def facts($what; $operation): $all.facts | map(select(.what == $what and .operation == $operation)) | by_name;
  (.machine | "\(.ours), \(.crun), \(.runc)",
              "Linux \(.kernel), \(.cpus) CPUs, \(.cgroups) cgroup directories, \(.date)"),
  heading("median ms"),
  (operations[] as $operation | times($operation) | compare($operation; hundredths)),
  heading("peak KiB"),
  ((operations + ["waiting init"])[] as $operation | facts("peak"; $operation) | compare($operation; tostring)),
  heading("count"),
  (facts("calls"; "run") | compare("system calls"; tostring)),
  (facts("size"; "binary") | compare("binary bytes"; tostring))
