// Package probes holds the simulator against a real node, in real time: applications whose answers are programmed are probed by a real
// kubelet, and what it did must be one of the histories that package probesim gives for the same numbers.
//
// # Words
//
//   - scenario: one value that is the application's behaviour (package act), the pod's manifest and the simulator's input
//   - moment: something that both can see, with its instant: a question, a start, SIGTERM, an exit, a change of the pod's Ready
//   - trace: the moments of one run by kind, in order
//   - seed: what nobody can know beforehand, drawn at random: the phases of the kubelet's timers and its jitter
//
// # How they are compared
//
// What the node did before anything could be predicted is given to the simulator: when it saw the pod first (the phase of all probes), and how
// long the runtime took to create each container. Then some seed must give the whole trace: the same moments, each within 0.3 s.
// Without these, over thousands of seeds, the simulator gives the range of each incarnation's life and of each wait before a start, in which the node's must lie.
package probes
