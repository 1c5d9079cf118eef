// Package kubelet compares internal/probesim with the unmodified kubelet. Nothing but its tests is in it, and it is a module of its own, because it links
// Kubernetes: go.mod has version 1.36, and v1.33.mod, v1.34.mod and v1.35.mod the others (make kubelet runs them all).
//
// The kubelet's own code runs in the virtual time of testing/synctest, through its exported API only. What the package kubelet itself does not export, the
// loop that hands results and relists to the pod's goroutine and the conversion of statuses, is written again in glue_test.go; that is the gap in the proof.
// What differs between the versions' exported API is in files named after the version that changed it: since_134_test.go has what came with 1.34, and
// before_134_test.go the same for older ones. The constructor of the runtime manager changes with every version (version_133_test.go and so on).
//
//   - Harness 1 is the prober with a kubelet that reacts at once: [probesim.Kubelet.Instant].
//   - Harness 2 is the prober, the status manager, the relist (PLEG) and the runtime manager with its kills and back-off, on a fake container runtime.
//
// A scenario is drawn from a seed. When the two traces differ, all other orders of what the kubelet does at one and the same instant are tried
// ([probescenario.Explain]); a scenario is explained only if one of them gives the kubelet's trace to the nanosecond. There is no bound and no tolerance.
package kubelet
