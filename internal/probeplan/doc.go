// Package probeplan searches the numbers of a container's three probes.
//
// # Words
//
//   - candidate: periodSeconds, failureThreshold and timeoutSeconds of one probe
//   - budget: how long a boot may take and is surely not killed, (failureThreshold - 1) x periodSeconds: one period less than the product,
//     because the first probe may come the moment the container starts
//   - rule: what a candidate, or two of them together, have to keep; the same as fairway lint's
//   - limit: how probable a killed boot and a cascade may be
//   - fault: what takes pods away at once, such as a crash
//
// # How it searches
//
// The space has 30 x 60 x 10 candidates for each probe, so 5.8 x 10^12 combinations. Almost all rules are about one probe, which leaves lists
// in order of their latency. Those that are left join liveness with startup (the leaking gate, the cascade) and liveness with readiness (who gives
// up first, how many calls), and ask of startup nothing but its period, of readiness its period and its product: of candidates that are equal in that the
// soonest is enough. The order is lexicographic - a process that is stuck is to be noticed first of all, one that is to get no requests
// next, a boot that never ends last - so that the first combination that keeps all rules is the best of all. A test compares with the search of every
// combination of smaller spaces.
//
// # What is sure
//
// P(a boot is killed) follows from the boots alone: see [Window] and package boottime. P(cascade) is a closed form for a worker pool that
// requests and probes share; it leaves out retries of clients and autoscalers. What the data cannot tell is [Unknown], never a number.
package probeplan
