// Package probes holds the rules about startup, readiness and liveness probes: what a probe asks, when it gives up, and what happens
// then.
//
// # Words
//
//	endpoint   what a probe asks: scheme, port, path and headers, a TCP port, a gRPC service, a command. Port names are looked up
//	           in the probe's own container, as the kubelet does
//	timing     initialDelaySeconds d, periodSeconds p, timeoutSeconds t, failureThreshold f, after defaulting (0, 10, 1, 3)
//	patience   how long a probe fails before the kubelet acts: between (f-1) x p and f x p seconds
//	budget     how long a container may take to boot: patience counted from its start, max(d-1, 0) + (f-1) x p to d + f x p seconds
//
// The product f x p is the most that a container gets; one period less is what it can rely on, because the first attempt comes
// anywhere within the first period. A container that answers after 25 s is killed now and then by a probe of 10 s x 3, and the
// replacement begins its boot anew.
//
// # What it leaves out
//
// The rules know the manifest, not the application: whether an endpoint asks a database, answers during boot or hangs is for the
// verifier to find. Fragments of containers (no image, as in patches) are not judged.
package probes
