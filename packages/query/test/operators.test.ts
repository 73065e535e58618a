import { expect, it } from 'vitest';
import { runScript } from '../src/promqltest/run.ts';

// What Prometheus' documentation says of operators, in the language of its tests.
const script = `
load 1m
  disk{host="a", dev="x"} 0+10x10
  disk{host="a", dev="y"} 0+30x10
  disk{host="b", dev="x"} 0+50x10
  cpus{host="a"} 4
  cpus{host="b"} 8
  role{host="a", role="db"} 1
  role{host="b", role="web"} 1
  flap{id="1"} 1 _ 1 _ 1 _ 1 _ 1 _ 1
  late _ _ _ _ _ _ _ _ _ 7 7

eval instant at 10m -2 ^ 2
  -4

eval instant at 10m 2 ^ 3 ^ 2
  512

eval instant at 10m -3 % 2 * 5
  -5

eval instant at 10m 10 - 4 - 3 * 2 ^ - - 1
  0

eval instant at 10m disk offset 5m * 2 + disk @ 0
  {host="a", dev="x"} 100
  {host="a", dev="y"} 300
  {host="b", dev="x"} 500

# The only sample of cpus is out of date.
eval instant at 10m sum by (host) (disk) / cpus

eval instant at 0 sum by (host) (disk) / cpus
  {host="a"} 0
  {host="b"} 0

eval instant at 1m disk / on (host) group_left cpus
  {host="a", dev="x"} 2.5
  {host="a", dev="y"} 7.5
  {host="b", dev="x"} 6.25

eval instant at 1m disk * on (host) group_left (role) role
  {host="a", dev="x", role="db"} 10
  {host="a", dev="y", role="db"} 30
  {host="b", dev="x", role="web"} 50

eval instant at 1m role * on (host) group_right (role) disk
  {host="a", dev="x", role="db"} 10
  {host="a", dev="y", role="db"} 30
  {host="b", dev="x", role="web"} 50

eval instant at 1m disk / on (host) cpus
  expect fail regex: many-to-one matching must be explicit

eval instant at 1m disk / ignoring (dev) cpus
  expect fail regex: many-to-one

eval instant at 1m cpus / on (host) disk
  expect fail regex: found duplicate series for the match group on the right

eval instant at 1m disk * on (dev) group_left disk
  expect fail regex: many-to-many matching not allowed

eval instant at 1m disk > 20
  disk{host="a", dev="y"} 30
  disk{host="b", dev="x"} 50

eval instant at 1m 20 < bool disk
  {host="a", dev="x"} 0
  {host="a", dev="y"} 1
  {host="b", dev="x"} 1

eval instant at 1m disk == on (host, dev) disk
  {host="a", dev="x"} 10
  {host="a", dev="y"} 30
  {host="b", dev="x"} 50

eval instant at 1m disk and on (host) role{role="db"}
  disk{host="a", dev="x"} 10
  disk{host="a", dev="y"} 30

eval instant at 1m disk unless on (host) role{role="db"}
  disk{host="b", dev="x"} 50

eval instant at 1m role{role="db"} or on (host) cpus
  role{host="a", role="db"} 1
  cpus{host="b"} 8

# Presence is decided per step.
eval range from 0 to 4m step 1m flap or on () vector(5) and on () late
  flap{id="1"} 1 1 1 1 1

eval range from 8m to 10m step 1m absent(late) or late
  {} 1 _ _
  late _ 7 7

eval range from 0 to 2m step 1m disk{dev="x"} @ end() - disk{dev="x"} @ start()
  {host="a", dev="x"} 20 20 20
  {host="b", dev="x"} 100 100 100

eval range from 0 to 4m step 2m sum_over_time(sum(disk{host="a"})[2m:1m])
  {} 0 120 280

eval instant at 10m max_over_time((disk{host="b"} > 200)[10m:1m] offset 2m)
  {host="b", dev="x"} 400

eval instant at 1m count(limit_ratio(1, disk))
  {} 3

eval instant at 1m limit_ratio(0, disk)

eval instant at 1m limitk(2, disk)
  disk{host="a", dev="x"} 10
  disk{host="b", dev="x"} 50

eval instant at 1m count(limit_ratio(0.5, disk) or limit_ratio(-0.5, disk))
  {} 3

eval instant at 1m histogram_quantile(0.5, disk)
  expect warn regex: bucket label "le" is missing .* for metric name "disk" \\(1:25\\)

eval instant at 1m quantile(2, disk)
  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)
  {} Inf
`;

it('operators do what is documented', async () => {
  const outcomes = await runScript(script);
  expect(outcomes.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(30);
});
